# SPDX-License-Identifier: Apache-2.0
"""WebSockets for tests: a server that records, and sends what a test says; and frames written by hand. The websockets
package comes from the virtual environments that scripts/test makes for the official clients."""
import base64
import glob
import hashlib
import json
import os
import queue
import struct
import sys
import time
import unittest

import client
from build_tree import CLIENTS, NO_CLIENTS
from scripted import USER, ScriptedServer, answer
from waiting import PATIENCE

if not NO_CLIENTS:
    sys.path += glob.glob(os.path.join(CLIENTS, "4.4.0", "lib", "python3*", "site-packages"))
    from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
    from websockets.server import ServerProtocol

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TOKEN = "/api/user/%s/token" % USER["id"]["id"]  # where a WebSocket gets one


def need_websockets():
    if NO_CLIENTS:
        raise unittest.SkipTest(NO_CLIENTS)


def frame(opcode, payload=b"", final=True, masked=True, rsv=0, length=None):
    """LENGTH: written in place of the payload's own length."""
    length = len(payload) if length is None else length
    mask = b"\x12\x34\x56\x78" if masked else b""
    head = bytes([(0x80 if final else 0) | rsv << 4 | opcode])
    bit = 0x80 if masked else 0
    if length < 126:
        head += bytes([bit | length])
    elif length < 65536:
        head += struct.pack("!BH", bit | 126, length)
    else:
        head += struct.pack("!BQ", bit | 127, length)
    if masked:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + mask + payload


def close_frame(code, reason=b"", masked=True):
    return frame(CLOSE, struct.pack("!H", code) + reason, masked=masked)


def jwt(name, life_s=3600):
    now = int(time.time())
    claims = {"sub": name, "iat": now, "exp": now + life_s, "scopes": ["TENANT_ADMIN"]}

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    return ".".join([part(b'{"alg":"HS512"}'), part(json.dumps(claims).encode()),
                     part(hashlib.sha512(os.urandom(16)).digest())])


def accept(request, headers=()):
    """The bytes of a 101."""
    digest = hashlib.sha1((request.header("Sec-WebSocket-Key") + GUID).encode()).digest()
    lines = [("Upgrade", "websocket"), ("Connection", "Upgrade"),
             ("Sec-WebSocket-Accept", base64.b64encode(digest).decode()), *headers]
    return b"HTTP/1.1 101 \r\n" + "".join("%s: %s\r\n" % pair for pair in lines).encode() + b"\r\n"


class Session:
    """One WebSocket at the server. FRAMES: a queue of the frames that came, (opcode, payload, final), None at the end; RAW:
    all bytes."""

    def __init__(self, peer, request, reads, compression, echoes):
        self.peer = peer
        self.request = request
        self.frames = queue.Queue()
        self.raw = b""
        self.reads = reads
        self.echoes = echoes
        self.protocol = ServerProtocol(extensions=[compression] if compression else None, max_size=None)

    def accept(self):
        lines = ["GET %s HTTP/1.1" % self.request.target, *("%s: %s" % pair for pair in self.request.headers), "", ""]
        self.protocol.receive_data("\r\n".join(lines).encode("latin-1"))
        self.protocol.send_response(self.protocol.accept(self.protocol.events_received()[0]))
        self.flush()

    def flush(self):
        data = b"".join(self.protocol.data_to_send())
        if data:
            self.peer.send(data)

    def run(self):
        self.accept()
        while self.reads:
            data = self.peer.file.read1(65536)
            self.raw += data
            if data:
                self.protocol.receive_data(data)
            else:
                self.protocol.receive_eof()
            for event in self.protocol.events_received():
                self.frames.put((int(event.opcode), bytes(event.data), event.fin))
                if self.echoes and event.opcode == BINARY:
                    self.send(frame(BINARY, event.data, masked=False))
            self.flush()
            if not data or self.protocol.close_expected():
                break
        if self.reads:
            self.frames.put(None)
        return not self.reads

    def send(self, data):
        self.peer.send(data)

    def send_text(self, text):
        self.protocol.send_text(text.encode())
        self.flush()

    def next(self):
        """The next frame; None at the end."""
        return self.frames.get(timeout=PATIENCE)

    def next_json(self):
        opcode, payload, final = self.next()
        assert (opcode, final) == (TEXT, True), (opcode, payload, final)
        return json.loads(payload)


class WebSocketServer(ScriptedServer):
    """A server that logs tbproxyd in and accepts WebSockets. ANSWER(request): bytes in place of a handshake, or None.
    COMPRESSION: a factory of the websockets package, or None. ECHOES: whether binary messages are sent back."""

    def __init__(self, answer_handshake=None, compression=None, reads=True, echoes=False):
        self.sessions = queue.Queue()
        self.answer_handshake = answer_handshake
        self.compression = compression
        self.reads = reads
        self.echoes = echoes
        self.tokens = []  # issued
        self.password = "pass-of-the-websocket-server"
        self.api_key = "tb_key-for-a-websocket-server"
        super().__init__(self.serve_request)

    def new_pair(self):
        pair = {"token": jwt("access"), "refreshToken": jwt("refresh")}
        self.tokens += pair.values()
        return pair

    login = new_pair

    def serve_request(self, peer, request):
        if request.target in ("/api/auth/login", "/api/auth/token", "/api/user/%s/token" % USER["id"]["id"]):
            peer.send(answer(body=self.new_pair()))
            return True
        if request.header("Upgrade") is None:
            headers = [pair for pair in request.headers if pair[0] != "X-Authorization"]
            peer.send(answer(body={"target": request.target, "headers": headers}))
            return True
        data = self.answer_handshake(request) if self.answer_handshake else None
        if data is not None:
            peer.send(data)
            return False
        session = Session(peer, request, self.reads, self.compression, self.echoes)
        self.sessions.put(session)
        kept = session.run()
        if kept:
            self.release.wait()
        return False

    def next_session(self):
        return self.sessions.get(timeout=PATIENCE)

    def asked(self, target):
        return len([request for request in self.requests if request.target == target])


def compression(**options):
    return ServerPerMessageDeflateFactory(**options)


class Program(client.Connection):
    """A program that writes its frames by hand."""

    def __init__(self, daemon, target="/api/ws", unix=False, headers=(), extensions=None):
        super().__init__(daemon.unix_path if unix else daemon.address)
        headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", KEY),
                   ("Sec-WebSocket-Version", "13"), *headers]
        if extensions:
            headers.append(("Sec-WebSocket-Extensions", extensions))
        self.send(client.build("GET", target, headers, host=self.host))
        self.answer = self.head()
        if self.answer.status != 101 and self.answer.header("Content-Length"):
            self.answer.body = self.take(int(self.answer.header("Content-Length")))

    def next(self):
        """The server's next frame: (opcode, payload, final); None at the end."""
        try:
            first, length = self.take(2)
        except client.Closed:
            return None
        if length == 126:
            length = struct.unpack("!H", self.take(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.take(8))[0]
        return first & 15, self.take(length), bool(first & 0x80)

    def close_code(self):
        """The code of the next frame, which must be a close frame and the last one."""
        opcode, payload, _ = self.next()
        assert opcode == CLOSE, (opcode, payload)
        return struct.unpack("!H", payload[:2])[0] if payload else None
