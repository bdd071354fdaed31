# SPDX-License-Identifier: Apache-2.0
"""GET /-/subscribe/...: updates as server-sent events, over one WebSocket for all."""
import json
import time

import tap
from event_stream import Stream
from harness import Case, build, in_parallel
from waiting import wait_until

UNKNOWN = "784f394c-42b6-435a-983c-b7beff2784f9"
SUBSCRIBERS_MAX, KEYS_MAX = 100, 100
BUFFER_BYTES = 256 * 1024


class SubscribeCase(Case):
    CREDENTIAL = "password"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon(credential=cls.CREDENTIAL)

    def setUp(self):
        self.sim.control("DELETE", "/sim/websockets")
        self.device = self.proxy.call("POST", "/api/device", body={"name": self.id(), "type": "default"}).json()[
            "id"]["id"]

    def path(self, query="", device=None):
        return "/-/subscribe/DEVICE/%s%s" % (device or self.device, query)

    def subscribe(self, query="", headers=(), **options):
        stream = Stream(options.pop("daemon", self.proxy), self.path(query), headers, **options)
        self.addCleanup(stream.connection.close)
        self.assertEqual(stream.answer.status, 200, stream.answer)
        return stream

    def write(self, body, scope="timeseries/ANY"):
        """Writes values directly, as a device or another program does."""
        target = "/api/plugins/telemetry/DEVICE/%s/%s" % (self.device, scope)
        answer = self.sim.call("POST", target, [("X-Authorization", "ApiKey " + self.sim.api_key)],
                               json.dumps(body).encode())
        self.assertEqual(answer.status, 200)

    def value(self, ts, **values):
        self.write({"ts": ts, "values": values})

    def websockets(self):
        return [row for row in self.sim.control("GET", "/sim/websockets") if row["open"]]

    def wait_for_subscriptions(self, count):
        wait_until(lambda: sum(len(row["subscriptions"]) for row in self.websockets()) == count,
                   "%d subscriptions" % count)

    def gauge(self, name):
        text = self.proxy.get("/-/metrics").body.decode()
        return int([line for line in text.split("\n") if line.startswith(name + " ")][0].split(" ")[1])


class TestUpdates(SubscribeCase):
    def test_first_values_then_updates(self):
        self.value(1000, a=1, b="x")
        self.value(2000, a=2.5)
        stream = self.subscribe("?keys=a,b,c")
        self.assertEqual(stream.answer.header("Content-Type"), "text/event-stream")
        self.assertEqual((stream.event(), stream.last_id), ((1000, {"b": "x"}), 1000))
        self.assertEqual((stream.event(), stream.last_id), ((2000, {"a": "2.5"}), 2000))
        self.value(3000, d=1)
        self.value(3000, a=True, b="y\nz")
        self.assertEqual(stream.event(), (3000, {"a": "true", "b": "y\nz"}))

    def test_a_request_with_a_large_body_is_refused(self):
        connection = self.proxy.connect()
        self.addCleanup(connection.close)
        connection.send(build("GET", self.path("?keys=a"), [("Content-Length", 1 << 25)], host=connection.host))
        self.assert_error(connection.response(), 400, 31, "too large for a request for events")
        self.assertEqual(self.gauge("tbproxyd_subscribers"), 0)

    def test_a_write_with_several_times_is_told_in_their_order(self):
        stream = self.subscribe("?keys=a")
        self.write([{"ts": ts, "values": {"a": ts}} for ts in (3000, 1000, 2000)])
        self.assertEqual([stream.event() for _ in range(3)], [(ts, {"a": str(ts)}) for ts in (1000, 2000, 3000)])

    def test_the_id_is_the_latest_time(self):
        stream = self.subscribe("?keys=a")
        self.value(9000000000000, a=0)  # no clock is that far ahead
        now = int(time.time() * 1000)
        self.value(now, a=1)
        self.value(now - 5000, a=2)
        stream.event()
        self.assertLess(stream.last_id, now)
        self.assertEqual((stream.event(), stream.last_id), ((now, {"a": "1"}), now))
        self.assertEqual((stream.event(), stream.last_id), ((now - 5000, {"a": "2"}), now))

    def test_all_keys(self):
        self.value(1000, a=1)
        stream = self.subscribe()
        self.assertEqual(stream.event(), (1000, {"a": "1"}))
        self.value(2000, new=1)
        self.assertEqual(stream.event(), (2000, {"new": "1"}))

    def test_attributes_of_a_scope(self):
        self.write({"a": 1}, "attributes/SHARED_SCOPE")
        self.write({"a": 2}, "attributes/SERVER_SCOPE")
        stream = self.subscribe("?scope=SHARED_SCOPE&keys=a")
        self.assertEqual(stream.event()[1], {"a": "1"})
        self.write({"a": 3}, "attributes/SERVER_SCOPE")
        self.write({"a": 4, "b": 5}, "attributes/SHARED_SCOPE")
        self.assertEqual(stream.event()[1], {"a": "4"})

    def test_other_entity_types(self):
        asset = self.proxy.call("POST", "/api/asset", body={"name": self.id(), "type": "default"}).json()["id"]["id"]
        stream = Stream(self.proxy, "/-/subscribe/ASSET/" + asset.upper())
        self.addCleanup(stream.connection.close)
        self.assertEqual(stream.answer.status, 200)
        target = "/api/plugins/telemetry/ASSET/%s/timeseries/ANY" % asset
        self.assertEqual(self.proxy.call("POST", target, body={"ts": 5, "values": {"a": 1}}).status, 200)
        self.assertEqual(stream.event(), (5, {"a": "1"}))

    def test_unix_socket_and_http_1_0(self):
        streams = [self.subscribe("?keys=a", unix=True, headers=[("Origin", "http://localhost")]),
                   self.subscribe("?keys=a", version="HTTP/1.0"), self.subscribe("?keys=a")]
        self.value(1000, a=1)
        self.assertEqual([stream.event() for stream in streams], [(1000, {"a": "1"})] * 3)

    def test_encoded_keys(self):
        stream = self.subscribe("?keys=a%20b,%C3%A9+%26")
        self.write({"ts": 7, "values": {"a b": 1, "é &": 2}})
        self.assertEqual(stream.event(), (7, {"a b": "1", "é &": "2"}))


class TestSharing(SubscribeCase):
    def test_all_subscribers_share_one_websocket_and_equal_ones_a_subscription(self):
        self.value(1000, a=1)
        streams = [self.subscribe("?keys=b,a"), self.subscribe("?keys=a,b,a"), self.subscribe("?keys=a")]
        self.assertEqual([stream.event() for stream in streams], [(1000, {"a": "1"})] * 3)
        self.assertEqual([len(row["subscriptions"]) for row in self.websockets()], [2])
        self.assertEqual((self.gauge("tbproxyd_subscribers"), self.gauge("tbproxyd_subscriptions")), (3, 2))
        self.value(2000, a=2)
        self.assertEqual([stream.event() for stream in streams], [(2000, {"a": "2"})] * 3)

    def test_who_leaves_is_unsubscribed(self):
        one, other = self.subscribe("?keys=a"), self.subscribe("?keys=b")
        self.wait_for_subscriptions(2)
        one.connection.close()
        self.wait_for_subscriptions(1)
        other.connection.reset()
        self.wait_for_subscriptions(0)

    def test_the_websocket_is_closed_after_the_last(self):
        proxy = self.start_daemon(self.sim)
        self.subscribe("?keys=a", daemon=proxy).connection.close()
        wait_until(lambda: not self.websockets(), "the end of the WebSocket")
        rows = self.sim.control("GET", "/sim/websockets")
        self.assertEqual(rows[-1]["closed"], 1000)

    def test_updates_for_many(self):
        streams = in_parallel(20, lambda number: self.subscribe("?keys=a" if number % 2 else ""))
        for ts in range(1, 51):
            self.value(ts, a=ts)
        expected = [(ts, {"a": str(ts)}) for ts in range(1, 51)]
        for stream in streams:
            self.assertEqual([stream.event() for _ in range(50)], expected)


class TestResume(SubscribeCase):
    def test_last_event_id(self):
        for ts in (1000, 2000, 3000, 4000):
            self.value(ts, a=ts, b=ts)
        for stream in self.subscribe("?keys=a", [("Last-Event-ID", "2000")]), self.subscribe(
                "?keys=a", [("Last-Event-ID", "2000")]):
            self.assertEqual([stream.event() for _ in range(2)], [(3000, {"a": "3000"}), (4000, {"a": "4000"})])
        stream = self.subscribe(headers=[("Last-Event-ID", "3000")])
        self.assertEqual(stream.event(), (4000, {"a": "4000", "b": "4000"}))
        self.value(5000, a=5)
        self.assertEqual(stream.event(), (5000, {"a": "5"}))

    def test_the_largest_last_event_id(self):
        self.value(1000, a=1)
        stream = self.subscribe("?keys=a", [("Last-Event-ID", "9223372036854775807")])
        self.value(2000, a=2)
        self.assertEqual(stream.event()[1], {"a": "2"})

    def test_last_event_id_of_attributes(self):
        self.write({"a": 1}, "attributes/SERVER_SCOPE")
        stream = self.subscribe("?scope=SERVER_SCOPE&keys=a,b")
        first = stream.event()[0]
        wait_until(lambda: time.time() * 1000 > first + 1, "the next ms")
        self.write({"b": 2}, "attributes/SERVER_SCOPE")
        stream = self.subscribe("?scope=SERVER_SCOPE&keys=a,b", [("Last-Event-ID", str(first))])
        self.assertEqual(stream.event()[1], {"b": "2"})

    def lose(self, **order):
        """Ends all WebSockets that are there, and waits for that: what is written then does not pass over them."""
        count = len(self.sim.control("GET", "/sim/websockets"))
        self.sim.control("POST", "/sim/websockets", order)
        wait_until(lambda: not any(row["open"] for row in self.sim.control("GET", "/sim/websockets")[:count]),
                   "the end of the WebSockets")

    def assert_nothing_is_lost(self, order):
        self.value(1000, a=1)
        streams = [self.subscribe("?keys=a,b"), self.subscribe(), self.subscribe("?keys=a,b")]
        self.assertEqual([stream.event() for stream in streams], [(1000, {"a": "1"})] * 3)
        self.sim.fault("status", "/api/ws", status=503, count=1)
        self.lose(**order)
        self.write([{"ts": 1000, "values": {"b": 1}}] + [{"ts": ts, "values": {"a": ts}} for ts in range(1001, 1050)])
        self.wait_for_subscriptions(2)
        self.value(2000, a=2)
        expected = [(1000, {"b": "1"})] + [(ts, {"a": str(ts)}) for ts in range(1001, 1050)] + [(2000, {"a": "2"})]
        for stream in streams[0], streams[2]:
            self.assertEqual([stream.event() for _ in expected], expected)
        # without keys, the daemon asks for those that have a value now
        self.assertEqual([streams[1].event() for _ in expected], expected)

    def test_nothing_is_lost_or_doubled_when_the_websocket_is_closed(self):
        losses = self.gauge("tbproxyd_subscription_connections_lost_total")
        self.assert_nothing_is_lost({"close": 1001})
        self.assertEqual(self.gauge("tbproxyd_subscription_connections_lost_total"), losses + 1)

    def test_nothing_is_lost_or_doubled_when_it_is_reset(self):
        self.assert_nothing_is_lost({"reset": True})

    def test_nothing_is_lost_from_the_first_value_on(self):
        stream = self.subscribe("?keys=a")
        now = int(time.time() * 1000)
        self.wait_for_subscriptions(1)
        self.lose(reset=True)
        self.write([{"ts": now + ts, "values": {"a": ts}} for ts in range(1, 6)])
        self.assertEqual([stream.event() for _ in range(5)], [(now + ts, {"a": str(ts)}) for ts in range(1, 6)])

    def test_under_steady_writes(self):
        self.value(0, a=0)
        stream = self.subscribe("?keys=a")
        self.assertEqual(stream.event(), (0, {"a": "0"}))
        for ts in range(1, 101):
            self.value(ts, a=ts)
            if ts in (20, 60):
                wait_until(self.websockets, "a WebSocket")
                self.lose(reset=True)
        self.assertEqual([stream.event() for _ in range(100)], [(ts, {"a": str(ts)}) for ts in range(1, 101)])
        self.value(101, a="last")
        self.assertEqual(stream.event(), (101, {"a": "last"}))

    def test_a_token_that_is_refused_is_renewed(self):
        self.value(1, a=0)
        stream = self.subscribe("?keys=a")
        self.assertEqual(stream.event(), (1, {"a": "0"}))
        self.sim.set(outdateAccessTokens=True)
        self.lose(close=1001)
        self.value(1000, a=1)
        self.assertEqual(stream.event(), (1000, {"a": "1"}))
        self.value(2000, a=2)
        self.assertEqual(stream.event(), (2000, {"a": "2"}))


class TestServerAway(SubscribeCase):
    """A browser's EventSource does not try again after an error."""

    def begin_without_server(self, options=None):
        self.value(1000, a=1)
        self.front = self.start_front(self.sim, "http/1.1")
        proxy = self.start_daemon(self.front, options)
        self.front.end()
        wait_until(lambda: proxy.get("/-/ready").status == 503, "an outage")
        connection = proxy.connect()
        self.addCleanup(connection.close)
        connection.send(build("GET", self.path("?keys=a")))
        return proxy, connection

    def test_a_new_stream_waits_for_it(self):
        proxy, connection = self.begin_without_server()
        self.assertEqual(proxy.get(self.path("?keys=a"), headers=[("Prefer", "wait=0")]).status, 503)  # after the other
        self.front.start()
        self.assertEqual(connection.head().status, 200)
        while b'"ts":1000' not in connection.data.replace(b" ", b""):
            self.assertNotEqual(connection.fill(), b"")

    def test_at_the_end_it_is_told(self):
        _, connection = self.begin_without_server({"upstream.hold_ms": 500})
        reply = connection.response()
        self.assert_error(reply, 503, 2, "Connection refused", "the request waited ")
        self.assertIsNotNone(reply.header("Retry-After"))


class TestApiKey(TestUpdates):
    CREDENTIAL = "api_key"


class TestSlowReader(SubscribeCase):
    def test_it_catches_up_from_the_history(self):
        self.value(0, a=0)
        slow, fast = self.subscribe("?keys=a", unix=True), self.subscribe("?keys=a")
        self.assertEqual((slow.event(), fast.event()), ((0, {"a": "0"}),) * 2)
        text = "x" * 20000
        count = 0
        while self.gauge("tbproxyd_subscribers_behind_total") == 0:
            count += 1
            self.value(count, a=text)
            self.assertEqual(fast.event()[0], count)
        for _ in range(30):
            count += 1
            self.value(count, a=text)
            self.assertEqual(fast.event()[0], count)
        self.assertEqual([slow.event()[0] for _ in range(count)], list(range(1, count + 1)))
        self.value(count + 1, a="live")
        self.assertEqual((slow.event(), fast.event()), ((count + 1, {"a": "live"}),) * 2)

    def test_of_attributes_it_gets_what_they_are_then(self):
        behind = self.gauge("tbproxyd_subscribers_behind_total")
        stream = self.subscribe("?scope=SERVER_SCOPE&keys=a,b", unix=True)
        count = 0
        while self.gauge("tbproxyd_subscribers_behind_total") == behind:
            count += 1
            self.write({"a": "%d" % count + "x" * 20000}, "attributes/SERVER_SCOPE")
        self.write({"a": "last", "b": "last"}, "attributes/SERVER_SCOPE")
        events = 0
        while stream.event()[1] != {"a": "last", "b": "last"}:
            events += 1
        # If many updates come at once, the stream is behind although the socket has room. It catches up with the last.
        self.assertLessEqual(events, count)

    def test_an_update_that_fits_and_one_that_does_not(self):
        self.value(0, a=0)
        stream = self.subscribe("?keys=a")
        stream.event()
        frame = len('id: 1\ndata: {"ts":1,"values":{"a":""}}\n\n')
        self.value(1, a="x" * (BUFFER_BYTES - frame))
        self.assertEqual(len(stream.event()[1]["a"]), BUFFER_BYTES - frame)
        self.value(2, a="x" * (BUFFER_BYTES - frame + 1))
        self.assertEqual(stream.event(), ("end", "an update is too large"))
        self.assertIsNone(stream.event())


class TestRefusals(SubscribeCase):
    def test_bad_requests(self):
        for target, word in (("/-/subscribe/NOPE/" + UNKNOWN, "entity type"),
                             ("/-/subscribe/device/" + UNKNOWN, "entity type"),
                             ("/-/subscribe/DEVICE/nope", "UUID"),
                             ("/-/subscribe/DEVICE/%sx" % UNKNOWN, "UUID"),
                             (self.path("?scope=LATEST_TELEMETRY"), "scope"), (self.path("?scope"), "scope"),
                             (self.path("?keys="), "empty key"), (self.path("?keys=a,,b"), "empty key"),
                             (self.path("?keys=a&keys=b"), "at most once"), (self.path("?key=a"), "parameters")):
            self.assert_error(self.proxy.get(target), 400, 31, word)
        for value in ("nope", "-1", "1x", "99999999999999999999"):
            self.assert_error(self.proxy.get(self.path(), headers=[("Last-Event-ID", value)]), 400, 31,
                              "Last-Event-ID")

    def test_most_keys(self):
        self.subscribe("?keys=" + ",".join("k%d" % number for number in range(KEYS_MAX)))
        self.assert_error(self.proxy.get(self.path("?keys=" + ",".join("k%d" % n for n in range(KEYS_MAX + 1)))), 400,
                          31, "100")

    def test_other_methods(self):
        for method in ("POST", "DELETE", "PUT"):
            answer = self.proxy.call(method, self.path())
            self.assert_error(answer, 405, 31)
            self.assertEqual(answer.header("Allow"), "GET, HEAD")
        answer = self.proxy.call("HEAD", self.path())
        self.assertEqual((answer.status, answer.header("Content-Type")), (200, "text/event-stream"))
        self.assertEqual(self.gauge("tbproxyd_subscribers"), 0)

    def test_web_pages(self):
        for header in (("Origin", "https://example.org"), ("Sec-Fetch-Site", "cross-site")):
            self.assert_error(self.proxy.get(self.path(), headers=[header]), 403, 20)

    def test_an_unknown_entity(self):
        other = self.subscribe("?keys=a")
        self.assert_error(self.proxy.get(self.path(device=UNKNOWN)), 502, 2, "Failed to fetch data!")
        self.value(1, a=1)
        self.assertEqual(other.event(), (1, {"a": "1"}))

    def test_most_subscribers(self):
        proxy = self.start_daemon(self.sim)
        streams = [self.subscribe("?keys=a", daemon=proxy) for _ in range(SUBSCRIBERS_MAX)]
        answer = proxy.get(self.path("?keys=a"))
        self.assert_error(answer, 503, 2, "at most 100")
        self.assertIsNotNone(answer.header("Retry-After"))
        self.value(1, a=1)
        self.assertEqual([stream.event() for stream in streams], [(1, {"a": "1"})] * SUBSCRIBERS_MAX)
        streams[0].connection.close()
        wait_until(lambda: "tbproxyd_subscribers 99\n" in proxy.get("/-/metrics").body.decode(), "a free place")
        self.subscribe("?keys=a", daemon=proxy)

    def test_a_server_without_websockets(self):
        proxy = self.start_daemon(self.sim)
        self.sim.fault("status", "/api/ws", status=503, count=1)
        self.assert_error(proxy.get(self.path()), 502, 2, "503")
        self.assertEqual(self.subscribe(daemon=proxy).answer.status, 200)

    def test_what_is_no_message_is_ignored(self):
        stream = self.subscribe("?keys=a")
        for text in ("nope", "[]", "{}", '{"subscriptionId":1,"errorCode":2,"errorMsg":"x"}',
                     '{"subscriptionId":2,"errorCode":0,"data":{"a":[1,[],[null,2],["x","y"]]}}',
                     '{"subscriptionId":2,"errorCode":0,"data":[]}', '{"subscriptionId":99999,"errorCode":0}'):
            self.sim.control("POST", "/sim/websockets", {"send": text})
        self.sim.control("POST", "/sim/websockets", {"ping": True})
        self.value(1, a=1)
        self.assertEqual(stream.event(), (1, {"a": "1"}))
        wait_until(lambda: self.websockets()[0]["pongs"] == 1, "a pong")


class TestStop(SubscribeCase):
    def test_streams_end_at_once(self):
        proxy = self.start_daemon(self.sim, {"limits.drain_timeout_ms": 60000})
        streams = [self.subscribe("?keys=a", daemon=proxy), self.subscribe("", unix=True, daemon=proxy)]
        proxy.process.terminate()
        self.assertEqual([stream.event() for stream in streams], [None, None])
        self.assertEqual(proxy.ended(), 0)

    def test_who_waits_for_the_first_values_is_told(self):
        proxy = self.start_daemon(self.sim, {"limits.drain_timeout_ms": 60000})
        self.sim.fault("hold", "/api/ws", count=1)
        connection = proxy.connect()
        self.addCleanup(connection.close)
        connection.send(("GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (self.path(), connection.host)).encode())
        self.sim.wait_for_held(1)
        proxy.process.terminate()
        self.assert_error(connection.response(), 503, 2, "stopping")
        self.sim.release()
        self.assertEqual(proxy.ended(), 0)

    def test_who_hangs_up_before_the_first_values(self):
        proxy = self.start_daemon(self.sim)
        self.sim.fault("hold", "/api/ws", count=1)
        connection = proxy.connect(unix=True)
        connection.send(("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % self.path()).encode())
        self.sim.wait_for_held(1)
        connection.close()
        wait_until(lambda: "tbproxyd_subscribers 0\n" in proxy.get("/-/metrics").body.decode(), "the end")
        self.sim.release()
        self.assert_serves(proxy)


if __name__ == "__main__":
    tap.main()
