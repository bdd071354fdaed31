# SPDX-License-Identifier: Apache-2.0
"""What is between the daemon and its server: passes bytes on, and injures connections."""
import asyncio
import collections
import socket

from wire import Ended, Stream, accept_all

# How an answer is spoilt, as it is counted.
RESET, END, HALF = "connections reset in an answer", "connections ended in an answer", "connections half closed"


class Doom:
    """HOW a connection ends, AFTER so many more bytes of answers."""

    def __init__(self, how, after):
        self.how, self.after = how, after


class Pair:
    """A connection of the daemon, and the one to the server."""

    def __init__(self, down, up):
        self.down, self.up = down, up
        self.doom = None
        self.is_reset = False
        self.passes, self.ended = asyncio.Event(), asyncio.Event()
        self.passes.set()

    def end(self, is_reset=False):
        self.is_reset = is_reset
        self.ended.set()

    def close(self):
        for stream in (self.down, self.up):
            (stream.reset if self.is_reset else stream.close)()


class Relay:
    """TARGET: (host, port), or the path of a Unix socket. Two sockets share the port, of which one listens at a time or none:
    so the port stays reserved while connections are refused."""

    def __init__(self, target):
        self.target = target
        self.pairs, self.serving = set(), set()
        self.spoilt = collections.Counter()
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
        up = Stream(socket.socket(socket.AF_UNIX if isinstance(self.target, str) else socket.AF_INET))
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
        passing = [asyncio.create_task(direction(pair)) for direction in (self.pass_up, self.pass_down)]
        try:
            await pair.ended.wait()
        finally:
            self.pairs.discard(pair)
            for task in passing:
                task.cancel()
            await asyncio.gather(*passing, return_exceptions=True)
            pair.close()

    @staticmethod
    async def receive(pair, stream):
        kept = await stream.fill()
        await pair.passes.wait()
        data = bytes(stream.data)
        stream.data.clear()
        return data if kept else b""

    async def pass_up(self, pair):
        """The daemon ends its sending only when it ends the connection."""
        try:
            while data := await self.receive(pair, pair.down):
                await pair.up.send(data)
        except Ended:
            pass
        pair.end()

    async def pass_down(self, pair):
        try:
            while data := await self.receive(pair, pair.up):
                if pair.doom and pair.doom.after <= len(data):
                    await pair.down.send(data[:pair.doom.after])
                    self.fulfil(pair)
                    return
                if pair.doom:
                    pair.doom.after -= len(data)
                await pair.down.send(data)
            pair.down.end_sending()
        except Ended:
            pair.end()

    def fulfil(self, pair):
        self.spoilt[pair.doom.how] += 1
        if pair.doom.how == HALF:  # the server can say no more, but what the daemon says still goes there
            pair.down.end_sending()
        else:
            pair.end(is_reset=pair.doom.how == RESET)

    # Faults.

    def reset_all(self):
        """Returns how many there were."""
        hit = [pair for pair in self.pairs if not pair.ended.is_set()]
        for pair in hit:
            pair.end(is_reset=True)
        return len(hit)

    def doom(self, random, how, most):
        """Ends connections within the next MOST bytes of answers."""
        for pair in self.pairs:
            if random.random() < 0.5:
                pair.doom = Doom(how, random.randrange(most))

    async def stall(self, random, seconds):
        """Nothing passes, on some connections."""
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
