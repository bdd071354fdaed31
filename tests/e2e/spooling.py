# SPDX-License-Identifier: Apache-2.0
"""Programs that write telemetry and attributes and note what they were told, and a judge that compares it with the history of
the stand-in: what was acknowledged is stored once, with its own time; no old attribute overwrites a new one."""
import collections
import itertools
import json
import os
import random
import socket
import threading
import time

from client import Closed, Connection
from harness import PATIENCE, Case, wait_until
from listening import Listening, shut_down
from waiting import Log

STAMPED, BARE, ARRAY, ATTRIBUTE, DELETE, POISONED = KINDS = ("stamped", "bare", "array", "attribute", "delete", "poisoned")
WISHES = ((), (), (("Prefer", "respond-async"),), (("Prefer", "wait=0"),))
DELETE_WAITS = ("Prefer", "wait=1")  # for the entity's rows
EPOCH_MS = 1600000000000  # the time of stamped values is this and their mark
BARE_KEYS = 16  # of a program in turn, so that two values of a key are never of the same millisecond
SLACK_MS = 3000  # of a stamp: the server tells its time in whole seconds
ASKED = 30  # writes whose end is asked for
ACKNOWLEDGED = (200, 202)
AWAY = (429, 500, 502, 503, 504)  # a deletion is not spooled
ENDED = None  # in place of a status: the connection ended


class Write:
    """One request with what it was told. Its values are MARK, and the keys say whose they are."""

    marks = itertools.count(1)

    def __init__(self, kind, entity, name, scope="SERVER_SCOPE"):
        self.kind, self.entity, self.scope = kind, entity, scope
        self.mark = next(self.marks)
        self.key = "%s-%s" % (name, kind)
        if kind == BARE:
            self.key += "-%d" % (self.mark % BARE_KEYS)
        if kind == DELETE:
            self.key = "%s-%s" % (name, ATTRIBUTE)
        self.statuses = []  # of each time that it was sent
        self.asked_ms = self.answered_ms = 0
        self.location = None  # of a row in the spool

    @property
    def status(self):
        """The last one; ENDED if there is none."""
        return self.statuses[-1] if self.statuses else ENDED

    def __repr__(self):
        return "%s %d of %s: %s" % (self.kind, self.mark, self.key, self.statuses)

    def is_acknowledged(self):
        return self.status in ACKNOWLEDGED

    def points(self):
        """The values that it stores: {(entity, key, mark): time}, None if the time is given at arrival."""
        if self.kind in (ATTRIBUTE, DELETE):
            return {}
        time_ms = None if self.kind == BARE else EPOCH_MS + self.mark
        keys = (self.key, self.key + "2") if self.kind == ARRAY else (self.key,)
        return {(self.entity, key, self.mark): time_ms for key in keys}

    def body(self):
        element = {"ts": EPOCH_MS + self.mark, "values": {key: self.mark for _, key, _ in self.points()}}
        return {BARE: {self.key: self.mark}, ATTRIBUTE: {self.key: self.mark}, DELETE: None, STAMPED: element, ARRAY: [element],
                POISONED: [element, {"ts": EPOCH_MS + self.mark, "values": {"bad": "poison"}}]}[self.kind]

    def request(self):
        """Method, target and body."""
        base = "/api/plugins/telemetry/DEVICE/%s/" % self.entity
        if self.kind == DELETE:
            return "DELETE", base + "%s?keys=%s" % (self.scope, self.key), None
        return "POST", base + (self.scope if self.kind == ATTRIBUTE else "timeseries/ANY"), json.dumps(self.body()).encode()


class Program:
    """Writes to ENTITY, one after another. What has its own time is sent again until it is answered. REFUSALS: statuses that a
    write may get besides those that say that it is taken."""

    def __init__(self, address, entity, name, seed, kinds=KINDS, wishes=WISHES, refusals=()):
        self.address, self.entity, self.name, self.kinds, self.wishes = address, entity, name, kinds, wishes
        self.allowed = {kind: ACKNOWLEDGED + tuple(refusals) for kind in KINDS}
        self.allowed[DELETE] += AWAY
        self.allowed[POISONED] += (400,)
        self.noise = random.Random(seed)
        self.connection = None
        self.writes, self.problems = [], []
        self.slowest_s = 0

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def send(self, write):
        """Returns the status, or ENDED."""
        if self.connection is None:
            self.connection = Connection(self.address, record=False)
            self.connection.host = "localhost"
        self.connection.deadline = time.monotonic() + 3 * PATIENCE
        method, target, body = write.request()
        headers = [("Content-Type", "application/json"), *((DELETE_WAITS,) if write.kind == DELETE else self.noise.choice(self.wishes))]
        try:
            reply = self.connection.request(method, target, headers, body)
        except (Closed, ConnectionResetError, BrokenPipeError):
            self.close()
            return ENDED
        if reply.status not in self.allowed[write.kind]:
            self.problems.append("%r: %r" % (write, reply))
        write.location = reply.header("Location")
        return reply.status

    def write(self, kind):
        write = Write(kind, self.entity, self.name)
        self.writes.append(write)
        write.asked_ms = time.time() * 1000
        began = time.monotonic()
        write.statuses.append(self.send(write))
        while write.statuses[-1] is ENDED and kind == STAMPED:
            write.statuses.append(self.send(write))
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        write.answered_ms = time.time() * 1000

    def run(self, stop):
        try:
            while not stop.is_set():
                self.write(self.noise.choice(self.kinds))
        except Exception as error:  # refused, no answer in time, or not HTTP
            self.problems.append(repr(error))
        self.close()


class Judge:
    """Compares the writes of PROGRAMS with what SIM has stored. IS_STRICT: no attribute was ever overwritten by an older one, not
    even for a moment, as after a kill, when what was delivered and not noted as delivered is delivered again."""

    def __init__(self, sim, programs, is_strict):
        self.sim, self.programs, self.is_strict = sim, programs, is_strict
        self.known = 0  # entries of the history
        self.times = collections.defaultdict(set)  # (entity, key, mark): the times under which it is stored
        self.wire = collections.Counter()  # (entity, key, mark, time): how often it was stored
        self.attributes = collections.defaultdict(list)  # (entity, key): marks in order, None for a deletion
        self.poison = []

    def look(self):
        history = self.sim.history(self.known)
        self.known += len(history)
        for entity, scope, key, time_ms, *value in history:
            if key == "bad":
                self.poison.append(time_ms)
            elif scope != "TIMESERIES":
                self.attributes[entity, key].append(value[0] if value else None)
            elif value:
                self.times[entity, key, value[0]].add(time_ms)
                self.wire[entity, key, value[0], time_ms] += 1

    def writes(self):
        return [write for program in self.programs for write in program.writes]

    def lost(self):
        return [write for write in self.writes() if write.is_acknowledged() and any(not self.times[point] for point in write.points())]

    def wrong_times(self):
        """Stored under several times, or under one that is not its own."""
        def is_wrong(write, given, found):
            if given is not None:
                return found - {given}
            return len(found) > 1 or any(not write.asked_ms - SLACK_MS < one < write.answered_ms + SLACK_MS for one in found)
        return [(write, point, self.times[point]) for write in self.writes() for point, given in write.points().items()
                if is_wrong(write, given, self.times[point])]

    def attribute_writes(self):
        """Of each attribute, its writes and deletions in order."""
        found = collections.defaultdict(list)
        for write in self.writes():
            if write.kind in (ATTRIBUTE, DELETE):
                found[write.entity, write.key].append(write)
        return found

    def outdated(self):
        """Attributes whose last value is neither the last that was acknowledged, nor one that was sent after it."""
        bad = []
        for key, writes in self.attribute_writes().items():
            last = max((i for i, write in enumerate(writes) if write.is_acknowledged()), default=None)
            allowed = {write.mark if write.kind == ATTRIBUTE else None for write in writes[last or 0:]}
            stored = self.attributes[key][-1] if self.attributes[key] else None
            if last is not None and stored not in allowed:
                bad.append((key, stored, writes[last]))
        return bad

    def turned_back(self):
        """Attributes that were overwritten by an older value."""
        return [(key, marks) for key, marks in ((key, [mark for mark in marks if mark]) for key, marks in self.attributes.items())
                if marks != sorted(marks)]

    def is_complete(self):
        self.look()
        return not self.lost() and not self.outdated()

    def wait(self, quiet_s=PATIENCE):
        """Until all that was acknowledged is there, or nothing has come for so long."""
        known, end = -1, 0
        while not self.is_complete() and (self.known > known or time.monotonic() < end):
            if self.known > known:
                known, end = self.known, time.monotonic() + quiet_s
            time.sleep(0.05)

    def check(self, case):
        case.assertEqual([problem for program in self.programs for problem in program.problems][:5], [])
        case.assertEqual(self.lost()[:5], [], "acknowledged and lost")
        case.assertEqual(self.wrong_times()[:5], [], "stored at another time, or at several")
        case.assertEqual(self.outdated()[:5], [], "an old attribute has overwritten a new one")
        case.assertEqual(self.poison, [], "refused and stored")
        if self.is_strict:
            case.assertEqual(self.turned_back()[:5], [])

    def figures(self):
        counts = collections.Counter(write.status for write in self.writes())
        points = [point for write in self.writes() if write.is_acknowledged() for point in write.points()]
        return "%d writes: %d answered with 202, %d with 200, %d with others, %d without; %d values acknowledged, %d found, %d lost, " \
            "%d doubled, %d sent again; %d attributes, %d outdated; slowest answer %.1f s" % (
                sum(counts.values()), counts[202], counts[200], sum(counts.values()) - counts[202] - counts[200] - counts[ENDED],
                counts[ENDED], len(points), sum(bool(self.times[point]) for point in points),
                sum(not self.times[point] for point in points), sum(len(times) > 1 for times in self.times.values()),
                sum(times - 1 for times in self.wire.values()), len(self.attribute_writes()), len(self.outdated()),
                max(program.slowest_s for program in self.programs))


class Way(Listening):
    """To SIM. It can be ended, with all connections, and started again."""

    daemon_options = {}

    def __init__(self, sim):
        self.behind, self.socks = sim, set()
        super().__init__()

    def connected(self, sock):
        far = socket.create_connection(self.behind.address)
        self.socks |= {sock, far}
        self.spawn(self.pass_on, sock, far)
        self.spawn(self.pass_on, far, sock)

    def pass_on(self, source, target):
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
        except OSError:  # it was ended
            pass
        shut_down([source, target])
        self.socks.discard(source)
        source.close()

    def end(self):
        self.stop_listening()
        shut_down(list(self.socks))

    def start(self):
        Listening.__init__(self, self.port)


class SpoolCase(Case):
    """A stand-in with ENTITIES devices behind a way that can be ended and started, and a daemon with a spool."""

    ENTITIES = 3
    OPTIONS = {"log.level": "info", "rate.learn": False, "upstream.check_interval_ms": 200, "spool.mode": "outage",
               "spool.after_ms": 100}

    def begin(self, options=None):
        seed = int(os.environ.get("TB_SEED", random.SystemRandom().randrange(1 << 32)))
        print("# TB_SEED=%d" % seed, flush=True)
        self.noise = random.Random(seed)
        self.sim = self.start_simulator()
        self.sim.set(history=True)
        self.way = Way(self.sim)
        self.addCleanup(lambda: shut_down(self.way.socks | {self.way.listener}))
        self.entities = [self.make_device("spooled %d" % i) for i in range(self.ENTITIES)]
        self.proxy = self.prepare_daemon(self.way, {**self.OPTIONS, **(options or {})})
        self.use_directory(self.proxy.directory + "/spool")

    def use_directory(self, directory):
        self.proxy.options["spool.directory"] = directory
        self.proxy.write_config()

    def refuse_poison(self):
        """The first fault, which stays (clear_faults(1))."""
        self.sim.fault("status", "/api/plugins/telemetry/", status=400, has='"poison"', count=0)

    def restart(self):
        self.proxy.process.terminate()
        self.assertEqual(self.proxy.ended(), 0)
        self.proxy.log = Log()
        self.proxy.start(wait="")

    def make_device(self, name):
        key = [("X-Authorization", "ApiKey " + self.sim.api_key)]
        return self.sim.call("POST", "/api/device", key, {"name": name, "type": "default"}).json()["id"]["id"]

    def make_programs(self, count, **options):
        return [Program(self.proxy.unix_path, self.entities[i % self.ENTITIES], "p%d" % i, self.noise.random(), **options)
                for i in range(count)]

    def run_under_load(self, programs, work):
        """Calls work() while they write."""
        stop = threading.Event()
        threads = [threading.Thread(target=program.run, args=(stop,)) for program in programs]
        for thread in threads:
            thread.start()
        try:
            work()
        finally:
            stop.set()
            for thread in threads:
                thread.join(4 * PATIENCE)

    def settle(self, programs, is_strict=True, asks=True):
        """Waits until all is delivered, and checks it. ASKS: also what tbproxyd says of the last writes. Returns the judge."""
        judge = Judge(self.sim, programs, is_strict)
        judge.wait()
        print("# figure: " + judge.figures(), flush=True)
        judge.check(self)
        wait_until(lambda: not self.proxy.ask_admin("GET", "/-/spool?state=waiting").json()["rows"], "an empty spool")
        if asks:
            self.check_states(judge)
        return judge

    def check_states(self, judge):
        """tbproxyd knows what became of the last ones."""
        for write in [write for write in judge.writes() if write.status == 202][-ASKED:]:
            found = self.proxy.get(write.location, unix=True)
            expected = "aside" if write.kind == POISONED else "delivered"
            self.assertEqual((found.status, found.json().get("state")), (200, expected), str(write))
