# SPDX-License-Identifier: Apache-2.0
"""Interim responses (RFC 9110, section 15.2) are not taken for the response, and are not passed on."""
import tap
from scripted import answer
from ways import HttpCase, every_way

CONTINUE = b"HTTP/1.1 100 \r\n\r\n"
PROCESSING = b"HTTP/1.1 102 \r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 \r\nLink: </x>; rel=preload\r\nX-Interim: 1\r\nContent-Length: 5\r\n\r\n"
UNKNOWN = b"HTTP/1.1 199 \r\nX-Interim: 1\r\n\r\n"


class TestInterimAnswers(HttpCase):
    fronts = ()  # they take interim responses for final ones themselves

    @every_way
    def test_the_final_answer_is_the_answer(self, way):
        for interim in (CONTINUE, EARLY_HINTS, UNKNOWN, PROCESSING + EARLY_HINTS * 3, CONTINUE + EARLY_HINTS):
            way.server.answer_with(interim + answer(body=b"final", headers=[("X-Final", "1")]))
            for method, body in (("GET", None), ("POST", b"x")):
                reply = way.call(method, "/api/x", body=body)
                self.assertEqual((reply.status, reply.body, reply.interim), (200, b"final", []))
                self.assertEqual((reply.header("X-Interim"), reply.header("Link"), reply.header("X-Final")),
                                 (None, None, "1"))

    @every_way
    def test_an_interim_answer_alone_is_none(self, way):
        for interim in (CONTINUE, EARLY_HINTS):
            way.server.answer_with(interim, kept=False)
            self.assert_error(way.get("/api/x"), 502, 2)

    @every_way
    def test_a_change_of_protocol_that_nobody_asked_for_is_502(self, way):
        for kept in (False, True):
            way.server.answer_with(b"HTTP/1.1 101 \r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", kept)
            with way.connect() as connection:
                reply = connection.request("GET", "/api/x", [
                    ("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")])
                self.assertEqual((reply.status, reply.interim), (502, []))
                self.assertEqual(connection.request("GET", "/-/live").status, 200)


if __name__ == "__main__":
    tap.main()
