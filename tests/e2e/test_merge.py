# SPDX-License-Identifier: Apache-2.0
"""Waiting writes to the same entity go as one call, and each program gets the result of its own."""
import json
import threading

import tap
from harness import PATIENCE, answer, in_parallel, wait_until
from queueing import BLOCKER, QueueCase

JSON = [("Content-Type", "application/json")]


class MergeCase(QueueCase):
    def begin(self, options=None, **sim_options):
        super().begin(options, **sim_options)
        self.path = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device
        self.attributes = "/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE" % self.device

    def post_in_turn(self, bodies, path=None):
        """While the server is occupied."""
        bodies = [json.dumps(body).encode() if isinstance(body, dict) else body for body in bodies]
        return self.ask_in_turn([{"target": path or self.path, "method": "POST", "headers": JSON, "body": body}
                                 for body in bodies])

    def post_while_occupied(self, bodies, path=None):
        """The responses to BODIES, which waited together."""
        self.occupy()
        connections = self.post_in_turn(bodies, path)
        self.sim.release()
        return [connection.response() for connection in connections]

    def calls(self, path=None):
        """The bodies that were posted to PATH."""
        return [json.loads(entry["body"]) for entry in self.sim.requests(path or self.path)]

    def sent(self):
        """All values that were sent for the device, in order: (ts, values)."""
        parts = []
        for body in self.calls():
            parts += body if isinstance(body, list) else [body]
        return [(part["ts"], part["values"]) for part in parts]

    def stored(self, key):
        """All points of KEY, by their time."""
        reply = self.direct("GET", "/api/plugins/telemetry/DEVICE/%s/values/timeseries?keys=%s&startTs=0&endTs=%d"
                            "&limit=1000&orderBy=ASC&useStrictDataTypes=true" % (self.device, key, 1 << 53))
        return [point["value"] for point in reply.json().get(key, [])]

    def assert_all(self, replies, status):
        self.assertEqual([reply.status for reply in replies], [status] * len(replies))

    def assert_call_counts(self, posts, calls):
        """POSTS: (target, headers, body) of each write; they wait together."""
        self.occupy()
        connections = self.ask_in_turn([{"target": target, "method": "POST", "headers": headers, "body": body}
                                        for target, headers, body in posts])
        self.sim.release()
        self.assert_all([connection.response() for connection in connections], 200)
        self.assertEqual(len([entry for entry in self.sim.requests() if entry["method"] == "POST"]), calls)
        self.sim.forget()


class TestTelemetry(MergeCase):
    def test_writes_that_wait_go_as_one_call_in_the_order_of_their_arrival(self):
        self.begin()
        bodies = [{"v": i} for i in range(8)]
        replies = self.post_while_occupied(bodies)
        self.assert_all(replies, 200)
        self.assertEqual([reply.body for reply in replies], [b""] * 8)
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual([values for _, values in self.sent()], bodies)
        self.assertEqual(self.stored("v"), list(range(8)))

    def test_each_value_has_a_time_and_no_two_have_the_same(self):
        self.begin()
        self.post_while_occupied([{"v": i} for i in range(8)])
        times = [ts for ts, _ in self.sent()]
        self.assertEqual(times, sorted(set(times)))

    def test_a_time_that_a_program_gives_stays(self):
        self.begin()
        self.post_while_occupied([{"ts": 1000, "values": {"v": 1}}, {"v": 2}, {"ts": 5, "values": {"v": 3}}])
        self.assertEqual(len(self.calls()), 1)
        (first, _), (_, _), (third, _) = self.sent()
        self.assertEqual((first, third), (1000, 5))
        self.assertEqual(self.stored("v"), [3, 1, 2])

    def test_arrays_and_single_values_go_together(self):
        self.begin()
        bodies = [b'[{"v":1},{"ts":7,"values":{"v":2}}]', {"v": 3}, b'[{"v":4}]']
        self.assert_all(self.post_while_occupied(bodies), 200)
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual([values["v"] for _, values in self.sent()], [1, 2, 3, 4])

    def test_values_are_copied_byte_for_byte(self):
        self.begin()
        texts = ['{"a":1.10,"b":9007199254740993}', '{"c":"\\u00e4\u20ac"}', '{"d":1e2,"e":{"x":[1,2]}}']
        self.post_while_occupied([text.encode() for text in texts])
        body = self.sim.requests(self.path)[0]["body"].replace(" ", "")
        for text in texts:
            self.assertIn('"values":' + text, body)

    def test_programs_on_both_listeners_go_together(self):
        self.begin()
        self.occupy()
        connections = self.ask_in_turn([{"target": self.path, "method": "POST", "body": {"v": i}, "unix": i % 2 == 1}
                                        for i in range(6)])
        self.sim.release()
        self.assert_all([connection.response() for connection in connections], 200)
        self.assertEqual(len(self.calls()), 1)
        self.assertEqual(self.stored("v"), list(range(6)))

    def test_writes_that_wait_for_the_limit_go_as_one_call(self):
        self.begin({"upstream.max_connections": 64, "rate.limits": "2:2"})
        self.sim.set(limits="2:2")
        self.assertEqual(self.proxy.post(self.path, {"v": 0}).status, 200)  # takes both tokens
        connections = self.post_in_turn([{"v": i} for i in range(1, 6)])
        self.assert_all([connection.response() for connection in connections], 200)
        self.assertEqual(len(self.calls()), 2)
        self.assertEqual(self.sim.stats()["statuses"].get("429", 0), 0)
        self.sim.set(limits="")
        self.assertEqual(self.stored("v"), list(range(6)))

    def test_nothing_is_lost_and_nothing_is_doubled_under_load(self):
        self.begin({"upstream.max_connections": 4}, write_ms=20)

        def write(index):
            statuses = []
            with self.proxy.connect(index % 2 == 1) as connection:
                for value in range(25):
                    statuses.append(connection.request("POST", self.path, body={"v%d" % index: value}).status)
            return statuses
        self.assertEqual(in_parallel(16, write), [[200] * 25] * 16)
        stats = self.sim.stats()
        stored = [self.stored("v%d" % index) for index in range(16)]
        self.assertEqual(stored, [list(range(25))] * 16)
        self.assertEqual(stats["values"], 16 * 25)
        self.assertLess(stats["requests"], 16 * 25)
        tap.figure("400 writes as %d calls: %d lost, %d stored twice"
                   % (stats["requests"], 400 - sum(len(set(values)) for values in stored), stats["values"] - 400))


class TestAttributes(MergeCase):
    def test_they_go_as_one_call_and_the_later_value_wins(self):
        self.begin()
        bodies = [{"a": 1, "b": 1}, {"a": 2}, {"c": "x"}, {"a": 3, "d": {"y": 1}}]
        self.assert_all(self.post_while_occupied(bodies, self.attributes), 200)
        self.assertEqual(self.calls(self.attributes), [{"a": 3, "b": 1, "c": "x", "d": {"y": 1}}])
        reply = self.direct("GET", "/api/plugins/telemetry/DEVICE/%s/values/attributes/SERVER_SCOPE" % self.device)
        self.assertEqual({entry["key"]: entry["value"] for entry in reply.json() if entry["key"] != "active"},
                         {"a": 3, "b": 1, "c": "x", "d": {"y": 1}})

    def test_no_key_comes_twice_in_what_is_sent(self):
        self.begin()
        self.post_while_occupied([{"a": 1}, {"a": 2}], self.attributes)
        self.assertEqual([entry["body"].count('"a"') for entry in self.sim.requests(self.attributes)], [1])


class TestWhatStaysApart(MergeCase):
    def test_other_entities_scopes_queries_and_content_types(self):
        self.begin()
        other = self.path.replace(self.device, self.make_device("pump"))
        as_text = [("Content-Type", "text/plain")]
        body = b'{"v":1}'
        self.sim.forget()
        for posts in ([(self.path, JSON, body), (other, JSON, body)],
                      [(self.attributes, JSON, body), (self.attributes.replace("SERVER", "SHARED"), JSON, body)],
                      [(self.path, JSON, body), (self.path.replace("ANY", "ANOTHER"), JSON, body)],
                      [(self.path, JSON, body), (self.path + "/86400", JSON, body)],
                      [(self.path, JSON, body), (self.path + "?x=1", JSON, body)],
                      [(self.path, JSON, body), (self.path, as_text, body)],
                      [(self.path, JSON, body), (self.attributes, JSON, body)]):
            with self.subTest(posts=posts):
                self.assert_call_counts(posts, 2)
        self.assert_call_counts([(self.path, JSON, body)] * 2, 1)  # equal in all of this

    def test_other_writes(self):
        self.begin()
        body = b'{"method":"ping","params":{}}'
        self.assert_call_counts([("/api/rpc/oneway/" + self.device, JSON, body)] * 2, 2)

    def test_a_body_that_is_no_telemetry(self):
        self.begin()
        bad = [b"nope", b'{"v":', b"[1]", b"", b"\xff", b'{"v":1}x', b"[]", b"{}", b'"v"']
        bodies = [b'{"v":0}']
        for index, text in enumerate(bad):
            bodies += [text, b'{"v":%d}' % (index + 1)]
        replies = self.post_while_occupied(bodies)
        self.assert_all(replies[::2], 200)
        for reply in replies[1::2]:
            self.assertNotEqual(reply.status, 200)
        self.assertEqual(self.stored("v"), list(range(len(bad) + 1)))
        sent = [entry["body"] for entry in self.sim.requests(self.path)]
        for text in bad:
            self.assertIn(text.decode("latin-1"), sent)
        self.assertEqual(len(sent), len(bad) + 1)

    def test_attributes_that_are_no_object(self):
        self.begin()
        bodies = [b'{"a":1}', b"[1]", b"nope", b'{"a":2}', b"{}"]
        replies = self.post_while_occupied(bodies, self.attributes)
        self.assertEqual([reply.status for reply in replies], [200, 400, 400, 200, 400])
        self.assertIn('{"a":2}', [entry["body"] for entry in self.sim.requests(self.attributes)])


class TestModes(MergeCase):
    def test_off_merges_nothing(self):
        self.begin({"merge.mode": "off"})
        self.assert_all(self.post_while_occupied([{"v": i} for i in range(4)]), 200)
        self.assertEqual(len(self.calls()), 4)
        self.assertEqual(self.stored("v"), list(range(4)))

    def test_under_pressure_what_need_not_wait_is_not_touched(self):
        for options in ({}, {"merge.mode": "pressure"}):
            self.begin({"upstream.max_connections": 64, **options})
            self.sim.fault("hold", self.path, count=4)
            connections = []
            for index in range(4):  # all are at the server at the same time
                connections.append(self.ask(self.path, "POST", body={"v%d" % index: index}))
                self.sim.wait_for_held(index + 1)
            self.sim.release()
            self.assert_all([connection.response() for connection in connections], 200)
            for index in range(4):
                self.assertEqual(self.proxy.post(self.path, {"v%d" % index: index}).status, 200)
            self.assertEqual([list(body) for body in self.calls()], [["ts", "values"]] * 8)

    def test_always_sends_one_write_for_an_entity_at_a_time(self):
        self.begin({"upstream.max_connections": 64, "merge.mode": "always"})
        other = self.path.replace(self.device, self.make_device("pump"))
        self.sim.forget()
        self.sim.fault("hold", self.path)
        first = self.ask(self.path, "POST", body={"v": 0})
        self.sim.wait_for_held(1)
        self.assertEqual(self.proxy.post(other, {"v": 0}).status, 200)
        connections = self.post_in_turn([{"v": i} for i in range(1, 6)])
        self.sim.release()
        self.assert_all([connection.response() for connection in [first, *connections]], 200)
        self.assertEqual(len(self.calls()), 2)
        self.assertEqual(self.stored("v"), list(range(6)))

    def test_always_delays_nothing_where_nothing_is_under_way(self):
        self.begin({"merge.mode": "always"})
        for index in range(4):
            self.assertEqual(self.proxy.post(self.path, {"v": index}).status, 200)
        self.assertEqual(len(self.calls()), 4)

    def test_the_mode_can_be_changed_while_running(self):
        self.begin({"merge.mode": "off"})
        self.proxy.options["merge.mode"] = "pressure"
        self.proxy.write_config()
        self.proxy.signal(1)
        self.proxy.log.wait("merge.mode has changed and is in effect")
        self.post_while_occupied([{"v": i} for i in range(4)])
        self.assertEqual(len(self.calls()), 1)


class TestSize(MergeCase):
    def test_a_merged_body_is_no_larger_than_max_bytes(self):
        self.begin({"merge.max_bytes": 4096})
        bodies = [{"v": i, "text": "x" * 1400} for i in range(6)]
        self.assert_all(self.post_while_occupied(bodies), 200)
        sizes = [len(entry["body"]) for entry in self.sim.requests(self.path)]
        self.assertEqual(len(sizes), 3)  # two go together, three would be larger
        self.assertLessEqual(max(sizes), 4096)
        self.assertEqual([values["v"] for _, values in self.sent()], list(range(6)))

    def test_a_body_that_is_larger_by_itself_goes_alone(self):
        self.begin({"merge.max_bytes": 4096})
        self.assert_all(self.post_while_occupied([{"v": 0}, {"v": 1, "text": "x" * 5000}, {"v": 2}, {"v": 3}]), 200)
        self.assertEqual([len(body) if isinstance(body, list) else 1 for body in self.calls()], [1, 1, 2])
        self.assertEqual(self.stored("v"), list(range(4)))


class TestFaults(MergeCase):
    def test_a_401_to_a_merged_call_renews_and_retries_it(self):
        self.begin()
        self.sim.fault("status", self.path, status=401)
        self.assert_all(self.post_while_occupied([{"v": i} for i in range(4)]), 200)
        self.assertEqual([entry["status"] for entry in self.sim.requests(self.path)], [401, 200])
        self.assertEqual(self.stored("v"), list(range(4)))

    def test_a_429_to_a_merged_call_retries_it_with_the_same_times(self):
        for executed in (False, True):
            with self.subTest(executed=executed):
                self.begin()
                self.sim.fault("status", self.path, status=429, executed=executed)
                self.assert_all(self.post_while_occupied([{"v": i} for i in range(4)]), 200)
                sent = self.sent()
                self.assertEqual(sent[:4], sent[4:])
                self.assertEqual(self.stored("v"), list(range(4)))
                self.assertEqual(self.sim.stats()["points"], 4)

    def test_after_max_retries_each_program_sees_the_429(self):
        self.begin({"retry.max_retries": 2})
        self.sim.fault("status", self.path, status=429, count=0)
        for reply in self.post_while_occupied([{"v": i} for i in range(4)]):
            self.assert_error(reply, 429, 33)
            self.assertIn("max_retries", reply.header("Proxy-Status"))
        self.assertEqual(len(self.calls()), 3)

    def test_where_the_server_dies_each_program_is_told(self):
        for kind in ("close", "reset"):
            with self.subTest(kind=kind):
                self.begin()
                self.sim.fault(kind, self.path, count=0)
                for reply in self.post_while_occupied([{"v": i} for i in range(4)]):
                    self.assert_error(reply, 502, 2, "no answer from the server")
                self.sim.clear_faults()
                self.assertEqual(self.proxy.post(self.path, {"v": 9}).status, 200)

    def test_an_error_that_is_no_bodys_fault_is_told_to_all(self):
        self.begin()
        self.sim.fault("status", self.path, status=403)
        self.assert_all(self.post_while_occupied([{"v": i} for i in range(4)]), 403)
        self.assertEqual(len(self.calls()), 1)

    def test_a_program_that_hangs_up_does_not_take_the_others_answers_away(self):
        for index in range(3):
            for unix in (False, True):
                with self.subTest(index=index, unix=unix):
                    self.begin()
                    self.occupy()
                    connections = self.ask_in_turn([{"target": self.path, "method": "POST", "body": {"v": i},
                                                     "unix": unix} for i in range(3)])
                    self.sim.fault("hold", self.path)
                    self.sim.release()
                    self.sim.wait_for_held(1)
                    connections.pop(index).reset()
                    self.assert_serves(self.proxy)
                    self.sim.release()
                    self.assert_all([connection.response() for connection in connections], 200)
                    self.assertEqual(len(self.calls()), 1)
                    self.assertEqual(self.stored("v"), [0, 1, 2])

    def test_after_the_first_of_a_merged_call_has_gone_a_401_is_still_repaired(self):
        self.begin()
        self.occupy()
        first, *others = self.post_in_turn([{"v": i} for i in range(3)])
        self.sim.fault("hold", self.path)
        self.sim.release()
        self.sim.wait_for_held(1)
        self.sim.set(outdateAccessTokens=True)  # before it is authenticated
        first.reset()
        self.assert_serves(self.proxy)
        self.sim.release()
        self.assert_all([connection.response() for connection in others], 200)
        self.assertEqual(self.stored("v")[-2:], [1, 2])

    def test_when_all_programs_have_hung_up_the_next_one_is_served(self):
        self.begin()
        self.occupy()
        connections = self.post_in_turn([{"v": i} for i in range(3)])
        self.sim.fault("hold", self.path)
        self.sim.release()
        self.sim.wait_for_held(1)
        for connection in connections:
            connection.reset()
        self.assertEqual(self.proxy.post(self.path, {"w": 1}).status, 200)
        self.sim.release()

    def test_the_first_program_of_a_merged_call_hangs_up(self):
        """The call keeps its target; the audit log has it all the same."""
        self.begin({"log.audit": True, "log.level": "info"})
        self.occupy()
        connections = self.post_in_turn([{"value": i} for i in range(3)])
        self.sim.fault("hold", self.path)
        self.sim.release()
        self.sim.wait_for_held(1)
        connections.pop(0).reset()
        self.proxy.log.wait("audit: .* POST %s -> .*: the client has hung up" % self.path)
        self.sim.clear_faults()
        self.sim.release()
        self.assertEqual([connection.response().status for connection in connections], [200, 200])


class TestBadBodies(MergeCase):
    """Telemetry that the server refuses."""

    def begin_scripted(self, status):
        """A server that, after the blocker, refuses every body with "bad" in it."""
        go, arrived = threading.Event(), threading.Event()

        def handle(peer, request):
            if request.target == BLOCKER:
                arrived.set()
                go.wait(PATIENCE)
            bad = b"bad" in request.body
            headers = [("X-Refused", "yes" if bad else "no")]
            peer.send(answer(status if bad else 200, b"bad value" if bad else b"", headers))
            return True
        self.addCleanup(go.set)
        self.server = self.start_scripted(handle)
        self.proxy = self.start_daemon(self.server, {"upstream.max_connections": 1})
        self.path = "/api/plugins/telemetry/DEVICE/11111111-2222-3333-4444-555555555555/timeseries/ANY"
        self.ask(BLOCKER)
        self.assertTrue(arrived.wait(PATIENCE))
        return go

    def accepted(self):
        """The values of all bodies that the server accepted, in order."""
        values = []
        for request in self.server.requests:
            if request.target != BLOCKER and b"bad" not in request.body:
                body = json.loads(request.body)
                values += [part["values"] for part in (body if isinstance(body, list) else [body])]
        return values

    def test_a_bad_body_fails_alone_and_the_others_are_stored_once(self):
        for status in (400, 500):
            for bad in ([2], [0], [4], [0, 4], [1, 2], [0, 1, 2, 3, 4]):
                with self.subTest(status=status, bad=bad):
                    go = self.begin_scripted(status)
                    bodies = [{"bad" if i in bad else "good": i} for i in range(5)]
                    connections = self.post_in_turn(bodies)
                    go.set()
                    replies = [connection.response() for connection in connections]
                    self.assertEqual([reply.status for reply in replies],
                                     [status if i in bad else 200 for i in range(5)])
                    for i, reply in enumerate(replies):
                        self.assertEqual((reply.body, reply.header("X-Refused")),
                                         (b"bad value", "yes") if i in bad else (b"", "no"))
                    self.assertEqual(self.accepted(), [bodies[i] for i in range(5) if i not in bad])

    def test_the_search_for_a_bad_body_takes_few_calls(self):
        go = self.begin_scripted(400)
        connections = self.post_in_turn([{"bad" if i == 9 else "good": i} for i in range(16)])
        go.set()
        self.assertEqual(sum(connection.response().status == 200 for connection in connections), 15)
        self.assertLessEqual(len(self.server.requests) - 1, 1 + 2 * 4)  # halves of 16, 8, 4, 2

    def test_a_program_that_hangs_up_during_the_search_does_not_harm_the_others(self):
        go = self.begin_scripted(400)
        connections = self.post_in_turn([{"bad" if i == 0 else "good": i} for i in range(4)])
        connections.pop(3).reset()
        self.wait_for_waiting(3)
        go.set()
        self.assertEqual([connection.response().status for connection in connections], [400, 200, 200])
        wait_until(lambda: len(self.accepted()) == 2, "both good values")


if __name__ == "__main__":
    tap.main()
