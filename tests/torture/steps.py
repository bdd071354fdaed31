# SPDX-License-Identifier: Apache-2.0
"""The script: each step goes through a room of the daemon. A step raises Refused for a clear error, Closed or OSError for
a connection that ended, and AssertionError for a wrong answer. It can be repeated."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from client import Closed, Connection, build  # noqa: E402
from scripted import ScriptedServer, answer  # noqa: E402
from simulator import TENANT  # noqa: E402
from sim_websocket import CLOSE, WebSocket  # noqa: E402

DEADLINE_S = 20.0  # for a response; no timeout of the daemon's configuration is longer
OUTAGE_S = 1.1  # after it, requests go slowly at first (slow_start.h)
BLOCK = bytes(range(256)) * 1024
POLICY = '''policies = { narrow = { allow = [ "read", "telemetry" ]; deny = [ "credentials" ]; max_requests = 5; }; };
'''


class Refused(Exception):
    """An answer that says that tbproxyd or the server could not."""


def judge(got, status=200):
    """Checks that GOT is the right answer; raises Refused for a clear error."""
    if got.status in (500, 502, 503, 504) and got.status != status:
        raise Refused("%d %s" % (got.status, got.body[:600].decode("utf-8", "replace")))
    assert got.status == status, (status, got)
    return got


class Script:
    """What the steps of one daemon share."""

    def __init__(self, daemon, server):
        self.daemon = daemon
        self.server = server
        self.open = []

    def connect(self, unix=False, address=None):
        connection = Connection(address or (self.daemon.unix_path if unix else self.daemon.address), DEADLINE_S, record=False)
        self.open.append(connection)
        return connection

    def close(self):
        while self.open:
            self.open.pop().close()

    def ask(self, method, target, headers=(), body=None, status=200, unix=False):
        return judge(self.connect(unix).request(method, target, headers, body), status)

    def ask_admin(self, method, target, body=None, status=200):
        return judge(self.connect(address=self.daemon.admin_path).request(method, target, (), body), status)

    def ask_together(self, requests):
        """Sends all (method, target, body), then waits for the responses."""
        connections = []
        for index, (method, target, body) in enumerate(requests):
            connections.append(self.connect(unix=index % 2 == 1))
            connections[-1].send(build(method, target, (), body, host=connections[-1].host))
        got = [connection.response() for connection in connections]
        return [judge(one) for one in got]

    def forget(self):
        """It was reported that something is wrong; the next step is not to find it again."""

    def live(self):
        self.ask("GET", "/-/live")

    def local(self):
        for target in ("/-/live", "/-/ready", "/-/startup"):
            self.ask("GET", target, unix=target == "/-/ready")
        self.ask("GET", "/-/nothing", status=404)
        self.ask("GET", "/-/live", [("Origin", "http://evil.example")], status=403)


    def prepare_stop(self):
        """A request is under way when the daemon is told to stop."""
        connection = self.connect()
        connection.send(build("GET", "/api/slow", host=connection.host))
        self.ask("GET", "/-/live")


class ServerScript(Script):
    """A server that sends bodies of any size; TLS and HTTP/2 are in front of it."""

    def read(self):
        connection = self.connect()
        for index in range(3):
            got = judge(connection.request("GET", "/api/device/%d" % index))
            assert got.body == b'{"target": "/api/device/%d"}' % index, got

    def download(self):
        assert self.ask("GET", "/api/image").body == BLOCK * 4, "another body"

    def download_as_it_comes(self):
        assert self.ask("GET", "/api/chunked").body == BLOCK, "another body"

    def upload(self):
        assert self.ask("POST", "/api/upload", body=BLOCK * 2).json() == {"length": len(BLOCK) * 2}

    def upload_in_chunks(self):
        assert self.ask("POST", "/api/upload", body=[BLOCK, BLOCK[:100]], unix=True).json() == {"length": len(BLOCK) + 100}

    def server_breaks_off(self):
        """The body has no good end, or there is an error."""
        try:
            got = self.ask("GET", "/api/half")
        except (Refused, Closed, ConnectionError):
            return
        raise AssertionError(got)

    steps = [Script.local, read, download, download_as_it_comes, upload, upload_in_chunks, server_breaks_off]


def serve(peer, request):
    """The server behind ServerScript."""
    if request.target == "/api/image":
        peer.send(answer(body=BLOCK * 4))
    elif request.target == "/api/chunked":
        peer.send(b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(BLOCK), BLOCK))
    elif request.target == "/api/half":
        peer.send(b"HTTP/1.1 200 \r\nContent-Length: 1000000\r\n\r\n" + BLOCK)
        return False
    elif request.target == "/api/upload":
        chunked = request.header("Transfer-Encoding") == "chunked"
        length = read_chunks(peer) if chunked else int(request.header("Content-Length"))
        if not chunked:
            peer.file.read(length)
        peer.send(answer(body={"length": length}))
    else:
        peer.send(answer(body={"target": request.target}))
    return True


def read_chunks(peer):
    total = 0
    while True:
        length = int(peer.file.readline().split(b";")[0], 16)
        peer.file.read(length)
        peer.file.readline()
        if length == 0:
            return total
        total += length


def start_server():
    return ScriptedServer(serve, reads_bodies=False)


class SimulatorScript(Script):
    """With tbsim: the session, the queue, WebSockets, events, the admin socket, reloads."""

    def __init__(self, daemon, server):
        super().__init__(daemon, server)
        if not hasattr(server, "device"):
            server.device = self.make_device()
        self.device = server.device

    def make_device(self):
        key = [("X-Authorization", "ApiKey " + self.server.api_key)]
        return self.server.call("POST", "/api/device", key, {"name": "boiler", "type": "default"}).json()["id"]["id"]

    @property
    def telemetry(self):
        return "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device

    def read(self):
        got = self.ask("GET", "/api/tenant/devices?pageSize=10&page=0").json()
        assert [device["name"] for device in got["data"]] == ["boiler"], got
        connection = self.connect(unix=True)
        for _ in range(2):
            assert judge(connection.request("GET", "/api/device/" + self.device)).json()["name"] == "boiler"

    def write(self):
        self.ask("POST", self.telemetry, body={"v": 1})
        self.ask("POST", "/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE" % self.device, body={"a": 1})

    def merge(self):
        """Both connections are occupied, so writes wait and go together."""
        self.server.fault("delay", "/api/blocker", ms=60, count=2)
        blockers = [self.connect(), self.connect(unix=True)]
        for connection in blockers:
            connection.send(build("GET", "/api/blocker", host=connection.host))
        try:
            self.ask_together([("POST", self.telemetry, {"m": index}) for index in range(4)])
        finally:
            for connection in blockers:
                connection.response()
            self.server.clear_faults()

    def join(self):
        self.server.fault("delay", "/api/device/types", ms=40)
        try:
            got = self.ask_together([("GET", "/api/device/types", None)] * 3)
        finally:
            self.server.clear_faults()
        assert all(one.body == got[0].body for one in got), got

    def rate_limit(self):
        self.server.fault("status", "/api/device/types", status=429)
        try:
            self.ask("GET", "/api/device/types")
        finally:
            self.server.clear_faults()

    def failing_server(self):
        """The answers of the server, or none, are not answers of tbproxyd."""
        for kind in ("reset", "close", "half"):
            self.server.fault(kind, "/api/plugins/rpc", count=0)
            try:
                self.ask("POST", "/api/plugins/rpc/twoway/" + self.device, body={"method": "m", "params": {}})
            except (Refused, Closed, ConnectionError):
                continue
            finally:
                self.server.clear_faults()
            raise AssertionError("an answer that the server has not given")

    def refused_token(self):
        self.server.fault("status", "/api/device/types", status=401)
        try:
            self.ask("GET", "/api/device/types")
        finally:
            self.server.clear_faults()

    def login(self):
        got = self.ask("POST", "/api/auth/login", body={"username": TENANT, "password": "any"}).json()
        assert got["token"] and got["refreshToken"], got

    def refusals(self):
        self.ask("GET", "/api/admin/jwtSettings", status=403)
        self.ask("GET", "/api/../x", status=400)
        self.ask("GET", "/api/x", [("Content-Length", "1"), ("Transfer-Encoding", "chunked")], status=400)

    def hang_up(self):
        self.server.fault("delay", "/api/device/types", ms=40)
        connection = self.connect()
        connection.send(build("GET", "/api/device/types", host=connection.host))
        connection.reset()
        self.ask("GET", "/-/live")
        self.server.clear_faults()

    def restart(self):
        """What arrives while the server is away waits for it."""
        waiting = [self.connect(unix=index == 1) for index in range(3)]
        self.server.stop()
        try:
            for index, connection in enumerate(waiting):
                connection.send(build("GET", "/api/tenant/devices?pageSize=%d&page=0" % (index + 1), host=connection.host))
            time.sleep(OUTAGE_S)
        finally:
            self.server.start()
            self.device = self.server.device = self.make_device()
        for got in [judge(connection.response()).json() for connection in waiting]:
            assert len(got["data"]) <= 1, got

    def websocket(self):
        socket_ = WebSocket(self.daemon.address, record=False)
        self.open.append(socket_.connection)
        socket_.connection.deadline -= 60 - DEADLINE_S
        if socket_.answer.status != 101:
            socket_.connection.read_body(socket_.answer, "GET")
            judge(socket_.answer, 101)
        socket_.send({"cmds": [{"type": "TIMESERIES", "entityType": "DEVICE", "entityId": self.device, "scope": "LATEST_TELEMETRY",
                                "cmdId": 7}]})
        self.take_update(socket_)
        socket_.send_frame(CLOSE, b"\3\xe8")
        while socket_.frame()[0] != CLOSE:
            pass

    @staticmethod
    def take_update(socket_):
        opcode, data = socket_.frame()
        if opcode == CLOSE:
            raise Closed("code %d" % int.from_bytes(data[:2], "big"))
        assert json.loads(data)["subscriptionId"] == 7, data

    def subscribe(self):
        self.ask("POST", self.telemetry, body={"s": 1})
        stream = self.connect()
        stream.send(build("GET", "/-/subscribe/DEVICE/%s?keys=s" % self.device, host=stream.host))
        self.take_events(stream, b'"s":"1"')

    def take_events(self, stream, *texts):
        """Reads an event stream until it has had TEXTS."""
        head = stream.head()
        if head.status != 200:
            stream.read_body(head, "GET")
            judge(head)
        data = b""
        while not all(text in data for text in texts):
            data += stream.take(int(stream.line(), 16))
            stream.line()
            if b"event: end" in data:
                raise Refused(data.decode())
            assert len(data) < 1 << 20, data[:1000]

    def pages(self):
        for target in ("/-/status", "/-/metrics"):
            self.ask("GET", target)
            self.ask_admin("GET", target)
        self.ask_admin("GET", "/")
        self.ask_admin("GET", "/-/")

    def events(self):
        stream = self.connect(address=self.daemon.admin_path)
        stream.send(build("GET", "/-/events", host=stream.host))
        self.take_events(stream, b"data: {")

    def trace(self):
        stream = self.connect(address=self.daemon.admin_path)
        stream.send(build("GET", "/-/trace", host=stream.host))
        try:
            self.ask("GET", "/api/device/types")
        except (Refused, Closed, ConnectionError):
            pass
        self.ask("GET", "/api/device/types")
        self.take_events(stream, b"/api/device/types")

    def administer(self):
        self.ask_admin("POST", "/-/log-level", {"level": "debug"})
        self.ask_admin("POST", "/-/session/renew")

    def reload_changes(self):
        """Each is there in full, or the old configuration is kept."""
        for narrow in (True, False):
            self.daemon.options["log.level"] = "info" if narrow else "debug"
            self.configure(POLICY if narrow else "")
            got = self.ask_admin("POST", "/-/reload").json()
            assert got["reloaded"] is True, got

    def configure(self, more):
        self.daemon.write_config()
        with open(self.daemon.config_path, "a", encoding="utf-8") as file:
            file.write(more)

    def reload_mistake(self):
        self.configure("log = { level = \"nothing\"; };\n")
        try:
            self.ask_admin("POST", "/-/reload", status=400)
        finally:
            self.configure("")
        self.ask_admin("POST", "/-/reload")

    def hang_up_signal(self):
        mark = self.daemon.log.mark()
        self.daemon.signal(signal.SIGHUP)
        try:
            self.daemon.log.wait("reloaded", mark, 2)
        except AssertionError as error:
            raise Refused("no word of the reload") from error
        self.read()

    steps = [Script.local, read, write, merge, join, rate_limit, failing_server, refused_token, login, refusals, hang_up,
             restart, websocket, subscribe, pages, events, trace, administer, reload_changes, reload_mistake, hang_up_signal]
