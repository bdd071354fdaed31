# SPDX-License-Identifier: Apache-2.0
"""An HTTP/2 server that sends what a test says, frame by frame (RFC 9113)."""
import json
import socket
import threading

import hpack
from listening import Listening, shut_down
from scripted import USER
from tls import make_context

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 1
END_HEADERS, PADDED, WITH_PRIORITY = 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR,
 REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY,
 HTTP_1_1_REQUIRED) = range(14)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STATUS_200, STATUS_404 = b"\x88", b"\x8d"  # RFC 7541, appendix A


def frame(kind, flags, stream, payload=b"", length=None):
    """The bytes of a frame; LENGTH: what it says of itself."""
    length = len(payload) if length is None else length
    return length.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Peer:
    """One connection from the daemon."""

    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb")
        self.headers = {}  # of all streams, by id: {name: value}
        self.header_reader = hpack.Reader()
        self.bodies = {}  # of streams that have not ended, by id
        self.errors = []  # that the daemon reported: (RST_STREAM or GOAWAY, code)

    def send(self, kind, flags, stream, payload=b""):
        self.sock.sendall(frame(kind, flags, stream, payload))

    def answer(self, stream, body=b"{}", status=STATUS_200):
        self.send(HEADERS, END_HEADERS, stream, status)
        self.send(DATA, END_STREAM, stream, body)

    def reset(self, stream, error):
        self.send(RST_STREAM, 0, stream, error.to_bytes(4, "big"))

    def answer_last(self, stream, *arguments):
        """After this answer, tbproxyd uses another connection."""
        self.go_away(stream)
        self.answer(stream, *arguments)

    def go_away(self, last_stream, error=NO_ERROR):
        self.send(GOAWAY, 0, 0, last_stream.to_bytes(4, "big") + error.to_bytes(4, "big"))

    def read_frame(self):
        head = self.file.read(9)
        if len(head) < 9:
            raise ValueError("the end")
        return head[3], head[4], int.from_bytes(head[5:9], "big"), self.file.read(int.from_bytes(head[:3], "big"))

    def settings_came(self):
        self.send(SETTINGS, ACK, 0)

    def read_header(self, flags, payload):
        if flags & PADDED:
            payload = payload[1:len(payload) - payload[0]]
        if flags & WITH_PRIORITY:
            payload = payload[5:]
        return self.header_reader.read(payload)

    def read_request(self):
        """The stream and the body of the next request."""
        while True:
            kind, flags, stream, payload = self.read_frame()
            if kind == SETTINGS and not flags & ACK:
                self.settings_came()
            elif kind == PING and not flags & ACK:
                self.send(PING, ACK, 0, payload)
            elif kind == HEADERS:
                self.headers[stream] = self.read_header(flags, payload)
                self.bodies[stream] = b""
            elif kind == RST_STREAM:
                self.bodies.pop(stream, None)
                self.errors.append((kind, int.from_bytes(payload, "big")))
            elif kind == GOAWAY:
                self.errors.append((kind, int.from_bytes(payload[4:8], "big")))
            elif kind == DATA:
                self.bodies[stream] += payload
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                return stream, self.bodies.pop(stream)


class Http2Server(Listening):
    """HANDLE(peer, stream, body) answers requests that have a body; if it returns false, the connection is closed. All
    other requests get the response that makes the daemon's check of its API key succeed. CERTIFICATE: the path without .pem
    and .key; "": no TLS. MAX_STREAMS: how many it allows on a connection at a time."""

    def __init__(self, handle, certificate="", max_streams=None, **options):
        self.settings = b"" if max_streams is None else b"\0\3" + max_streams.to_bytes(4, "big")
        self.daemon_options = {"upstream.http2": "prior-knowledge"}
        self.context = None
        if certificate:
            self.context = make_context(certificate)
            self.context.set_alpn_protocols(["h2"])
            with open(certificate + ".pem", encoding="ascii") as file:
                self.daemon_options = {"upstream.ca_file": file.read()}
        self.handle = handle
        self.bodies = []  # seen by the handler
        self.peers = []
        self.lock = threading.Lock()
        super().__init__(**options)
        if certificate:
            self.url = "https://localhost:%d" % self.port

    def connected(self, sock):
        self.spawn(self.serve, sock)

    def serve(self, sock):
        try:
            peer = Peer(self.context.wrap_socket(sock, server_side=True) if self.context else sock)
        except OSError:
            return
        self.peers.append(peer)
        try:
            self.serve_peer(peer)
        except (OSError, ValueError):  # the daemon has closed the connection, or the test is over
            pass
        finally:
            peer.file.close()
            peer.sock.close()

    def serve_peer(self, peer):
        peer.file.read(len(PREFACE))
        peer.send(SETTINGS, 0, 0, self.settings)
        kept = True
        while kept:
            stream, body = peer.read_request()
            kept = self.serve_request(peer, stream, body)

    def serve_request(self, peer, stream, body):
        if not body:
            peer.answer(stream, json.dumps(USER).encode())
            return True
        with self.lock:
            self.bodies.append(body)
            return self.handle(peer, stream, body)

    def stop(self):
        self.stop_listening()
        shut_down([peer.sock for peer in self.peers])
