# SPDX-License-Identifier: Apache-2.0
"""Programs that listen: to events (GET /-/subscribe), and to a WebSocket of their own."""
import asyncio
import json
import time

from client import build
from ledger import ANSWER, CLOSED, LEFT, NEVER
from websocket import CLOSE, KEY, PING, PONG, TEXT, frame
from wire import Ended

OPENING_S = 2  # connecting to the server, which is not a part of the time for its answer


class Events:
    """A stream of events; after a part of its time the program sometimes goes away, and comes back with Last-Event-ID."""

    def __init__(self, program):
        self.program, self.random = program, program.random
        self.got = []  # [ts, key, value]
        self.last_id = None
        self.text = b""
        self.entry = {"kind": "events", "mark": program.new_mark(), "device": program.device, "status": 0, "own": True,
                      "said": "", "allowed": program.settings["server_s"] + OPENING_S}

    async def open(self):
        """True if the stream has begun."""
        stream = self.stream
        headers = [("Last-Event-ID", self.last_id)] if self.last_id else []
        await stream.send(build("GET", "/-/subscribe/DEVICE/" + self.program.device, headers))
        line, headers = await stream.head()
        status = int(line.split(" ")[1])
        self.entry.setdefault("answered", time.monotonic())
        self.entry["status"] = self.entry["status"] or status
        if status != 200:
            async for piece in stream.body(headers):
                self.entry["said"] += piece.decode("latin-1")
        return status == 200

    def take(self, block):
        fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
        if "data" in fields and "id" in fields:
            data = json.loads(fields["data"])
            self.got += [[data["ts"], key, value] for key, value in data["values"].items()]
            self.last_id = fields["id"]
        elif fields:
            self.entry["said"] = block.decode("latin-1")[:200]

    async def receive(self):
        while piece := await self.stream.chunk():
            self.text += piece
            while b"\n\n" in self.text:
                block, self.text = self.text.split(b"\n\n", 1)
                self.take(block)
            if self.random.random() < 0.02:
                await asyncio.sleep(self.random.uniform(0, 2))  # a slow reader

    async def listen(self, seconds):
        """How it ended."""
        try:
            self.stream = await self.program.connect()
        except OSError:
            return CLOSED
        try:
            if not await asyncio.wait_for(self.open(), self.entry["allowed"] + 30):
                return ANSWER
            self.entry.setdefault("began", time.monotonic())
            await asyncio.wait_for(self.receive(), seconds)
            return CLOSED
        except asyncio.TimeoutError:
            return LEFT if "began" in self.entry else NEVER
        except (Ended, OSError):
            return CLOSED
        finally:
            self.stream.close()
            self.text = b""

    async def watch(self):
        self.entry["asked"] = time.monotonic()
        self.entry["end"] = await self.listen(self.program.at_most(self.random.uniform(2, 15)))
        if self.entry["end"] == LEFT and self.last_id and self.random.random() < 0.5:
            await asyncio.sleep(self.random.uniform(0, 2))
            self.entry["end"] = await self.listen(self.program.at_most(self.random.uniform(2, 8)))
        self.entry.setdefault("answered", time.monotonic())
        self.entry["lag"] = self.program.lag.since(self.entry["asked"])
        self.program.write(**self.entry, got=self.got)


class Socket:
    """A WebSocket to the server. It asks for echoes, and watches its device."""

    def __init__(self, program):
        self.program, self.random = program, program.random
        self.asked, self.echoed = [], []
        self.entry = {"kind": "websocket", "mark": program.new_mark(), "status": 0, "own": True, "said": "",
                      "allowed": program.settings["server_s"] + OPENING_S}

    async def open(self):
        headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", KEY),
                   ("Sec-WebSocket-Version", "13")]
        await self.stream.send(build("GET", "/api/ws", headers))
        line, headers = await self.stream.head()
        self.entry.update(status=int(line.split(" ")[1]), answered=time.monotonic())
        if self.entry["status"] != 101:
            async for piece in self.stream.body(headers):
                self.entry["said"] += piece.decode("latin-1")

    async def send(self, commands):
        await self.stream.send(frame(TEXT, json.dumps({"cmds": commands}).encode()))

    async def ask_for_echoes(self):
        await self.send([{"type": "TIMESERIES", "cmdId": 1, "entityType": "DEVICE", "entityId": self.program.device,
                          "scope": "LATEST_TELEMETRY"}])
        while True:
            mark = "%s-%d" % (self.entry["mark"], len(self.asked))
            self.asked.append(mark)
            await self.send([{"type": "ECHO", "cmdId": 1 + len(self.asked), "mark": mark}])
            await asyncio.sleep(self.random.expovariate(2))

    def take(self, message):
        if "mark" in message:
            self.echoed.append(message["mark"])
        elif message.get("subscriptionId") == 1:
            values = [value for points in message["data"].values() for _, value in points]
            self.entry["own"] &= all(value.startswith(self.program.settings["name"] + "-") for value in values)
        else:
            self.entry.update(own=False, said=json.dumps(message)[:200])

    async def receive(self):
        while True:
            opcode, payload = await self.stream.frame()
            if opcode == TEXT:
                self.take(json.loads(payload))
            elif opcode == PING:
                await self.stream.send(frame(PONG, payload))
            elif opcode == CLOSE:
                self.entry["said"] = "closed with %s" % payload
                return

    async def converse(self, seconds):
        asking = asyncio.create_task(self.ask_for_echoes())
        try:
            await asyncio.wait_for(self.receive(), seconds)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def hold(self):
        """How it ended."""
        try:
            self.stream = await self.program.connect()
            await asyncio.wait_for(self.open(), self.entry["allowed"] + 30)
            if self.entry["status"] == 101:
                await self.converse(self.program.at_most(self.random.uniform(2, 12)))
            return ANSWER
        except asyncio.TimeoutError:
            return LEFT if self.entry["status"] else NEVER
        except (Ended, OSError):
            return ANSWER if self.entry["status"] == 101 else CLOSED

    async def talk(self):
        self.stream = None
        self.entry["asked"] = time.monotonic()
        self.entry["end"] = await self.hold()
        if self.stream:
            self.stream.close()
        # The echoes are those that were asked for, in that order, to the first that is missing.
        self.entry["own"] &= self.echoed == self.asked[:len(self.echoed)]
        self.entry.setdefault("answered", time.monotonic())
        self.entry["lag"] = self.program.lag.since(self.entry["asked"])
        self.program.write(**self.entry, echoes=len(self.echoed))
