# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client that shows every frame."""
import base64
import hashlib
import json
import os
import struct

from client import Connection, build

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocket:
    """A connection. ANSWER: the header of the response to the handshake, whose status need not be 101."""

    def __init__(self, address, target="/api/ws", headers=(), record=True):
        self.connection = Connection(address, record=record)
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.send(build("GET", target, [
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", "13"), *headers], host=self.connection.host))
        self.answer = self.connection.head()
        accepted = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.verified = self.answer.header("Sec-WebSocket-Accept") == base64.b64encode(accepted).decode()

    def send_frame(self, opcode, data=b"", first=0x80):
        """FIRST: the bits of the first byte without the opcode; 0x80 is FIN."""
        mask = os.urandom(4)
        length = (bytes([0x80 | len(data)]) if len(data) < 126 else
                  b"\xfe" + struct.pack(">H", len(data)) if len(data) < 65536 else
                  b"\xff" + struct.pack(">Q", len(data)))
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self.connection.send(bytes([first | opcode]) + length + mask + masked)

    def send(self, message):
        """Sends TEXT, or an object as JSON."""
        self.send_frame(TEXT, (message if isinstance(message, str) else json.dumps(message)).encode())

    def frame(self):
        """(opcode, data) of the next frame."""
        first, second = self.connection.take(2)
        length = second & 0x7f
        if length == 126:
            length = struct.unpack(">H", self.connection.take(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.connection.take(8))[0]
        return first & 0x0f, self.connection.take(length)

    def receive(self):
        """The next message, which must be a text, parsed as JSON."""
        opcode, data = self.frame()
        if opcode != TEXT:
            raise AssertionError("frame %d %r" % (opcode, data))
        return json.loads(data)

    def closed(self):
        """(code, reason) of the next frame, which must be a close frame."""
        opcode, data = self.frame()
        if opcode != CLOSE:
            raise AssertionError("frame %d %r" % (opcode, data))
        return struct.unpack(">H", data[:2])[0], data[2:].decode()

    def close(self):
        self.connection.close()
