# SPDX-License-Identifier: Apache-2.0
"""A server can answer 429 after it has executed a request: even then nothing may happen twice."""
import json
import time

import tap
from harness import Case, in_parallel

USER = "/api/auth/user"
ID = "784f394c-42b6-435a-983c-b7beff2784f9"
PING = {"method": "ping", "params": {}}


class RetryCase(Case):
    def begin(self, options=None, **sim_options):
        self.sim = self.start_simulator(**sim_options)
        self.proxy = self.start_daemon(self.sim, {"retry.initial_retry_delay_ms": 20, **(options or {})})
        self.device = self.proxy.post("/api/device", {"name": "boiler", "type": "default"}).json()["id"]["id"]
        self.telemetry = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device
        self.sim.forget()

    def values(self, key):
        """All points of KEY: (ts, value)."""
        reply = self.proxy.get("/api/plugins/telemetry/DEVICE/%s/values/timeseries?keys=%s&startTs=0&endTs=%d&limit=99"
                               % (self.device, key, 1 << 53))
        return sorted((point["ts"], point["value"]) for point in reply.json()[key])


class TestTelemetry(RetryCase):
    def test_a_value_that_was_stored_before_the_429_is_stored_once(self):
        self.begin()
        self.sim.fault("status", self.telemetry, status=429, executed=True, count=2)
        self.assertEqual(self.proxy.post(self.telemetry, {"t": 22.4}).status, 200)
        stats = self.sim.stats()
        self.assertEqual((stats["values"], stats["points"]), (3, 1))
        tap.figure("a value that was executed %d times is stored %d time" % (stats["values"], stats["points"]))
        self.assertEqual([value for _, value in self.values("t")], ["22.4"])

    def test_under_a_limit_that_lacks_the_second_token_each_value_is_stored_once(self):
        self.begin({"retry.initial_retry_delay_ms": 400, "retry.max_retries": 10, "retry.max_retry_delay_ms": 1500})
        self.sim.set(limits="3:3")
        for key in ("a", "b"):
            self.assertEqual(self.proxy.post(self.telemetry, {key: 1}).status, 200)
        stats = self.sim.stats()
        self.assertGreater(stats["values"], 2)  # so the server has refused after storing
        self.assertEqual(stats["points"], 2)

    def test_a_value_without_time_gets_that_of_the_servers_clock(self):
        for offset_ms in (0, -3600000, 86400000):
            with self.subTest(offset_ms=offset_ms):
                self.begin()
                self.sim.set(clockOffsetMs=offset_ms)
                self.proxy.get(USER)
                if offset_ms:  # the server is asked again before it is believed
                    self.proxy.log.wait("the server's clock is")
                before = time.time() * 1000 + offset_ms
                self.assertEqual(self.proxy.post(self.telemetry, {"t": 1}).status, 200)
                after = time.time() * 1000 + offset_ms
                sent = json.loads(self.sim.requests(self.telemetry)[0]["body"])
                # The server states its time in whole seconds.
                self.assertTrue(before - 1100 <= sent["ts"] <= after + 1100, (before, sent["ts"], after))

    def test_only_what_has_no_time_is_given_one_and_all_else_stays_as_it_is(self):
        self.begin()
        inner = '{"a":1.10, "b":"\\u00e4\u20ac", "c":9007199254740993, "d":{"x":[1,2],"e":null}}'
        for sent, pattern in ((inner, '{"ts":%d,"values":' + inner + "}"),
                              ('{"ts":5,"values":{"a":1}}', None),
                              ('[{"ts":5,"values":{"a":1}},{"ts":6,"values":{"a":2}}]', None)):
            self.sim.forget()
            self.assertEqual(self.proxy.post(self.telemetry, sent.encode()).status, 200)
            seen = self.sim.requests(self.telemetry)[0]["body"]
            if pattern is None:
                self.assertEqual(seen, sent)
            else:
                self.assertEqual(json.loads(seen)["values"], json.loads(sent))
                self.assertEqual(seen.replace(" ", ""), (pattern % json.loads(seen)["ts"]).replace(" ", ""))

    def test_in_a_mixed_array_only_the_bare_values_are_given_a_time(self):
        self.begin()
        body = b'[{"a":1},{"ts":7,"values":{"a":2}},{"b":3}]'
        self.assertEqual(self.proxy.post(self.telemetry, body).status, 200)
        seen = json.loads(self.sim.requests(self.telemetry)[0]["body"])
        self.assertEqual([part["values"] for part in seen], [{"a": 1}, {"a": 2}, {"b": 3}])
        self.assertEqual(seen[1]["ts"], 7)
        self.assertEqual(seen[0]["ts"], seen[2]["ts"])

    def test_values_that_are_sent_at_once_are_all_stored(self):
        self.begin()
        connections = [self.proxy.connect(index % 2 == 0) for index in range(40)]
        for connection in connections:
            self.assertEqual(connection.request("GET", USER).status, 200)
        self.sim.set(outdateAccessTokens=True)
        # Held back so that all of them wait for it and get their time within one ms.
        self.sim.fault("delay", "/api/auth/token", ms=300)
        self.sim.forget()
        paths = (self.telemetry, self.telemetry + "/86400", self.telemetry + "?x=1")
        statuses = in_parallel(40, lambda index: connections[index].request(
            "POST", paths[index % 3], body={"t": index}).status)
        self.assertEqual(statuses, [200] * 40)
        self.assertEqual(sorted(int(value) for _, value in self.values("t")), list(range(40)))
        for connection in connections:
            connection.close()

    def test_a_value_with_a_life_is_given_a_time_too(self):
        self.begin()
        self.sim.fault("status", self.telemetry, status=429, executed=True)
        self.assertEqual(self.proxy.post(self.telemetry + "/86400", {"t": 1}).status, 200)
        self.assertEqual(self.sim.stats()["points"], 1)

    def test_what_is_no_telemetry_reaches_the_server_as_it_is_and_is_not_retried(self):
        self.begin()
        for body in (b"nope", b"[1]", b'{"a":', b"", b"\xff", b'[{"a":1},2]', b'{"a":1}x'):
            self.sim.forget()
            self.sim.fault("status", self.telemetry, status=429)
            reply = self.proxy.post(self.telemetry, body)
            self.assertEqual(reply.status, 429, body)
            sent = self.sim.requests(self.telemetry)
            self.assertEqual([entry["body"] for entry in sent], [body.decode("latin-1")])

    def test_without_retries_and_merging_the_body_stays_as_it_is(self):
        self.begin({"retry.retry_on_rate_limit": False, "merge.mode": "off"})
        self.assertEqual(self.proxy.post(self.telemetry, b'{ "t" : 1 }').status, 200)
        self.assertEqual(self.sim.requests(self.telemetry)[0]["body"], '{ "t" : 1 }')


class TestFreeOperations(RetryCase):
    def test_an_attribute_write_is_retried(self):
        self.begin()
        for path in ("/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE",
                     "/api/plugins/telemetry/%s/SHARED_SCOPE", "/api/plugins/telemetry/DEVICE/%s/SERVER_SCOPE"):
            path %= self.device
            self.sim.forget()
            self.sim.fault("status", path, status=429, executed=True)
            self.assertEqual(self.proxy.post(path, {"count": 5}).status, 200)
            self.assertEqual([entry["body"] for entry in self.sim.requests(path)], ['{"count": 5}'] * 2)

    def test_reads_and_deletes_are_retried(self):
        self.begin()
        for method, path in (("GET", "/api/plugins/telemetry/DEVICE/%s/values/timeseries"), ("GET", "/api/device/%s"),
                             ("GET", "/api/rpc/persistent/device/%s?pageSize=1&page=0"), ("DELETE", "/api/device/%s"),
                             ("GET", "/api/entities/vc/version?branch=main&pageSize=1&page=0")):
            path = path % self.device if "%s" in path else path
            self.sim.forget()
            self.sim.fault("status", path.split("?")[0], status=429)
            self.assertEqual(self.proxy.call(method, path).status, 200)
            self.assertEqual(self.sim.stats()["requests"], 2)


class TestOperationsThatAct(RetryCase):
    def assert_once(self, method, path, body=None):
        self.sim.forget()
        self.sim.fault("status", path, status=429, retryAfter="0", executed=True)
        reply = self.proxy.call(method, path, body=body)
        self.assert_error(reply, 429, 33)
        self.assertIn("may have executed", reply.header("Proxy-Status"))
        self.assertEqual(len(self.sim.requests(path)), 1)

    def test_an_rpc_is_never_retried(self):
        self.begin()
        for path in ("/api/rpc/oneway/", "/api/rpc/twoway/", "/api/plugins/rpc/oneway/", "/api/plugins/rpc/twoway/"):
            self.assert_once("POST", path + self.device, PING)
            self.assertEqual(self.sim.stats()["rpcs"], 1)

    def test_an_rpc_under_a_limit_that_lacks_the_second_token_is_executed_once(self):
        self.begin()
        self.sim.set(limits="1:60")
        reply = self.proxy.post("/api/rpc/twoway/" + self.device, PING)
        self.assertEqual((reply.status, self.sim.stats()["rpcs"]), (429, 1))

    def test_no_other_operation_that_acts_is_retried(self):
        self.begin()
        for method, path in (("POST", "/api/rule-engine/"), ("POST", "/api/rule-engine/DEVICE/" + ID),
                             ("POST", "/api/rule-engine/DEVICE/%s/5000" % ID),
                             ("POST", "/api/rule-engine/DEVICE/%s/Main/5000" % ID),
                             ("POST", "/api/customer/device/boiler/claim"),
                             ("DELETE", "/api/customer/device/boiler/claim"), ("POST", "/api/edge/sync/" + ID),
                             ("POST", "/api/entities/vc/version"), ("POST", "/api/entities/vc/entity"),
                             ("POST", "/api/admin/repositorySettings"), ("DELETE", "/api/admin/repositorySettings"),
                             ("POST", "/api/admin/repositorySettings/checkAccess"), ("POST", "/api/ai/model/chat")):
            with self.subTest(method=method, path=path):
                self.assert_once(method, path, {"a": 1} if method == "POST" else None)

    def test_another_spelling_of_the_path_is_not_retried_either(self):
        self.begin()
        for path in ("/api/%72pc/oneway/", "/%61pi/rpc/%74woway/"):
            self.sim.forget()
            self.sim.fault("status", "/api/rpc/", status=429, executed=True)
            self.assertEqual(self.proxy.post(path + self.device, PING).status, 429)
            self.assertEqual(self.sim.stats()["rpcs"], 1)

    def test_retry_unsafe_allows_it(self):
        self.begin({"retry.retry_unsafe": True})
        self.sim.fault("status", "/api/rpc/oneway", status=429, executed=True)
        self.assertEqual(self.proxy.post("/api/rpc/oneway/" + self.device, PING).status, 200)
        self.assertEqual(self.sim.stats()["rpcs"], 2)

    def test_values_of_the_device_api_are_not_stored_twice(self):
        self.begin()
        token = self.proxy.get("/api/device/%s/credentials" % self.device).json()["credentialsId"]
        self.sim.fault("status", "/api/v1/", status=429, executed=True)
        self.assertEqual(self.proxy.post("/api/v1/%s/telemetry" % token, {"t": 1}).status, 429)
        self.assertEqual(self.sim.stats()["values"], 1)


class TestDyingConnections(RetryCase):
    """A kept connection can end just after a request was sent on it, and nobody knows what the server did."""

    def assert_sent_once(self, path, body):
        for _ in range(2):
            self.assertEqual(self.proxy.get(USER).status, 200)  # now there is a kept connection
        for kind in ("close", "reset"):
            self.sim.forget()
            self.sim.fault(kind, path, executed=True)
            self.assert_error(self.proxy.post(path, body), 502, 2)
            self.assertEqual(len(self.sim.requests(path)), 1)
            self.sim.clear_faults()

    def test_an_rpc_is_sent_once(self):
        self.begin()
        self.assert_sent_once("/api/rpc/oneway/" + self.device, PING)

    def test_a_post_is_sent_once(self):
        self.begin()
        self.assert_sent_once("/api/device", {"name": "once", "type": "default"})

    def test_a_get_may_be_sent_again(self):
        self.begin()
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.sim.fault("close", USER)
        self.assertIn(self.proxy.get(USER).status, (200, 502))
        self.assertLessEqual(len(self.sim.requests(USER)), 3)


if __name__ == "__main__":
    tap.main()
