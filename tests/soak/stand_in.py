# SPDX-License-Identifier: Apache-2.0
"""A server that keeps a ledger: before it answers, it writes down what it has executed. It is killed and started again, and
knows its time series and its deletions from the ledger, as a real server knows them from its database. Arguments: the path of
its Unix socket, that of the ledger, a seed. Lines of JSON on its standard input say what goes wrong (see Weather)."""
import asyncio
import email.utils
import hashlib
import json
import os
import pathlib
import random
import socket
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import tokens  # noqa: E402
from history import History  # noqa: E402
from scripted import PROBES, USER, answer as answer_without_date  # noqa: E402
from updates import Updates  # noqa: E402
from wire import Ended, accept_all  # noqa: E402

PAGE = b"<html><body><h1>Bad Gateway</h1></body></html>"
HANG_S = 60.0  # longer than anyone waits
PIECE = 1 << 16


class Weather:
    """What goes wrong at the moment: of each CHANCE requests one of ACTS, before or after the request is executed; LIMIT, the
    requests in a second, 0 for all; GENERATION, the oldest of tokens that are good, and REFRESH the same of refresh tokens."""

    def __init__(self):
        self.chance, self.acts = 0.0, []
        self.limit = 0.0
        self.generation = self.refresh = 0


class Limit:
    """A bucket of one second."""

    def __init__(self):
        self.tokens, self.at = 0.0, time.monotonic()

    def takes(self, rate):
        now = time.monotonic()
        self.tokens, self.at = min(rate, self.tokens + (now - self.at) * rate), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Request:
    def __init__(self, line, headers):
        self.method, self.target, _ = line.split(" ")
        self.path = self.target.split("?")[0]
        self.headers = headers
        self.body = b""
        self.digest = hashlib.sha256()
        self.token = headers.get("x-authorization", "").removeprefix("Bearer ")


def answer(status=200, body=b"", headers=()):
    """As of a real server: its time makes that of telemetry certain."""
    return answer_without_date(status, body, [("Date", email.utils.formatdate(usegmt=True)), *headers])


def error(status, code, message):
    return answer(status, {"status": status, "message": message, "errorCode": code, "timestamp": int(time.time() * 1000)})


def cut_unfinished_line(path):
    with open(path, "r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)


class Server:
    def __init__(self, ledger, seed):
        self.ledger = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.random = random.Random(seed)
        self.weather, self.limit = Weather(), Limit()
        self.deleted = set()
        self.history = History()
        self.updates = Updates(self.history)
        cut_unfinished_line(ledger)
        with open(ledger, encoding="ascii") as lines:
            for line in lines:
                self.remember(json.loads(line))

    def remember(self, entry):
        if entry.get("did") == "telemetry":
            self.history.store(entry["device"], entry["ts"], entry["values"])
        elif entry.get("did") == "delete":
            self.deleted.add(entry["mark"])

    def note(self, **entry):
        """One write. What a kill cuts off was not executed (cut_unfinished_line())."""
        os.write(self.ledger, json.dumps({**entry, "t": time.monotonic()}).encode() + b"\n")

    # What it executes. Each returns the answer.

    def read(self, request, mark):
        self.note(did="read", mark=mark)
        return answer(body={"mark": mark})

    def save_device(self, request, mark):
        self.note(did="device", mark=mark)
        return answer(body={"mark": mark, "name": mark})

    def delete(self, request, mark):
        if mark in self.deleted:
            return error(404, 32, "Device with id [%s] is not found" % mark)
        self.note(did="delete", mark=mark)
        self.deleted.add(mark)
        return answer()

    def rpc(self, request, mark):
        self.note(did="rpc", mark=mark)
        return answer(body={"mark": mark}) if "/twoway/" in request.path else answer()

    def attributes(self, request, mark):
        for key in json.loads(request.body):
            self.note(did="attributes", mark=key)
        return answer()

    def telemetry(self, request, device):
        body = json.loads(request.body)
        for element in body if isinstance(body, list) else [body]:
            if "ts" not in element:
                self.note(did="unstamped", mark=device)
                continue
            self.note(did="telemetry", device=device, ts=element["ts"], values=element["values"])
            self.history.store(device, element["ts"], element["values"])
            self.updates.tell(device, element["ts"], element["values"])
        return answer()

    def read_back(self, request, device):
        self.note(did="read", mark=request.target)
        keys = request.target.split("keys=")[1].split(",")
        return answer(body={key: [{"ts": ts, "value": value} for ts, value in points]
                            for key, points in self.history.latest(device, keys).items()})

    def upload(self, request, mark):
        self.note(did="upload", mark=mark)
        return answer(body={"mark": mark, "digest": request.digest.hexdigest()})

    def download(self, request, mark):
        self.note(did="read", mark=mark)
        size = int(request.target.split("size=")[1])
        return answer(body=(mark.encode() * (size // len(mark) + 1))[:size])

    def find(self, request):
        """The function that executes the request, and the mark in its target or its body."""
        path = request.path.split("/")
        last = path[-1]
        if request.path == "/api/tenant/devices":
            return self.read, request.target
        if request.path == "/api/device":
            return self.save_device, json.loads(request.body)["name"]
        if request.path.startswith("/api/device/"):
            return self.delete if request.method == "DELETE" else self.read, last
        if request.path.startswith("/api/rpc/"):
            return self.rpc, json.loads(request.body)["params"]["mark"]
        if request.path.startswith("/api/plugins/telemetry/"):
            if request.method == "GET":
                return self.read_back, path[5]
            return (self.telemetry if "timeseries" in path else self.attributes), path[5]
        if request.path.startswith("/api/image"):
            return (self.upload if request.method == "POST" else self.download), last
        return None, None

    # How it answers.

    def session_answer(self, request):
        """Of the calls that need no credential; None for others."""
        if request.path in PROBES:
            return error(404, 32, "not here")
        if request.path not in ("/api/auth/login", "/api/auth/token"):
            return None
        body = json.loads(request.body)
        if request.path == "/api/auth/login":
            good = body["password"] == tokens.PASSWORD
        else:
            good = tokens.is_good(body["refreshToken"], self.weather.refresh)
        if not good:
            return error(401, 11, "Token has expired")
        self.note(did="login" if request.path == "/api/auth/login" else "renewal", mark="")
        return answer(body=tokens.new_pair(max(self.weather.generation, self.weather.refresh)))

    def refusal(self, request):
        if not tokens.is_good(request.token, self.weather.generation):
            return error(401, 11, "Token has expired")
        if self.weather.limit and not self.limit.takes(self.weather.limit):
            self.note(fault="answers with 429")
            return error(429, 33, "Too many requests for current tenant!")
        return None

    def execute(self, request):
        if request.path == "/api/auth/user":
            return answer(body=USER)
        function, mark = self.find(request)
        if function is None:
            return error(404, 32, "No static resource")
        data = function(request, mark)
        is_asynchronous = function in (self.telemetry, self.attributes, self.rpc)  # takes a second token when it is done
        if is_asynchronous and self.weather.limit and not self.limit.takes(self.weather.limit):
            self.note(fault="answers with 429 after executing")
            return error(429, 33, "Too many requests for current tenant!")
        return data

    async def misbehave(self, stream, act, after):
        """Returns an answer to give in place of the right one, or None; raises Ended if the connection is no more."""
        self.note(fault="answers %s" % act + (" after executing" if after else ""))
        if act == "slowly":
            await asyncio.sleep(self.random.uniform(0.2, 2.5))
        elif act == "never":
            await asyncio.sleep(HANG_S)
        elif act == "with 401":
            return error(401, 11, "Token has expired")
        elif act == "of a gateway":
            return answer(self.random.choice((502, 503, 504)), PAGE, [("Content-Type", "text/html")])
        elif act == "with a reset":
            stream.reset()
            raise Ended(False)
        return None

    async def respond(self, stream, request):
        """The bytes of the answer, and how many of them to send before the connection is reset, None for all."""
        data = self.session_answer(request) or self.refusal(request)
        act = self.random.choice(self.weather.acts) if self.random.random() < self.weather.chance else None
        after = self.random.random() < 0.5 and act != "with 401"
        if act == "with 401" and request.path == "/api/auth/login":  # that would mean a wrong password
            act = None
        other = await self.misbehave(stream, act, False) if act and not after else None
        if other is None:
            data = data or self.execute(request)
            other = await self.misbehave(stream, act, True) if act and after else None
        cut = self.random.randrange(len(data)) if act == "a part" else None
        return other or data, cut

    async def read_request(self, stream):
        line, headers = await stream.head()
        request = Request(line, headers)
        if headers.get("expect"):
            await stream.send(b"HTTP/1.1 100 \r\n\r\n")
        async for piece in stream.body(headers):
            request.digest.update(piece)
            if len(request.body) < PIECE:
                request.body += piece
        return request

    async def serve(self, stream):
        try:
            while True:
                request = await self.read_request(stream)
                if "upgrade" in request.headers:
                    await self.updates.serve(stream, request, lambda token: tokens.is_good(token, self.weather.generation))
                    break
                data, cut = await self.respond(stream, request)
                await stream.send(data[:cut])
                if cut is not None:
                    break
        except Ended:
            pass
        finally:
            stream.close()

    async def read_weather(self):
        commands = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        while line := await commands.readline():
            for name, value in json.loads(line).items():
                setattr(self.weather, name, value)
        os._exit(0)  # whoever started it has ended


async def main(path, ledger, seed):
    server = Server(ledger, int(seed))
    pathlib.Path(path).unlink(missing_ok=True)
    listener = socket.create_server(path, family=socket.AF_UNIX, backlog=511)
    listener.setblocking(False)
    os.chmod(path, 0o666)
    print("ready", flush=True)
    await asyncio.gather(server.read_weather(), accept_all(listener, server.serve, set()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
