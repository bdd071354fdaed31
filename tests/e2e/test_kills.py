# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load, with sockets that a service manager holds, and a new start each time: no connection
is refused, each request gets its own whole answer or its connection ends, what was acknowledged is on the server once, and
nothing is executed twice. With TB_LONG, 200 kills instead of 20. TB_SEED repeats the moments and the kinds of requests."""
import collections
import contextlib
import itertools
import json
import os
import random
import signal
import statistics
import threading
import time

import tap
from client import Closed, Connection
from harness import PATIENCE, SLOW, Case, answer, wait_until
from scripted import USER
from websocket import TEXT, Program, accept, frame, jwt

KILLS = 200 if "TB_LONG" in os.environ else 20
READY_S = PATIENCE if SLOW else 5  # at most from the start to READY=1; an idle machine needs less than 0.1 s

READ, LARGE, CHUNKED, RPC, SAVE, STAMPED, BARE = FORWARDED = ("read", "large", "chunked", "RPC", "save", "stamped", "bare")
STATUS, MESSAGE = "status", "message"  # on the admin socket; on a WebSocket
ONCE = (RPC, SAVE, BARE)  # sent once by the client: a second time would be one too many

DEVICE = "11111111-1111-1111-1111-111111111111"
TELEMETRY = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % DEVICE
LARGE_REPEATS = 20000


def request_of(kind, mark):
    """Method, target and body of a request that carries MARK, a number."""
    return {READ: ("GET", "/api/read/%d" % mark, None),
            LARGE: ("GET", "/api/large/%d" % mark, None),
            CHUNKED: ("GET", "/api/chunked/%d" % mark, None),
            RPC: ("POST", "/api/rpc/twoway/" + DEVICE, {"method": "ping", "params": {"mark": mark}}),
            SAVE: ("POST", "/api/device", {"name": str(mark), "type": "default"}),
            STAMPED: ("POST", TELEMETRY, {"ts": mark, "values": {"stamped": mark}}),
            BARE: ("POST", TELEMETRY, {"bare%d" % mark: mark}),
            STATUS: ("GET", "/-/status", None)}[kind]


def body_of(kind, mark):
    """The body of the server's answer."""
    if kind in (STAMPED, BARE):
        return b""
    text = "%s %d;" % (kind, mark)
    return json.dumps({"mark": text * (LARGE_REPEATS if kind in (LARGE, CHUNKED) else 1)}).encode()


def chunked(body, size=10000):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return (b"HTTP/1.1 200 \r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" +
            b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n")


class Ledger:
    """The server's side: what it has executed."""

    def __init__(self, noise):
        self.noise = noise
        self.lock = threading.Lock()
        self.executed = collections.Counter()  # (kind, mark); telemetry that was sent twice counts twice
        self.history = collections.defaultdict(set)  # (kind, mark): the times under which it is stored
        self.logins = self.refreshes = 0

    def store(self, body):
        for part in body if isinstance(body, list) else [body]:
            for key, mark in part["values"].items():
                kind = STAMPED if key == "stamped" else BARE
                self.executed[kind, mark] += 1
                self.history[kind, mark].add(part["ts"])

    def note(self, request):
        """Executes REQUEST. Returns its kind and mark."""
        first = request.target.split("/")[2]
        if request.method == "GET":
            return first, int(request.target.split("/")[3])
        body = json.loads(request.body)
        if first == "plugins":
            self.store(body)
            return STAMPED, 0
        kind, mark = (RPC, body["params"]["mark"]) if first == "rpc" else (SAVE, int(body["name"]))
        self.executed[kind, mark] += 1
        return kind, mark

    def answer_to(self, request):
        if request.target == "/api/auth/user":
            return answer(body=USER)
        if request.target in ("/api/auth/login", "/api/auth/token"):
            self.logins += request.target.endswith("login")
            self.refreshes += request.target.endswith("token")
            return answer(body={"token": jwt("access"), "refreshToken": jwt("refresh")})
        kind, mark = self.note(request)
        if kind == CHUNKED:
            return chunked(body_of(kind, mark))
        return answer(200, body_of(kind, mark), [("Content-Type", "application/json")])

    @staticmethod
    def echo(peer, request):
        """A WebSocket that sends each message back. They are short."""
        peer.send(accept(request))
        while len(head := peer.file.read(2)) == 2:
            mask, payload = peer.file.read(4), peer.file.read(head[1] & 127)
            if len(payload) < head[1] & 127:
                break
            peer.send(frame(TEXT, bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)), masked=False))
        return False

    def handle(self, peer, request):
        if request.header("Upgrade"):
            return self.echo(peer, request)
        if request.method == "POST" and len(request.body) != int(request.header("Content-Length") or -1):
            return False  # tbproxyd was killed while it sent it
        with self.lock:
            reply, thinks_s = self.answer_to(request), max(0, self.noise.uniform(-0.02, 0.02))
        time.sleep(thinks_s)  # so that a kill finds requests under way
        peer.send(reply)
        return True


class Loader:
    """Makes requests of random kinds, one after another, on new connections and on kept ones."""

    numbers = itertools.count(1)

    def __init__(self, address, kinds, seed):
        self.address = address
        self.kinds = kinds
        self.noise = random.Random(seed)
        self.connection = None
        self.sent = 0
        self.acknowledged, self.ended = [], []  # (kind, mark)
        self.problems = []

    def connect(self):
        """A refusal is a problem."""
        if self.connection is None:
            self.connection = Connection(self.address, PATIENCE, record=False)
            self.connection.host = "localhost"
        self.connection.deadline = time.monotonic() + PATIENCE
        return self.connection

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def ask(self, kind, mark):
        """Whether there was an answer."""
        connection, (method, target, body) = self.connect(), request_of(kind, mark)
        self.sent += 1
        try:
            reply = connection.request(method, target, body=body)
        except (Closed, ConnectionResetError, BrokenPipeError):
            self.close()
            self.ended.append((kind, mark))
            return False
        right = reply.body == body_of(kind, mark) if kind != STATUS else "pid" in reply.json()
        if reply.status != 200 or not right:
            self.problems.append("%s %d: %r" % (kind, mark, reply))
        self.acknowledged.append((kind, mark))
        if self.noise.random() < 0.3:
            self.close()
        return True

    def run(self, stop):
        try:
            while not stop.is_set():
                kind, mark = self.noise.choice(self.kinds), next(self.numbers)
                while not self.ask(kind, mark) and kind == STAMPED:  # what has a timestamp may be sent again
                    pass
        except Exception as error:  # refused, no answer in time, or not HTTP
            self.problems.append(repr(error))
        self.close()


class WebSocketLoader(Loader):
    """Sends messages on a WebSocket, and opens another one when that has ended."""

    def __init__(self, proxy, unix, seed):
        super().__init__(None, [MESSAGE], seed)
        self.open = lambda: Program(proxy, "/api/ws/plugins/telemetry", unix)

    def ask(self, kind, mark):
        self.sent += 1
        came = None
        with contextlib.suppress(Closed, ConnectionResetError, BrokenPipeError):
            self.connection = self.connection or self.open()
            if self.connection.answer.status != 101:
                self.problems.append("handshake: %r" % self.connection.answer)
            self.connection.deadline = time.monotonic() + PATIENCE
            self.connection.send(frame(TEXT, b"%d" % mark))
            came = self.connection.next()
        if came is None:
            self.close()
            self.ended.append((kind, mark))
            return False
        if came != (TEXT, b"%d" % mark, True):
            self.problems.append("message %d: %r" % (mark, came))
        self.acknowledged.append((kind, mark))
        return True


class KillsCase(Case):
    FRONT = None  # from front.UPSTREAMS

    def setUp(self):
        seed = int(os.environ.get("TB_SEED", random.SystemRandom().randrange(1 << 32)))
        print("# TB_SEED=%d" % seed)
        self.noise = random.Random(seed)
        self.ledger = Ledger(random.Random(seed))
        self.server = self.start_scripted(self.ledger.handle, authenticates=False)
        self.server.password = "a-password-of-the-test"
        server = self.start_front(self.server, self.FRONT) if self.FRONT else self.server
        self.proxy = self.prepare_daemon(server, {"log.level": "info", "rate.learn": False}, "password")
        self.proxy.pass_sockets()
        self.ready_s = []

    def start_and_wait(self):
        began = time.monotonic()
        self.proxy.start()
        self.ready_s.append(time.monotonic() - began)

    def kill(self):
        """Starts it and kills it, every fourth time while it starts."""
        if self.noise.random() < 0.25:
            self.proxy.start(wait="")
            time.sleep(self.noise.uniform(0, 0.05))
        else:
            self.start_and_wait()
            time.sleep(self.noise.uniform(0, 0.3))
        self.proxy.process.kill()
        self.assertEqual(self.proxy.ended(), -signal.SIGKILL)

    def make_loaders(self):
        ways = [(self.proxy.address, FORWARDED), (self.proxy.unix_path, FORWARDED)] * 5 + [(self.proxy.admin_path, [STATUS])]
        talkers = [WebSocketLoader(self.proxy, unix, self.noise.random()) for unix in (False, True)]
        return [Loader(*way, self.noise.random()) for way in ways] + talkers

    def run_under_load(self, work):
        """Calls work(loaders) while they make requests. Returns them."""
        stop, loaders = threading.Event(), self.make_loaders()
        threads = [threading.Thread(target=loader.run, args=(stop,)) for loader in loaders]
        for thread in threads:
            thread.start()
        try:
            work(loaders)
        finally:
            stop.set()
            for thread in threads:
                thread.join(2 * PATIENCE)
        return loaders

    def kill_often(self, loaders):
        for _ in range(KILLS):
            self.kill()
        self.start_and_wait()
        before = [len(loader.acknowledged) for loader in loaders]
        wait_until(lambda: all(loader.problems or len(loader.acknowledged) > n for loader, n in zip(loaders, before)),
                   "an answer for each")

    def assert_ledgers_agree(self, loaders):
        acknowledged = {one for loader in loaders for one in loader.acknowledged}
        for kind in (*ONCE, STAMPED):
            lost = [mark for which, mark in acknowledged if which == kind and not self.ledger.executed[kind, mark]]
            self.assertEqual(lost, [], "acknowledged and lost")
        self.assertEqual([one for one, n in self.ledger.executed.items() if one[0] in ONCE and n > 1], [], "executed twice")
        wrong = [(one, times) for one, times in self.ledger.history.items()
                 if len(times) != 1 or one[0] == STAMPED and times != {one[1]}]
        self.assertEqual(wrong, [], "stored under another time, or under several")

    def report(self, loaders):
        ended = collections.Counter(kind for loader in loaders for kind, _ in loader.ended)
        print("# %d kills, %d requests, %d answered, %d ended (%s), %d refused or wrong; %d logins; ready after %d ms (at most %d)" % (
            KILLS, sum(loader.sent for loader in loaders), sum(len(loader.acknowledged) for loader in loaders),
            sum(ended.values()), ", ".join("%s %d" % pair for pair in sorted(ended.items())),
            sum(len(loader.problems) for loader in loaders), self.ledger.logins,
            1000 * statistics.median(self.ready_s), 1000 * max(self.ready_s)))

    def check(self):
        files = set(os.listdir(self.proxy.directory))
        loaders = self.run_under_load(self.kill_often)
        self.report(loaders)
        self.assertEqual([problem for loader in loaders for problem in loader.problems][:5], [])
        self.assertGreater(sum(len(loader.ended) for loader in loaders), 0)  # else the load was none
        self.assert_ledgers_agree(loaders)
        self.assertLessEqual(self.ledger.logins, KILLS + 1)
        self.assertEqual(self.ledger.refreshes, 0)
        self.assertLess(max(self.ready_s), READY_S)
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(self.proxy.ended(), 0)
        self.assertEqual(set(os.listdir(self.proxy.directory)), files)


class TestHttp1(KillsCase):
    def test_kills_under_load(self):
        self.check()


class TestHttp2(KillsCase):
    FRONT = "h2"

    def test_kills_under_load(self):
        self.check()


if __name__ == "__main__":
    tap.main()
