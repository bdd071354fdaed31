# SPDX-License-Identifier: Apache-2.0
"""The programs of one user: each makes one request after another, of all kinds, checks that the answer is its own, and writes
down what it asked and what it got. Its only argument is JSON, see run()."""
import asyncio
import hashlib
import json
import os
import pathlib
import random
import socket
import sys
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from client import build  # noqa: E402
from daemon import end_with_parent  # noqa: E402
from ledger import ANSWER, CLOSED, CUT, LEFT, NEVER  # noqa: E402
from listeners import Events, Socket  # noqa: E402
from wire import Ended, Stream  # noqa: E402

THINK_S = 0.12       # on average, between two requests
PATIENCE_S = 30      # after the deadline
LEAVES = 0.02        # how often a program hangs up
LAG_S = 0.05         # how often a program looks how late it is itself
RPC_TIMEOUT_MS, RPC_MARGIN_MS = 1000, 5000  # src/proxy/forward/call_timeout.h


TELEMETRY = "/api/plugins/telemetry/DEVICE/%s/%s"


def encode(body):
    return json.dumps(body).encode()


class Reply:
    def __init__(self, status, headers):
        self.status, self.headers = status, headers
        self.body = b""
        self.is_cut = False
        self.at = time.monotonic()  # when the header came
        self.pause = 0.0  # the longest one in the body, in s

    def json(self):
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Lag:
    """How late this process is: what it cannot see in time is not the daemon's fault."""

    def __init__(self):
        self.worst = [(0.0, 0.0)]  # (time, s)

    async def measure(self):
        while True:
            before = time.monotonic()
            await asyncio.sleep(LAG_S)
            late = time.monotonic() - before - LAG_S
            if late > LAG_S:
                self.worst.append((before, late))

    def since(self, start):
        return sum(late for at, late in self.worst[-200:] if at + late >= start)


class Program:
    def __init__(self, settings, number, ledger, lag):
        self.settings, self.number, self.ledger, self.lag = settings, number, ledger, lag
        self.random = random.Random("%s %d" % (settings["seed"], number))
        self.lane = number % len(settings["lanes"])
        self.device = settings["device"]
        self.count = 0
        self.stream = None
        self.is_kept = True  # the connection, for the next request

    def new_mark(self):
        self.count += 1
        return "%s-%d-%d" % (self.settings["name"], self.number, self.count)

    def at_most(self, seconds):
        """Or until the soak ends."""
        return max(1.0, min(seconds, self.settings["end"] - time.monotonic()))

    async def connect(self):
        lane = self.settings["lanes"][self.lane]
        is_unix = self.random.random() < 0.5
        stream = Stream(socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET))
        try:
            await stream.loop.sock_connect(stream.sock, lane["unix"] if is_unix else ("127.0.0.1", lane["port"]))
        except OSError:
            stream.close()
            raise
        return stream

    def leave(self):
        if self.stream and self.random.random() < 0.5:
            self.stream.reset()
        elif self.stream:
            self.stream.close()
        self.stream = None

    def write(self, **entry):
        self.ledger.write(json.dumps({"lane": self.lane, "program": self.number, **entry}) + "\n")

    # One request.

    async def receive(self, is_slow):
        line, headers = await self.stream.head()
        reply = Reply(int(line.split(" ")[1]), headers)
        if reply.status == 100:
            return await self.receive(is_slow)
        before = reply.at
        try:
            async for piece in self.stream.body(headers):
                reply.body += piece
                reply.pause, before = max(reply.pause, time.monotonic() - before), time.monotonic()
                if is_slow:
                    await asyncio.sleep(0.05)
        except Ended:
            reply.is_cut = True
        return reply

    async def exchange(self, data, is_slow):
        """The answer may come before the whole request is sent."""
        sending = asyncio.create_task(self.stream.send(data))
        try:
            reply = await self.receive(is_slow)
            if not sending.done() and reply.status < 300:
                await sending
            return reply
        finally:
            self.is_kept &= sending.done()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def wait(self):
        """The Prefer header, and how long the request may wait, in s."""
        seconds = self.random.choice((None, None, 0, 1, 3))
        headers = [] if seconds is None else [("Prefer", "wait=%d" % seconds)]
        return headers, self.settings["wait_s"] if seconds is None else seconds

    async def ask(self, kind, mark, method, target, body=None, check=None, server_s=None, is_slow=False):
        """BODY: bytes, a list of bytes for a chunked one, or None. CHECK(reply): whether a success answers this request.
        Returns the status, 0 without an answer."""
        headers, wait_s = self.wait()
        server_s = server_s or self.settings["server_s"]
        entry = {"kind": kind, "mark": mark, "asked": time.monotonic(), "allowed": wait_s + server_s, "pause_allowed": server_s,
                 "status": 0}
        data = build(method, target, [*headers, ("Content-Type", "application/json")], body)
        leaves_s = self.random.uniform(0, 0.3) if self.random.random() < LEAVES else None
        self.is_kept = True
        try:
            self.stream = self.stream or await self.connect()
            if self.stream.data:
                entry["unasked"] = bytes(self.stream.data[:200]).decode("latin-1")
            reply = await asyncio.wait_for(self.exchange(data, is_slow), leaves_s or wait_s + server_s + PATIENCE_S)
            entry.update(self.judge(reply, mark, check))
        except asyncio.TimeoutError:
            entry["end"] = LEFT if leaves_s else NEVER
            self.is_kept = False
        except (Ended, OSError) as error:
            entry.update(end=CLOSED, why=repr(error))
            self.is_kept = False
        entry.setdefault("answered", time.monotonic())
        entry["lag"] = self.lag.since(entry["asked"])
        if not self.is_kept:
            self.leave()
        self.write(**entry)
        return entry["status"]

    def judge(self, reply, mark, check):
        """What the ledger says about it."""
        own = reply.json().get("mark", mark) == mark
        if reply.status == 200 and check and not reply.is_cut:
            own = own and check(reply)
        if reply.is_cut or reply.headers.get("connection", "").lower() == "close":
            self.is_kept = False
        found = {"end": CUT if reply.is_cut else ANSWER, "status": reply.status, "own": own, "pause": reply.pause,
                 "refused": reply.json().get("status") == 503}  # by tbproxyd: the servers' 503 are pages
        if reply.pause > 0:  # a body that streams
            found["answered"] = reply.at
        if reply.status != 200 or not own:
            found["said"] = reply.body[:200].decode("latin-1")
        return found

    @staticmethod
    def bears(mark):
        return lambda reply: reply.json().get("mark") == mark

    # The kinds.

    async def read(self):
        mark = str(uuid.UUID(int=self.random.getrandbits(128)))
        await self.ask("read", mark, "GET", "/api/device/" + mark, check=self.bears(mark))

    async def shared_read(self):
        target = "/api/tenant/devices?pageSize=10&page=%d" % self.random.randrange(3)
        await self.ask("read", target, "GET", target, check=self.bears(target))

    async def telemetry(self):
        mark = self.new_mark()
        values = {"key%d" % self.number: mark}
        body = self.random.choice((values, [values]))
        status = await self.ask("telemetry", mark, "POST", TELEMETRY % (self.device, "timeseries/ANY"), encode(body))
        if status == 200 and self.random.random() < 0.5:
            await self.read_back(mark)

    async def read_back(self, mark):
        """What this program has written last; all programs of a user make the same request, so that they may share a call."""
        keys = ["key%d" % number for number in self.settings["programs"]]
        target = TELEMETRY % (self.device, "values/timeseries?keys=" + ",".join(keys))
        own = "key%d" % self.number
        await self.ask("read back", target, "GET", target, check=lambda reply: reply.json()[own][0]["value"] == mark)

    async def attributes(self):
        mark = self.new_mark()
        await self.ask("attributes", mark, "POST", TELEMETRY % (self.device, "attributes/SERVER_SCOPE"), encode({mark: 1}))

    async def rpc(self):
        mark, way = self.new_mark(), self.random.choice(("oneway", "twoway"))
        body = encode({"method": "soak", "params": {"mark": mark}, "timeout": RPC_TIMEOUT_MS})
        await self.ask("rpc", mark, "POST", "/api/rpc/%s/%s" % (way, self.device), body,
                       self.bears(mark) if way == "twoway" else None,
                       max(self.settings["server_s"], (RPC_TIMEOUT_MS + RPC_MARGIN_MS) / 1000))

    async def save_device(self):
        mark = self.new_mark()
        await self.ask("device", mark, "POST", "/api/device", encode({"name": mark, "type": "default"}), self.bears(mark))

    async def delete(self):
        mark = str(uuid.UUID(int=self.random.getrandbits(128)))
        await self.ask("delete", mark, "DELETE", "/api/device/" + mark)

    async def upload(self):
        mark = self.new_mark()
        pieces = [self.random.randbytes(1 << 16)] * self.random.randint(2, 24)
        whole = b"".join(pieces)
        digest = hashlib.sha256(whole).hexdigest()
        await self.ask("upload", mark, "POST", "/api/image/" + mark, self.random.choice((whole, pieces)),
                       lambda reply: reply.json() == {"mark": mark, "digest": digest})

    async def download(self):
        mark, size = self.new_mark(), self.random.randint(1 << 10, 1 << 20)
        whole = (mark.encode() * (size // len(mark) + 1))[:size]
        await self.ask("download", mark, "GET", "/api/images/%s?size=%d" % (mark, size), is_slow=self.random.random() < 0.3,
                       check=lambda reply: reply.body == whole)

    async def events(self):
        await Events(self).watch()

    async def websocket(self):
        await Socket(self).talk()

    async def run(self, end):
        kinds = {self.read: 30, self.shared_read: 10, self.telemetry: 25, self.attributes: 5, self.rpc: 15, self.save_device: 5,
                 self.delete: 5, self.upload: 1, self.download: 3, self.events: 0.7, self.websocket: 0.7}
        while time.monotonic() < end:
            kind, = self.random.choices(list(kinds), list(kinds.values()))
            await kind()
            await asyncio.sleep(self.random.expovariate(1 / THINK_S))
        self.leave()


async def run(settings, ledger):
    """SETTINGS: "name" and "device" of the user; "programs", their numbers; "lanes", the daemons ("port", "unix"); "seed";
    "end", by the monotonic clock; "wait_s" and "server_s", what a request may wait, and what the server may take."""
    lag = Lag()
    measuring = asyncio.create_task(lag.measure())
    await asyncio.gather(*(Program(settings, number, ledger, lag).run(settings["end"]) for number in settings["programs"]))
    measuring.cancel()


def main():
    settings = json.loads(sys.argv[1])
    with open(settings["ledger"], "w", encoding="ascii") as ledger:
        os.setgroups([])
        os.setgid(settings["uid"])
        os.setuid(settings["uid"])
        end_with_parent()  # which the change of the user has undone
        asyncio.run(run(settings, ledger))


if __name__ == "__main__":
    main()
