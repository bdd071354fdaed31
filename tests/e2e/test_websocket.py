# SPDX-License-Identifier: Apache-2.0
"""WebSockets of local programs: frames pass unchanged in both directions, tbproxyd authenticates."""
import base64
import hashlib
import json
import os
import signal
import socket
import tempfile
import threading
import zlib

import tap
from build_tree import NO_CLIENTS
from harness import PATIENCE, SLOW, Case, in_parallel, wait_until
from scripted import USER, answer
from tls import TlsServer, make_certificate
from websocket import (BINARY, CLOSE, PING, PONG, TEXT, Program, WebSocketServer, close_frame, compression, frame, jwt,
                       need_websockets)

if not NO_CLIENTS:
    from websockets.exceptions import ConnectionClosed
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
    from websockets.sync.client import connect, unix_connect

OLD = "/api/ws/plugins/telemetry"
FIRST = {"cmds": [{"cmdId": 1, "type": "TIMESERIES"}]}
MESSAGE_MAX = 65536
GROWTH_MAX_KIB = 65536 if SLOW else 1024  # a sanitizer keeps freed memory for a while
TOKEN_PATH = "/api/user/%s/token" % USER["id"]["id"]


class WebSocketCase(Case):
    options, credential = {}, "password"
    BLOCKS = 1000  # more than all buffers of the kernel hold

    @classmethod
    def setUpClass(cls):
        need_websockets()
        super().setUpClass()
        cls.server = cls.make_server()
        cls.proxy = cls.make_daemon(cls.addClassCleanup, cls.server, cls.options, cls.credential).start()

    @classmethod
    def make_server(cls, cleanup=None, **options):
        server = WebSocketServer(**options)
        (cleanup or cls.addClassCleanup)(server.stop)
        (cleanup or cls.addClassCleanup)(lambda: cls.secrets.update(server.tokens))
        return server

    def start_pair(self, credential="password", options=None, **server_options):
        server = self.make_server(self.addCleanup, **server_options)
        return server, self.start_daemon(server, options, credential)

    def open(self, target="/api/ws", proxy=None, server=None, **options):
        """A program and its session at the server, already authenticated."""
        program = Program(proxy or self.proxy, target, **options)
        self.addCleanup(program.close)
        self.assertEqual(program.answer.status, 101, program.answer)
        session = (server or self.server).next_session()
        if target == "/api/ws":
            self.assertEqual(list(session.next_json()), ["authCmd"])
        return program, session

    def assert_passes(self, program, session, data, *frames):
        """Checks that DATA reaches the server unchanged, as these frames."""
        before = len(session.raw)
        program.send(data)
        for expected in frames:
            self.assertEqual(session.next(), expected)
        self.assertEqual(session.raw[before:], data)

    def send_until_stopped(self, sock, data):
        """How much of it could be sent while the other side does not read."""
        sock.settimeout(0.5)
        total = 0
        try:
            while total < len(data):
                total += sock.send(data[total:total + 65536])
        except (BlockingIOError, socket.timeout):
            return total
        self.fail("nothing stops the sender")

    def assert_alive(self, program, session):
        program.send(frame(TEXT, b"still there"))
        self.assertEqual(session.next(), (TEXT, b"still there", True))
        session.send(frame(TEXT, b"yes", masked=False))
        self.assertEqual(program.next(), (TEXT, b"yes", True))


class TestHandshake(WebSocketCase):
    def test_it_is_verified_and_answered_over_both_listeners(self):
        for unix in (False, True):
            program, session = self.open(unix=unix, headers=[("User-Agent", "a program")])
            self.assertEqual(program.answer.header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            self.assertEqual(len(program.answer.all("Sec-WebSocket-Accept")), 1)
            self.assertEqual(program.answer.header("Upgrade"), "websocket")
            self.assertEqual(program.answer.header("Connection"), "Upgrade")
            self.assertEqual(session.request.target, "/api/ws")
            self.assertEqual(session.request.header("User-Agent"), "a program")
            self.assert_alive(program, session)

    def test_an_origin_is_not_judged_on_the_unix_socket_and_does_not_pass(self):
        program, session = self.open(unix=True, headers=[("Origin", "http://localhost")])  # as websocket-client does
        self.assertIsNone(session.request.header("Origin"))
        self.assert_alive(program, session)

    def test_the_programs_credentials_do_not_pass(self):
        for target, wanted in (("/api/ws?token=mine&a=b", "/api/ws"), ("/api/ws?xtoken=mine", "/api/ws")):
            _, session = self.open_with_credentials(target)
            self.assertEqual(session.request.target, wanted)
            self.assertEqual(list(session.next_json()), ["authCmd"])
        for target in (OLD + "?token=mine", OLD + "?a=token%3Dmine", OLD):
            _, session = self.open_with_credentials(target)
            path, token = session.request.target.split("?token=")
            self.assertEqual(path, OLD)
            self.assertIn(token, self.server.tokens)

    def open_with_credentials(self, target):
        program = Program(self.proxy, target, headers=[("X-Authorization", "Bearer mine"), ("Cookie", "a=mine"),
                                                       ("Authorization", "Bearer mine")])
        self.addCleanup(program.close)
        self.assertEqual(program.answer.status, 101)
        session = self.server.next_session()
        self.assertNotIn("mine", repr(session.request.headers))
        return program, session

    def test_of_the_extensions_only_compression_is_offered(self):
        _, session = self.open(extensions="x-unknown, permessage-deflate; client_max_window_bits, x-other; a=b")
        self.assertEqual(session.request.header("Sec-WebSocket-Extensions"),
                         "permessage-deflate; client_max_window_bits")

    def test_a_protocol_passes(self):
        _, session = self.open(headers=[("Sec-WebSocket-Protocol", "a, b")])
        self.assertEqual(session.request.header("Sec-WebSocket-Protocol"), "a, b")

    def test_web_pages_of_others_are_kept_out(self):
        for origin, status in (("http://example.org", 403), ("null", 403),
                               ("http://localhost:%d" % self.proxy.port, 101)):
            with Program(self.proxy, headers=[("Origin", origin)]) as program:
                self.assertEqual(program.answer.status, status)
        session = self.server.next_session()
        self.assertIsNone(session.request.header("Origin"))

    def test_a_malformed_handshake_is_refused(self):
        def status(key, version):
            headers = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
            headers += [("Sec-WebSocket-Key", key)] if key else []
            headers += [("Sec-WebSocket-Version", version)] if version else []
            return self.proxy.get("/api/ws", headers=headers)
        good = "dGhlIHNhbXBsZSBub25jZQ=="
        for key in (None, "short", good + "x", good[:-2] + "AA", good[:-3] + "\x80=="):
            self.assert_error(status(key, "13"), 400, 31, "Sec-WebSocket-Key")
        for version in (None, "12", "8"):
            refusal = status(good, version)
            self.assert_error(refusal, 426, 31)
            self.assertEqual(refusal.header("Sec-WebSocket-Version"), "13")

    def test_what_is_no_websocket_is_a_request_without_upgrade(self):
        upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
        h2c = [("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AAMAAABk")]
        for method, target, headers in (("GET", "/api/ws", h2c), ("GET", "/api/device", upgrade),
                                        ("GET", "/api/wsx", upgrade), ("POST", "/api/ws", upgrade),
                                        ("GET", "/api/ws", upgrade[:1] + upgrade[2:]), ("GET", "/api/ws", upgrade[1:])):
            reply = self.proxy.call(method, target, headers=headers)
            self.assertEqual(reply.status, 200, (method, target, headers))
            seen = {name.lower() for name, _ in reply.json()["headers"]}
            self.assertFalse(seen & {"upgrade", "connection", "http2-settings", "sec-websocket-key"}, seen)


class TestRefusals(WebSocketCase):
    def refuse_with(self, data):
        self.server.answer_handshake = lambda request: data
        with Program(self.proxy) as program:
            return program.answer

    def test_another_answer_is_the_programs(self):
        for status in (200, 400, 401, 404, 503):
            reply = self.refuse_with(answer(status, b"the server's words", [("X-Test", "a"), ("Set-Cookie", "b=c")]))
            self.assertEqual((reply.status, reply.body), (status, b"the server's words"))
            self.assertEqual(reply.header("X-Test"), "a")
            self.assertIsNone(reply.header("Set-Cookie"))

    def test_a_refusal_that_retries_the_target_does_not_give_the_token_away(self):
        for status, shown in ((302, 502), (404, 404), (500, 500)):
            self.server.answer_handshake = lambda request, status=status: answer(
                status, request.target.encode(), [("Location", request.target), ("X-Test", request.target)])
            with Program(self.proxy, OLD) as program:
                self.assertEqual(program.answer.status, shown)
                self.assertNotIn("token", str(program.answer.headers) + program.answer.body.decode())

    def test_two_lines_of_extensions_are_refused(self):
        def accept(request):
            key = request.header("Sec-WebSocket-Key").encode()
            accepted = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            return (b"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                    b"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: x\r\n\r\n" % accepted)
        self.server.answer_handshake = accept
        with Program(self.proxy, extensions="permessage-deflate") as program:
            self.assert_error(program.answer, 502, 2, "extension")

    def test_a_101_that_is_wrong_is_no_101(self):
        good = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
        for lines in (good, good[1:], good[:1], ["Upgrade: h2c"] + good[1:]):
            reply = self.refuse_with("\r\n".join(["HTTP/1.1 101 ", *lines, "", ""]).encode())
            self.assert_error(reply, 502, 2)
            self.assertIn("http_upgrade_failed", reply.header("Proxy-Status"))

    def test_a_server_that_hangs_up_is_an_error(self):
        reply = self.refuse_with(b"")
        self.assert_error(reply, 502, 2)

    def test_a_server_that_is_not_there_is_an_error(self):
        server = WebSocketServer()
        proxy = self.start_daemon(server, credential="password")
        server.stop()
        with Program(proxy) as program:
            self.assert_error(program.answer, 502, 2)


class TestFrames(WebSocketCase):
    def test_every_frame_passes_byte_for_byte(self):
        program, session = self.open()
        for size in (0, 1, 125, 126, 65535, 65536):
            self.assert_passes(program, session, frame(TEXT, b"x" * size), (TEXT, b"x" * size, True))
            self.assert_passes(program, session, frame(BINARY, b"\0" * size), (BINARY, b"\0" * size, True))
        for size in (0, 125):
            program.send(frame(PING, b"p" * size))
            self.assertEqual(session.next(), (PING, b"p" * size, True))
            self.assertEqual(program.next(), (PONG, b"p" * size, True))
            self.assert_passes(program, session, frame(PONG, b"q" * size), (PONG, b"q" * size, True))

    def test_a_fragmented_message_with_control_frames_between(self):
        program, session = self.open()
        program.send(frame(TEXT, b"one ", final=False))
        program.send(frame(PONG, b"between"))
        self.assertEqual(session.next(), (PONG, b"between", True))  # at once
        before = len(session.raw)
        rest = frame(0, b"", final=False) + frame(0, b"two ", final=False) + frame(0, b"three")
        program.send(rest)
        self.assertEqual([session.next() for _ in range(4)],
                         [(TEXT, b"one ", False), (0, b"", False), (0, b"two ", False), (0, b"three", True)])
        self.assertEqual(session.raw[before:], frame(TEXT, b"one ", final=False) + rest)

    def test_frames_in_single_bytes(self):
        program, session = self.open()
        data = frame(TEXT, b"a" * 200) + frame(PONG, b"c") + frame(BINARY, b"b" * 3)
        for byte in data:
            program.send(bytes([byte]))
        self.assertEqual([session.next()[0] for _ in range(3)], [TEXT, PONG, BINARY])
        self.assertTrue(session.raw.endswith(data))

    def test_the_servers_bytes_pass_unchanged(self):
        program, session = self.open()
        data = b"".join([frame(TEXT, b"x" * 70000, masked=False), frame(TEXT, b"a", final=False, masked=False),
                         frame(PING, b"hello", masked=False), frame(0, b"b", masked=False),
                         frame(BINARY, bytes(range(256)), masked=False)])
        session.send(data)
        self.assertEqual(program.take(len(data)), data)
        program.send(frame(PONG, b"hello"))
        self.assertEqual(session.next(), (PONG, b"hello", True))

    def test_a_malformed_frame_ends_it_with_1002(self):
        for name, data in (("unmasked", frame(TEXT, b"x", masked=False)), ("reserved bit 1", frame(TEXT, b"x", rsv=4)),
                           ("reserved bit 2", frame(TEXT, b"x", rsv=2)), ("reserved bit 3", frame(PING, b"x", rsv=1)),
                           ("data opcode", frame(3, b"x")), ("control opcode", frame(11)),
                           ("large ping", frame(PING, b"x" * 126)), ("fragmented ping", frame(PING, final=False)),
                           ("continuation of nothing", frame(0, b"x")),
                           ("message in a message", frame(TEXT, final=False) + frame(TEXT)),
                           ("long length", b"\x81\xfe\x00\x05\0\0\0\0hello"),
                           ("negative length", b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0")):
            with self.subTest(name):
                mark = self.proxy.log.mark()
                program, session = self.open()
                program.send(data)
                self.assertEqual(program.close_code(), 1002)
                self.assertIsNone(program.next())
                self.assertEqual(session.next(), (CLOSE, b"\x03\xea", True))
                program.close()
                self.proxy.log.wait("both sides are done", start=mark)

    def test_a_message_has_a_limit(self):
        half = b"x" * (MESSAGE_MAX // 2)
        program, session = self.open()
        program.send(frame(TEXT, half, final=False) + frame(0, half))
        self.assertEqual(session.next(), (TEXT, half, False))
        self.assertEqual(session.next(), (0, half, True))
        for data in (frame(TEXT, b"x" * (MESSAGE_MAX + 1)), frame(BINARY, length=MESSAGE_MAX + 1),
                     frame(TEXT, half, final=False) + frame(0, half + b"x")):
            program, session = self.open()
            program.send(data)
            self.assertEqual(program.close_code(), 1009)
            self.assertEqual(session.next(), (CLOSE, b"\x03\xf1", True))

    def test_a_message_of_too_many_fragments_is_too_large(self):
        program, session = self.open()
        empty = frame(0, final=False)
        program.send(frame(TEXT, final=False) + empty * (2 * MESSAGE_MAX // len(empty)))
        self.assertEqual(program.close_code(), 1009)
        self.assertEqual(session.next(), (CLOSE, b"\x03\xf1", True))


class TestEnd(WebSocketCase):
    def test_close_codes_of_the_program(self):
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4500, 4999):
            program, session = self.open()
            program.send(close_frame(code, b"a reason"))
            self.assertEqual(session.next(), (CLOSE, bytes([code >> 8, code & 255]) + b"a reason", True))
            self.assertEqual(program.close_code(), code)  # the server's own
            self.assertIsNone(program.next())
            self.assertIsNone(session.next())

    def test_a_close_frame_without_a_code(self):
        program, session = self.open()
        program.send(frame(CLOSE))
        self.assertEqual(session.next(), (CLOSE, b"", True))
        self.assertEqual(program.next(), (CLOSE, b"", True))

    def test_a_code_that_is_none_is_left_to_the_server(self):
        for code in (999, 1004, 1005, 1006, 1015, 2000, 5000):
            program, _ = self.open()
            program.send(close_frame(code))
            self.assertEqual(program.close_code(), 1002)

    def test_close_codes_of_the_server(self):
        for code in (1000, 1007, 1008, 1009, 1011, 1015, 4500):
            program, session = self.open()
            session.send(close_frame(code, b"why", masked=False))
            self.assertEqual(program.next(), (CLOSE, bytes([code >> 8, code & 255]) + b"why", True))
            program.send(close_frame(1000))
            self.assertEqual(session.next(), (CLOSE, b"\x03\xe8", True))

    def test_what_the_program_sends_after_its_close_frame_is_thrown_away(self):
        program, session = self.open()
        program.send(close_frame(1000) + frame(TEXT, b"late"))
        self.assertEqual(session.next()[0], CLOSE)
        self.assertIsNone(session.next())

    def test_a_program_may_end_its_sending_after_its_close_frame(self):
        program, session = self.open()
        program.send(close_frame(1000))
        program.sock.shutdown(socket.SHUT_WR)
        self.assertEqual(session.next()[0], CLOSE)
        self.assertEqual(program.close_code(), 1000)

    def test_a_program_that_hangs_up_is_hung_up_on_at_the_server(self):
        for end in (Program.close, Program.reset):
            program, session = self.open()
            end(program)
            self.assertIsNone(session.next())

    def test_the_last_message_of_a_program_that_hangs_up_arrives(self):
        program, session = self.open()
        program.send(frame(TEXT, b"x" * MESSAGE_MAX) * 2 + frame(TEXT, b"the last"))
        program.close()
        self.assertEqual([len(session.next()[1]) for _ in range(3)], [MESSAGE_MAX, MESSAGE_MAX, 8])
        self.assertIsNone(session.next())

    def test_a_server_that_hangs_up_ends_the_program(self):
        program, session = self.open()
        session.send(frame(TEXT, b"last words", masked=False))
        session.peer.sock.shutdown(socket.SHUT_RDWR)
        self.assertEqual(program.next(), (TEXT, b"last words", True))
        self.assertIsNone(program.next())

    def test_frames_of_the_server_that_are_out_of_order_pass(self):
        program, session = self.open()
        data = b"".join([frame(0, b"of nothing", masked=False), frame(TEXT, b"begun", final=False, masked=False),
                         frame(TEXT, b"anew", masked=False)])
        session.send(data)
        self.assertEqual(program.take(len(data)), data)

    def test_a_server_that_speaks_no_frames_is_left(self):
        program, session = self.open()
        session.send(b"\xff\xff\xff\xff")
        self.assertIsNone(program.next())
        self.assertIsNone(session.next())

    def test_they_are_counted(self):
        page = self.proxy.get("/-/metrics").body.decode()
        self.assertRegex(page, r"(?m)^# TYPE tbproxyd_websockets gauge$")
        wait_until(lambda: self.gauge() == 0, "the end of all")
        program, _ = self.open()
        self.assertEqual(self.gauge(), 1)
        program.close()
        wait_until(lambda: self.gauge() == 0, "its end")
        self.assertRegex(self.proxy.get("/-/metrics").body.decode(), r'(?m)^tbproxyd_requests_total{.*code="1xx"} \d+$')

    def gauge(self):
        page = self.proxy.get("/-/metrics").body.decode()
        return int(page.split("\ntbproxyd_websockets ")[1].split("\n")[0])


class TestStop(WebSocketCase):
    def test_a_stop_ends_both_sides_with_1001(self):
        server, proxy = self.start_pair()
        pairs = [self.open(proxy=proxy, server=server, unix=unix) for unix in (False, True)]
        proxy.signal(signal.SIGTERM)
        for program, session in pairs:
            self.assertEqual(program.close_code(), 1001)
            self.assertEqual(session.next(), (CLOSE, b"\x03\xe9", True))
            program.send(close_frame(1001))
        self.assertEqual(proxy.ended(), 0)

    def test_a_stop_waits_for_the_end_of_a_frame(self):
        server, proxy = self.start_pair(reads=False)
        program = Program(proxy)
        self.addCleanup(program.close)
        session = server.next_session()
        data = frame(TEXT, b"one frame of the server's", masked=False)
        session.send(data[:5])
        self.assertEqual(program.take(5), data[:5])
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("closing with 1001")
        session.send(data[5:] + frame(TEXT, b"another", masked=False) + close_frame(1001, masked=False))
        self.assertEqual(program.take(len(data) - 5), data[5:])
        self.assertEqual(program.close_code(), 1001)
        self.assertIsNone(program.next())
        program.close()
        self.assertEqual(proxy.ended(), 0)

    def test_a_side_that_does_not_finish_is_cut_off(self):
        server, proxy = self.start_pair(options={"limits.drain_timeout_ms": 100})
        program, _ = self.open(proxy=proxy, server=server)
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.ended(), 0)
        self.assertEqual(program.close_code(), 1001)


class TestAuthentication(WebSocketCase):
    def first_token(self, server, proxy):
        with Program(proxy) as program:
            self.assertEqual(program.answer.status, 101, program.answer)
            command = server.next_session().next_json()["authCmd"]
        self.assertEqual(command["cmdId"], 0)
        return command["token"]

    def test_with_a_password_or_token_it_is_the_sessions(self):
        for credential in ("password", "token"):
            server, proxy = self.start_pair(credential)
            self.assertIn(self.first_token(server, proxy), server.tokens)
            self.assertEqual(server.asked(TOKEN_PATH), 0)

    def test_with_an_api_key_it_is_asked_for_once(self):
        server, proxy = self.start_pair("api_key")
        tokens = in_parallel(4, lambda _: self.first_token(server, proxy)) + [self.first_token(server, proxy)]
        self.assertEqual(set(tokens), {server.tokens[0]})
        self.assertEqual(server.asked(TOKEN_PATH), 1)
        asking = [request for request in server.requests if request.target == TOKEN_PATH]
        self.assertEqual(asking[0].header("X-Authorization"), "ApiKey " + server.api_key)

    def test_a_token_that_expires_is_asked_for_again(self):
        server, proxy = self.start_pair("api_key")
        server.new_pair = lambda: {"token": jwt("access", 0), "refreshToken": "x"}
        self.first_token(server, proxy)
        self.first_token(server, proxy)
        self.assertEqual(server.asked(TOKEN_PATH), 2)

    def test_after_the_key_was_read_anew_the_token_is_another(self):
        server, proxy = self.start_pair("api_key")
        self.first_token(server, proxy)
        usual, refused = server.handle, []

        def handle(peer, request):
            if request.target != "/api/x":
                return usual(peer, request)
            peer.send(answer(200 if refused else 401))
            refused.append(request)
            return True
        server.handle = handle
        self.assertEqual(proxy.get("/api/x").status, 200)
        self.first_token(server, proxy)
        self.assertEqual(server.asked(TOKEN_PATH), 2)

    def test_no_token_no_websocket(self):
        server, proxy = self.start_pair("api_key")
        for pair in ({"token": "no JWT"}, {}, {"token": jwt("a").rsplit(".", 1)[0] + '."x'}):
            server.new_pair = lambda pair=pair: pair
            with Program(proxy) as program:
                self.assert_error(program.answer, 502, 2, "token")

    def test_a_refused_token_is_not_used_again(self):
        for credential, renewal in (("api_key", TOKEN_PATH), ("password", "/api/auth/token")):
            for code, reason, target in ((1007, b"JWT Token expired", "/api/ws"), (1011, b"", OLD)):
                server, proxy = self.start_pair(credential)
                program, session = self.open(target, proxy, server)
                asked = server.asked(renewal)
                session.send(close_frame(code, reason, masked=False))
                self.assertEqual(program.close_code(), code)
                _, session = self.open_after_renewal(server, proxy, target, renewal, asked)
                self.assertEqual(server.asked(renewal), asked + 1)

    def open_after_renewal(self, server, proxy, target, renewal, asked):
        if renewal != TOKEN_PATH:
            wait_until(lambda: server.asked(renewal) > asked, "a renewal")
        return self.open(target, proxy, server)

    def test_other_closes_say_nothing_of_the_token(self):
        server, proxy = self.start_pair("api_key")
        for code, reason in ((1007, b"Unknown session type"), (1011, b""), (1008, b"Auth cmd is missing")):
            program, session = self.open("/api/ws", proxy, server)
            session.send(close_frame(code, reason, masked=False))
            self.assertEqual(program.close_code(), code)
        self.open("/api/ws", proxy, server)
        self.assertEqual(server.asked(TOKEN_PATH), 1)

    def test_without_a_session_it_waits_as_long_as_a_request(self):
        server = self.make_server(self.addCleanup)
        server.authenticates = False
        server.serve_request = lambda peer, request: server.release.wait() and False
        server.handle = server.serve_request
        proxy = self.prepare_daemon(server, {"limits.session_wait_ms": 50}, "password").start(wait="")
        with Program(proxy) as program:
            self.assert_error(program.answer, 503, 2, "not logged in")


class TestAuthCommand(WebSocketCase):
    TOKEN = '{"cmdId":0,"token":"of-the-program"}'

    def exchange(self, *messages):
        """What the server gets of these frames."""
        program, session = self.open()
        for message in messages:
            program.send(frame(TEXT, message.encode()))
        program.send(frame(TEXT, b"the end"))
        got = []
        while True:
            _, payload, _ = session.next()
            if payload == b"the end":
                return got
            got.append(payload.decode())

    def test_alone_it_is_dropped(self):
        for name in ("authCmd", "auth\\u0043md", "AuthCmd", "authcmd", "\\u0061\\u0075thCmd"):
            self.assertEqual(self.exchange('{"%s":%s}' % (name, self.TOKEN)), [], name)
        self.assertEqual(self.exchange(' { "authCmd" : %s , "authCmd":null} ' % self.TOKEN), [])

    def test_commands_beside_it_pass_byte_for_byte(self):
        cmds = '"cmds": [{"cmdId":1, "x":1.10, "s":"\\u00e9\\""}]'
        self.assertEqual(self.exchange('{"authCmd":%s,%s}' % (self.TOKEN, cmds), '{%s , "authCmd":%s}' % (cmds, self.TOKEN),
                                       '{"authCmd":1,%s,"authC\\u006dd":[2],"b":{"authCmd":3}}' % cmds),
                         ["{%s}" % cmds, "{%s}" % cmds, '{%s,"b":{"authCmd":3}}' % cmds])

    def test_what_does_not_hold_it_passes_whatever_it_is(self):
        messages = ["not JSON", "", "[1", '{"a":NaN}', '{"cmds":"auth Cmd"}', '["authCmd"]', '{"a":"\\u0000"}',
                    '{"a":1,"a":2} trailing']
        self.assertEqual(self.exchange(*messages), messages)

    def test_all_that_is_json_is_understood(self):
        odd = '"iccid":89010303310033979663,"a":[1E400,-0,1.10],"b":"\\u0000\\u0061","c\\u0000":"\\ud83d","\\ud800":1'
        self.assertEqual(self.exchange("{%s}" % odd, '{"authCmd":%s,%s}' % (self.TOKEN, odd), '{"auth\\u0043md":-1e999}'),
                         ["{%s}" % odd, "{%s}" % odd])

    def test_what_might_hold_it_and_cannot_be_read_ends_it(self):
        for message in ('{"authCmd":%s} trailing' % self.TOKEN, "{'authCmd':1}", '{"a":NaN,"authCmd":1}',
                        '{"auth\\u0043md":%s}{' % self.TOKEN, '{/**/"authCmd":1}', '{1E400:"\\u0061"}'):
            program, session = self.open()
            program.send(frame(TEXT, message.encode()))
            self.assertEqual(program.close_code(), 1007, message)
            self.assertEqual(session.next(), (CLOSE, b"\x03\xef", True))

    def test_in_fragments(self):
        program, session = self.open()
        message = b'{"authCmd":1,"cmds":[]}'
        for i, byte in enumerate(message):
            program.send(frame(0 if i else TEXT, bytes([byte]), final=i == len(message) - 1))
            program.send(frame(PONG))
        got = [session.next() for _ in range(len(message) + 1)]
        self.assertEqual([entry for entry in got if entry[0] != PONG], [(TEXT, b'{"cmds":[]}', True)])

    def test_on_the_old_endpoint(self):
        program, session = self.open(OLD)
        program.send(frame(TEXT, b'{"authCmd":1,"tsSubCmds":[]}'))
        self.assertEqual(session.next(), (TEXT, b'{"tsSubCmds":[]}', True))

    def test_a_binary_message_is_not_looked_at(self):
        program, session = self.open()
        self.assert_passes(program, session, frame(BINARY, b'{"authCmd":1}'), (BINARY, b'{"authCmd":1}', True))


class TestCompression(WebSocketCase):
    @classmethod
    def make_server(cls, cleanup=None, **options):
        return super().make_server(cleanup, **{"compression": compression(), **options})

    def deflate(self, text, stream=None):
        stream = stream or zlib.compressobj(wbits=-15)
        return (stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def open_compressed(self, extensions="permessage-deflate", **options):
        program, session = self.open(extensions=extensions, **options)
        self.assertIn("permessage-deflate", program.answer.header("Sec-WebSocket-Extensions"))
        return program, session

    def test_messages_pass_as_they_are(self):
        program, session = self.open_compressed()
        stream = zlib.compressobj(wbits=-15)
        for text in (b"hello hello hello", b"hello hello hello", b"", b"x" * MESSAGE_MAX):
            self.assert_passes(program, session, frame(TEXT, self.deflate(text, stream), rsv=4), (TEXT, text, True))
        self.assert_passes(program, session, frame(TEXT, b"plain"), (TEXT, b"plain", True))
        data = self.deflate(b"hello hello hello", stream)
        before = len(session.raw)
        parts = [frame(BINARY, data[:2], final=False, rsv=4), frame(0, data[2:])]
        program.send(parts[0] + frame(PONG) + parts[1])
        self.assertEqual(session.next(), (PONG, b"", True))
        self.assertEqual(b"".join(session.next()[1] for _ in parts), b"hello hello hello")
        self.assertEqual(session.raw[before:], frame(PONG) + b"".join(parts))
        session.send_text("compressed by the server")
        opcode, payload, _ = program.next()
        self.assertEqual((opcode, zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff")),
                         (TEXT, b"compressed by the server"))

    def test_after_a_change_the_rest_goes_uncompressed(self):
        program, session = self.open_compressed()
        stream = zlib.compressobj(wbits=-15)
        before = b'{"cmds":["hello"]}'
        program.send(frame(TEXT, self.deflate(before, stream), rsv=4))
        self.assertEqual(session.next(), (TEXT, before, True))
        program.send(frame(TEXT, self.deflate(b'{"authCmd":{"token":"hello hello"},"cmds":["hello hello"]}', stream), rsv=4))
        self.assertEqual(session.next(), (TEXT, b'{"cmds":["hello hello"]}', True))
        program.send(frame(TEXT, self.deflate(b'{"authCmd":{"token":"bye bye bye"}}', stream), rsv=4))
        for text in (b'{"cmds":["hello","bye bye bye"]}', b"hello hello"):
            program.send(frame(BINARY, self.deflate(text, stream), rsv=4))
            self.assertEqual(session.next(), (BINARY, text, True))

    def test_without_context_takeover_only_what_changed_goes_uncompressed(self):
        program, session = self.open_compressed("permessage-deflate; client_no_context_takeover")
        self.assertIn("client_no_context_takeover", program.answer.header("Sec-WebSocket-Extensions"))
        program.send(frame(TEXT, self.deflate(b'{"authCmd":1,"cmds":[]}'), rsv=4))
        self.assertEqual(session.next(), (TEXT, b'{"cmds":[]}', True))
        for _ in range(2):
            self.assert_passes(program, session, frame(TEXT, self.deflate(b"hello hello hello"), rsv=4),
                               (TEXT, b"hello hello hello", True))

    def test_what_inflates_without_end_is_too_large(self):
        for size, code in ((MESSAGE_MAX + 1, 1009), (1 << 24, 1009)):
            program, session = self.open_compressed()
            program.send(frame(TEXT, self.deflate(b"x" * size), rsv=4))
            self.assertEqual(program.close_code(), code)
            self.assertEqual(session.next()[0], CLOSE)

    def test_what_cannot_be_inflated_ends_it(self):
        ended = zlib.compressobj(wbits=-15)
        ended = ended.compress(b"x") + ended.flush()
        for data in (b"\xff\xff\xff", ended):
            program, _ = self.open_compressed()
            program.send(frame(TEXT, data, rsv=4))
            self.assertEqual(program.close_code(), 1007)

    def test_a_continuation_is_not_compressed_by_itself(self):
        program, _ = self.open_compressed()
        program.send(frame(TEXT, b"", final=False, rsv=4) + frame(0, b"", rsv=4))
        self.assertEqual(program.close_code(), 1002)

    def test_an_extension_that_was_not_offered_is_refused(self):
        def promise(extensions):
            return lambda request: ("HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                                    "%s\r\nSec-WebSocket-Extensions: %s\r\n\r\n" % (accept_of(request), extensions)).encode()
        server, proxy = self.start_pair()
        for extensions in ("x-other", "permessage-deflate, x-other"):
            server.answer_handshake = promise(extensions)
            with Program(proxy, extensions="permessage-deflate") as program:
                self.assert_error(program.answer, 502, 2)


def accept_of(request):
    from websockets.utils import accept_key
    return accept_key(request.header("Sec-WebSocket-Key"))


class TestLibrary(WebSocketCase):
    """The websockets package on both ends."""

    @classmethod
    def make_server(cls, cleanup=None, **options):
        return super().make_server(cleanup, **{"compression": compression(), **options})

    def use(self, connection):
        with connection:
            session = self.server.next_session()
            self.assertEqual(list(session.next_json()), ["authCmd"])
            connection.send(json.dumps(FIRST))
            self.assertEqual(session.next_json(), FIRST)
            session.send_text("an update " * 1000)
            self.assertEqual(connection.recv(PATIENCE), "an update " * 1000)
            self.assertTrue(connection.ping().wait(PATIENCE))
            self.assertEqual(session.next()[0], PING)
            connection.send(["in ", "three ", "parts"])
            parts = [session.next() for _ in range(4)]
            self.assertEqual(b"".join(payload for _, payload, _ in parts), b"in three parts")
            self.assertEqual([final for _, _, final in parts], [False, False, False, True])

    def test_over_both_listeners(self):
        url = "ws://127.0.0.1:%d/api/ws" % self.proxy.port
        own = [ClientPerMessageDeflateFactory(client_no_context_takeover=True)]
        for options in ({}, {"compression": None}, {"compression": None, "extensions": own}):
            with self.subTest(**options):
                self.use(connect(url, proxy=None, **options))
                self.use(unix_connect(self.proxy.unix_path, "ws://localhost/api/ws", **options))

    def test_the_servers_close_is_seen(self):
        with connect("ws://127.0.0.1:%d/api/ws" % self.proxy.port, proxy=None) as connection:
            session = self.server.next_session()
            session.send(close_frame(4500, b"Failed to send message", masked=False))
            with self.assertRaises(ConnectionClosed) as closed:
                connection.recv(PATIENCE)
            self.assertEqual((closed.exception.rcvd.code, closed.exception.rcvd.reason), (4500, "Failed to send message"))


class TestTls(WebSocketCase):
    """libcurl does for these what it does for all connections to the server."""

    def test_a_server_by_https(self):
        with tempfile.TemporaryDirectory(prefix="tb-tls-") as directory:
            certificate = directory + "/server"
            make_certificate(directory, "server")
            server = self.make_server(self.addCleanup, echoes=True)
            front = TlsServer(certificate, server.serve_request)
            self.addCleanup(front.stop)
            front.password = server.password
            with open(certificate + ".pem", encoding="ascii") as file:
                proxy = self.start_daemon(front, {"upstream.ca_file": file.read()}, "password")
            front.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            program, _ = self.open(proxy=proxy, server=server, unix=True)
            self.carry_both_ways(program)

    def carry_both_ways(self, program):
        """While nobody reads the answers, the sender is stopped. Then everything arrives."""
        message = os.urandom(60000)
        block = frame(BINARY, message)
        sent = self.send_until_stopped(program.sock, block * self.BLOCKS)
        program.sock.settimeout(PATIENCE)
        count = -(-sent // len(block))
        sender = threading.Thread(target=program.send, args=((block * count)[sent:],))
        sender.start()
        for _ in range(count):
            self.assertEqual(program.next(), (BINARY, message, True))
        sender.join()


class TestBackpressure(WebSocketCase):

    def test_a_program_that_does_not_read_stops_the_server(self):
        server, proxy = self.start_pair()
        program, session = self.open(proxy=proxy, server=server, unix=True)
        before = proxy.memory_kib()
        total = self.send_until_stopped(session.peer.sock, frame(BINARY, b"x" * 60000, masked=False) * self.BLOCKS)
        self.assertLess(proxy.memory_kib() - before, GROWTH_MAX_KIB)
        session.peer.sock.settimeout(PATIENCE)
        program.take(total)  # and everything is there
        self.assertGreater(total, 100000)

    def test_a_server_that_does_not_read_stops_the_program(self):
        server, proxy = self.start_pair(reads=False)
        program = Program(proxy)
        self.addCleanup(program.close)
        session = server.next_session()
        before = proxy.memory_kib()
        block = frame(BINARY, os.urandom(60000))
        total = self.send_until_stopped(program.sock, block * self.BLOCKS)
        self.assertLess(proxy.memory_kib() - before, GROWTH_MAX_KIB)
        self.assert_serves(proxy)
        program.close()
        arrived = session.peer.file.read()  # and everything arrives, except a frame that is not complete
        self.assertTrue(arrived.endswith(block * (total // len(block))))


del WebSocketCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
