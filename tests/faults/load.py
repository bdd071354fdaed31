# SPDX-License-Identifier: Apache-2.0
"""Programs that use one tbproxyd while something fails, and note what they were told."""
import itertools
import json
import threading
import time

import e2e_modules  # noqa: F401
from client import Closed
from event_stream import Stream
from sim_websocket import WebSocket

READ, WRITE, RPC = "read", "write", "RPC"
RPC_MS = 2000  # what the device may take; tbproxyd adds 5 s
EVERY_S = 0.4
PATIENCE_S = 90  # more than anything may take


class Made:
    """A request that was made. REPLY: None if the connection ended without one."""

    def __init__(self, kind, number):
        self.kind, self.number = kind, number
        self.began = time.monotonic()
        self.reply = self.took = None

    def __str__(self):
        return "%s %d, %.1f s: %s" % (self.kind, self.number, self.took, self.reply)


class Load:
    """Three programs that make requests one after another, one of each kind; one that reads an event stream, and one that has
    a WebSocket, both of the values that are written. Each connects again if its connection ends."""

    def __init__(self, proxy, name):
        self.proxy, self.name = proxy, name
        self.pages = proxy.connect(unix=True)  # it has none to spare later, perhaps
        self.device, *self.others = [self.create("%s-%d" % (name, index)) for index in range(4)]
        self.numbers = itertools.count(1)
        self.made, self.under_way = [], {}  # the latter by kind
        self.events, self.streams = [], 0  # values of the stream, and how many streams there were
        self.updates, self.websockets = [], 0
        self.ends = threading.Event()
        self.threads = []

    def create(self, name):
        return self.proxy.call("POST", "/api/device", unix=True, body={"name": name, "type": "default"}).json()["id"]["id"]

    def start(self):
        works = [lambda kind=kind: self.make_requests(kind) for kind in (READ, WRITE, RPC)]
        for work in (*works, self.read_events, self.read_updates):
            self.threads.append(threading.Thread(target=work, daemon=True))
            self.threads[-1].start()
        return self

    def request_of(self, made):
        if made.kind == READ:
            return "GET", "/api/device/" + self.others[made.number % len(self.others)], None
        if made.kind == WRITE:
            return "POST", "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device, {"n": made.number}
        return "POST", "/api/rpc/twoway/" + self.device, {"method": "m", "params": made.number, "timeout": RPC_MS}

    def is_right(self, made):
        if made.kind == READ:
            return made.reply.json()["id"]["id"] == self.others[made.number % len(self.others)]
        return made.reply.body == (b"" if made.kind == WRITE else b'{"ok":true}')

    def make_requests(self, kind):
        connection = None
        while not self.ends.wait(EVERY_S):
            connection = connection or self.proxy.connect(unix=True)
            connection.deadline = time.monotonic() + PATIENCE_S
            self.under_way[kind] = made = Made(kind, next(self.numbers))
            method, target, body = self.request_of(made)
            try:
                made.reply = connection.request(method, target, body=body)
            except (OSError, Closed):
                pass
            made.took = time.monotonic() - made.began
            self.made.append(made)
            del self.under_way[kind]
            if made.reply is None or made.reply.header("Connection") == "close":
                connection.close()
                connection = None
        if connection:
            connection.close()

    def read_events(self):
        """As an EventSource does: after an end it connects again, and says what it has."""
        last_id = None
        while not self.ends.wait(EVERY_S):
            headers = [("Last-Event-ID", last_id)] if last_id else []
            try:
                stream = Stream(self.proxy, "/-/subscribe/DEVICE/%s?keys=n" % self.device, headers, unix=True,
                                timeout=10 * PATIENCE_S)
                self.streams += stream.answer.status == 200
                while stream.answer.status == 200 and not self.ends.is_set():
                    event = stream.event()
                    if event is None or event[0] == "end":
                        break
                    last_id = stream.last_id
                    self.events.append(int(event[1]["n"]))
                stream.connection.close()
            except (OSError, Closed):
                pass

    def read_updates(self):
        command = {"cmdId": 1, "type": "TIMESERIES", "entityType": "DEVICE", "entityId": self.device,
                   "scope": "LATEST_TELEMETRY", "keys": "n"}
        while not self.ends.wait(EVERY_S):
            try:
                websocket = WebSocket(self.proxy.unix_path)
                websocket.connection.deadline += 10 * PATIENCE_S
                if websocket.answer.status == 101:
                    self.websockets += 1
                    websocket.send({"cmds": [command]})
                while websocket.answer.status == 101 and not self.ends.is_set():
                    opcode, data = websocket.frame()
                    if opcode == 8:
                        break
                    if opcode == 1:
                        self.updates += [int(row[1]) for row in json.loads(data)["data"].get("n", []) if row[1]]
                websocket.close()
            except (OSError, Closed):
                pass

    def ready_page(self):
        self.pages.deadline = time.monotonic() + PATIENCE_S
        return self.pages.request("GET", "/-/ready")

    def since(self, when, kind=None):
        """The requests made after WHEN that have ended."""
        return [made for made in list(self.made) if made.began >= when and kind in (None, made.kind)]

    def stop(self):
        """The last write ends the two that read values."""
        self.pages.close()
        self.ends.set()
        for thread in self.threads[:3]:
            thread.join()
        self.proxy.call("POST", "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device, unix=True, body={"n": 0})
        for thread in self.threads[3:]:
            thread.join(PATIENCE_S)
