# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 and WebSocket frames for many connections in one thread, for both sides of the daemon."""
import asyncio
import socket
import struct

HEADER_MAX = 1 << 16
RESET = struct.pack("ii", 1, 0)  # SO_LINGER


class Ended(Exception):
    """The connection ended before what was awaited was complete. SOME: whether a byte of it had come."""

    def __init__(self, some):
        super().__init__("after a part" if some else "before the first byte")
        self.some = some


class Stream:
    """A connected, non-blocking socket, and what was received of it too early."""

    def __init__(self, sock):
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.data = bytearray()
        self.loop = asyncio.get_running_loop()

    async def fill(self):
        """Receives more; false at the end."""
        try:
            more = await self.loop.sock_recv(self.sock, 1 << 16)
        except OSError:
            more = b""
        self.data += more
        return bool(more)

    async def until(self, mark):
        """Everything up to MARK, without it."""
        while (at := self.data.find(mark)) < 0:
            if len(self.data) > HEADER_MAX or not await self.fill():
                raise Ended(bool(self.data))
        found = bytes(self.data[:at])
        del self.data[:at + len(mark)]
        return found

    async def take(self, length):
        while len(self.data) < length:
            if not await self.fill():
                raise Ended(True)
        found = bytes(self.data[:length])
        del self.data[:length]
        return found

    async def send(self, data):
        try:
            await self.loop.sock_sendall(self.sock, data)
        except OSError as error:
            raise Ended(False) from error

    async def head(self):
        """The first line, and the headers by their names in lower case."""
        lines = (await self.until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        return lines[0], {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}

    async def chunk(self):
        """The next chunk; empty at the end."""
        data = await self.take(int((await self.until(b"\r\n")).split(b";")[0], 16))
        await self.until(b"\r\n")
        return data

    async def body(self, headers):
        """The pieces of a body, as they come."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while piece := await self.chunk():
                yield piece
            return
        missing = int(headers.get("content-length", 0))
        while missing > 0:
            if not self.data and not await self.fill():
                raise Ended(True)
            piece = await self.take(min(missing, len(self.data)))
            missing -= len(piece)
            yield piece

    async def frame(self):
        """The next WebSocket frame: (opcode, payload)."""
        first, second = await self.take(2)
        length = second & 127
        if length == 126:
            length, = struct.unpack("!H", await self.take(2))
        elif length == 127:
            length, = struct.unpack("!Q", await self.take(8))
        mask = await self.take(4) if second & 128 else b""
        payload = await self.take(length)
        if mask:
            whole = (mask * (length // 4 + 1))[:length]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(length, "big")
        return first & 15, payload

    def end_sending(self):
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def reset(self):
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        except OSError:
            pass
        self.close()

    def close(self):
        if self.sock.fileno() >= 0:
            self.loop.remove_reader(self.sock)
            self.loop.remove_writer(self.sock)
        self.sock.close()


async def accept_all(listener, serve, tasks):
    """Accepts connections until it is cancelled, and serves each in a task of its own: SERVE(stream). TASKS: a set of them."""
    loop = asyncio.get_running_loop()
    while True:
        sock, _ = await loop.sock_accept(listener)
        task = loop.create_task(serve(Stream(sock)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
