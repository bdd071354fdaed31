# SPDX-License-Identifier: Apache-2.0
"""Requests that wait for the server: how many, how long, in which order, and with what result."""
import re
import signal
import time

import tap
from harness import SLOW, build, in_parallel, wait_until
from queueing import BLOCKER, QueueCase
from users import ALICE, BOB, needs_users

USER = "/api/auth/user"
SLACK = 3.0 if SLOW else 1.0  # s that a response may be late on a busy machine
LARGEST = 100000


class TestBounds(QueueCase):
    def test_a_request_beyond_max_requests_is_refused_at_once_and_the_others_are_served(self):
        for unix in (False, True):
            with self.subTest(unix=unix):
                self.begin({"queue.max_requests": 2})
                blocker = self.occupy()
                waiting = self.ask_in_turn([{"target": "/api/%d" % i, "unix": unix} for i in range(2)])
                began = time.monotonic()
                self.assert_busy(self.proxy.get("/api/beyond", unix=unix))
                self.assertLess(time.monotonic() - began, SLACK)
                self.sim.release()
                for connection in [blocker, *waiting]:
                    self.assertEqual(connection.response().status, 404)  # by the server
                self.assertEqual(self.targets(), ["/api/0", "/api/1"])

    def test_a_request_beyond_max_bytes_is_refused_and_a_smaller_one_is_not(self):
        self.begin({"limits.max_kept_body_bytes": LARGEST, "queue.max_bytes": 2 * LARGEST + 10000})
        blocker = self.occupy()
        large = [{"target": "/api/%d" % i, "method": "POST", "body": b"x" * LARGEST} for i in range(3)]
        waiting = self.ask_in_turn(large[:2])
        self.assert_busy(self.proxy.post("/api/2", b"x" * LARGEST))
        waiting.append(self.ask("/api/3", "POST", body=b"x"))
        self.wait_for_waiting(3)
        self.sim.release()
        for connection in [blocker, *waiting]:
            self.assertEqual(connection.response().status, 404)
        self.assertEqual(self.targets(), ["/api/0", "/api/1", "/api/3"])

    def test_what_was_refused_leaves_room_again(self):
        self.begin({"queue.max_requests": 1})
        for _ in range(3):
            self.occupy()
            waiting = self.ask("/api/waiting")
            self.wait_for_waiting(1)
            self.assert_busy(self.proxy.get("/api/beyond"))
            self.sim.release()
            self.assertEqual(waiting.response().status, 404)
            self.wait_for_waiting(0)

    def test_answers_of_tbproxyd_itself_do_not_wait(self):
        self.begin({"queue.max_requests": 1})
        self.occupy()
        self.ask("/api/waiting")
        self.wait_for_waiting(1)
        self.assert_serves(self.proxy)
        self.assertEqual(self.proxy.post("/api/auth/login", {}).status, 200)


class TestTime(QueueCase):
    def assert_given_up(self, least, *headers, unix=False):
        """Checks that a request that must wait is given up after LEAST seconds."""
        began = time.monotonic()
        reply = self.proxy.call("GET", "/api/late", [("Prefer", value) for value in headers], unix=unix)
        took = time.monotonic() - began
        self.assert_busy(reply)
        self.assertGreaterEqual(took, least - 0.01)
        self.assertLess(took, least + SLACK)
        return reply

    def test_a_request_waits_no_longer_than_max_wait_ms(self):
        self.begin({"queue.max_wait_ms": 300})
        self.occupy()
        for unix in (False, True):
            self.assertIsNone(self.assert_given_up(0.3, unix=unix).header("Preference-Applied"))
        self.sim.release()
        self.wait_for_waiting(0)
        self.assertEqual(self.proxy.get(USER).status, 200)
        self.assertEqual(self.targets(), [USER])

    def test_a_program_can_ask_for_a_shorter_wait(self):
        self.begin()
        self.occupy()
        for value in ("wait=1", "respond-async, wait=1", "Wait = 1", 'foo="a, wait=9"; wait=9, wait=1'):
            with self.subTest(value=value):
                self.assertEqual(self.assert_given_up(1.0, value).header("Preference-Applied"), "wait=1")

    def test_preferences_may_stand_on_several_lines(self):
        self.begin()
        headers = [("Prefer", "return=minimal"), ("Prefer", "wait=1"), ("Priority", "u=5"), ("Priority", "i")]
        self.assertEqual(self.proxy.call("GET", USER, headers).header("Preference-Applied"), "wait=1")

    def test_a_program_that_will_not_wait_is_told_at_once(self):
        self.begin()
        self.assertEqual(self.proxy.call("GET", USER, [("Prefer", "wait=0")]).status, 200)
        self.occupy()
        self.assert_given_up(0, "wait=0")

    def test_max_wait_ms_bounds_what_a_program_asks_for(self):
        self.begin({"queue.max_wait_ms": 300})
        self.occupy()
        self.assert_given_up(0.3, "wait=60")
        self.assert_given_up(0.3, "wait=99999999999999999999")

    def test_what_is_no_wait_counts_as_not_there(self):
        self.begin({"queue.max_wait_ms": 1500})
        self.occupy()
        values = ("wait", "wait=", "wait=x", "wait=-1", "wait=1x", "waits=1", "return=minimal")
        in_parallel(len(values), lambda index: self.assert_given_up(1.5, values[index]))

    def test_the_time_that_the_server_takes_is_not_waiting(self):
        self.begin({"queue.max_wait_ms": 200})
        self.sim.fault("delay", USER, ms=600)
        self.assertEqual(self.proxy.call("GET", USER, [("Prefer", "wait=0")]).status, 200)

    def test_waiting_does_not_shorten_the_servers_time(self):
        self.begin({"upstream.timeout_ms": 2000 if SLOW else 700})
        self.sim.fault("delay", "/api/slow/", ms=1500 if SLOW else 500, count=2)
        replies = in_parallel(2, lambda index: self.proxy.get("/api/slow/%d" % index))
        self.assertEqual([reply.status for reply in replies], [404, 404])

    def test_the_wait_before_a_repeat_counts(self):
        self.begin({"queue.max_wait_ms": 300, "retry.initial_retry_delay_ms": 20000})
        self.sim.fault("status", USER, status=429)
        began = time.monotonic()
        self.assert_busy(self.proxy.get(USER))
        self.assertLess(time.monotonic() - began, 0.3 + SLACK)
        self.assertEqual(self.targets(), [USER])


class TestUrgency(QueueCase):
    """It counts between the programs of one user."""

    def assert_order(self, requests, order):
        self.occupy()
        waiting = self.ask_in_turn([{"unix": True, **request} for request in requests])
        self.sim.release()
        for connection in waiting:
            connection.response()
        self.assertEqual([target.split("/")[2] for target in self.targets()], order)
        self.sim.forget()

    @staticmethod
    def request(name, priority=None):
        return {"target": "/api/" + name, "headers": [("Priority", priority)] if priority else []}

    def test_the_more_urgent_goes_first_and_the_earlier_among_equals(self):
        self.begin()
        self.assert_order([self.request("a", "u=5"), self.request("b", "u=1"), self.request("c"),
                           self.request("d", "u=7"), self.request("e", "u=0"), self.request("f", "i, u=3"),
                           self.request("g", "u=1;x=y")], ["e", "b", "g", "c", "f", "a", "d"])

    def test_a_malformed_priority_counts_as_none(self):
        self.begin()
        bad = ("u=8", "u=-1", "u=", "u=1x", "urgent", "u", "u=10")
        names = ["bad%d" % i for i in range(len(bad))]
        self.assert_order([self.request("least", "u=4"), *(self.request(*pair) for pair in zip(names, bad)),
                           self.request("most", "u=2")], ["most", *names, "least"])

    def test_the_configuration_gives_operations_and_tags_an_urgency(self):
        self.begin({"queue.urgency": "saveDevice=1, rpc-v-2-controller=0"})
        device = {"target": "/api/device", "method": "POST", "body": {"name": "urgent", "type": "default"}}
        rpc = {"target": "/api/rpc/oneway/" + self.device, "method": "POST", "body": {"method": "ping", "params": {}}}
        self.assert_order([self.request("other"), device, rpc], ["rpc", "device", "other"])
        device = {**device, "headers": [("Priority", "u=7")]}
        self.assert_order([device, self.request("other"), rpc], ["rpc", "other", "device"])

    def test_a_wrong_urgency_is_refused_at_the_start(self):
        for text, word in (("saveDevice=8", "saveDevice=8"), ("saveDevice", "saveDevice"),
                           ("noSuchOperation=1", "noSuchOperation"), ("saveDevice=1, getUser=x", "getUser=x"),
                           ("saveDevice=", "saveDevice=")):
            with self.subTest(text=text):
                self.assert_mistake({"queue.urgency": text}, "queue.urgency", word)

    @needs_users
    def test_between_users_urgency_says_nothing(self):
        self.begin()
        self.assert_order([{**self.request("first", "u=7"), "user": ALICE},
                           {**self.request("second", "u=0"), "user": BOB}], ["first", "second"])

    def test_it_is_the_same_over_tcp(self):
        self.begin()
        self.assert_order([{**self.request("first", "u=7"), "unix": False},
                           {**self.request("second", "u=0"), "unix": False}], ["second", "first"])


class TestFairness(QueueCase):
    def assert_polite_is_soon_served(self, flood, **options):
        polite = self.ask("/api/polite", **options)
        self.wait_for_waiting(flood + 1)
        self.sim.release()
        self.assertEqual(polite.response().status, 404)
        wait_until(lambda: "/api/polite" in self.targets(), "its request")
        # In its turn, a client has one call that costs two tokens of the server's limit, or two that cost one.
        self.assertLessEqual(self.targets().index("/api/polite"), 3)

    def flood(self, unix, user=None):
        """From 50 connections."""
        self.begin()
        self.occupy()
        for index in range(50):
            self.ask("/api/flood/%d" % index, unix=unix, user=user)
        self.wait_for_waiting(50)

    @needs_users
    def test_a_users_flood_over_the_unix_socket_does_not_delay_another_on_tcp(self):
        self.flood(unix=True, user=ALICE)
        self.assert_polite_is_soon_served(50, user=BOB)

    @needs_users
    def test_a_users_flood_on_tcp_does_not_delay_another_on_the_unix_socket(self):
        self.flood(unix=False, user=ALICE)
        self.assert_polite_is_soon_served(50, unix=True, user=BOB)

    def test_one_connection_that_floods_does_not_delay_another_of_its_user(self):
        """However urgent it calls itself."""
        for unix in (False, True):
            self.begin()
            self.occupy()
            flood = self.proxy.connect(unix)
            self.addCleanup(self.drop, flood)
            flood.send(b"".join(build("GET", "/api/flood/%d" % index, [("Priority", "u=0")], host=flood.host)
                                for index in range(50)))
            self.wait_for_waiting(1)  # its next ones wait on the connection for the response
            self.assert_polite_is_soon_served(1, unix=unix, headers=[("Priority", "u=7")])

    @needs_users
    def test_users_take_turns(self):
        self.begin()
        self.occupy()
        flood = {"method": "POST", "unix": True, "user": ALICE, "body": {"method": "ping", "params": {}}}  # two tokens each
        names = ["/api/rpc/oneway/" + self.device + "?%d" % index for index in range(3)]
        self.ask_in_turn([{**flood, "target": name} for name in names])
        for index in range(2):
            self.ask("/api/%d" % index, user=BOB)
        self.wait_for_waiting(5)
        self.sim.release()
        wait_until(lambda: len(self.targets()) == 5, "all requests")
        order = self.targets()
        self.assertEqual(order[0], names[0])
        self.assertEqual(sorted(order[1:3]), ["/api/0", "/api/1"])
        self.assertEqual(order[3:], names[1:])


class TestHangUp(QueueCase):
    def test_a_client_that_hangs_up_while_it_waits_is_forgotten_and_nothing_is_sent(self):
        for unix in (False, True):
            with self.subTest(unix=unix):
                self.begin()
                blocker = self.occupy()
                stays, gone = self.ask_in_turn([{"target": "/api/stays", "unix": unix},
                                                {"target": "/api/gone", "unix": unix}])
                gone.reset()
                self.wait_for_waiting(1)
                self.sim.release()
                for connection in (blocker, stays):
                    self.assertEqual(connection.response().status, 404)
                self.assertEqual(self.proxy.get(USER).status, 200)
                self.assertEqual(self.targets(), ["/api/stays", USER])

    def test_its_place_is_free_for_another(self):
        self.begin({"queue.max_requests": 1})
        self.occupy()
        gone = self.ask("/api/gone")
        self.wait_for_waiting(1)
        gone.reset()
        self.wait_for_waiting(0)
        waiting = self.ask("/api/next")
        self.wait_for_waiting(1)
        self.sim.release()
        self.assertEqual(waiting.response().status, 404)


class TestStop(QueueCase):
    def begin_stop(self, **options):
        self.begin(options)
        self.blocker = self.occupy()
        self.waiting = self.ask_in_turn([{"target": "/api/%d" % i, "unix": i % 2 == 0} for i in range(4)])
        self.proxy.signal(signal.SIGTERM)
        self.proxy.notices.wait("^STOPPING=1$")

    def test_what_waits_is_still_sent(self):
        self.begin_stop()
        self.sim.release()
        for connection in [self.blocker, *self.waiting]:
            reply = connection.response()
            self.assertEqual((reply.status, reply.header("Connection").lower()), (404, "close"))
        self.assertEqual(self.proxy.ended(), 0)
        self.assertEqual(sorted(self.targets()), ["/api/%d" % i for i in range(4)])

    def test_what_still_waits_when_the_time_is_over_gets_503_and_is_not_sent(self):
        self.begin_stop(**{"limits.drain_timeout_ms": 300})
        for connection in [self.blocker, *self.waiting]:
            self.assertEqual(connection.response().status, 503)
        self.assertEqual(self.proxy.ended(), 0)
        self.sim.release()
        wait_until(lambda: self.sim.requests(BLOCKER), "the end of the one under way")
        self.assertEqual(self.targets(), [])


class TestServerTiming(QueueCase):
    def timing(self, reply):
        found = re.fullmatch(r"queue;dur=(\d+)(?:;desc=\"[a-z ]+\")?, upstream;dur=(\d+)", reply.header("Server-Timing"))
        self.assertTrue(found, reply.headers)
        return float(found[1]), float(found[2])

    def test_an_answer_tells_how_long_it_waited_and_how_long_the_server_took(self):
        self.begin()
        self.sim.fault("delay", "/api/slow/", ms=300, count=2)
        for unix in (False, True):
            queue, upstream = self.timing(self.proxy.get("/api/slow/%d" % unix, unix=unix))
            self.assertLess(queue, SLACK * 1000)
            self.assertGreaterEqual(upstream, 299)
            self.assertLess(upstream, 300 + SLACK * 1000)

    def test_the_waiting_is_told(self):
        self.begin()
        self.occupy()
        waiting = self.ask(USER)
        self.wait_for_waiting(1)
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 0.2, "some time")
        self.sim.release()
        queue, upstream = self.timing(waiting.response())
        self.assertGreaterEqual(queue, 199)
        self.assertLess(upstream, SLACK * 1000)

    def test_the_servers_errors_have_it_and_answers_of_tbproxyd_itself_do_not(self):
        self.begin()
        self.timing(self.proxy.get("/api/nothing"))
        for target in ("/-/live", "/-/status"):
            self.assertIsNone(self.proxy.get(target).header("Server-Timing"))


class TestRefusals(QueueCase):
    """One 429 concerns all requests, because the server counts them together."""

    def begin_refused(self, delay_s, options=None, **fault):
        """Sends a request that is refused, and is retried after DELAY_S."""
        self.begin({"upstream.max_connections": 8, "rate.learn": False, **(options or {})})
        self.sim.fault("status", "/api/refused", status=429, **fault)
        self.began = time.monotonic()
        self.delay_s = delay_s
        refused = self.ask("/api/refused")
        wait_until(lambda: self.sim.stats()["statuses"].get("429"), "the refusal")
        return refused

    def assert_nothing_is_sent_before_the_delay_is_over(self, refused):
        replies = in_parallel(4, lambda index: self.proxy.get("/api/other/%d" % index, unix=index % 2 == 0))
        self.assertGreaterEqual(time.monotonic() - self.began, self.delay_s)
        self.assertLess(time.monotonic() - self.began, 1.5 * self.delay_s + SLACK)
        self.assertEqual([reply.status for reply in replies] + [refused.response().status], [404] * 5)
        self.assertEqual(self.sim.stats()["statuses"], {"429": 1, "404": 5})

    def test_the_delay_of_one_request_holds_back_all(self):
        refused = self.begin_refused(0.8, {"retry.initial_retry_delay_ms": 1000})
        self.assert_nothing_is_sent_before_the_delay_is_over(refused)

    def test_so_does_retry_after(self):
        refused = self.begin_refused(1.0, retryAfter="1")
        self.assert_nothing_is_sent_before_the_delay_is_over(refused)

    def test_what_waits_for_it_can_be_given_up(self):
        self.begin_refused(20, {"retry.initial_retry_delay_ms": 20000})
        self.assert_busy(self.proxy.call("GET", "/api/other", [("Prefer", "wait=0")]))
        self.assertGreaterEqual(int(self.proxy.call("GET", "/api/other", [("Prefer", "wait=0")])
                                    .header("Retry-After")), 10)

    def test_what_the_server_does_not_count_is_sent_meanwhile(self):
        refused = self.begin_refused(0.8, {"retry.initial_retry_delay_ms": 1000})
        token = self.direct("GET", "/api/device/%s/credentials" % self.device).json()["credentialsId"]
        self.assertEqual(self.proxy.get("/api/v1/%s/attributes" % token).status, 200)
        self.assertLess(time.monotonic() - self.began, 0.8)
        self.assertEqual(refused.response().status, 404)


if __name__ == "__main__":
    tap.main()
