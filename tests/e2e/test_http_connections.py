# SPDX-License-Identifier: Apache-2.0
"""Connections of local programs: kept, pipelined, closed; HTTP/1.0 and older."""
import socket

import tap
from client import build
from harness import in_parallel
from scripted import answer
from ways import HttpCase, every_way


def repeat_target(request):
    return answer(200, request.target.encode() + b" " + request.body)


class TestConnections(HttpCase):
    @every_way
    def test_a_connection_is_kept_for_many_requests(self, way):
        with way.connect() as connection:
            for _ in range(250):  # more than the server takes on one connection
                self.assertEqual(connection.request("GET", "/api/x").status, 200)

    @every_way
    def test_pipelined_requests_are_answered_in_order(self, way):
        way.server.answer_with(repeat_target)
        with way.connect() as connection:
            connection.send(b"".join(build("GET", "/api/%d" % i, host=connection.host) for i in range(50)))
            for i in range(50):
                self.assertEqual(connection.response().body, b"/api/%d " % i)

    @every_way
    def test_pipelined_requests_with_bodies_keep_their_borders(self, way):
        way.server.answer_with(repeat_target)
        with way.connect() as connection:
            connection.send(b"".join(
                build("POST", "/api/%d" % i, body=b"GET / HTTP/1.1\r\n\r\n", host=connection.host) +
                build("PUT", "/api/%d" % i, body=[b"GET / HTTP/1.1\r\n", b"\r\n"], host=connection.host) +
                build("GET", "/-/live", host=connection.host) for i in range(10)))
            for i in range(10):
                for _ in range(2):
                    self.assertEqual(connection.response().body, b"/api/%d GET / HTTP/1.1\r\n\r\n" % i)
                self.assertEqual(connection.response().json(), {"live": True})

    @every_way
    def test_more_pipelined_requests_than_a_buffer_holds_are_answered(self, way):
        way.server.answer_with(repeat_target)
        with way.connect() as connection:
            connection.send(b"".join(build("GET", "/api/%d?%s" % (i, "x" * 1000), host=connection.host)
                                     for i in range(50)))  # libmicrohttpd reads 16 KiB at once
            for i in range(50):
                self.assertEqual(connection.response().body.split(b"?")[0], b"/api/%d" % i)

    @every_way
    def test_a_request_that_comes_before_the_response_to_the_last_one_is_answered(self, way):
        way.server.answer_with(repeat_target)
        with way.connect() as connection:
            connection.send(build("GET", "/api/0", host=connection.host))
            for i in range(100):
                connection.send(build("GET", "/api/%d" % (i + 1), host=connection.host))
                self.assertEqual(connection.response().body, b"/api/%d " % i)

    @every_way
    def test_connection_close_is_honoured(self, way):
        for value in ("close", "Close", "keep-alive, close"):
            with way.connect() as connection:
                connection.send(build("GET", "/api/x", [("Connection", value)], host=connection.host) +
                                build("GET", "/api/behind", host=connection.host))
                reply = connection.response()
                self.assertEqual((reply.status, reply.header("Connection").lower()), (200, "close"))
                self.assertEqual(connection.rest(), b"")
        self.assertEqual({request.target for request in way.server.arrived()}, {"/api/x"})

    @every_way
    def test_the_servers_connection_close_does_not_close_the_programs_connection(self, way):
        way.server.answer_with(answer(500, b"closed", [("Connection", "close")]), kept=False)
        with way.connect() as connection:
            for _ in range(3):
                reply = connection.request("GET", "/api/x")
                self.assertEqual((reply.status, reply.header("Connection")), (500, "Keep-Alive"))

    @every_way
    def test_an_answer_that_ends_with_the_connection_passes(self, way):
        for version in (b"HTTP/1.0", b"HTTP/1.1"):
            way.server.answer_with(version + b" 200 \r\nContent-Type: a/b\r\n\r\nbody", kept=False)
            with way.connect() as connection:
                for _ in range(2):
                    self.assertEqual(connection.request("GET", "/api/x").body, b"body")

    @every_way
    def test_http_1_1_without_host_is_refused(self, way):
        self.assertEqual(way.get("/api/x", host=None).status, 400)
        self.assertEqual(way.server.arrived(), [])

    def test_all_ways_serve_at_once(self):
        self.server.reset()

        def work(index):
            with self.ways[index % len(self.ways)].connect() as connection:
                return [connection.request("GET", "/api/x").status for _ in range(25)]
        self.assertEqual(in_parallel(8, work), [[200] * 25] * 8)

    @every_way
    def test_a_client_that_closes_its_sending_half_gets_its_answer(self, way):
        with way.connect() as connection:
            connection.send(build("GET", "/api/x", host=connection.host))
            connection.sock.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.response().status, 200)


class TestOldVersions(HttpCase):
    @every_way
    def test_http_1_0_is_served_and_closed(self, way):
        for host in (None, "localhost:%d" % way.proxy.port):
            with way.connect() as connection:
                reply = connection.request("GET", "/api/x", version="HTTP/1.0", host=host)
                self.assertEqual((reply.status, reply.body, reply.header("Transfer-Encoding")), (200, b"ok", None))
                self.assertEqual(connection.rest(), b"")

    @every_way
    def test_http_1_0_with_keep_alive_is_kept(self, way):
        with way.connect() as connection:
            for value, kept in (("keep-alive", True), ("Keep-Alive", True), ("close", False)):
                headers = [("Connection", value)]
                reply = connection.request("GET", "/api/x", headers, version="HTTP/1.0", host=None)
                self.assertEqual((reply.status, reply.body), (200, b"ok"))
                self.assertEqual((reply.header("Connection") or "").lower() == "keep-alive", kept)
            self.assertEqual(connection.rest(), b"")

    @every_way
    def test_http_1_0_with_a_body_is_served(self, way):
        for method in ("POST", "PUT"):
            way.server.reset()
            reply = way.call(method, "/api/x", body=b"old", version="HTTP/1.0", host=None)
            self.assertEqual(reply.status, 200)
            self.assertEqual([(request.method, request.version, request.body) for request in way.server.arrived()],
                             [(method, "HTTP/1.1", b"old")])

    @every_way
    def test_http_1_0_gets_no_interim_answer(self, way):
        reply = way.call("POST", "/api/x", [("Expect", "100-continue")], b"old", version="HTTP/1.0", host=None)
        self.assertEqual((reply.status, reply.interim), (200, []))

    @every_way
    def test_http_1_0_head_and_errors(self, way):
        reply = way.call("HEAD", "/-/live", version="HTTP/1.0", host=None)
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.assert_error(way.get("/nothing", version="HTTP/1.0", host=None), 404, 32)

    @every_way
    def test_http_0_9_is_refused(self, way):
        for line in (b"GET /api/x\r\n", b"GET /api/x\r\n\r\n", b"GET /api/x HTTP/0.9\r\n\r\n"):
            with way.connect() as connection:
                connection.send(line)
                self.assertIn(connection.response().status, (400, 505))
                self.assertEqual(connection.rest(), b"")
        self.assertEqual(way.server.arrived(), [])


if __name__ == "__main__":
    tap.main()
