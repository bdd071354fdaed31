# SPDX-License-Identifier: Apache-2.0
"""The spool: writes that the server does not take now, while a call fails, also one of SQLite's; see torture.py. What was
acknowledged is stored by the server at last, with its own time, and what was refused is not."""
import contextlib
import itertools
import json
import os
import shutil
import time

import steps
from life import RECOVERY_S, Life

from harness import credential_options  # steps.py has added the folder of the harness
from simulator import Simulator
from spooling import Way

SETTLE_S = 5.0  # more than it takes if no call fails
POLL_S = 0.004
EPOCH_MS = 1600000000000
ASYNC = ("Prefer", "respond-async")
OPTIONS = {"spool.mode": "outage", "spool.after_ms": 50, "upstream.check_interval_ms": 200, "rate.learn": False}


class Ledger:
    """What was acknowledged, and what the server has stored of it. Each write has a value of its own."""

    def __init__(self, sim):
        self.sim, self.known = sim, 0
        self.values = itertools.count(1)
        self.times, self.missing, self.wrong = {}, set(), []

    def new(self, time_matters=True):
        value = next(self.values)
        self.times[value] = EPOCH_MS + value if time_matters else None
        return value

    def look(self):
        history = self.sim.history(self.known)
        self.known += len(history)
        for _, _, key, time_ms, *value in history:
            if not value:
                continue
            if key == "bad" or self.times[value[0]] not in (None, time_ms):
                self.wrong.append((key, time_ms, value))
            self.missing.discard(value[0])

    def settle(self):
        """Until all is there; Refused if that takes too long."""
        end = time.monotonic() + SETTLE_S
        self.look()
        while self.missing and time.monotonic() < end:
            time.sleep(POLL_S)
            self.look()
        assert not self.wrong, self.wrong
        if self.missing:
            raise steps.Refused("acknowledged, and not stored by the server: %r" % sorted(self.missing))

    def forget(self):
        self.missing.clear()
        self.wrong.clear()


class SpoolScript(steps.SimulatorScript):
    """With tbsim behind a way that can be ended. A step leaves the server there."""

    def __init__(self, daemon, server):
        super().__init__(daemon, server)
        self.ledger = server.ledger

    def forget(self):
        self.ledger.forget()

    @property
    def attributes(self):
        return "/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE" % self.device

    def post(self, target, body, values, *headers):
        """VALUES are acknowledged with 200 or 202. Returns the Location."""
        got = self.connect(unix=True).request("POST", target, headers, json.dumps(body).encode())
        if got.status != 200:
            steps.judge(got, 202)
        self.ledger.missing.update(values)
        if got.status == 202 and not got.header("Location"):
            raise steps.Refused("without memory, headers are left out of an answer")
        return got.header("Location")

    def post_value(self, *headers):
        value = self.ledger.new()
        return self.post(self.telemetry, {"ts": EPOCH_MS + value, "values": {"v": value}}, [value], *headers)

    def post_attribute(self, *headers):
        value = self.ledger.new(time_matters=False)
        return self.post(self.attributes, {"a": value}, [value], *headers)

    @contextlib.contextmanager
    def away(self):
        self.server.way.end()
        try:
            yield
        finally:
            self.server.way.start()

    def wait_for_state(self, location, *states):
        end = time.monotonic() + SETTLE_S
        found = None
        while time.monotonic() < end:
            found = self.ask("GET", location, unix=True).json()["state"]
            self.close()
            if found in states:
                return
            time.sleep(POLL_S)
        raise steps.Refused("%s is %s" % (location, found))

    def settle(self):
        assert not self.daemon.log.find("was removed or replaced"), "nobody has touched the file"
        self.ledger.settle()

    def write_through(self):
        """The server is there, so it goes to it, unless a call fails."""
        self.post_value()
        self.post_attribute()
        self.settle()

    def respond_async(self):
        locations = [self.post_value(ASYNC), self.post_attribute(ASYNC)]
        self.settle()
        for location in locations:
            self.wait_for_state(location, "delivered")

    def outage(self):
        """Rows wait, and are seen to wait, and the return of the server ends that."""
        with self.away():
            location = self.post_value()
            self.post_value(ASYNC)
            self.post_attribute(ASYNC)
            assert self.ask("GET", location, unix=True).json()["state"] == "waiting"
            self.look()
        self.settle()
        self.wait_for_state(location, "delivered")

    def look(self):
        """As an administrator: a list, a page of the export, and the status."""
        rows = self.ask_admin("GET", "/-/spool").json()["rows"]
        assert len(rows) >= 3, rows
        bodies = self.ask_admin("GET", "/-/spool?state=waiting&rows=2&bodies=true").json()
        assert bodies["next"] is not None and all("body" in row for row in bodies["rows"]), bodies
        self.ask_admin("GET", "/-/status")

    def refused_value(self):
        """It is halved until the bad value stands alone, and set aside; then retried, and dropped."""
        good = [self.ledger.new() for _ in range(2)]
        body = [{"ts": EPOCH_MS + value, "values": {"v": value}} for value in good]
        body.insert(1, {"ts": EPOCH_MS, "values": {"bad": "poison"}})
        location = self.post(self.telemetry, body, good, ASYNC)
        self.settle()
        self.wait_for_state(location, "aside")
        number = location.rsplit("/", 1)[1]
        assert self.ask_admin("POST", "/-/spool/retry?number=" + number).json()["retried"] == 1
        self.wait_for_state(location, "aside")
        assert self.ask_admin("POST", "/-/spool/drop?number=" + number).json()["dropped"] == 1
        self.wait_for_state(location, "dropped")

    def delete_waits(self):
        """For the rows of its entity."""
        with self.away():
            self.post_attribute(ASYNC)
            connection = self.connect(unix=True)
            connection.send(steps.build("DELETE", self.attributes.replace("/attributes", "") + "?keys=a", [("Prefer", "wait=10")], host="localhost"))
        steps.judge(connection.response())
        self.ledger.look()
        assert not self.ledger.missing, "the delete was executed before %r" % self.ledger.missing

    def prepare_stop(self):
        self.settle()
        connection = self.connect(unix=True)
        value = self.ledger.new()
        connection.send(steps.build("POST", self.telemetry, [ASYNC], {"ts": EPOCH_MS + value, "values": {"v": value}}, host="localhost"))
        super().prepare_stop()

    steps = [write_through, respond_async, outage, refused_value, delete_waits]


class SpoolLife(Life):
    DRY = 3  # what the writer's thread has to do at once depends on the time

    def more_starts(self):
        return [("start_with_rows", self.torture_start_with_rows)]

    def torture_start_with_rows(self):
        """Whatever fails, the rows are delivered by this start or the next one."""
        values = self.put_rows()
        while self.more():
            self.daemon.end()
            self.restore_rows()
            self.script.ledger.missing.update(values)
            mark = self.daemon.log.mark()
            self.control.arm()
            self.daemon.launch()
            self.daemon.wait_for_start()
            if self.daemon.alive():
                self.attempt(SpoolScript.settle)
            failed = self.control.disarm()
            if not failed:
                break
            self.failures += 1
            self.judge_start(failed, mark)
            self.judge_rows(failed, mark)
        self.begin()

    def put_rows(self):
        """While the server is away. Returns their values; the directory is kept for restore_rows()."""
        with self.script.away():
            for _ in range(3):
                self.script.post_value(ASYNC)
            self.script.post_attribute(ASYNC)
            self.daemon.process.terminate()
            self.daemon.ended()
        shutil.copytree(self.directory, self.directory + ".kept")
        return set(self.script.ledger.missing)

    @property
    def directory(self):
        return self.daemon.options["spool.directory"]

    def restore_rows(self):
        shutil.rmtree(self.directory)
        shutil.copytree(self.directory + ".kept", self.directory)

    def judge_rows(self, failed, mark):
        if not self.daemon.alive():
            self.begin()
        end = time.monotonic() + RECOVERY_S
        outcome = self.attempt(SpoolScript.settle)
        while outcome and time.monotonic() < end:
            outcome = self.attempt(SpoolScript.settle)
        if outcome:
            self.report(self.torture.where, failed, outcome, mark)
            self.script.forget()


def live(torture):
    sim = Simulator(own_password=True)
    sim.set(history=True)
    sim.ledger, sim.way = Ledger(sim), Way(sim)
    sim.fault("status", "/api/plugins/telemetry/", status=400, has='"poison"', count=0)
    life = SpoolLife(torture, "spool", sim, {"upstream.url": sim.way.url, **OPTIONS, **credential_options(sim, "password")}, SpoolScript)
    life.daemon.options["spool.directory"] = os.path.join(life.daemon.directory, "spool")
    life.daemon.write_config()
    try:
        life.run()
    finally:
        sim.way.end()
        sim.stop()
