# SPDX-License-Identifier: Apache-2.0
"""Every way in which an HTTP/2 connection to the server, or a stream, can end, or its answer be wrong, without and with TLS:
what the server executed and what the client is told agree, and the server is told what it did wrong."""
import contextlib
import json
import socket
import tempfile
import threading
import time

import hpack
import http2
import tap
from endings import (ASLEEP, HARMLESS, HEAD, IDLE, OPENING, REQUEST, WARM_UP, Ending, EndingCase, Script, content, cut, lost, lost_or_cut,
                     make_tests, maybe_not_begun, not_begun, refused, unanswered, unsure, whole, whole_or_lost)
from harness import PATIENCE, Closed, build, in_parallel, wait_until
from http2 import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, NO_ERROR, PADDED, PING, PREFACE, PRIORITY,
                   PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, Http2Server, frame)
from scripted import PROBES, USER, Request, answer
from tls import make_certificate

KIB = 1 << 10
STREAMED = 600 * KIB  # more than tbproxyd keeps (EXCHANGE_WINDOW_BYTES)
HEADERS_MAX_BYTES, HEADERS_MAX_COUNT = 64 * KIB, 128  # src/http/headers.h
RESPONSE_INTERIM_MAX = 16  # src/http/response_reader.h
LAST_ID = (1 << 31) - 1
OK = (b":status", b"200")


# ---- bytes of the server ----

def header(stream, *lines, flags=END_HEADERS):
    """With status 200 unless LINES begin with another one."""
    if not lines or not lines[0][0].startswith(b":"):
        lines = (OK, *lines)
    return frame(HEADERS, flags, stream, hpack.write(*lines))


def block(stream, lines, flags=END_HEADERS):
    """Exactly LINES."""
    return frame(HEADERS, flags, stream, hpack.write(*lines))


def data(stream, body, flags=END_STREAM):
    return frame(DATA, flags, stream, body)


def sized(stream, body, length=None):
    return header(stream, (b"content-length", b"%d" % (len(body) if length is None else length)))


def good(stream, body):
    return header(stream) + data(stream, body)


def go_away(last, error=NO_ERROR):
    return frame(GOAWAY, 0, 0, last.to_bytes(4, "big") + error.to_bytes(4, "big"))


def rst(stream, error):
    return frame(RST_STREAM, 0, stream, error.to_bytes(4, "big"))


def window_update(stream, size):
    return frame(WINDOW_UPDATE, 0, stream, size.to_bytes(4, "big"))


def setting(number, value):
    return frame(SETTINGS, 0, 0, number.to_bytes(2, "big") + value.to_bytes(4, "big"))


def pieces(stream, body):
    """DATA frames without END_STREAM."""
    return b"".join(data(stream, body[start:start + 16384], 0) for start in range(0, len(body), 16384))


# ---- how the server goes on ----

def serve(peer):
    """It answers the next request, unless tbproxyd closes the connection."""


def fin(peer):
    """Over TLS without a close_notify."""
    peer.sock.shutdown(socket.SHUT_WR)
    peer.is_over = True


def reset(peer):
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.file.close()
    peer.sock.close()
    peer.is_over = True


def sends(name, verdict, make, then=serve, **options):
    """An ending that is bytes: of MAKE(stream, body)."""
    def act(peer, trial):
        peer.sock.sendall(make(trial.stream, trial.content()))
        then(peer)
    return Ending(name, verdict, act, goes_on=then is serve and not options.get("error"), **options)


def connection_errors(rows, verdict, before=lambda stream, body: b""):
    return [sends(name, verdict, lambda stream, body, make=make: before(stream, body) + make(stream), error=error)
            for name, error, make in rows]


# The server breaks the protocol: the connection ends, with the code of RFC 9113.
BROKEN = (
    ("SETTINGS of 5 bytes", http2.FRAME_SIZE_ERROR, lambda stream: frame(SETTINGS, 0, 0, bytes(5))),
    ("SETTINGS on a stream", http2.PROTOCOL_ERROR, lambda stream: frame(SETTINGS, 0, stream)),
    ("SETTINGS ACK with a payload", http2.FRAME_SIZE_ERROR, lambda stream: frame(SETTINGS, ACK, 0, bytes(6))),
    ("SETTINGS with push 2", http2.PROTOCOL_ERROR, lambda stream: setting(2, 2)),
    ("SETTINGS with push 1", http2.PROTOCOL_ERROR, lambda stream: setting(2, 1)),
    ("SETTINGS with a window of 2 GiB", http2.FLOW_CONTROL_ERROR, lambda stream: setting(4, 1 << 31)),
    ("SETTINGS with frames of 16383", http2.PROTOCOL_ERROR, lambda stream: setting(5, 16383)),
    ("SETTINGS with frames of 16 MiB", http2.PROTOCOL_ERROR, lambda stream: setting(5, 1 << 24)),
    ("WINDOW_UPDATE 0 of the connection", http2.PROTOCOL_ERROR, lambda stream: window_update(0, 0)),
    ("WINDOW_UPDATE of 3 bytes", http2.FRAME_SIZE_ERROR, lambda stream: frame(WINDOW_UPDATE, 0, 0, b"\0\0\1")),
    ("WINDOW_UPDATE of an idle stream", http2.PROTOCOL_ERROR, lambda stream: window_update(stream + 100, 1)),
    ("a window of the connection beyond 2 GiB", http2.FLOW_CONTROL_ERROR, lambda stream: window_update(0, LAST_ID)),
    ("an oversized frame", http2.FRAME_SIZE_ERROR, lambda stream: frame(DATA, 0, stream, bytes(16385))),
    ("an oversized unknown frame", http2.FRAME_SIZE_ERROR, lambda stream: frame(99, 0, 0, bytes(16385))),
    ("a frame of 16 MiB that does not come", http2.FRAME_SIZE_ERROR, lambda stream: frame(DATA, 0, stream, b"", (1 << 24) - 1)),
    ("DATA on stream 0", http2.PROTOCOL_ERROR, lambda stream: data(0, b"x")),
    ("DATA on an idle stream", http2.PROTOCOL_ERROR, lambda stream: data(stream + 100, b"x")),
    ("HEADERS on stream 0", http2.PROTOCOL_ERROR, lambda stream: header(0)),
    ("HEADERS on an even stream", http2.PROTOCOL_ERROR, lambda stream: header(2)),
    ("HEADERS on an idle stream", http2.PROTOCOL_ERROR, lambda stream: header(stream + 100)),
    ("PUSH_PROMISE", http2.PROTOCOL_ERROR,
     lambda stream: frame(PUSH_PROMISE, END_HEADERS, stream, b"\0\0\0\2" + hpack.write(OK))),
    ("CONTINUATION without HEADERS", http2.PROTOCOL_ERROR, lambda stream: frame(CONTINUATION, END_HEADERS, stream, b"\x88")),
    ("PING of 7 bytes", http2.FRAME_SIZE_ERROR, lambda stream: frame(PING, 0, 0, bytes(7))),
    ("PING on a stream", http2.PROTOCOL_ERROR, lambda stream: frame(PING, 0, stream, bytes(8))),
    ("RST_STREAM of 3 bytes", http2.FRAME_SIZE_ERROR, lambda stream: frame(RST_STREAM, 0, stream, bytes(3))),
    ("RST_STREAM on stream 0", http2.PROTOCOL_ERROR, lambda stream: rst(0, http2.CANCEL)),
    ("RST_STREAM on an idle stream", http2.PROTOCOL_ERROR, lambda stream: rst(stream + 100, http2.REFUSED_STREAM)),
    ("GOAWAY of 7 bytes", http2.FRAME_SIZE_ERROR, lambda stream: frame(GOAWAY, 0, 0, bytes(7))),
    ("GOAWAY on a stream", http2.PROTOCOL_ERROR, lambda stream: frame(GOAWAY, 0, stream, bytes(8))),
    ("PRIORITY on stream 0", http2.PROTOCOL_ERROR, lambda stream: frame(PRIORITY, 0, 0, bytes(5))),
    ("an answer of HTTP 1.1", http2.FRAME_SIZE_ERROR,
     lambda stream: answer(body=b"{}")),
)

# The same within the header of the answer.
BROKEN_HEADER = (
    ("bad HPACK", http2.COMPRESSION_ERROR, lambda stream: frame(HEADERS, END_HEADERS, stream, b"\xff\xff\xff\xff\xff\xff")),
    ("an HPACK index beyond the table", http2.COMPRESSION_ERROR, lambda stream: frame(HEADERS, END_HEADERS, stream, b"\xfe")),
    ("an HPACK table larger than allowed", http2.COMPRESSION_ERROR,
     lambda stream: frame(HEADERS, END_HEADERS, stream, b"\x3f\xe2\xff\x7f\x88")),
    ("truncated HPACK", http2.COMPRESSION_ERROR, lambda stream: frame(HEADERS, END_HEADERS, stream, b"\x88\0\x05ab")),
    ("HEADERS interrupted by PING", http2.PROTOCOL_ERROR, lambda stream: header(stream, flags=0) + frame(PING, 0, 0, bytes(8))),
    ("HEADERS interrupted by DATA", http2.PROTOCOL_ERROR, lambda stream: header(stream, flags=0) + data(stream, b"x")),
    ("HEADERS interrupted by an unknown frame", http2.PROTOCOL_ERROR, lambda stream: header(stream, flags=0) + frame(99, 0, 0)),
    ("CONTINUATION on another stream", http2.PROTOCOL_ERROR,
     lambda stream: header(stream, flags=0) + frame(CONTINUATION, END_HEADERS, stream + 2, b"")),
    ("padding longer than HEADERS", http2.PROTOCOL_ERROR,
     lambda stream: frame(HEADERS, END_HEADERS | PADDED, stream, b"\x20" + hpack.write(OK))),
)

# The same in the middle of an answer.
BROKEN_BODY = (
    ("padding longer than DATA", http2.PROTOCOL_ERROR, lambda stream: frame(DATA, PADDED, stream, b"\x05abcd")),
    # Too short a frame (section 4.2) with too much padding (section 6.1): nghttp2 says the latter.
    ("padding without a length", http2.PROTOCOL_ERROR, lambda stream: frame(DATA, PADDED, stream)),
    ("SETTINGS of 5 bytes in a body", http2.FRAME_SIZE_ERROR, lambda stream: frame(SETTINGS, 0, 0, bytes(5))),
    ("bad HPACK in a trailer", http2.COMPRESSION_ERROR,
     lambda stream: frame(HEADERS, END_HEADERS | END_STREAM, stream, b"\xff\xff\xff\xff\xff\xff")),
    ("DATA on stream 0 in a body", http2.PROTOCOL_ERROR, lambda stream: data(0, b"x")),
    ("an oversized frame in a body", http2.FRAME_SIZE_ERROR, lambda stream: frame(DATA, 0, stream, bytes(16385))),
)

CONNECTION = connection_errors(BROKEN, unanswered)
CONNECTION += connection_errors(BROKEN_HEADER, unsure)
CONNECTION += connection_errors(BROKEN_BODY, lost, lambda stream, body: header(stream) + data(stream, body, 0))
CONNECTION += connection_errors(
    [("%s after %d KiB" % (name, STREAMED / KIB), error, make) for name, error, make in BROKEN_BODY[2:4]], cut,
    lambda stream, body: header(stream) + pieces(stream, body.ljust(STREAMED)))

# The answer, or the frame, is wrong for its stream only.
HEAD_LINES = [sends(name, unsure, lambda stream, body, lines=lines: block(stream, lines) + data(stream, body))
              for name, lines in (
    ("no status", [(b"content-type", b"a/b")]),
    ("two statuses", [OK, (b":status", b"404")]),
    ("a status after the lines", [(b"a", b"b"), OK]),
    ("a status of two digits", [(b":status", b"20")]),
    ("a status of four digits", [(b":status", b"2000")]),
    ("a status of 000", [(b":status", b"000")]),
    ("a status that is not a number", [(b":status", b"2x0")]),
    ("an empty status", [(b":status", b"")]),
    ("the path in an answer", [OK, (b":path", b"/")]),
    ("an unknown pseudo header", [OK, (b":a", b"b")]),
    ("an upper-case name", [OK, (b"Content-Type", b"a/b")]),
    ("an empty name", [OK, (b"", b"b")]),
    ("a space in a name", [OK, (b"a b", b"c")]),
    ("a colon in a name", [OK, (b"a:b", b"c")]),
    ("a NUL in a value", [OK, (b"a", b"b\0c")]),
    ("a CR in a value", [OK, (b"a", b"b\rc")]),
    ("a line end in a value", [OK, (b"a", b"b\r\nset-cookie: c")]),
    ("Connection", [OK, (b"connection", b"close")]),
    ("Keep-Alive", [OK, (b"keep-alive", b"timeout=5")]),
    ("Transfer-Encoding", [OK, (b"transfer-encoding", b"chunked")]),
    ("Upgrade", [OK, (b"upgrade", b"h2c")]),
    ("two lengths", [OK, (b"content-length", b"5"), (b"content-length", b"6")]),
    ("a length with a plus", [OK, (b"content-length", b"+5")]),
    ("a negative length", [OK, (b"content-length", b"-5")]),
    ("a length of 30 digits", [OK, (b"content-length", b"1" * 30)]),
    ("an empty length", [OK, (b"content-length", b"")]),
    ("status 101", [(b":status", b"101")]),
    ("more header lines than allowed", [OK] + [(b"a", b"b")] * (HEADERS_MAX_COUNT + 1)),
)]

STREAM = HEAD_LINES + [
    sends("a length larger than the body", lost, lambda stream, body: sized(stream, body, len(body) + 1) + data(stream, body)),
    sends("a length smaller than the body", lost, lambda stream, body: sized(stream, body, len(body) - 1) + data(stream, body)),
    sends("a length without a body", lost, lambda stream, body: frame(
        HEADERS, END_HEADERS | END_STREAM, stream, hpack.write(OK, (b"content-length", b"5")))),
    sends("a length smaller than a large body", lost_or_cut, lambda stream, body: sized(stream, b"", STREAMED - 1) + pieces(
        stream, body.ljust(STREAMED)) + data(stream, b"")),
    sends("a length larger than a large body", cut, lambda stream, body: sized(stream, b"", STREAMED + 1) + pieces(
        stream, body.ljust(STREAMED)) + data(stream, b"")),
    sends("a body with 204", whole_or_lost, lambda stream, body: header(stream, (b":status", b"204")) + data(stream, body),
          status=204),
    sends("DATA before HEADERS", unsure, lambda stream, body: data(stream, body)),
    sends("DATA after 103", unsure, lambda stream, body: header(stream, (b":status", b"103")) + data(stream, body)),
    sends("an end with 103", unsure, lambda stream, body: header(stream, (b":status", b"103"), flags=END_HEADERS | END_STREAM)),
    sends("103 after the answer", lost, lambda stream, body: header(stream) + header(stream, (b":status", b"103")) +
          data(stream, body)),
    sends("a second header", lost, lambda stream, body: header(stream) + header(stream) + data(stream, body)),
    sends("trailers without an end", lost, lambda stream, body: header(stream) + data(stream, body, 0) +
          block(stream, [(b"a", b"b")]) + data(stream, b"")),
    sends("trailers with a status", lost, lambda stream, body: header(stream) + data(stream, body, 0) +
          block(stream, [OK, (b"a", b"b")], END_HEADERS | END_STREAM)),
    sends("upper case in trailers", lost, lambda stream, body: header(stream) + data(stream, body, 0) +
          block(stream, [(b"A", b"b")], END_HEADERS | END_STREAM)),
    sends("WINDOW_UPDATE 0 of the stream", unsure, lambda stream, body: window_update(stream, 0)),
    sends("a window of the stream beyond 2 GiB", unsure, lambda stream, body: window_update(stream, LAST_ID)),
    sends("PRIORITY of 4 bytes", unsure, lambda stream, body: frame(PRIORITY, 0, stream, bytes(4))),
    sends("more interim answers than allowed", unsure,
          lambda stream, body: header(stream, (b":status", b"103")) * (RESPONSE_INTERIM_MAX + 1) + good(stream, body)),
    sends("20000 103s", unsure, lambda stream, body: header(stream, (b":status", b"103")) * 20000 + good(stream, body),
          error=http2.ENHANCE_YOUR_CALM),
    sends("more header than allowed", unsure,
          lambda stream, body: frame(HEADERS, 0, stream, hpack.write(OK)) + b"".join(
              frame(CONTINUATION, 0, stream, hpack.write((b"a%d" % i, b"b" * 16000))) for i in range(5)) +
          frame(CONTINUATION, END_HEADERS, stream) + data(stream, body)),
]

# An unnecessary frame is a waste, and too many of them end the connection.
FLOODS = [
    sends("10000 CONTINUATIONs", unsure, lambda stream, body: header(stream, flags=0) + frame(
        CONTINUATION, 0, stream, hpack.write((b"a", b"b" * 1000))) * 10000),
    sends("100000 empty CONTINUATIONs", unsure,
          lambda stream, body: header(stream, flags=0) + frame(CONTINUATION, 0, stream) * 100000),
    sends("100000 SETTINGS", unsure, lambda stream, body: frame(SETTINGS, 0, 0) * 100000),
    sends("100000 PINGs", unsure, lambda stream, body: frame(PING, 0, 0, bytes(8)) * 100000),
    sends("100000 unknown frames", whole_or_lost, lambda stream, body: frame(99, 0, 0) * 100000 + good(stream, body)),
    sends("100000 PRIORITYs", unsure, lambda stream, body: frame(PRIORITY, 0, stream + 2, bytes(5)) * 100000),
    sends("100000 WINDOW_UPDATEs", unsure, lambda stream, body: window_update(0, 1) * 100000),
    sends("100000 empty DATAs", lost, lambda stream, body: header(stream) + data(stream, b"", 0) * 100000),
    sends("SETTINGS of 16 KiB a hundred times", whole_or_lost,
          lambda stream, body: frame(SETTINGS, 0, 0, b"\0\x09\0\0\0\1" * 2700) * 100 + good(stream, body)),
]

RESETS = [sends("RST_STREAM with %s before the answer" % name, verdict, lambda stream, body, code=code: rst(stream, code),
                executes=verdict is not refused)
          for name, code, verdict in (
              ("NO_ERROR", NO_ERROR, unsure), ("PROTOCOL_ERROR", http2.PROTOCOL_ERROR, unsure),
              ("INTERNAL_ERROR", http2.INTERNAL_ERROR, unsure), ("CANCEL", http2.CANCEL, unsure),
              ("STREAM_CLOSED", http2.STREAM_CLOSED, unsure), ("ENHANCE_YOUR_CALM", http2.ENHANCE_YOUR_CALM, unsure),
              ("HTTP_1_1_REQUIRED", http2.HTTP_1_1_REQUIRED, unsure), ("an unknown code", 0xabcdef, unsure),
              ("REFUSED_STREAM", http2.REFUSED_STREAM, refused))]
RESETS += [sends("RST_STREAM with %s %s" % (name, where), verdict,
                 lambda stream, body, code=code, make=make: make(stream, body) + rst(stream, code))
           for name, code in (("NO_ERROR", NO_ERROR), ("CANCEL", http2.CANCEL), ("INTERNAL_ERROR", http2.INTERNAL_ERROR),
                              ("REFUSED_STREAM", http2.REFUSED_STREAM))
           for where, make, verdict in (
               ("after a 103", lambda stream, body: header(stream, (b":status", b"103")), unsure),
               ("after HEADERS", lambda stream, body: header(stream), lost),
               ("in a body", lambda stream, body: header(stream) + data(stream, body, 0), lost),
               ("in a large body", lambda stream, body: header(stream) + pieces(stream, body.ljust(STREAMED)), cut),
               ("after the answer", good, whole))]

GOAWAYS = [
    sends("GOAWAY below the stream", refused, lambda stream, body: go_away(stream - 2 if stream > 1 else 0), executes=False),
    sends("GOAWAY below the stream and FIN", refused,
          lambda stream, body: go_away(stream - 2 if stream > 1 else 0), fin, executes=False),
    sends("GOAWAY below the stream with ENHANCE_YOUR_CALM", refused,
          lambda stream, body: go_away(stream - 2 if stream > 1 else 0, http2.ENHANCE_YOUR_CALM),
          executes=False),
    sends("GOAWAY below the stream with INTERNAL_ERROR and FIN", refused,
          lambda stream, body: go_away(stream - 2 if stream > 1 else 0, http2.INTERNAL_ERROR), fin, executes=False),
    sends("GOAWAY beyond and then below the stream", refused,
          lambda stream, body: go_away(LAST_ID) + go_away(stream - 2 if stream > 1 else 0), fin, executes=False),
]
for where, last in (("at the stream", lambda stream: stream), ("beyond the stream", lambda stream: LAST_ID)):
    GOAWAYS += [
        sends("GOAWAY %s and FIN" % where, unanswered, lambda stream, body, last=last: go_away(last(stream)), fin),
        sends("GOAWAY %s with INTERNAL_ERROR and FIN" % where, unanswered,
              lambda stream, body, last=last: go_away(last(stream), http2.INTERNAL_ERROR), fin),
        sends("GOAWAY %s and reset" % where, unanswered, lambda stream, body, last=last: go_away(last(stream)), reset),
        sends("GOAWAY %s and the answer" % where, whole,
              lambda stream, body, last=last: go_away(last(stream)) + good(stream, body), fin),
        sends("GOAWAY %s with INTERNAL_ERROR and the answer" % where, whole_or_lost,
              lambda stream, body, last=last: go_away(last(stream), http2.INTERNAL_ERROR) + good(stream, body), fin),
        sends("the answer and GOAWAY %s" % where, whole,
              lambda stream, body, last=last: good(stream, body) + go_away(last(stream)), fin),
        sends("GOAWAY %s in a body and FIN" % where, lost,
              lambda stream, body, last=last: header(stream) + data(stream, body, 0) + go_away(last(stream)), fin),
        sends("GOAWAY %s in a body and the rest" % where, whole,
              lambda stream, body, last=last: header(stream) + data(stream, body[:3], 0) + go_away(last(stream)) +
              data(stream, body[3:]), fin),
        sends("GOAWAY %s in a large body and FIN" % where, cut,
              lambda stream, body, last=last: header(stream) + pieces(stream, body.ljust(STREAMED)) + go_away(last(stream)), fin),
    ]

ENDS = []
for end, then in (("FIN", fin), ("reset", reset)):
    ENDS += [sends("%s %s" % (end, where), lost_or_cut if then is reset and verdict in (lost, cut) else verdict, make, then,
                   **options)
             for where, verdict, make, options in (
        ("before the request is executed", unanswered, lambda stream, body: b"", {"executes": False}),
        ("without an answer", unanswered, lambda stream, body: b"", {}),
        ("in the head of a frame", unsure, lambda stream, body: header(stream)[:5], {}),
        ("in HEADERS", unsure, lambda stream, body: header(stream)[:-2], {}),
        ("before CONTINUATION", unsure, lambda stream, body: header(stream, flags=0), {}),
        ("after a 103", unsure, lambda stream, body: header(stream, (b":status", b"103")), {}),
        ("after HEADERS", lost, lambda stream, body: header(stream), {}),
        ("after HEADERS with a length", lost, sized, {}),
        ("in DATA", lost, lambda stream, body: header(stream) + data(stream, body)[:-1], {}),
        ("after DATA without an end", lost, lambda stream, body: header(stream) + data(stream, body, 0), {}),
        ("after DATA of the right length without an end", whole_or_lost,
         lambda stream, body: sized(stream, body) + data(stream, body, 0), {}),
        ("in the trailers", lost, lambda stream, body: header(stream) + data(stream, body, 0) +
         block(stream, [(b"a", b"b")], END_HEADERS | END_STREAM)[:-2], {}),
        ("in a large body", cut, lambda stream, body: header(stream) + pieces(stream, body.ljust(STREAMED)), {}),
        ("in DATA of a large body", cut,
         lambda stream, body: header(stream) + pieces(stream, body.ljust(STREAMED))[:-1], {}))]
ENDS.append(sends("FIN after the answer", whole, good, fin))


def split(lines, step):
    """HEADERS and CONTINUATIONs of STEP bytes each."""
    payload = hpack.write(*lines)
    parts = [payload[start:start + step] for start in range(0, len(payload), step)]
    return lambda stream: b"".join(
        frame(CONTINUATION if i else HEADERS, END_HEADERS if i == len(parts) - 1 else 0, stream, part)
        for i, part in enumerate(parts))


def in_pieces(peer, trial):
    for byte in good(trial.stream, trial.content()):
        peer.sock.sendall(bytes([byte]))


def answers_ping(peer, trial):
    """Only after the PING was answered."""
    peer.send(PING, 0, 0, b"12345678")
    while True:
        kind, flags, _, payload = peer.read_frame()
        if kind == PING and flags & ACK:
            break
    assert payload == b"12345678"
    peer.sock.sendall(good(trial.stream, trial.content()))


WELL = [sends(name, whole, make, **options) for name, make, options in (
    ("a plain answer", good, {}),
    ("an answer with a length", lambda stream, body: sized(stream, body) + data(stream, body), {}),
    ("an answer without a body", lambda stream, body: header(stream, (b":status", b"204"), flags=END_HEADERS | END_STREAM),
     {"status": 204}),
    ("an end of its own", lambda stream, body: header(stream) + data(stream, body, 0) + data(stream, b""), {}),
    ("trailers", lambda stream, body: header(stream) + data(stream, body, 0) +
     block(stream, [(b"a", b"b")], END_HEADERS | END_STREAM), {}),
    ("as many interim answers as allowed",
     lambda stream, body: header(stream, (b":status", b"103"), (b"link", b"</a>")) * RESPONSE_INTERIM_MAX + good(stream, body), {}),
    ("CONTINUATIONs", lambda stream, body: split([OK, (b"a", b"b" * 100)], 20)(stream) + data(stream, body), {}),
    ("as many header lines as allowed",
     lambda stream, body: header(stream, *[(b"a", b"b")] * (HEADERS_MAX_COUNT - 1)) + data(stream, body), {}),
    ("padding", lambda stream, body: frame(HEADERS, END_HEADERS | PADDED, stream, b"\3" + hpack.write(OK) + bytes(3)) +
     frame(DATA, PADDED | END_STREAM, stream, b"\xff" + body + bytes(255)), {}),
    ("a few empty DATAs", lambda stream, body: header(stream) + data(stream, b"", 0) * 50 + data(stream, body), {}),
    ("unknown frames", lambda stream, body: frame(99, 255, 0, b"x" * 100) + header(stream) + frame(98, 255, stream, b"y") +
     data(stream, body), {}),
    ("unknown SETTINGS", lambda stream, body: setting(0x99, 7) + good(stream, body), {}),
    ("an ALTSVC frame", lambda stream, body: frame(10, 0, 0, b"\0\0h2=\":1\"") + good(stream, body), {}),
    ("PRIORITY", lambda stream, body: frame(PRIORITY, 0, stream, b"\0\0\0\0\x10") + good(stream, body), {}),
    ("PRIORITY of an idle stream", lambda stream, body: frame(PRIORITY, 0, stream + 100, b"\0\0\0\0\x10") + good(stream, body), {}),
    ("WINDOW_UPDATE after the answer", lambda stream, body: good(stream, body) + window_update(stream, 1000), {}),
    ("another SETTINGS", lambda stream, body: setting(3, 50) + setting(4, 100000) + setting(5, 20000) + good(stream, body), {}),
    ("a smaller HPACK table", lambda stream, body: setting(1, 0) + good(stream, body), {}))]
WELL += [Ending("a byte at a time", whole, in_pieces, goes_on=True),
         Ending("PING", whole, answers_ping, goes_on=True),
         sends("the answer to HEAD", whole, lambda stream, body: frame(
             HEADERS, END_HEADERS | END_STREAM, stream, hpack.write(OK, (b"content-length", b"5"))), kinds=(HEAD,)),
         sends("a body after the answer to HEAD", whole_or_lost, good, kinds=(HEAD,))]

# The answer is whole; what comes after it breaks the protocol.
AFTER = [sends("%s after the answer" % name, whole, lambda stream, body, make=make: good(stream, body) + make(stream), error=error)
         for name, error, make in (
             ("DATA on stream 0", http2.PROTOCOL_ERROR, lambda stream: data(0, b"x")),
             ("SETTINGS of 5 bytes", http2.FRAME_SIZE_ERROR, lambda stream: frame(SETTINGS, 0, 0, bytes(5))),
             ("bad HPACK", http2.COMPRESSION_ERROR, lambda stream: frame(HEADERS, END_HEADERS, stream, b"\xff" * 6)),
             ("HEADERS on an idle stream", http2.PROTOCOL_ERROR, lambda stream: header(stream + 2)))]
AFTER += [sends("a second answer", whole, lambda stream, body: good(stream, body) * 2),
          sends("DATA after the end", whole, lambda stream, body: good(stream, body) + data(stream, b"more"))]


def before(when, name, make, then=serve, **options):
    """Something comes on the kept connection while no request is under way. MAKE(the stream of the last request)"""
    def act(peer, trial):
        trial.is_idle.wait()
        peer.sock.sendall(make(trial.stream))
        then(peer)
    return Ending("%s %s" % (name, when), not_begun, act, when, **options)


UNASKED = [before(HARMLESS, name, make) for name, make in (
    ("PING", lambda stream: frame(PING, 0, 0, bytes(8))),
    ("SETTINGS", lambda stream: setting(3, 7)),
    ("an unknown frame", lambda stream: frame(99, 0, 0)),
    ("WINDOW_UPDATE of the last stream", lambda stream: window_update(stream, 1)))]
UNASKED += [before(when, name, make, then, error=error) for when in (IDLE, ASLEEP) for name, make, then, error in (
    ("FIN", lambda stream: b"", fin, None),
    ("reset", lambda stream: b"", reset, None),
    ("GOAWAY", go_away, serve, None),
    ("GOAWAY and FIN", go_away, fin, None),
    ("GOAWAY and reset", go_away, reset, None),
    ("GOAWAY 0 with INTERNAL_ERROR", lambda stream: go_away(0, http2.INTERNAL_ERROR), serve, None),
    ("GOAWAY beyond the stream", lambda stream: go_away(LAST_ID), serve, None),
    ("an answer of HTTP 1.1", lambda stream: answer(408), serve, http2.FRAME_SIZE_ERROR),
    ("an answer that nobody asked for", lambda stream: good(stream + 2, b'"not yours"'), serve, http2.PROTOCOL_ERROR),
    ("DATA on stream 0", lambda stream: data(0, b"x"), serve, http2.PROTOCOL_ERROR),
    ("SETTINGS of 5 bytes", lambda stream: frame(SETTINGS, 0, 0, bytes(5)), serve, http2.FRAME_SIZE_ERROR))]


def opens(name, first, then=serve, **options):
    """The server begins with FIRST instead of its SETTINGS. A request may have been sent already."""
    def act(peer, trial):
        peer.sock.sendall(first)
        then(peer)
    return Ending("at the beginning " + name, maybe_not_begun, act, OPENING, goes_on=then is serve and not options.get("error"), **options)


OPENINGS = [
    opens("FIN", b"", fin), opens("reset", b"", reset), opens("FIN in SETTINGS", frame(SETTINGS, 0, 0, bytes(6))[:-3], fin),
    opens("FIN after SETTINGS", frame(SETTINGS, 0, 0), fin), opens("reset after SETTINGS", frame(SETTINGS, 0, 0), reset),
    opens("GOAWAY without SETTINGS", go_away(0), fin), opens("GOAWAY after SETTINGS", frame(SETTINGS, 0, 0) + go_away(0), fin),
    opens("an answer of HTTP 1.1", answer(400), fin),
    opens("a frame before SETTINGS", frame(PING, 0, 0, bytes(8)), error=http2.PROTOCOL_ERROR),
    opens("SETTINGS ACK before SETTINGS", frame(SETTINGS, ACK, 0), error=http2.PROTOCOL_ERROR),
    opens("SETTINGS of 5 bytes", frame(SETTINGS, 0, 0, bytes(5)), error=http2.FRAME_SIZE_ERROR),
    opens("no streams and then some", setting(3, 0) + setting(3, 100)),
    # Its length is wrong, too; RFC 9113, section 3.4, has this code for a bad preface.
    opens("nonsense", b"\xff" * 100, error=http2.PROTOCOL_ERROR),
]

ENDINGS = CONNECTION + STREAM + FLOODS + RESETS + GOAWAYS + ENDS + WELL + AFTER + UNASKED + OPENINGS


class EndingServer(Http2Server):
    """Asks SCRIPT; otherwise it answers each request with its target, and with a GOAWAY first, so that no connection is kept.
    It speaks HTTP/1.1, too."""

    def __init__(self, script, certificate=""):
        self.script = script
        self.http1_targets = []
        super().__init__(None, certificate)
        if certificate:
            self.context.set_alpn_protocols(["h2", "http/1.1"])

    def serve_peer(self, peer):
        peer.answers, peer.trial = 0, None
        peer.is_over = False  # it sends nothing more
        peer.ignores = False  # it reads requests, and does not execute them
        try:
            if peer.file.peek(1)[:3] == b"PRI":
                self.serve_http2(peer)
            else:
                self.serve_http1(peer)
        finally:
            self.ended(peer)

    @staticmethod
    def ended(peer):
        """Reads what tbproxyd has said, even if it has closed the connection."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            while not peer.is_over:
                peer.read_request()
        if peer.trial:
            peer.trial.error = next((code for kind, code in peer.errors if kind == GOAWAY), None)
            peer.trial.closed.set()

    def serve_http1(self, peer):
        method, target, _ = peer.file.readline().decode("latin-1").split(" ")
        while peer.file.readline().rstrip():
            pass
        self.http1_targets.append(target)
        number, _ = self.script.sending(target, False)
        body = self.known_answer(target) or content(target, number)
        peer.sock.sendall(answer(body=b"" if method == "HEAD" else body, headers=[("Connection", "close")]))

    @staticmethod
    def known_answer(target):
        """What tbproxyd asks for itself."""
        return json.dumps(USER).encode() if target == "/api/auth/user" else b"{}" if target in PROBES else None

    def serve_http2(self, peer):
        peer.file.read(len(PREFACE))
        trial = self.script.trial
        if trial and trial.ending.when == OPENING and not trial.has_opened:
            trial.has_opened = True
            peer.trial = trial
            trial.ending.act(peer, trial)
        else:
            peer.send(SETTINGS, 0, 0)
        while not peer.is_over:
            stream, _ = peer.read_request()
            if not peer.ignores:
                self.serve_one(peer, stream, peer.headers[stream][":method"], peer.headers[stream][":path"])
        while peer.sock.recv(65536):
            pass

    def serve_one(self, peer, stream, method, target):
        trial = self.script.trial
        if target == WARM_UP and trial:
            peer.answers += 1
            peer.sock.sendall(good(stream, b"{}"))
            if trial.ending.when != REQUEST:
                self.end(peer, stream, trial)
            trial.went_idle.set()
            return
        number, trial = self.script.sending(target, peer.answers > 0)
        if trial:
            self.end(peer, stream, trial)
            return
        body = self.known_answer(target) or content(target, number)
        peer.answer_last(stream, b"" if method == "HEAD" else body)

    @staticmethod
    def end(peer, stream, trial):
        peer.trial = trial
        trial.stream = stream
        peer.ignores = trial.ending.when in (IDLE, ASLEEP)
        try:
            trial.ending.act(peer, trial)
        finally:
            trial.went_idle.set()


class Http2Case(EndingCase):
    with_tls = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificate = ""
        if cls.with_tls:
            directory = tempfile.TemporaryDirectory(prefix="tb-endings-")
            cls.addClassCleanup(directory.cleanup)
            make_certificate(directory.name, "server")
            cls.certificate = directory.name + "/server"


class EndingsCase(Http2Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.script = Script()
        cls.server = EndingServer(cls.script, cls.certificate)
        cls.addClassCleanup(cls.server.stop)
        cls.proxy = cls.make_daemon(cls.addClassCleanup, cls.server, {
            "rate.learn": False, "upstream.timeout_ms": int(PATIENCE * 1000)}, "api_key").start()

    def tearDown(self):
        self.assertEqual(self.server.http1_targets, [])  # never three in a row
        self.server.http1_targets.clear()


class TestEndings(EndingsCase):
    pass


class TestEndingsWithTls(EndingsCase):
    with_tls = True


make_tests(TestEndings, ENDINGS)
make_tests(TestEndingsWithTls, ENDINGS)


if __name__ == "__main__":
    tap.main()
