# SPDX-License-Identifier: Apache-2.0
"""The stand-in answers what a real server answered. recorded.json: exchanges with ThingsBoard CE 4.3.1.3, shortened."""
import gzip
import hashlib
import json
import os
import pathlib
import re
import struct
import threading
import time
import zlib

import client
import tap
from harness import Case
from simulator import Simulator
from sim_websocket import TEXT, WebSocket

FOLDER = pathlib.Path(__file__).parent
EXCHANGES = json.loads((FOLDER / "recorded.json").read_text(encoding="utf-8"))
CONVERSATION = json.loads((FOLDER / "recorded_websocket.json").read_text(encoding="utf-8"))

CORS = ["Vary: Origin", "Vary: Access-Control-Request-Method", "Vary: Access-Control-Request-Headers",
        "X-Content-Type-Options: nosniff"]
NEVER_CACHED = ["Cache-Control: no-cache, no-store, max-age=0, must-revalidate", "Pragma: no-cache", "Expires: 0"]
PAGES = ["Cross-Origin-Opener-Policy: same-origin", "Referrer-Policy: strict-origin-when-cross-origin"]
FILTERS = {  # the headers that every response of the same kind has
    "api": [*CORS, *NEVER_CACHED, *PAGES],
    "cached": [*CORS, *PAGES],
    "device": [*CORS, *NEVER_CACHED, "X-XSS-Protection: 0", "X-Frame-Options: DENY"],
    "none": [],
}

# What the value of a name in {{...}} looks like.
KINDS = {"id": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "token": r"[\w-]+\.[\w-]+\.[\w-]+",
         "key": r"tb_\w+", "hash": r"[0-9a-f]{64}", "access": r"\w{20}", "public": r"\w{32}", "time": r"\d{13}"}

DEVICES = ["Test Device A1", "Test Device A2", "Test Device A3", "Test Device B1", "Test Device C1",
           "DHT11 Demo Device", "Raspberry Pi Demo Device", "Thermostat T1", "Thermostat T2"]
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'


def picture(size, shade):
    """A PNG of 64 by 48, SIZE bytes long."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    data = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 0, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress((b"\0" + bytes([shade]) * 64) * 48)), chunk(b"IEND", b"")]
    data.insert(3, chunk(b"tEXt", b"c" * (size - sum(map(len, data)) - 12)))
    return b"".join(data)


FILES = {"picture": picture(592, 10), "new picture": picture(592, 20), "drawing": DRAWING,
         "package": bytes(range(250)) * 1200}


def in_background(work):
    """Calls work() in a thread. Returns a function that waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()

    def join():
        thread.join()
        return results[0]

    return join


class Run:
    """A stand-in, and the values of the names in the exchanges."""

    def __init__(self, sim):
        self.sim, self.begun = sim, {}
        self.names = {("host", ""): "127.0.0.1:%d" % sim.port, ("big", ""): "a" * 9000, ("time", ""): "4102444800000",
                      ("time", "soon"): "%d" % (time.time() * 1000 + 1000)}
        self.names |= {("hash", name): hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
        self.log_in()
        self.names["id", "tenant user"] = self.api("GET", "/api/auth/user")["id"]["id"]
        customer_doc = self.api("GET", "/api/customers?pageSize=1&page=0")["data"][0]
        customer = customer_doc["id"]
        users = self.api("GET", "/api/customer/%s/users?pageSize=1&page=0" % customer["id"])
        self.names["id", "tenant"] = customer_doc["tenantId"]["id"]
        self.names["id", "customer"] = customer["id"]
        self.names["id", "customer user"] = users["data"][0]["id"]["id"]
        for name in DEVICES:
            device = self.api("POST", "/api/device", {"name": name, "type": "default", "customerId": customer})
            self.names.setdefault(("id", "A1"), device["id"]["id"])
            self.names["id", "profile"] = device["deviceProfileId"]["id"]

    def log_in(self):
        self.sim.set(clockOffsetMs=-20000, tokenLife=1, refreshLife=1)
        self.keep("expired", self.sim.login())
        self.sim.set(clockOffsetMs=0, tokenLife=9000, refreshLife=604800)
        self.keep("tenant", self.sim.login())
        for name in ("customer", "old customer", "disabled"):
            self.keep(name, self.sim.login("customer@thingsboard.org", "customer"))
        self.keep("sysadmin", self.sim.login("sysadmin@thingsboard.org", "sysadmin"))
        for name, kind in (("forged", "tenant"), ("forged refresh", "tenant refresh")):
            head, _, signature = self.names["token", kind].rpartition(".")
            self.names["token", name] = head + "." + signature[::-1]

    def keep(self, name, pair):
        self.names["token", name], self.names["token", name + " refresh"] = pair["token"], pair["refreshToken"]

    def api(self, method, target, body=None):
        answer = self.sim.call(method, target, [("X-Authorization", "Bearer " + self.names["token", "tenant"])], body)
        if answer.status != 200:
            raise AssertionError("%s %s: %r" % (method, target, answer))
        return answer.json() if answer.body else None

    # what is sent

    def fill(self, text):
        return re.sub(r"\{\{(\w+) ?(.*?)\}\}", lambda match: self.names[match[1], match[2]], text)

    def body(self, body):
        """The headers, and the bytes or a list of chunks."""
        if body is None or isinstance(body, str):
            return [], self.fill(body or "").encode()
        kind, value = next(iter(body.items()))
        if kind == "multipart":
            return [("Content-Type", "multipart/form-data; boundary=mark")], self.multipart(value)
        if kind == "announced":
            return [("Content-Length", str(value))], None
        if kind == "raw":
            return [], value
        return [], {"zeros": lambda: bytes(value), "gzip": lambda: gzip.compress(value.encode()),
                    "chunked": lambda: [value.encode()], "chunks": lambda: [bytes(value[0])] * value[1]}[kind]()

    @staticmethod
    def multipart(parts):
        out = b""
        for name, filename, media, content in parts:
            out += b"--mark\r\nContent-Disposition: form-data; name=\"%s\"" % name.encode()
            out += b"; filename=\"%s\"\r\nContent-Type: %s" % (filename.encode(), media.encode()) if filename else b""
            out += b"\r\n\r\n%s\r\n" % FILES.get(content, content.encode())
        return out + b"--mark--\r\n"

    def request(self, exchange):
        """(the method, the bytes of the request)"""
        first, *headers = map(self.fill, exchange["request"])
        method, target, *version = first.split(" ")
        more, body = self.body(exchange.get("body"))
        pairs = [tuple(header.split(": ", 1)) for header in headers] + more
        host = None if exchange["name"].endswith("no Host") else self.names["host", ""]
        if isinstance(body, str):
            return method, client.build(method, target, pairs, None, host, *version) + body.encode()
        if not body and method in ("GET", "HEAD", "DELETE", "OPTIONS", "TRACE"):
            body = None
        return method, client.build(method, target, pairs, body, host, *version)

    def begin(self, *names):
        """Begins exchanges that take their time; answer() waits for them."""
        for exchange in EXCHANGES:
            if exchange["name"] in names:
                self.begun[exchange["name"]] = in_background(lambda exchange=exchange: self.answer(exchange))

    def answer(self, exchange):
        if exchange["name"] in self.begun:
            return self.begun.pop(exchange["name"])()
        method, data = self.request(exchange)
        with client.Connection(self.sim.address, record=False) as connection:
            try:
                connection.send(data)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server need not read all of a request that it refuses
            return connection.response(method)

    # what comes back

    def expression(self, text, end=r"\Z"):
        """TEXT with its names replaced by their values; names without a value become groups."""
        new, out = [], ""
        for literal, kind, name in re.findall(r"(.*?)(?:\{\{(\w+) ?(.*?)\}\}|\Z)", text, re.S):
            out += re.escape(literal)
            if not kind or (kind == "time" and not name):
                out += KINDS["time"] if kind else ""
            elif (kind, name) in self.names and kind != "token":
                out += re.escape(self.names[kind, name])
            elif (kind, name) in new:
                out += "(?P=n%d)" % new.index((kind, name))
            else:
                out += "(?P<n%d>%s)" % (len(new), KINDS[kind])
                new.append((kind, name))
        return re.compile(out + end, re.S), new

    def matches(self, expected, got, end=r"\Z"):
        expression, new = self.expression(expected, end)
        match = expression.match(got)
        if match:
            self.names |= {known: match["n%d" % index] for index, known in enumerate(new)}
        return bool(match)

    def differences(self, exchange):
        """The differences from the recording."""
        if "statuses" in exchange:
            statuses = [self.answer(exchange).status for _ in exchange["statuses"]]
            return [] if statuses == exchange["statuses"] else [str(statuses)]
        answer = self.answer(exchange)
        if answer.status != exchange["status"]:
            return ["status %r" % answer]
        out = []
        wanted = sorted(map(str.lower, map(self.fill_known, FILTERS[exchange["filters"]] + exchange["headers"])))
        got = sorted(("%s: %s" % pair).lower() for pair in answer.headers if pair[0] != "Date")
        wanted = sorted(wanted + self.of_libmicrohttpd(exchange))
        if wanted != got:
            out.append("headers: without %s, with %s" % ([one for one in wanted if one not in got],
                                                         [one for one in got if one not in wanted]))
        return out + self.body_differences(exchange, answer.body)

    @staticmethod
    def of_libmicrohttpd(exchange):
        """Without the headers that a real server does not send and the stand-in cannot leave out."""
        if exchange["status"] == 304:
            return ["content-length: 0"]
        if exchange["name"].endswith("HEAD on a JSON endpoint"):
            return ["connection: close", "transfer-encoding: chunked"]
        return []

    def fill_known(self, text):
        return re.sub(r"\{\{(\w+) ?(.*?)\}\}", lambda match: self.names.get((match[1], match[2]), match[0]), text)

    def body_differences(self, exchange, body):
        if exchange["request"][0].startswith("HEAD "):
            return []
        text = body.decode("latin-1" if "ISO-8859-1" in str(exchange["headers"]) else "utf-8", "replace")
        if "bytes" in exchange:
            return self.file_differences(exchange, body)
        if "begins" in exchange:
            if not self.matches(exchange["begins"], text, "") or len(body) != exchange.get("length", len(body)):
                return ["body: %d bytes, %r" % (len(body), text[:200])]
        elif not self.matches(exchange.get("answer", ""), text):
            return ["body: %r\n    not %r" % (text, exchange.get("answer", ""))]
        return []

    @staticmethod
    def file_differences(exchange, body):
        name = exchange["bytes"]
        data = gzip.decompress(body) if name.endswith(" gzip") else body
        wanted = FILES[name.removesuffix(" gzip")]
        if exchange["status"] == 206:
            wanted = wanted[:10]
        return [] if data == wanted else ["body: %d other bytes" % len(body)]


def disable(run):
    target = "/api/user/%s/userCredentialsEnabled?userCredentialsEnabled=false"
    run.api("POST", target % run.names["id", "customer user"])


def add_key(run):
    for key in run.api("GET", "/api/apiKeys/%s?pageSize=10&page=0" % run.names["id", "tenant user"])["data"]:
        run.api("DELETE", "/api/apiKey/" + key["id"]["id"])
    key = run.api("POST", "/api/apiKey", {"userId": {"entityType": "USER", "id": run.names["id", "tenant user"]},
                                          "description": "wire test", "enabled": True, "expirationTime": 0})
    run.names["id", "old key"], run.names["key", "one"] = key["id"]["id"], key["value"]


TWO_WAY = "Devices: Two-way RPC, nobody listens (took 5.08 s)"
ONE_WAY = "Devices: One-way RPC, nobody listens"

# Steps between the exchanges that are not recorded. Limits are refilled in an hour instead of a second.
BEFORE = {
    "API keys: Create": lambda run: (add_key(run), run.names.pop(("key", "one"))),
    "API keys: Expired key": lambda run: run.sim.set(clockOffsetMs=5000),
    "Deleted / disabled user: Access token of a user disabled by the tenant admin": disable,
    "Devices: Create": lambda run: run.sim.set(silentDevices=True),
    TWO_WAY: lambda run: run.begin(TWO_WAY, ONE_WAY),
    "Devices: RPC: device side long poll gets": lambda run: run.begin("Devices: RPC: caller gets"),
    "429: Nine GETs back to back": lambda run: (add_key(run), run.sim.set(limits="5:3600")),
    "429: Seven GETs of a customer": lambda run: run.sim.set(limits="", customerLimits="3:3600"),
}


class TestRecorded(Case):
    maxDiff = None

    def replay(self, section):
        sim = Simulator(own_password=True)
        self.addCleanup(sim.stop)
        run = Run(sim)
        failures = []
        for exchange in EXCHANGES:
            if not exchange["name"].startswith(section + ": "):
                continue
            BEFORE.get(exchange["name"], lambda run: None)(run)
            try:
                failures += ["%s: %s" % (exchange["name"], what) for what in run.differences(exchange)]
            except (KeyError, client.Closed, ValueError, TimeoutError) as error:
                failures.append("%s: %r" % (exchange["name"], error))
        self.assertEqual("\n".join(failures), "")


class TestWebSocket(Case):
    """One conversation, in the order of the recording. That something was not answered for seconds shows in what comes
    next."""

    maxDiff = None

    def test_commands_and_updates(self):
        sim = Simulator(own_password=True)
        self.addCleanup(sim.stop)
        run = Run(sim)
        run.api("POST", "/api/device", {"name": "the tenth", "type": "default"})
        websocket = WebSocket(sim.address, record=False)
        self.addCleanup(websocket.close)
        for way, text in CONVERSATION:
            if way == ">":
                websocket.send(run.fill(text))
            elif way == "<":
                opcode, data = websocket.frame()
                self.assertEqual((opcode, run.matches(text, data.decode())), (TEXT, True), "%s\nnot %s" % (data, text))
            else:
                target = "/api/plugins/telemetry/DEVICE/%s/%s" % (run.names["id", "A1"], way)
                run.api("POST", target, json.loads(text))


class TestMeasured(Case):
    """Facts that were measured, not recorded."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def setUp(self):
        self.key = [("X-Authorization", "ApiKey " + self.sim.api_key)]
        self.addCleanup(self.sim.set, limits="")

    def open(self):
        connection = client.Connection(self.sim.address, record=False)
        self.addCleanup(connection.close)
        return connection

    def test_a_connection_serves_100_requests(self):
        connection = self.open()
        answers = [connection.request("GET", "/api/noauth/userPasswordPolicy") for _ in range(100)]
        self.assertEqual([answer.header("Connection") for answer in answers], [None] * 99 + ["close"])
        self.assertEqual(connection.rest(), b"")

    def test_requests_may_follow_at_once(self):
        connection = self.open()
        connection.send(b"".join(client.build("GET", target, self.key) for target in
                                 ("/api/auth/user", "/api/nope", "/api/noauth/userPasswordPolicy")))
        self.assertEqual([connection.response().status for _ in range(3)], [200, 404, 200])

    def test_100_comes_before_everything(self):
        expect = ("Expect", "100-continue")
        for headers, status in (([("X-Authorization", "Bearer garbage"), ("Content-Length", "10")], 401),
                                ([*self.key, ("Content-Length", "16777217")], 413)):
            connection = self.open()
            connection.send(client.build("POST", "/api/device", [*headers, expect]))
            answer = connection.response()
            self.assertEqual((answer.interim, answer.status, answer.header("Connection")), ([100], status, "close"))
        connection = self.open()
        connection.send(client.build("POST", "/api/auth/login", [("Content-Length", "2"), expect]))
        self.assertEqual(connection.head().status, 100)
        connection.send(b"{}")
        self.assertEqual(connection.response().status, 401)

    def test_the_login_has_no_limit_of_size(self):
        answer = self.sim.call("POST", "/api/auth/login", (), bytes(16777217))
        self.assertEqual((answer.status, answer.json()["message"]), (401, "Authentication failed"))

    def test_errors_are_latin_1(self):
        answer = self.sim.call("GET", "/api/device/%E2%82%AC%C3%BC", self.key)
        self.assertIn("Invalid UUID string: ?ü".encode("latin-1"), answer.body)

    def test_an_asynchronous_operation_takes_two_tokens(self):
        device = self.sim.call("POST", "/api/device", self.key, {"name": "limited", "type": "default"}).json()
        target = "/api/plugins/telemetry/DEVICE/%s/" % device["id"]["id"]
        self.sim.set(limits="3:3600")
        bodies = [b'{"ts":%d,"values":{"a":1}}' % ts for ts in (1, 2, 3)]
        statuses = [self.sim.call("POST", target + "timeseries/ANY", self.key, body).status for body in bodies]
        self.assertEqual(statuses, [200, 429, 429])
        self.sim.set(limits="")
        points = self.sim.call("GET", target + "values/timeseries?keys=a&startTs=0&endTs=9", self.key).json()["a"]
        self.assertEqual([point["ts"] for point in points], [2, 1])

    def test_a_plain_operation_takes_one(self):
        self.sim.set(limits="5:3600")
        targets = ["/api/auth/user"] * 3 + ["/api/nope"] + ["/api/auth/user"] * 2
        statuses = [self.sim.call("GET", target, self.key).status for target in targets]
        self.assertEqual(statuses, [200] * 3 + [404, 200, 429])


for number, name in enumerate(dict.fromkeys(one["name"].split(": ")[0] for one in EXCHANGES)):
    setattr(TestRecorded, "test_%02d_%s" % (number, re.sub(r"\W+", "_", name).lower()),
            lambda self, name=name: self.replay(name))


if __name__ == "__main__":
    tap.main()
