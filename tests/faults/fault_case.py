# SPDX-License-Identifier: Apache-2.0
"""A tbproxyd on one machine, a server on another, a cable between them, and a load whose ledger is compared with the server's."""
import collections
import os
import re
import struct
import tempfile
import time

import e2e_modules
import tap
import build_tree
from cable import Cable
from daemon import end_with_parent
from front import Front
from harness import SLOW, Case, wait_until
from load import READ, RPC, RPC_MS, WRITE, Load
from names import NameServer, bind_in_child
from simulator import Simulator

LATE_S = 10 if SLOW else 1  # after a deadline
SLACK_S = 10 if SLOW else 4  # for a busy machine
TIMEOUT_S, HOLD_S = 10, 10
RPC_S = RPC_MS / 1000 + 5
DEADLINE_S = HOLD_S + max(TIMEOUT_S, RPC_S)
OPTIONS = {"listen.address": "", "log.level": "info", "rate.learn": False, "upstream.timeout_ms": 1000 * TIMEOUT_S,
           "upstream.hold_ms": 1000 * HOLD_S}
DESCRIPTORS_MORE = 12  # connections may be idle for 50 s, with three descriptors each over TLS
NAME_SERVER, NAME = "192.0.2.53", "things.test"
ANSWER_MS, WAYS = 300, ("/api/device/", "/api/plugins/telemetry/", "/api/rpc/")
ENTITY, NUMBER = re.compile(r"/(?:DEVICE|twoway)/([0-9a-f-]+)"), re.compile(r'"(?:params|n)": *(\d+)')
VERSIONS = ("http/1.1", "h2")


class FarSimulator(Simulator):
    """The stand-in server in NAMESPACE."""

    def __init__(self, namespace, **options):
        self.namespace = namespace
        super().__init__(**options)

    def in_child(self):
        self.namespace.enter()

    def control(self, *arguments, **options):
        return self.namespace.run(lambda: Simulator.control(self, *arguments, **options))

    def call(self, *arguments, **options):
        return self.namespace.run(lambda: Simulator.call(self, *arguments, **options))


class Clock:
    """The date of the programs that have its ENVIRONMENT; everybody else's, at first."""

    def __init__(self, directory):
        path = os.path.join(directory, "clock")
        self.environment = {"TB_CLOCK": path, "LD_PRELOAD": build_tree.program("tests/faults/.libs/libclock.so")}
        self.file = open(path, "wb", buffering=0)
        self.step(0)

    def step(self, offset_s):
        """OFFSET_S: from the true one."""
        os.pwrite(self.file.fileno(), struct.pack("q", offset_s), 0)

    def close(self):
        self.file.close()


class FaultCase(Case):
    def setUp(self):
        try:
            self.cable = Cable(e2e_modules.SEED)
        except OSError as error:
            self.fail("no network namespaces with TUN devices (they need root, iproute2 and /dev/net/tun): %s" % error)
        self.addCleanup(self.cable.close)

    def make_directory(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-fault-")
        self.addCleanup(directory.cleanup)
        return directory.name

    def start_name_server(self, answer):
        """Returns it, and what makes a process that is about to run a program use it."""
        self.cable.add_address_there(NAME_SERVER)
        names = NameServer(self.cable.there, NAME_SERVER, answer)
        self.addCleanup(names.stop)
        resolver = names.write_resolver(self.make_directory())
        return names, lambda: bind_in_child(resolver, "/etc/resolv.conf")

    def make_clock(self):
        """A date for daemons that are started with its environment."""
        clock = Clock(self.make_directory())
        self.addCleanup(clock.close)
        return clock

    def start_far_simulator(self, **options):
        sim = FarSimulator(self.cable.there, **options)
        self.simulators.append(sim)
        self.addCleanup(sim.stop)
        return sim

    def start_far_front(self, sim, version, host):
        front = Front(sim, version, address="0.0.0.0", namespace=self.cable.there, host=host)
        self.addCleanup(front.stop)
        return front

    def prepare_near_daemon(self, server, options=None, in_child=lambda: None):
        proxy = self.prepare_daemon(server, {**OPTIONS, **(options or {})})
        proxy.in_child = lambda: (end_with_parent(), self.cable.here.enter(), in_child())
        return proxy

    def start_near_daemon(self, server, options=None, in_child=lambda: None, **environment):
        proxy = self.prepare_near_daemon(server, options, in_child).start(**environment)
        proxy.log.wait("the server (is|does not report)")
        return proxy

    def begin(self, options=None, host=Cable.THERE_ADDRESS, in_child=lambda: None, token_life=9000, prepare=lambda front: None,
              **environment):
        """A front and a daemon for each of VERSIONS, and a load for each that runs. HOST: in the server's URL. PREPARE(front)
        is called before its daemon starts. OPTIONS, IN_CHILD, ENVIRONMENT: of the daemons."""
        self.sim, self.calls = self.start_far_simulator(token_life=token_life), []
        self.fronts = [self.start_far_front(self.sim, version, host) for version in VERSIONS]
        for front in self.fronts:
            prepare(front)
        self.loads = [Load(self.start_near_daemon(front, options, in_child, **environment), version)
                      for front, version in zip(self.fronts, VERSIONS)]
        for load in self.loads:
            self.addCleanup(load.ends.set)
            load.start()
            wait_until(lambda: load.events and load.updates and self.all_succeed(load, 0), "a load that runs")
        for path in WAYS:  # so that a fault meets requests that are executed and not answered
            self.sim.fault("delay", path, ms=ANSWER_MS, executed=True, count=0)
        self.descriptors = [self.count_descriptors(load.proxy) for load in self.loads]
        self.marks = [load.proxy.log.mark() for load in self.loads]

    @staticmethod
    def count_descriptors(proxy):
        return len(os.listdir("/proc/%d/fd" % proxy.process.pid))

    @staticmethod
    def all_succeed(load, since):
        """Whether of each kind a request made since then has succeeded."""
        return all(any(made.reply and made.reply.status == 200 for made in load.since(since, kind))
                   for kind in (READ, WRITE, RPC))

    def last(self, seconds):
        """The fault lasts so long, or for TB_FAULT_SECONDS."""
        end = time.monotonic() + max(seconds, e2e_modules.SECONDS)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 20))
            self.collect_calls()

    @staticmethod
    def wait_for_call(load):
        """Until the server has executed an RPC, most likely, and has not answered it."""
        def is_executed():
            made = load.under_way.get(RPC)
            return made and ANSWER_MS / 3 < 1000 * (time.monotonic() - made.began) < ANSWER_MS / 2
        wait_until(is_executed, "a call that is executed")

    def assert_told(self, state, cause, timeout_s=SLACK_S + 6):
        """The page and the log of each daemon say that, in time."""
        for load, mark in zip(self.loads, self.marks):
            def page():
                self.page = load.ready_page().json()
                return self.page["state"] in state.split("|") and re.search(cause, self.page["reason"])
            try:
                wait_until(page, "it", timeout_s)
            except AssertionError:
                raise AssertionError("%s: %s is not in %r" % (state, cause, self.page)) from None
            load.proxy.log.wait(cause, mark, timeout_s)

    def assert_recovers(self, within_s):
        """Within that time requests of each kind succeed, updates come, and the server is said to be there."""
        repaired = time.monotonic()
        end = repaired + within_s + SLACK_S
        for load in self.loads:
            number = max(made.number for made in load.made)
            for what, has_recovered in {"requests": lambda: self.all_succeed(load, repaired),
                                        "readiness": lambda: load.ready_page().status == 200,
                                        "the event stream": lambda: max(load.events) > number,
                                        "the WebSocket": lambda: max(load.updates) > number}.items():
                wait_until(has_recovered, "recovery of " + what, max(0.1, end - time.monotonic()))
                tap.comment("%s of %s: after %.1f s" % (what, load.name, time.monotonic() - repaired))

    def assert_goes_on(self, seconds=2, loads=None):
        """Nothing fails any more, and nothing is slow, of LOADS or of all."""
        since = time.monotonic()
        time.sleep(seconds)
        for load in loads or self.loads:
            for made in load.since(since):
                self.assertEqual(made.reply and made.reply.status, 200, str(made))
                self.assertLess(made.took, 2 + SLACK_S, str(made))

    def settle(self, cause=None, failing=(READ, WRITE, RPC)):
        """Ends the loads. Each request was answered in time, rightly or, if it is of one of the FAILING kinds, with an error that
        says the CAUSE (None: there is no error), or of any kind if the fault is longer than usual; the ledgers agree."""
        if e2e_modules.SECONDS:
            failing = (READ, WRITE, RPC)
        for load in self.loads:
            load.stop()
        self.collect_calls()
        calls = collections.Counter(self.calls)
        made_by_all = [made for load in self.loads for made in load.made]
        tap.comment("%d requests, %d failed; slowest %.1f s; %d streams, %d WebSockets; %s packets" % (
            len(made_by_all), sum(not made.reply or made.reply.status != 200 for made in made_by_all),
            max(made.took for made in made_by_all), sum(load.streams for load in self.loads),
            sum(load.websockets for load in self.loads), dict(self.cable.counts)))
        for load, before in zip(self.loads, self.descriptors):
            for made in load.made:
                self.assert_answered(load, made, cause if made.kind in failing else None)
            self.assert_calls(load, calls)
            self.assert_values(load, calls)
            wait_until(lambda: self.count_descriptors(load.proxy) <= before + DESCRIPTORS_MORE,
                       "the end of %d descriptors" % self.count_descriptors(load.proxy))

    def assert_answered(self, load, made, cause):
        self.assertIsNotNone(made.reply, str(made))
        self.assertLess(made.took, DEADLINE_S + LATE_S, str(made))
        if made.reply.status == 200:
            self.assertTrue(load.is_right(made), str(made))
        else:
            self.assertIn(made.reply.status, (502, 503, 504), str(made))
            self.assertIsNotNone(cause, str(made))
            self.assertRegex(made.reply.json()["message"], cause, str(made))

    def collect_calls(self):
        """Adds to self.calls the RPCs and writes that the server was sent; it remembers its last 1,000 requests only."""
        rows = [(ENTITY.search(request["target"]), NUMBER.search(request["body"])) for request in self.sim.requests()]
        new = [(entity.group(1), int(number.group(1))) for entity, number in rows if entity and number]
        most = min(len(new), len(self.calls))
        known = max(count for count in range(most + 1) if self.calls[len(self.calls) - count:] == new[:count])
        self.calls += new[known:]

    def assert_calls(self, load, calls):
        for made in load.since(0, RPC):
            times = calls[load.device, made.number]
            self.assertIn(times, (1,) if made.reply.status == 200 else (0, 1), str(made))

    def values(self, load):
        """The values that the server has, with their times."""
        target = "/api/plugins/telemetry/DEVICE/%s/values/timeseries?keys=n&startTs=0&endTs=9999999999999&limit=100000"
        reply = self.sim.call("GET", target % load.device, [("X-Authorization", "ApiKey " + self.sim.api_key)])
        return reply.json()["n"]

    def assert_values(self, load, calls):
        """What was acknowledged is there, once, and came to the program that reads events, as often as it was sent at most."""
        stored = [int(row["value"]) for row in self.values(load)]
        writes = load.since(0, WRITE)
        acknowledged = {made.number for made in writes if made.reply.status == 200}
        self.assertEqual(len(stored), len(set(stored)), "a value is there twice")
        self.assertEqual(acknowledged - set(stored), set(), "acknowledged and lost")
        self.assertEqual(set(stored) - {made.number for made in writes} - {0}, set(), "nobody wrote these")
        events = load.events[:-1] if load.events[-1] == 0 else load.events  # the last one ends the load
        self.assertEqual(events, sorted(events))
        for number, times in collections.Counter(events).items():
            self.assertLessEqual(times, calls[load.device, number], "value %d was streamed too often" % number)
        first = min(events)
        self.assertEqual({number for number in acknowledged if number > first} - set(events), set(), "not streamed")
