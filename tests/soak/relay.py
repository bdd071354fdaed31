# SPDX-License-Identifier: Apache-2.0
"""What is between the daemon and its server: passes bytes on, and injures connections."""
import asyncio
import socket

from wire import Ended, Stream, accept_all

RESET, END, HALF = "reset", "end", "half"


class Doom:
    """The end of a connection: after AFTER more bytes of answers, what HOW says."""

    def __init__(self, how, after):
        self.how, self.after = how, after


class Pair:
    """A connection of the daemon, and the one to the server."""

    def __init__(self, down, up):
        self.down, self.up = down, up
        self.doom = None
        self.passes = asyncio.Event()
        self.passes.set()

    def reset(self):
        self.down.reset()
        self.up.reset()


class Relay:
    """TARGET: (host, port), or the path of a Unix socket. Two sockets share the port, of which one listens at a time or none:
    so the port stays reserved while connections are refused."""

    def __init__(self, target):
        self.target = target
        self.pairs, self.serving = set(), set()
        self.socket = self.bind(0)
        self.port = self.socket.getsockname()[1]
        self.accepting = None
        self.open()

    @staticmethod
    def bind(port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(("127.0.0.1", port))
        sock.setblocking(False)
        return sock

    def open(self):
        if self.accepting is None:
            self.socket.listen(511)
            self.accepting = asyncio.create_task(accept_all(self.socket, self.serve, self.serving))

    def refuse(self):
        """New connections, until open()."""
        if self.accepting is None:
            return
        self.accepting.cancel()
        self.accepting = None
        next_one = self.bind(self.port)
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()
        self.socket = next_one

    async def connect(self):
        is_unix = isinstance(self.target, str)
        up = Stream(socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET) if is_unix else socket.socket())
        try:
            await asyncio.get_running_loop().sock_connect(up.sock, self.target)
        except OSError:
            up.close()
            raise
        return up

    async def serve(self, down):
        try:
            up = await self.connect()
        except OSError:
            down.reset()
            return
        pair = Pair(down, up)
        self.pairs.add(pair)
        try:
            await asyncio.gather(self.pass_up(pair), self.pass_down(pair))
        except (Ended, OSError):
            pass
        finally:
            self.pairs.discard(pair)
            down.close()
            up.close()

    @staticmethod
    async def receive(pair, stream):
        kept = await stream.fill()
        await pair.passes.wait()
        data = bytes(stream.data)
        stream.data.clear()
        return data if kept else b""

    async def pass_up(self, pair):
        while data := await self.receive(pair, pair.down):
            await pair.up.send(data)
        pair.up.end_sending()

    async def pass_down(self, pair):
        while data := await self.receive(pair, pair.up):
            doom = pair.doom
            if doom and doom.after <= len(data):
                await pair.down.send(data[:doom.after])
                await self.fulfil(pair, doom)
                return
            if doom:
                doom.after -= len(data)
            await pair.down.send(data)
        pair.down.end_sending()

    @staticmethod
    async def fulfil(pair, doom):
        if doom.how == RESET:
            pair.reset()
        elif doom.how == HALF:  # the server can say no more, but what the daemon says still goes there
            pair.down.end_sending()
        else:
            pair.down.close()
            pair.up.close()

    # Faults. Each returns how many connections it hits.

    def reset_all(self):
        hit = list(self.pairs)
        for pair in hit:
            pair.reset()
        return len(hit)

    def doom(self, random, how, most):
        """Ends connections within the next MOST bytes of answers."""
        hit = [pair for pair in self.pairs if random.random() < 0.5]
        for pair in hit:
            pair.doom = Doom(how, random.randrange(most))
        return len(hit)

    async def stall(self, random, seconds):
        hit = [pair for pair in self.pairs if random.random() < 0.5]
        for pair in hit:
            pair.passes.clear()
        await asyncio.sleep(seconds)
        for pair in hit:
            pair.passes.set()

    def close(self):
        self.refuse()
        self.reset_all()
        self.socket.close()
