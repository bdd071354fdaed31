# SPDX-License-Identifier: Apache-2.0
"""What saves an hour: the type of a JSON body, why a request waited, why a policy is that of a user, errors in JSON."""
import json
import re
import socket
import threading

import tap
from harness import PATIENCE, Case, answer, build, wait_until
from scripted import USER, echo

ID = "784f394c-42b6-435a-983c-b7beff2784f9"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
TELEMETRY = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % ID


class TestContentType(Case):
    """The server tells which Content-Type it got."""

    def handle(self, peer, request):
        if request.method == "POST":
            self.seen.append((request.header("Content-Type"), request.body))
        peer.send(answer(body=b"{}"))
        return True

    def setUp(self):
        self.seen = []
        self.server = self.start_scripted(self.handle)

    def type_of(self, proxy, target, body, *headers, unix=True):
        """That with which a request with HEADERS arrives; its body is as it was."""
        del self.seen[:]
        self.assertEqual(proxy.call("POST", target, list(headers), body, unix=unix).status, 200)
        (type_, arrived), = self.seen
        self.assertEqual(arrived, body)
        return type_

    def test_a_json_body_is_sent_as_json(self):
        proxy = self.start_daemon(self.server, {"merge.mode": "off", "retry.retry_on_rate_limit": False})
        for headers in ((FORM,), (("content-type", FORM[1] + "; charset=UTF-8"),), ()):
            for target, body in (("/api/device", b'{"name":"boiler"}'), ("/api/device", b' \r\n[{"a":1}] '),
                                 (TELEMETRY, b'{"temperature":20}'), ("/api/v1/TOKEN/telemetry", b'{"a":"' + b"x" * 300000 + b'"}')):
                self.assertEqual(self.type_of(proxy, target, body, *headers), "application/json", (headers, target))
        proxy.log.wait("saveDevice: its body is JSON, so its Content-Type becomes application/json")

    def test_everything_else_is_sent_as_it_is(self):
        proxy = self.start_daemon(self.server)
        for target, body in (("/api/device", b"name=boiler"), ("/api/device", b'{"name":"boiler"'), ("/api/device", b"1"),
                             ("/api/device", b'"text"'), ("/api/device", b"{}{}"), ("/api/unknown", b"{}"),
                             ("/api/image", b"{}"), ("/api/device", b"\0" + b"{}" * 200000)):
            self.assertEqual(self.type_of(proxy, target, body, FORM), FORM[1], (target, body))
        for type_ in ("text/plain", "application/json; charset=UTF-16", "application/x-www-form-urlencoded2"):
            self.assertEqual(self.type_of(proxy, "/api/device", b"{}", ("Content-Type", type_)), type_)

    def test_what_may_come_from_a_web_page_is_sent_as_it_is(self):
        proxy = self.start_daemon(self.server, {"listen.origins": "http://localhost:3000"})
        own = "http://127.0.0.1:%d" % proxy.port
        for header in (("Origin", "http://localhost:3000"), ("Origin", own), ("Referer", own + "/"),
                       ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")):
            self.assertEqual(self.type_of(proxy, "/api/device", b"{}", FORM, header, unix=False), FORM[1], header)
        self.assertEqual(self.type_of(proxy, "/api/device", b"{}", FORM, unix=False), "application/json")

    def test_the_option_turns_it_off(self):
        proxy = self.start_daemon(self.server, {"forward.fix_content_type": False})
        self.assertEqual(self.type_of(proxy, "/api/device", b"{}", FORM), FORM[1])
        self.assertIsNone(self.type_of(proxy, "/api/device", b"{}"))

    def test_the_policy_reads_what_the_server_reads(self):
        """The own user in a body that is called a form is the own user."""
        proxy = self.start_daemon(self.server)
        own = {"id": {"entityType": "USER", "id": "11111111-1111-1111-1111-111111111111"}, "authority": "TENANT_ADMIN"}
        self.assertEqual(proxy.call("POST", "/api/user", [FORM], json.dumps(own).encode()).status, 403)
        self.assertEqual(self.seen, [])


class TestWhyItWaited(Case):
    def reason(self, reply):
        self.assertEqual(reply.status, 200)
        found = re.fullmatch(r'queue;dur=([0-9]+)(?:;desc="(.*)")?, upstream;dur=[0-9]+', reply.header("Server-Timing"))
        self.assertTrue(found, reply.headers)
        return found[2]

    def ask(self, method, target, body=None, headers=()):
        connection = self.proxy.connect(unix=True)
        self.addCleanup(connection.close)
        connection.send(build(method, target, list(headers), body, host="localhost"))
        return connection

    def hold(self, method="GET", login=False):
        """A server that answers when self.go is set: the request with METHOD to /api/held, or the first request of all."""
        self.go, self.arrived = threading.Event(), threading.Event()

        def handle(peer, request):
            if request.target == "/api/auth/user" if login else request.method == method and "held" in request.target:
                self.arrived.set()
                self.go.wait(PATIENCE)
            peer.send(answer(body=USER if request.target == "/api/auth/user" else {}))
            return True
        self.addCleanup(self.go.set)
        return self.start_scripted(handle, authenticates=not login)

    def test_the_rate_limit(self):
        self.proxy = self.start_daemon(self.start_scripted(lambda peer, _: peer.send(answer(body=b"{}")) or True),
                                       {"rate.limits": "10:1", "log.access": True})
        reasons = [self.reason(self.proxy.get("/api/x/%d" % index)) for index in range(14)]
        self.assertIsNone(reasons[0])
        self.assertEqual(reasons[-1], "rate limit")
        self.proxy.log.wait(r"access: .*/api/x/13 .*\(queue [0-9]+ ms: rate limit, upstream ")

    def test_connections(self):
        server = self.hold()
        self.proxy = self.start_daemon(server, {"upstream.max_requests": 1})
        first = self.ask("GET", "/api/held")
        self.assertTrue(self.arrived.wait(PATIENCE))
        second = self.ask("GET", "/api/other")
        wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == 1, "a request that waits")
        self.go.set()
        self.assertIsNone(self.reason(first.response()))
        self.assertEqual(self.reason(second.response()), "connections")

    def test_a_merge(self):
        server = self.hold("POST")
        self.proxy = self.start_daemon(server, {"merge.mode": "always"})
        target = "/api/plugins/telemetry/DEVICE/%s/timeseries/held" % ID
        bodies = [b'{"ts":%d,"values":{"a":1}}' % ts for ts in (1, 2)]
        first = self.ask("POST", target, [bodies[0]], [FORM])
        self.assertTrue(self.arrived.wait(PATIENCE))
        second = self.ask("POST", target, [bodies[1]], [FORM])
        wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == 1, "a request that waits")
        self.go.set()
        self.assertIsNone(self.reason(first.response()))
        self.assertEqual(self.reason(second.response()), "merge")

    def test_a_login(self):
        self.proxy = self.prepare_daemon(self.hold(login=True)).start(wait="")
        waiting = self.ask("GET", "/api/x")
        self.assertTrue(self.arrived.wait(PATIENCE))
        wait_until(lambda: self.proxy.get("/-/status").json()["limits"]["in_flight"] == 1, "a request that waits")
        self.go.set()
        self.assertEqual(self.reason(waiting.response()), "session")


HOST = b"Host: localhost\r\n"
GET, POST = b"GET /-/live HTTP/1.1\r\n" + HOST, b"POST /api/device HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

# What libmicrohttpd answers by itself, and its status.
HOSTILE = [
    (400, b"GET /-/live\r\n\r\n"), (400, b"GET /-/live FTP/1.1\r\n" + HOST + b"\r\n"),
    (400, b"GET /-/live HTTP/one\r\n" + HOST + b"\r\n"), (400, GET + b"NoColon\r\n\r\n"),
    (400, POST + b"Content-Length: abc\r\n\r\n"), (400, POST + b"Content-Length: -1\r\n\r\n"),
    (400, POST + b"Content-Length: +5\r\n\r\nhello"), (400, CHUNKED + b"zz\r\n"), (400, CHUNKED + b"1\r\nabc\r\n0\r\n\r\n"),
    (413, POST + b"Content-Length: 99999999999999999999999\r\n\r\n"), (413, CHUNKED + b"f" * 20 + b"\r\n"),
    (414, b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"), (414, b"A" * 40000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n"),
    (431, GET + b"A: " + b"a" * 40000 + b"\r\n\r\n"), (431, GET + b"A: " + b"a" * 32200 + b"\r\n\r\n"),
    (431, GET + b"".join(b"X-%d: y\r\n" % index for index in range(2000)) + b"\r\n"),
    (431, GET + b"Cookie: " + b"a=b; " * 5000 + b"\r\n\r\n"), (431, CHUNKED + b"0\r\nA: " + b"a" * 40000 + b"\r\n\r\n"),
    (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), (505, b"GET /-/live HTTP/0.9\r\n" + HOST + b"\r\n")]


class TestErrors(Case):
    def check(self, proxy, status, data):
        with proxy.connect(unix=True) as connection:
            connection.send(data)
            self.assert_error(connection.response(), status, 2 if status == 505 else 31, "tbproxyd refused the request: ")
            self.assertEqual(connection.rest(), b"")

    def test_what_is_not_http_gets_one_error_and_that_in_json(self):
        proxy = self.start_daemon(self.start_scripted(echo))
        for status, data in HOSTILE:
            with self.subTest(data=data[:90]):
                self.check(proxy, status, data)

    def test_so_it_does_after_a_request_on_the_same_connection(self):
        proxy = self.start_daemon(self.start_scripted(echo))
        with proxy.connect(unix=True) as connection:
            connection.send(GET + b"\r\n" + GET + b"NoColon\r\n\r\n")
            self.assertEqual(connection.response().status, 200)
            self.assert_error(connection.response(), 400, 31, "it is not valid HTTP")

    def test_so_it_does_while_the_configuration_has_a_mistake(self):
        proxy = self.prepare_daemon("http://127.0.0.1:1", {"listen.unix_path": ""}, credential="none")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(proxy.unix_path)
            listener.listen()
            proxy.passed = [listener]
            proxy.start(tcp=False)
            self.check(proxy, 431, GET + b"A: " + b"a" * 40000 + b"\r\n\r\n")
        proxy.stop()


if __name__ == "__main__":
    tap.main()
