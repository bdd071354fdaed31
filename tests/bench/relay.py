# SPDX-License-Identifier: Apache-2.0
"""A relay that simulates a distant server: it delays data, and new connections by a round trip. Usage:
    relay.py PORT DELAY_MS OWN_PORT   (the port of the server on 127.0.0.1; the delay in each direction; 0: a free port)
Prints its own port and, for each line on standard input, the number of connections so far."""
import asyncio
import sys


class End(asyncio.Protocol):
    """One end of a relayed connection. EARLIEST: the time before which no data leaves on the other side."""

    def __init__(self, delay, earliest=0.0):
        self.delay, self.earliest = delay, earliest
        self.loop = asyncio.get_running_loop()
        self.other = self.transport = None
        self.early = []

    def connection_made(self, transport):
        self.transport = transport

    def later(self, call, *arguments):
        """Sends data to the other side after the delay, in order."""
        self.earliest = max(self.earliest, self.loop.time() + self.delay)
        self.loop.call_at(self.earliest, call, *arguments)

    def data_received(self, data):
        self.later(self.pass_on, data)

    def pass_on(self, data):
        if self.other is None:
            self.early.append(data)
        elif not self.other.transport.is_closing():
            self.other.transport.write(data)

    def connection_lost(self, _error):
        self.later(self.close_other)

    def close_other(self):
        if self.other is not None:
            self.other.transport.close()


class Client(End):
    """The end of the program that connected to the relay."""

    connections = 0

    def __init__(self, port, delay):
        super().__init__(delay, asyncio.get_running_loop().time() + 3 * delay)
        self.port = port
        Client.connections += 1

    def connection_made(self, transport):
        super().connection_made(transport)
        self.task = self.loop.create_task(self.connect())

    async def connect(self):
        _, end = await self.loop.create_connection(lambda: End(self.delay), "127.0.0.1", self.port)
        end.other, self.other = self, end
        for data in self.early:
            self.pass_on(data)


async def main(port, delay_ms, own_port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(port, delay_ms / 1000), "127.0.0.1", own_port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Client.connections, flush=True)


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
