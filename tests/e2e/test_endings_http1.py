# SPDX-License-Identifier: Apache-2.0
"""Every way in which an HTTP/1.1 connection to the server can end, or its answer be wrong, without and with TLS: what the
server executed and what the client is told agree, and nobody gets another's answer."""
import contextlib
import os
import socket
import ssl
import tempfile

import tap
from endings import (ASLEEP, HEAD, IDLE, REQUEST, WARM_UP, Ending, EndingCase, Script, content, cut, lost, lost_or_cut, make_tests, not_begun,
                     unanswered, unsure, whole, whole_or_lost)
from harness import PATIENCE
from scripted import PROBES, USER, ScriptedServer, answer
from tls import TlsServer, make_certificate

KIB = 1 << 10
STREAMED = 600 * KIB  # more than tbproxyd keeps (EXCHANGE_WINDOW_BYTES)
HEADERS_MAX_BYTES, HEADERS_MAX_COUNT = 64 * KIB, 128  # src/http/headers.h
RESPONSE_INTERIM_MAX, RESPONSE_CHUNK_LINE_BYTES = 16, 1 * KIB  # src/http/response_reader.h

OK = b"HTTP/1.1 200 \r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


LAST = [("Connection", "close")]
TBPROXYD_ASKS = {"/api/auth/user": answer(body=USER, headers=LAST), **{path: answer(404, headers=LAST) for path in PROBES}}

# How the server goes on after its last byte.

def wait(peer):
    """It does not: tbproxyd has to close the connection."""


def fin(peer):
    """Over TLS without a close_notify."""
    peer.sock.shutdown(socket.SHUT_WR)


def reset(peer):
    peer.reset()


def close_notify(peer):
    """Without TLS a FIN, too."""
    if isinstance(peer.sock, ssl.SSLSocket):
        peer.sock.settimeout(0.001)  # it is not waited for the client's
        with contextlib.suppress(OSError):
            peer.sock.unwrap()
        peer.sock.settimeout(None)
    fin(peer)


def close(peer):
    """With all that TLS wants, but without a word before."""
    close_notify(peer)


def sends(name, verdict, make, then=wait, **options):
    """An ending that is bytes. MAKE: those, or a function of the body that makes them."""
    def act(peer, trial):
        peer.send(make(trial.content()) if callable(make) else make)
        then(peer)
    return Ending(name, verdict, act, **options)


def sized(body, more=b"", status=b"200"):
    """An answer with a length; MORE: header lines."""
    return b"HTTP/1.1 %s \r\n%sContent-Length: %d\r\n\r\n%s" % (status, more, len(body), body)


def with_lines(lines):
    return lambda body: sized(body, lines)


def with_framing(lines):
    """LINES instead of Content-Length; a %d in them is the length."""
    return lambda body: OK + (lines % len(body) if b"%d" in lines else lines) + b"\r\n" + body


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


LAST_CHUNK = b"0\r\n\r\n"


def after_status_line(line):
    return lambda body: sized(body).replace(OK, line, 1)


def nothing():
    """Endings before the first byte of an answer."""
    return [sends("%s %s" % (name, where), unanswered, b"", then, executes=executes)
            for name, then in (("FIN", fin), ("reset", reset), ("close", close))
            for where, executes in (("before the request is executed", False), ("without a byte", True))]


def begun():
    """Endings within an answer."""
    rows = []
    for name, then in (("FIN", fin), ("reset", reset)):
        for where, make, verdict in (
                ("in the version", lambda body: OK[:6], unsure),
                ("in the status", lambda body: OK[:11], unsure),
                ("after the status line", lambda body: OK, unsure),
                ("in a header line", lambda body: OK + b"Content-Le", unsure),
                ("before the empty line", lambda body: OK + b"Content-Length: 2\r\n", unsure),
                ("after a 100", lambda body: b"HTTP/1.1 100 \r\n\r\n", unsure),
                ("after the header", lambda body: sized(body)[:-len(body)], lost),
                ("in a body", lambda body: sized(body)[:-1], lost),
                ("in a chunk size", lambda body: CHUNKED + chunk(body) + b"1", lost),
                ("in a chunk", lambda body: CHUNKED + chunk(body)[:-3], lost),
                ("before the CRLF of a chunk", lambda body: CHUNKED + chunk(body)[:-2], lost),
                ("between chunks", lambda body: CHUNKED + chunk(body), lost),
                ("before the end of the last chunk", lambda body: CHUNKED + chunk(body) + b"0\r\n", lost),
                ("in a trailer", lambda body: CHUNKED + chunk(body) + b"0\r\nA: b\r\n", lost)):
            rows.append(sends("%s %s" % (name, where), lost_or_cut if then is reset else verdict, make, then))
    return rows


def streamed():
    """Endings of an answer that has begun to reach the client."""
    def large(body):
        return body.ljust(STREAMED)
    rows = []
    for name, then, verdict in (("FIN", fin, cut), ("close", close, cut), ("reset", reset, lost_or_cut)):
        for where, make in (("in a large body", lambda body: sized(large(body))[:-1]),
                            ("in a large chunk", lambda body: CHUNKED + chunk(large(body))[:-3]),
                            ("after a large chunk", lambda body: CHUNKED + chunk(large(body))),
                            ("in the trailers of a large body",
                             lambda body: CHUNKED + chunk(large(body)) + b"0\r\nA: b\r\n")):
            rows.append(sends("%s %s" % (name, where), verdict, make, then))
    rows += [sends("a large body with %s" % name, cut, lambda body, rest=rest: CHUNKED + chunk(large(body)) + rest)
             for name, rest in (("a bad chunk size", b"x\r\n"), ("a bad trailer", b"0\r\nno colon\r\n\r\n"),
                                ("a chunk size that overflows", b"1" * 17 + b"\r\n"))]
    rows.append(sends("a large chunk without CRLF", cut, lambda body: CHUNKED + chunk(large(body))[:-2] + LAST_CHUNK * 2))
    return rows


def large_to_the_end(then):
    def act(peer, trial):
        trial.expected = trial.content().ljust(STREAMED)
        peer.send(OK + b"\r\n" + trial.expected)
        then(peer)
    return act


def empty(test, trial, reply):
    trial.expected = b""
    test.assertEqual((reply.status, reply.body, trial.sent), (200, b"", 1))


def until_the_end(tls):
    """The end of the connection is that of the body. Over TLS a FIN alone can be anybody's (RFC 9112, section 9.8)."""
    def small(status_line):
        return lambda body: status_line + b"\r\n" + body
    return [sends("a body until close", whole, small(OK), close),
            sends("a body until close with HTTP 1.0", whole, small(b"HTTP/1.0 200 OK\r\n"), close),
            sends("a body until FIN", lost if tls else whole, small(OK), fin),
            sends("a body until reset", lost_or_cut, small(OK), reset),
            Ending("a large body until close", whole, large_to_the_end(close)),
            Ending("a large body until FIN", cut if tls else whole, large_to_the_end(fin)),
            Ending("a large body until reset", lost_or_cut, large_to_the_end(reset)),
            sends("an empty body until close", empty, OK + b"\r\n", close),
            sends("a 101 that was not asked for", unsure,
                  b"HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")]


def in_pieces(peer, trial):
    """Each byte in a segment of its own."""
    for byte in CHUNKED + chunk(trial.content(), b";a=b") + b"0\r\nA: b\r\n\r\n":
        peer.send(bytes([byte]))
    close(peer)


WELL = [
    sends("a plain answer", whole, sized, close),
    sends("an answer with a reason", whole, after_status_line(b"HTTP/1.1 200 All is well\r\n"), close),
    sends("chunks with extensions and trailers", whole,
          lambda body: CHUNKED + chunk(body[:5], b";a") + chunk(body[5:], b';a="b"') + b"0;c\r\nA: b\r\nC: d\r\n\r\n", close),
    Ending("a byte at a time", whole, in_pieces),
    sends("HTTP 1.0 with a length", whole, after_status_line(b"HTTP/1.0 200 OK\r\n"), wait),
    sends("HTTP 1.0 with a length and FIN", whole, after_status_line(b"HTTP/1.0 200 OK\r\n"), fin),
    sends("HTTP 1.0 with keep-alive", whole,
          lambda body: sized(body, b"Connection: keep-alive\r\n").replace(b"1.1", b"1.0", 1), close),
    sends("as many interim answers as allowed", whole,
          lambda body: b"HTTP/1.1 103 \r\nLink: </a>\r\n\r\n" * RESPONSE_INTERIM_MAX + sized(body), close),
    sends("the largest chunk extension", whole,
          lambda body: CHUNKED + chunk(body, b";" + b"a" * 1000) + LAST_CHUNK, close),
    sends("as many header lines as allowed", whole, with_lines(b"A: b\r\n" * (HEADERS_MAX_COUNT - 1)), close),
    sends("Connection close", whole, with_lines(b"Connection: close\r\n")),
    sends("an obs-text header", whole, with_lines(b"A: \xe4\xff\r\n"), close),
    sends("an empty header value", whole, with_lines(b"A:\r\n"), close),
]

# The answer is whole, and more follows that belongs to no request.
MORE = [
    sends("an answer that comes twice", whole, lambda body: sized(body) * 2),
    sends("bytes after a body", whole, lambda body: sized(body) + b"x"),
    sends("CRLF after a body", whole, lambda body: sized(body) + b"\r\n"),
    sends("a 408 after a body", whole, lambda body: sized(body) + answer(408)),
    sends("a 100 after a body", whole, lambda body: sized(body) + b"HTTP/1.1 100 \r\n\r\n"),
    sends("bytes after the last chunk", whole, lambda body: CHUNKED + chunk(body) + LAST_CHUNK + b"x"),
    sends("two last chunks", whole, lambda body: CHUNKED + chunk(body) + LAST_CHUNK * 2),
    sends("a body after 204", whole, lambda body: b"HTTP/1.1 204 \r\n\r\n" + body, status=204),
    sends("a length and a body with 204", whole_or_lost, lambda body: sized(body, status=b"204"), status=204),
    sends("a body after 304", whole, lambda body: sized(body, status=b"304"), status=304),
    sends("a body after the answer to HEAD", whole, sized, kinds=(HEAD,)),
    sends("chunks after the answer to HEAD", whole, lambda body: CHUNKED + chunk(body) + LAST_CHUNK, kinds=(HEAD,)),
    sends("bytes after Connection close", whole, lambda body: sized(body, b"Connection: close\r\n") + sized(b"not yours")),
    sends("bytes after an answer of HTTP 1.0", whole,
          lambda body: sized(body).replace(b"1.1", b"1.0", 1) + sized(b"not yours")),
]

# Bytes that can be read in two ways, or in none: tbproxyd closes the connection.
FRAMING = [sends(name, unsure, with_framing(lines)) for name, lines in (
    ("two lengths", b"Content-Length: %d\r\nContent-Length: 5\r\n"),
    ("a smaller length first", b"Content-Length: 5\r\nContent-Length: %d\r\n"),
    ("two lengths in one line", b"Content-Length: %d, 5\r\n"),
    ("a length beside chunks", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    ("chunks beside a length", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
    ("a length with a plus", b"Content-Length: +5\r\n"),
    ("a negative length", b"Content-Length: -5\r\n"),
    ("a hexadecimal length", b"Content-Length: 0x5\r\n"),
    ("a length of 2 to the 64th", b"Content-Length: 18446744073709551616\r\n"),
    ("a length of 2 to the 63rd", b"Content-Length: 9223372036854775808\r\n"),
    ("a length of 30 digits", b"Content-Length: 111111111111111111111111111111\r\n"),
    ("an empty length", b"Content-Length:\r\n"),
    ("a length in two words", b"Content-Length: 5 5\r\n"),
    ("a length that is not a number", b"Content-Length: five\r\n"),
    ("a length with a fraction", b"Content-Length: 5.0\r\n"),
    ("gzip before chunked", b"Transfer-Encoding: gzip, chunked\r\n"),
    ("chunked twice", b"Transfer-Encoding: chunked, chunked\r\n"),
    ("chunked in two headers", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("chunked before gzip", b"Transfer-Encoding: chunked, gzip\r\n"),
    ("an unknown transfer coding", b"Transfer-Encoding: xchunked\r\n"),
    ("an empty transfer coding", b"Transfer-Encoding:\r\n"),
    ("identity", b"Transfer-Encoding: identity\r\n"))]
FRAMING += [
    sends("the same length twice", whole_or_lost, lambda body: sized(body, b"Content-Length: %d\r\n" % len(body)), close),
    sends("a length with a leading zero", whole_or_lost, with_framing(b"Content-Length: 0%d\r\n"), close),
    sends("chunks with HTTP 1.0", unsure,
          lambda body: (CHUNKED + chunk(body) + LAST_CHUNK).replace(b"1.1", b"1.0", 1)),
]

HEADER = [sends(name, unsure, with_lines(lines)) for name, lines in (
    ("a bare CR in a value", b"A: b\rc\r\n"),
    ("a bare CR at the end of a line", b"A: b\r\r\n"),
    ("a header after a bare CR", b"A: b\rContent-Length: 0\r\n"),
    ("a bare LF at the end of a line", b"A: b\nC: d\r\n"),
    ("a NUL in a value", b"A: b\0c\r\n"),
    ("a NUL in a name", b"A\0B: c\r\n"),
    ("a folded line", b"A: b\r\n c: d\r\n"),
    ("a line folded with a tab", b"A: b\r\n\tc\r\n"),
    ("a space before the first line", b" A: b\r\n"),
    ("a line without a colon", b"Nothing\r\n"),
    ("a line without a name", b": b\r\n"),
    ("a space before the colon", b"A : b\r\n"),
    ("a space in a name", b"A B: c\r\n"),
    ("a space before the colon of a length", b"Content-Length : 5\r\n"),
    ("more header than allowed", b"A: " + b"b" * HEADERS_MAX_BYTES + b"\r\n"),
    ("more header lines than allowed", b"A: b\r\n" * (HEADERS_MAX_COUNT + 1)),
    ("a header of 4 MiB", b"A: " + b"b" * (4096 * KIB) + b"\r\n"),
    ("a million header lines", b"A: b\r\n" * 1000000))]
HEADER.append(sends("only LF", unsure, lambda body: sized(body).replace(b"\r\n", b"\n")))

STATUS_LINE = [sends(name, unsure, after_status_line(line)) for name, line in (
    ("HTTP 2 in the status line", b"HTTP/2 200 \r\n"),
    ("HTTP 2.0 in the status line", b"HTTP/2.0 200 \r\n"),
    ("HTTP 0.9 in the status line", b"HTTP/0.9 200 \r\n"),
    ("HTTP 1.10 in the status line", b"HTTP/1.10 200 \r\n"),
    ("no version", b"HTTP/ 200 \r\n"),
    ("a small http", b"http/1.1 200 \r\n"),
    ("another protocol", b"ICY 200 OK\r\n"),
    ("a status of two digits", b"HTTP/1.1 99 \r\n"),
    ("a status of four digits", b"HTTP/1.1 1000 \r\n"),
    ("a status of 000", b"HTTP/1.1 000 \r\n"),
    ("a status that is not a number", b"HTTP/1.1 2x0 \r\n"),
    ("a negative status", b"HTTP/1.1 -20 \r\n"),
    ("no status", b"HTTP/1.1\r\n"),
    ("a NUL in the reason", b"HTTP/1.1 200 O\0K\r\n"),
    ("a bare CR in the reason", b"HTTP/1.1 200 O\rK\r\n"),
    ("a space before the status line", b" HTTP/1.1 200 \r\n"),
    ("two spaces in the status line", b"HTTP/1.1  200 \r\n"),
    ("a tab in the status line", b"HTTP/1.1\t200 \r\n"),
    ("a reason of 128 KiB", b"HTTP/1.1 200 " + b"a" * (128 * KIB) + b"\r\n"))]
STATUS_LINE += [
    sends("no space after the status", whole_or_lost, after_status_line(b"HTTP/1.1 200\r\n"), close),
    sends("CRLF before the status line", whole_or_lost, lambda body: b"\r\n" + sized(body), close),
    sends("a body without a header", unsure, lambda body: body + b"\r\n", fin),
    sends("garbage", unsure, b"\x16\x03\x01\xff\0\x80" * 1000),
    sends("a frame of HTTP 2", unsure, b"\0\0\0\4\0\0\0\0\0" + b"\0\0\x08\7\0" + bytes(12), fin),
    sends("1 MiB without a line end", unsure, b"H" * (1024 * KIB)),
    sends("endless empty lines", unsure, b"\r\n" * (512 * KIB)),
]

CHUNKS = [sends(name, lost, make) for name, make in (
    ("a chunk without CRLF", lambda body: CHUNKED + chunk(body)[:-2] + LAST_CHUNK + LAST_CHUNK),
    ("a chunk with LF", lambda body: CHUNKED + chunk(body)[:-2] + b"\n" + LAST_CHUNK + LAST_CHUNK),
    ("a chunk longer than its size", lambda body: CHUNKED + b"3\r\n" + body + b"\r\n" + LAST_CHUNK),
    ("a chunk size of 17 digits", lambda body: CHUNKED + b"1" * 17 + b"\r\n" + body),
    ("a chunk size of 17 digits with zeros", lambda body: CHUNKED + b"f" * 16 + b"0\r\n" + body),
    ("a negative chunk size", lambda body: CHUNKED + b"-5\r\n" + body + b"\r\n" + LAST_CHUNK),
    ("a chunk size with a plus", lambda body: CHUNKED + b"+" + chunk(body) + LAST_CHUNK),
    ("a chunk size with 0x", lambda body: CHUNKED + b"0x" + chunk(body) + LAST_CHUNK),
    ("a chunk size that is not a number", lambda body: CHUNKED + b"g\r\n" + body + b"\r\n" + LAST_CHUNK),
    ("no chunk size", lambda body: CHUNKED + b"\r\n" + body + b"\r\n" + LAST_CHUNK),
    ("a space before the chunk size", lambda body: CHUNKED + b" " + chunk(body) + LAST_CHUNK),
    ("a chunk size with LF", lambda body: CHUNKED + b"%x\n" % len(body) + body + b"\r\n" + LAST_CHUNK),
    ("a bare CR in a chunk extension", lambda body: CHUNKED + chunk(body, b";a\rb") + LAST_CHUNK),
    ("a NUL in a chunk extension", lambda body: CHUNKED + chunk(body, b";a\0b") + LAST_CHUNK),
    ("a chunk extension beyond the bound", lambda body: CHUNKED + chunk(body, b";" + b"a" * RESPONSE_CHUNK_LINE_BYTES)),
    ("a chunk extension of 100 KiB", lambda body: CHUNKED + chunk(body, b";" + b"a" * (100 * KIB)) + LAST_CHUNK),
    ("a trailer without a colon", lambda body: CHUNKED + chunk(body) + b"0\r\nNothing\r\n\r\n"),
    ("a folded trailer", lambda body: CHUNKED + chunk(body) + b"0\r\nA: b\r\n c\r\n\r\n"),
    ("a NUL in a trailer", lambda body: CHUNKED + chunk(body) + b"0\r\nA: b\0\r\n\r\n"),
    ("a trailer of 128 KiB", lambda body: CHUNKED + chunk(body) + b"0\r\nA: " + b"b" * (128 * KIB)),
    ("100000 trailers", lambda body: CHUNKED + chunk(body) + b"0\r\n" + b"A: b\r\n" * 100000))]
CHUNKS.append(sends("the largest chunk size", lost, lambda body: CHUNKED + b"7" + b"f" * 15 + b"\r\n" + body, fin))
CHUNKS.append(sends("a space after the chunk size", whole_or_lost,
                    lambda body: CHUNKED + chunk(body, b" ") + LAST_CHUNK, close))

INTERIM = [sends(name, unsure, make) for name, make in (
    ("more interim answers than allowed", lambda body: b"HTTP/1.1 100 \r\n\r\n" * (RESPONSE_INTERIM_MAX + 1) + sized(body)),
    ("5000 100s", lambda body: b"HTTP/1.1 100 \r\n\r\n" * 5000 + sized(body)),
    ("5000 103s", lambda body: b"HTTP/1.1 103 \r\nLink: </a>\r\n\r\n" * 5000 + sized(body)),
    ("a malformed 103", lambda body: b"HTTP/1.1 103 \r\nLink\r\n\r\n" + sized(body)),
    ("a 103 with 128 KiB of header", lambda body: b"HTTP/1.1 103 \r\nA: " + b"b" * (128 * KIB) + b"\r\n\r\n" + sized(body)))]


def unasked(where, name, data, then=wait):
    """Something comes on the kept connection while no request is under way; WHERE: with the answer before, or later."""
    def act(peer, trial):
        peer.send(answer(body=b"{}") + (data if where == WITH_ANSWER else b""))
        if where != WITH_ANSWER:
            trial.is_idle.wait()
            peer.send(data)
        then(peer)
    return Ending("%s %s" % (name, where), not_begun, act, ASLEEP if where == BEFORE_REQUEST else IDLE)


WITH_ANSWER, WHILE_IDLE, BEFORE_REQUEST = "with the answer before", "while idle", "just before the request"
UNASKED_408 = b"HTTP/1.1 408 Request Time-out\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNASKED = [unasked(where, name, data, then) for where in (WITH_ANSWER, WHILE_IDLE, BEFORE_REQUEST) for name, data, then in (
    ("FIN", b"", fin), ("reset", b"", reset), ("close", b"", close), ("a 408", UNASKED_408, wait),
    ("a 408 and close", UNASKED_408, close), ("a 408 and reset", UNASKED_408, reset),
    ("a 200", answer(body=b'"not yours"'), wait), ("a 100", b"HTTP/1.1 100 \r\n\r\n", wait),
    ("half an answer", b"HTTP/1.1 400 \r\n", wait), ("CRLF", b"\r\n", wait), ("a byte", b"x", wait))
    if (where, then) != (WITH_ANSWER, reset)]

ENDINGS = (nothing() + begun() + streamed() + WELL + MORE + FRAMING + HEADER + STATUS_LINE + CHUNKS + INTERIM +
           UNASKED)


def raw(peer, data):
    """Sends DATA past TLS."""
    os.write(peer.sock.fileno(), data)


def spoils(name, verdict, make):
    def act(peer, trial):
        if data := make(trial.content()):
            peer.send(data)
        raw(peer, b"\x17\x03\x03\0\x20" + bytes(32))
    return Ending("a record that was not encrypted " + name, verdict, act)


def alerts(peer, trial):
    peer.send(sized(trial.content())[:-1])
    raw(peer, b"\x15\x03\x03\0\2\2\x28")


TLS_ENDINGS = [spoils("without a byte", unanswered, lambda body: b""),
               spoils("in a header", unsure, lambda body: OK),
               spoils("in a body", lost, lambda body: sized(body)[:-1]),
               spoils("in a large body", cut, lambda body: sized(body.ljust(STREAMED))[:-1]),
               spoils("in a body until close", lost, lambda body: OK + b"\r\n" + body),
               Ending("an alert in a body", lost, alerts)]


class Http1Case(EndingCase):
    @classmethod
    def begin(cls, make_server):
        cls.script = Script()
        cls.server = make_server(cls.handle, authenticates=False, answers_probes=True)
        cls.addClassCleanup(cls.server.stop)
        cls.proxy = cls.make_daemon(cls.addClassCleanup, cls.server, {"rate.learn": False, "upstream.timeout_ms": int(PATIENCE * 1000), **cls.options}, "api_key").start()

    @classmethod
    def handle(cls, peer, request):
        script = cls.script
        if request.target == WARM_UP and script.trial:
            return cls.answer_warm_up(peer, script.trial)
        if reply := TBPROXYD_ASKS.get(request.target):
            peer.send(reply)
            return False
        number, trial = script.sending(request.target, peer.requests > 1)
        if trial is None:
            peer.send(answer(body=content(request.target, number), headers=LAST))
            return False
        cls.end(peer, trial)
        return False

    @classmethod
    def answer_warm_up(cls, peer, trial):
        if trial.ending.when == REQUEST:
            peer.send(answer(body=b"{}"))
            trial.went_idle.set()
            return True
        cls.end(peer, trial)
        return False

    @staticmethod
    def end(peer, trial):
        with contextlib.suppress(OSError):  # closed in the middle of what is sent
            trial.ending.act(peer, trial)
        trial.went_idle.set()
        with contextlib.suppress(OSError):
            peer.wait_for_close()
        trial.closed.set()


class TestPlain(Http1Case):
    options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.begin(ScriptedServer)


class TestTls(Http1Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = tempfile.TemporaryDirectory(prefix="tb-endings-")
        cls.addClassCleanup(directory.cleanup)
        make_certificate(directory.name, "server")
        with open(directory.name + "/server.pem", encoding="ascii") as file:
            cls.options = {"upstream.ca_file": file.read()}
        cls.begin(lambda *arguments, **options: TlsServer(directory.name + "/server", *arguments, **options))


make_tests(TestPlain, ENDINGS + until_the_end(False))
make_tests(TestTls, ENDINGS + until_the_end(True) + TLS_ENDINGS)

del Http1Case, EndingCase  # they have no tests of their own


if __name__ == "__main__":
    tap.main()
