# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 with the server: over TLS if the server supports it, without TLS by option. Refused streams are sent again, and
nothing is executed twice."""
import tempfile
import threading
import time

import http2
import tap
from front import UPSTREAMS
from harness import Case, build, in_parallel, wait_until
from http2 import Http2Server
from tls import make_certificate

USER = "/api/auth/user"
COUNT = 60


class TestUpstreams(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def test_each_upstream_serves(self):
        for name in UPSTREAMS:
            with self.subTest(name=name):
                front = self.start_front(self.sim, name)
                proxy = self.start_daemon(front)
                for number in range(3):  # the later ones use a kept connection
                    reply = proxy.post("/api/device", {"name": "%s %d" % (name, number), "type": "default"})
                    self.assertEqual(reply.status, 200, front.log())
                protocols = {protocol for protocol, _ in front.requests()}
                self.assertEqual(protocols, {{"h2": "HTTP/2.0", "http/1.1": "HTTP/1.1", "h2c": "h2c"}[name]})

    def test_off_is_http_1_1(self):
        front = self.start_front(self.sim, "h2")
        proxy = self.start_daemon(front, {"upstream.http2": "off"})
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual({protocol for protocol, _ in front.requests()}, {"HTTP/1.1"})

    def burst(self, name, **options):
        """Makes COUNT requests that the server holds at the same time. Returns the connections that they came on."""
        front = self.start_front(self.sim, name)
        proxy = self.start_daemon(front, {"join.reads": False, "rate.learn": False, **options})
        wait_until(lambda: proxy.get("/-/ready").json()["edition"], "the end of the questions for the edition")
        self.sim.fault("hold", "/api/device/", count=COUNT)
        connections = [proxy.connect() for _ in range(COUNT)]
        for index, connection in enumerate(connections):
            connection.send(build("GET", "/api/device/%d" % index, host=connection.host))
        try:
            self.sim.wait_for_held(COUNT)
        finally:
            self.sim.clear_faults()
            self.sim.release()
        for connection in connections:
            self.assertEqual(connection.response().status, 400)  # not the id of a device
            connection.close()
        requests = lambda: front.requests("/api/device/")  # an earlier one may come into the log later
        wait_until(lambda: len(requests()) == COUNT, "the log")
        return {port for _, port in requests()}

    def test_a_burst_has_one_connection(self):
        for name in ("h2", "h2c"):
            with self.subTest(name=name):
                self.assertEqual(len(self.burst(name)), 1)

    def test_the_first_requests_find_that_of_the_login(self):
        for name in ("h2", "h2c"):
            with self.subTest(name=name):
                front = self.start_front(self.sim, name)
                proxy = self.start_daemon(front)
                for _ in range(3):
                    self.assertEqual(proxy.get(USER).status, 200)
                ports = lambda: [port for _, port in front.requests()]
                wait_until(lambda: ports() and ports().count(ports()[0]) == 4, "four requests as the login came")

    def test_a_burst_with_http_1_1_has_a_connection_for_each(self):
        self.assertEqual(len(self.burst("http/1.1")), COUNT)

    def test_more_requests_than_allowed_wait_in_the_queue(self):
        for name, bound in (("h2", {"upstream.max_requests": 5}), ("http/1.1", {"upstream.max_connections": 5}),
                            ("http/1.1", {"upstream.max_requests": 5})):
            with self.subTest(name=name, bound=bound):
                front = self.start_front(self.sim, name)
                proxy = self.start_daemon(front, {"join.reads": False, **bound})
                self.sim.fault("hold", "/api/device/", count=8)
                connections = [proxy.connect() for _ in range(8)]
                for index, connection in enumerate(connections):
                    connection.send(build("GET", "/api/device/%d" % index, host=connection.host))
                self.sim.wait_for_held(5)
                wait_until(lambda: proxy.get("/-/status").json()["queue"]["requests"] == 3, "three waiting requests")
                self.assertEqual(proxy.get("/-/status").json()["limits"]["max_in_flight"], 5)
                self.assertEqual(self.sim.stats()["held"], 5)
                self.sim.clear_faults()
                self.sim.release()
                for connection in connections:
                    self.assertEqual(connection.response().status, 400)
                    connection.close()


class Http2Case(Case):
    """Several requests at once, told apart by their bodies; some are refused the first time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = tempfile.TemporaryDirectory(prefix="tb-http2-")
        cls.addClassCleanup(directory.cleanup)
        cls.certificate = directory.name + "/server"
        make_certificate(directory.name, "server")

    def begin(self, handle, **options):
        self.server = Http2Server(handle, self.certificate, **options)
        self.addCleanup(self.server.stop)
        self.proxy = self.start_daemon(self.server, {"rate.learn": False}, "api_key")

    def assert_not_retried(self, end):
        """A POST whose stream or connection the server ends after executing it."""
        def handle(peer, stream, body):
            return end(peer, stream)
        self.begin(handle)
        reply = self.proxy.post("/api/device", b"once")
        self.assert_error(reply, 502, 2)
        reply = self.proxy.post("/api/device", b"once more")  # on a used connection
        self.assert_error(reply, 502, 2)
        # The second one may meet the end of the connection instead of the server.
        self.assertIn(self.server.bodies, ([b"once"], [b"once", b"once more"]))

    def test_a_post_on_a_connection_that_ends_is_not_sent_again(self):
        self.assert_not_retried(lambda peer, stream: False)

    def test_a_post_whose_stream_failed_is_not_sent_again(self):
        def end(peer, stream):
            peer.reset(stream, http2.INTERNAL_ERROR)
            return True
        self.assert_not_retried(end)

    def test_a_post_whose_stream_failed_before_the_connection_ended_is_not_sent_again(self):
        def end(peer, stream):
            peer.reset(stream, http2.INTERNAL_ERROR)
            return False
        self.assert_not_retried(end)

    def test_a_post_within_the_last_stream_of_a_goaway_is_not_sent_again(self):
        def end(peer, stream):
            peer.go_away(stream, http2.INTERNAL_ERROR)
            return False
        self.assert_not_retried(end)

    def test_a_put_on_a_connection_that_ends_is_sent_again(self):
        ended = threading.Event()

        def handle(peer, stream, body):
            if ended.is_set():
                peer.answer(stream)
                return True
            ended.set()
            return False
        self.begin(handle)
        self.assertEqual(self.proxy.call("PUT", "/api/device", body=b"twice").status, 200)
        self.assertEqual(self.server.bodies, [b"twice", b"twice"])


class Refusing(Http2Server):
    refuses = False

    def serve_request(self, peer, stream, body):
        if self.refuses:
            self.refusals += 1
            peer.reset(stream, http2.REFUSED_STREAM)
            return True
        return super().serve_request(peer, stream, body)


class TestWithTls(Http2Case):
    def post_all(self, count):
        return in_parallel(count, lambda index: self.proxy.post("/api/device", b"request %d" % index).status)

    def assert_executed_once(self, executed, count):
        self.assertEqual(sorted(executed), sorted(b"request %d" % index for index in range(count)))

    def test_more_streams_than_the_server_allows_make_no_more_than_four_connections(self):
        used = set()

        def handle(peer, stream, body):
            used.add(peer)
            peer.answer(stream)
            return True
        self.begin(handle, max_streams=5)
        self.assertEqual(self.post_all(100), [200] * 100)
        self.assertLessEqual(len(used), 4)

    def test_a_refused_post_is_sent_again(self):
        executed, refused = [], set()

        def handle(peer, stream, body):
            if body not in refused:
                refused.add(body)
                peer.reset(stream, http2.REFUSED_STREAM)
            else:
                executed.append(body)
                peer.answer(stream)
            return True
        self.begin(handle)
        for count in (1, 20):
            with self.subTest(count=count):
                executed.clear()
                refused.clear()
                self.assertEqual(self.post_all(count), [200] * count)
                self.assert_executed_once(executed, count)

    def refuse(self, options=None):
        self.server = Refusing(None, self.certificate)
        self.addCleanup(self.server.stop)
        self.proxy = self.start_daemon(self.server, options, "api_key")
        wait_until(lambda: self.proxy.get("/-/ready").json()["edition"], "the end of the questions for the edition")
        self.server.refusals = 0
        self.server.refuses = True

    def test_what_is_always_refused_ends_in_time(self):
        for method, body, headers, options in (("POST", b"x", [("Prefer", "wait=1")], None),
                                               ("GET", None, [], {"queue.max_wait_ms": 1000})):
            with self.subTest(method=method):
                self.refuse(options)
                begin = time.monotonic()
                reply = self.proxy.call(method, "/api/device", headers, body)
                self.assert_error(reply, 503, 2, "only refused")
                self.assertEqual(reply.header("Retry-After"), "1")
                self.assertGreater(time.monotonic() - begin, 1)
                self.assertLess(time.monotonic() - begin, 2.5)
                self.assertLess(self.server.refusals, 30)

    def test_one_that_may_wait_longer_waits_on_after_another_of_the_same_call(self):
        self.refuse()
        patient = self.proxy.connect()
        patient.send(build("GET", "/api/device/1", host=patient.host))
        wait_until(lambda: self.server.refusals, "a refusal")
        impatient = self.proxy.get("/api/device/1", headers=[("Prefer", "wait=1")])
        self.assertEqual(impatient.status, 503)
        self.server.refuses = False
        self.assertEqual(patient.response().status, 200)
        patient.close()

    def test_posts_beyond_the_last_stream_of_a_goaway_are_sent_again(self):
        executed = []

        def handle(peer, stream, body):
            self.old = self.old or peer
            if peer is not self.old or len(executed) < self.taken or stream < self.last_stream:
                self.last_stream = max(self.last_stream, stream) if peer is self.old else self.last_stream
                executed.append(body)
                peer.answer(stream)
            elif not self.told:
                peer.go_away(self.last_stream)
                self.told = True
            return True
        for count, taken in ((1, 0), (20, 3), (20, 0)):
            with self.subTest(count=count, taken=taken):
                executed.clear()
                self.old, self.taken, self.last_stream, self.told = None, taken, 0, False
                self.begin(handle)
                self.assertEqual(self.post_all(count), [200] * count)
                self.assert_executed_once(executed, count)


class TestWithPriorKnowledge(Http2Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificate = ""


del Http2Case  # its tests run in the two subclasses


if __name__ == "__main__":
    tap.main()
