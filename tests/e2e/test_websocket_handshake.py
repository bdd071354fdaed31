# SPDX-License-Identifier: Apache-2.0
"""Handshakes as programs write them, and servers' responses to them, without any WebSocket library."""
import tap
from client import build
from harness import Case
from scripted import answer
from websocket import KEY, TEXT, TOKEN, accept, frame, jwt

# As java.net.http.HttpClient of JDK 17 sends it.
JDK_17 = [("Connection", "Upgrade"), ("Content-Length", "0"), ("Upgrade", "websocket"),
          ("User-Agent", "Java-http-client/17.0.13"), ("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13")]
PLAIN = [pair for pair in JDK_17 if pair[0] != "Content-Length"]


class TestHandshake(Case):
    headers = ()  # of the server's response
    refusal = None  # the response instead

    def setUp(self):
        self.token = jwt("access")
        self.server = self.start_scripted(self.handle)
        self.proxy = self.start_daemon(self.server)

    def handle(self, peer, request):
        if request.target == TOKEN:
            peer.send(answer(body={"token": self.token}))
            return True
        if request.header("Upgrade") is None:
            peer.send(answer(400))
            return True
        peer.send(self.refusal or accept(request, self.headers))
        peer.send(frame(TEXT, b"hello", masked=False))
        peer.wait_for_close()
        return False

    def shake_hands(self, connection, headers, target="/api/ws"):
        """The response, after any 100."""
        connection.send(build("GET", target, headers, host=connection.host))
        reply = connection.head()
        if reply.status == 100:
            reply = connection.head()
        if reply.status != 101:
            reply.body = connection.take(int(reply.header("Content-Length")))
        return reply

    def assert_opens(self, headers, target="/api/ws"):
        for unix in (False, True):
            with self.subTest(headers=headers, unix=unix), self.proxy.connect(unix) as connection:
                self.assertEqual(self.shake_hands(connection, headers, target).status, 101)
                self.assertEqual(connection.take(7), frame(TEXT, b"hello", masked=False))
                request = self.server.requests[-1]
                self.assertEqual(request.header("Content-Length"), None)
                self.assertEqual(request.header("Upgrade"), "websocket")

    def test_a_body_of_no_bytes_is_no_body(self):
        self.assert_opens(JDK_17)
        self.assert_opens(JDK_17, "/api/ws/plugins/telemetry")
        for length in ("00", "0000000000000000000000"):
            self.assert_opens([*PLAIN, ("Content-Length", length)])

    def test_a_101_that_repeats_the_token_is_502(self):
        """Below /api/ws the token is in the target, so the server can write it into the headers that are passed on."""
        for name, value in (("Sec-WebSocket-Protocol", "%s"), ("Sec-WebSocket-Extensions", "permessage-deflate; x=%s")):
            self.headers = [(name, value % self.token)]
            asked = [*PLAIN, (name, value.split(";")[0].replace("%s", "y"))]
            with self.proxy.connect() as connection:
                self.assert_error(self.shake_hands(connection, asked, "/api/ws/plugins/telemetry"), 502, 2, "repeats")

    def test_a_body_of_some_bytes_makes_it_a_request(self):
        for body in (b"x", [b"x"]):
            self.assertEqual(self.proxy.call("GET", "/api/ws", PLAIN, body).status, 400)
            self.assertIsNone(self.server.requests[-1].header("Upgrade"))

    def test_a_program_that_asks_before_it_sends_no_bytes(self):
        self.assert_opens([*JDK_17, ("Expect", "100-continue")])

    def assert_502_if_large(self, status, make):
        """Checks for STATUS, or 502 if the header that make(SIZE) returns does not fit beside that of the request."""
        for size, request_size, expected in ((1000, 0, status), (20000, 0, status), (20000, 20000, 502), (33000, 0, 502),
                                             (60000, 0, 502), (70000, 0, 502)):
            with self.subTest(size=size, request_size=request_size), self.proxy.connect() as connection:
                make(size)
                headers = [*PLAIN, ("Sec-WebSocket-Protocol", "y"), ("X-Large", "y" * request_size)]
                reply = self.shake_hands(connection, headers)
                self.assertEqual(reply.status, expected)
                if reply.status == 502:
                    self.assert_error(reply, 502, 2, "header")
                if reply.status != 101:
                    self.assertEqual(connection.request("GET", "/-/live").json(), {"live": True})

    def test_an_answer_with_a_large_header_is_502(self):
        def make(size):
            self.headers = [("Sec-WebSocket-Protocol", "y" * size)]
        self.assert_502_if_large(101, make)

    def test_a_refusal_with_a_large_header_is_502(self):
        def make(size):
            self.refusal = answer(403, b"no", [("X-Reason", "y" * size)])
        self.assert_502_if_large(403, make)


if __name__ == "__main__":
    tap.main()
