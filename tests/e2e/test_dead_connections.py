# SPDX-License-Identifier: Apache-2.0
"""The server's address moves to another machine under open connections, which are dead from then on: at most the requests
that were under way fail, and nothing is executed twice."""
import base64
import contextlib
import json
import tempfile
import threading
import time
import unittest

import tap
from daemon import end_with_parent
from endings import READ, REQUESTS, RPC, TELEMETRY
from harness import SLOW, Case, in_parallel, wait_until
from http2 import ACK, PING, PREFACE, SETTINGS, Http2Server, frame
from http2 import Peer as Http2Peer
from namespaces import MovingAddress
from scripted import USER
from scripted import Peer as Http1Peer
from scripted import answer
from tls import make_certificate
from websocket import jwt

ADDRESS = MovingAddress.ADDRESS
PORT, TLS_PORT = 8080, 8443
SLACK_S = 10 if SLOW else 3
KEPT = 4  # connections with HTTP/1.1

FRESH_S = 2  # POOL_FRESH_MS
SILENT_S = 6  # POOL_SILENT_MS
DEAD_HTTP2_S = 5 + 5 + 1  # HTTP2_PING_MS twice, and a tick
DEAD_S = 25  # connection_open.c: an idle connection; one with unacknowledged bytes after 20 s
SHORT_LIFE_S = 5  # of a token, which is renewed after 3.5 s


TIMEOUT_MS = 2000 if SLOW else 300


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Server(Http2Server):
    """HTTP/1.1 and HTTP/2. A target with "held" gets no answer if HOLDS."""

    def __init__(self, holds, certificate, port):
        self.holds = holds
        self.password = "a-password-of-the-test"
        self.executed = []
        self.sessions = {}  # when the tokens of a user were made the first time
        self.together = threading.Barrier(KEPT)
        super().__init__(None, certificate, address=ADDRESS, port=port)

    def answer_to(self, target, body):
        """The body of the answer; None: none."""
        if target in ("/api/auth/login", "/api/auth/token"):
            return self.tokens(json.loads(body))
        if target == "/api/auth/user":
            return json.dumps(USER).encode()
        self.executed.append(target)
        if "together" in target:
            self.together.wait()
        return None if self.holds and "held" in target else json.dumps({"target": target}).encode()

    def tokens(self, credential):
        user = credential.get("username") or claims(credential["refreshToken"])["sub"]
        self.sessions.setdefault(user, time.monotonic())
        life_s = SHORT_LIFE_S if user.startswith("short") else 3600
        return json.dumps({"token": jwt(user, life_s), "refreshToken": jwt(user)}).encode()

    def serve(self, sock):
        with contextlib.suppress(OSError, ValueError):  # the daemon has closed the connection, or the test is over
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            peer = Http2Peer(sock)
            self.peers.append(peer)
            if peer.file.peek(1)[:3] == b"PRI":
                self.serve_http2(peer)
            else:
                http1 = Http1Peer(sock)
                http1.file = peer.file
                self.serve_http1(http1)

    def serve_http2(self, peer):
        peer.file.read(len(PREFACE))
        peer.send(SETTINGS, 0, 0)
        while True:
            stream, body = peer.read_request()
            body = self.answer_to(peer.headers[stream][":path"], body)
            if body is not None:
                peer.answer(stream, body)

    def serve_http1(self, peer):
        while True:
            request = peer.read_request(True)
            if request is None:
                break
            body = self.answer_to(request.target, request.body)
            if body is not None:
                peer.send(answer(body=body, headers=[("Content-Type", "application/json")]))


class Request:
    """One that a program makes, in a thread of its own."""
    count = 0

    def __init__(self, proxy, kind, word=""):
        Request.count += 1
        self.proxy = proxy
        self.kind = kind
        self.method, path, self.body = REQUESTS[kind]
        self.target = path % ("%08d-0000-0000-0000-000000000000" % Request.count) + ("?" + word if word else "")
        self.began = time.monotonic()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        self.reply = self.proxy.call(self.method, self.target, body=self.body, unix=True, timeout=90)
        self.took = time.monotonic() - self.began

    def end(self):
        self.thread.join()
        return self


class TestMovedAddress(Case):
    def setUp(self):
        try:
            self.net = MovingAddress()
        except (OSError, FileNotFoundError) as error:
            raise unittest.SkipTest("no network namespaces (root has them, with iproute2): %s" % error)
        self.addCleanup(self.net.close)
        directory = tempfile.TemporaryDirectory(prefix="tb-dead-")
        self.addCleanup(directory.cleanup)
        make_certificate(directory.name, "server", "IP:" + ADDRESS)
        self.old, self.new = ([namespace.run(lambda path=path, port=port: Server(namespace is self.net.old, path, port))
                               for path, port in (("", PORT), (directory.name + "/server", TLS_PORT))]
                              for namespace in (self.net.old, self.net.new))
        for server in self.old + self.new:
            self.addCleanup(server.stop)

    def executed(self, servers, target):
        return sum(server.executed.count(target) for server in servers)

    def begin(self, version, user="long"):
        server = self.old[version == "h2"]
        scheme = "https" if version == "h2" else "http"
        daemon = self.prepare_daemon("%s://%s:%d" % (scheme, ADDRESS, server.port), {
            **(server.daemon_options if version != "http/1.1" else {}), "listen.address": "", "rate.learn": False,
            "upstream.username": user, "upstream.password_file": server.password}, "none")
        daemon.in_child = lambda: (end_with_parent(), self.net.client.enter())
        return daemon.start()

    def hold(self, proxy, kind):
        request = Request(proxy, kind, "held")
        wait_until(lambda: self.executed(self.old, request.target), "a request at the server")
        return request

    def hold_all(self, proxy):
        return [self.hold(proxy, kind) for kind in (READ, TELEMETRY, RPC)]

    def fill_pool(self, proxy):
        """Several connections are kept."""
        for request in [Request(proxy, READ, "together") for _ in range(KEPT)]:
            self.assertEqual(request.end().reply.status, 200)

    def load(self, proxies, duration_s):
        """A read and an RPC by each, twice a second. Returns them by proxy."""
        requests = {proxy: [] for proxy in proxies}
        began = time.monotonic()
        for step in range(2 * duration_s):
            for proxy in proxies:
                requests[proxy] += [Request(proxy, READ), Request(proxy, RPC)]
            time.sleep(max(0.0, began + 0.5 * step - time.monotonic()))
        return requests

    def assert_told_the_truth(self, request):
        executed = self.executed(self.old + self.new, request.target)
        if request.kind != RPC:
            self.assertEqual(request.reply.status, 200, request.reply)
        else:
            self.assertIn(request.reply.status, (200, 502, 504))
            self.assertLessEqual(executed, 1)
        if request.reply.status == 200:
            self.assertEqual(request.reply.json(), {"target": request.target})
            self.assertGreaterEqual(executed, 1)

    def assert_few_fail(self, requests, moved, unsafe_s, dead_s):
        """RPCs of the first UNSAFE_S may fail; later ones are answered at once. Nothing waits longer than DEAD_S."""
        for request in requests:
            at = request.end().began - moved
            with self.subTest(kind=request.kind, began=at, took=request.took):
                self.assert_told_the_truth(request)
                self.assertLess(request.took, dead_s + SLACK_S)
                if at > unsafe_s + SLACK_S:
                    self.assertEqual(request.reply.status, 200, request.reply)
                    self.assertLess(request.took, SLACK_S)

    def assert_session_is_renewed(self, version, user, moved):
        server = self.new[version == "h2"]
        wait_until(lambda: user in server.sessions, "a renewal")
        self.assertLess(server.sessions[user] - moved, SHORT_LIFE_S)

    def assert_few_fail_after_a_move(self, silently):
        versions = ("http/1.1", "h2c", "h2")
        end = "Connection timed out" if silently else "Connection reset by peer"
        busy, idle, renewing = ([self.begin(version, user + version) for version in versions]
                                for user in ("busy", "idle", "short"))
        for proxy in (busy[0], idle[0]):
            self.fill_pool(proxy)
        held = [[self.hold(proxy, kind) for kind in (READ, TELEMETRY, RPC)] for proxy in busy]
        for proxy in renewing:
            self.hold(proxy, READ)
        marks = [proxy.log.mark() for proxy in idle]
        self.net.move(silently)
        moved = time.monotonic()
        load = self.load(busy, 13)
        for number, version in enumerate(versions):
            with self.subTest(version=version):
                unsafe_s, dead_s = (FRESH_S, DEAD_S) if version == "http/1.1" else (SILENT_S, DEAD_HTTP2_S)
                self.assert_few_fail(held[number] + load[busy[number]], moved, unsafe_s, dead_s)
                self.assert_session_is_renewed(version, "short" + version, moved)
                idle[number].log.wait("is closed: .*" + end, marks[number], DEAD_S + SLACK_S)
        self.tell_figure([request for proxy, some in zip(busy, held) for request in some + load[proxy]])

    def tell_figure(self, requests):
        failed = [request for request in requests if request.reply.status != 200]
        twice = [request for request in requests if request.kind == RPC and
                 self.executed(self.old + self.new, request.target) > 1]
        tap.figure("%d requests: %d RPCs and %d others failed, %d RPCs executed twice"
                   % (len(requests), sum(request.kind == RPC for request in failed),
                      sum(request.kind != RPC for request in failed), len(twice)))

    def test_few_requests_fail_if_the_new_server_resets_the_connections(self):
        self.assert_few_fail_after_a_move(False)

    def test_few_requests_fail_if_the_new_server_ignores_the_connections(self):
        self.assert_few_fail_after_a_move(True)


class TestTimedOut(Case):
    """A connection on which a request timed out without a byte is not used again."""

    def assert_times_out(self, body):
        self.assert_error(self.proxy.call("PUT", "/api/device", body=body), 504, 2)

    def begin_http2(self, sign=b""):
        """The server does not answer "held" but sends SIGN after half of the time. USED: (body, number of the connection)."""
        self.used = []

        def handle(peer, stream, body):
            self.used.append((body, self.server.peers.index(peer)))
            if body == b"held":
                threading.Timer(TIMEOUT_MS / 2000, peer.sock.sendall, [sign]).start()
            else:
                peer.answer(stream)
            return True
        self.server = Http2Server(handle)
        self.addCleanup(self.server.stop)
        self.proxy = self.start_daemon(self.server, {"upstream.timeout_ms": TIMEOUT_MS, "rate.learn": False}, "api_key")

    def call(self, body):
        self.assertEqual(self.proxy.call("PUT", "/api/device", body=body).status, 200)

    def connections_used(self, meanwhile=()):
        """By a request before that which times out, by that, and by one after it."""
        self.call(b"before")
        held = threading.Thread(target=self.assert_times_out, args=[b"held"])
        held.start()
        wait_until(lambda: any(body == b"held" for body, _ in self.used), "the request that times out")
        for body in meanwhile:
            self.call(body)
        held.join()
        self.call(b"after")
        return [dict(self.used)[body] for body in (b"before", b"held", b"after")]

    def test_over_http_2_another_connection_is_used(self):
        self.begin_http2()
        before, held, after = self.connections_used()
        self.assertEqual(before, held)
        self.assertNotEqual(after, held)

    def test_over_http_2_a_ping_is_no_reason_to_use_the_same(self):
        self.begin_http2(frame(PING, 0, 0, b"12345678") + frame(PING, ACK, 0, b"12345678"))
        before, held, after = self.connections_used()
        self.assertEqual(before, held)
        self.assertNotEqual(after, held)

    def test_over_http_2_the_same_is_used_if_it_has_answered_another_request(self):
        self.begin_http2()
        before, held, after = self.connections_used([b"meanwhile"])
        self.assertEqual([before, after], [held, held])

    def test_over_http_1_1_neither_it_nor_an_idle_one_is_used(self):
        together = threading.Barrier(KEPT)
        peers = {}

        def handle(peer, request):
            peers[request.target] = peer
            if request.body == b"held":
                self.server.release.wait()
                return False
            if "together" in request.target:
                together.wait()
            peer.send(answer())
            return True
        self.server = self.start_scripted(handle)
        self.proxy = self.start_daemon(self.server, {"upstream.timeout_ms": TIMEOUT_MS, "rate.learn": False})
        replies = in_parallel(KEPT, lambda index: self.proxy.get("/api/together/%d" % index))
        self.assertEqual([reply.status for reply in replies], [200] * KEPT)
        old = set(peers.values())
        self.assertEqual(len(old), KEPT)
        self.assert_times_out(b"held")
        self.assertEqual(self.proxy.get("/api/after").status, 200)
        self.assertNotIn(peers["/api/after"], old)
        wait_until(lambda: len(old & self.server.peers) <= 1, "the end of the idle connections")  # it holds one itself


if __name__ == "__main__":
    tap.main()
