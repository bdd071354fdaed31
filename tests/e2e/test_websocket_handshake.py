# SPDX-License-Identifier: Apache-2.0
"""Handshakes as programs write them, and servers' answers to them: without any WebSocket library."""
import base64
import hashlib

import tap
from client import build
from harness import Case
from scripted import USER, answer
from websocket import KEY, TEXT, frame, jwt

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = "/api/user/%s/token" % USER["id"]["id"]

# As JDK 17's java.net.http.HttpClient sends it.
JDK_17 = [("Connection", "Upgrade"), ("Content-Length", "0"), ("Upgrade", "websocket"),
          ("User-Agent", "Java-http-client/17.0.13"), ("Sec-WebSocket-Key", KEY), ("Sec-WebSocket-Version", "13")]
PLAIN = [pair for pair in JDK_17 if pair[0] != "Content-Length"]


def accept(request):
    """The bytes of a 101."""
    digest = hashlib.sha1((request.header("Sec-WebSocket-Key") + GUID).encode()).digest()
    lines = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
             ("Sec-WebSocket-Accept", base64.b64encode(digest).decode())]
    return b"HTTP/1.1 101 \r\n" + "".join("%s: %s\r\n" % pair for pair in lines).encode() + b"\r\n"


class TestHandshake(Case):
    def setUp(self):
        self.server = self.start_scripted(self.handle)
        self.proxy = self.start_daemon(self.server)

    def handle(self, peer, request):
        if request.target == TOKEN:
            peer.send(answer(body={"token": jwt("access")}))
            return True
        if request.header("Upgrade") is None:
            peer.send(answer(400))
            return True
        peer.send(accept(request))
        peer.send(frame(TEXT, b"hello", masked=False))
        peer.wait_for_close()
        return False

    def shake_hands(self, connection, headers, target="/api/ws"):
        """The answer, after any 100."""
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

    def test_a_body_of_some_bytes_makes_it_a_request(self):
        for body in (b"x", [b"x"]):
            self.assertEqual(self.proxy.call("GET", "/api/ws", PLAIN, body).status, 400)
            self.assertIsNone(self.server.requests[-1].header("Upgrade"))

    def test_a_program_that_asks_before_it_sends_no_bytes(self):
        self.assert_opens([*JDK_17, ("Expect", "100-continue")])


if __name__ == "__main__":
    tap.main()
