#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Soak: 50 programs of 5 users make requests of all kinds, while everything goes wrong all the time. Afterwards, what the
servers executed is compared with what the programs were told. Prints a table; the exit status is 1 if anything is wrong.

There are three daemons side by side: to a server with HTTP/1.1; with HTTP/1.1 and TLS, and a spool; with HTTP/2 and TLS."""
import argparse
import asyncio
import collections
import json
import os
import pathlib
import random
import secrets
import shutil
import sys
import tempfile
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import build_tree  # noqa: E402
import ledger  # noqa: E402
from daemon import end_with_parent  # noqa: E402
from faults import Storm  # noqa: E402
from lane import SERVER_S, WAIT_S, Lane  # noqa: E402
from waiting import SLOW  # noqa: E402

USERS = {"alice": 10001, "bob": 10002, "carol": 10003, "dave": 10004, "nobody": 65534}
PROGRAMS_EACH = 10
LANES = (("http1", "", "off"), ("tls", "http/1.1", "outage"), ("http2", "h2", "off"))  # see Lane
GROWTH_KIB = 4096    # after warming up; what is under way at the moment is about that much
SHOWN = 10           # problems of each kind
AT_REST = ("tbproxyd_queue_requests", "tbproxyd_queue_bytes", "tbproxyd_upstream_in_flight", "tbproxyd_websockets",
           "tbproxyd_subscribers", "tbproxyd_subscriptions")  # metrics that are 0 then
DONE = ("tbproxyd_calls_saved_total", "tbproxyd_merged_calls_total", "tbproxyd_retries_total", "tbproxyd_session_calls_total",
        "tbproxyd_subscription_connections_lost_total")  # metrics that show what the daemons were made to do
DELIVERED_S = 60     # what is not delivered then counts as lost
AT_REST_S = 30       # until a daemon has given back what its last requests used


class Soak:
    def __init__(self, seconds, seed, directory):
        self.seconds, self.seed, self.directory = seconds, seed, directory
        self.lanes = [Lane(name, directory, front, spool, seed + index) for index, (name, front, spool) in enumerate(LANES)]
        self.wrong = []  # besides what the ledgers say
        self.done = collections.Counter()  # by the daemons

    def settings(self, number, name):
        path = os.path.join(self.directory, name + ".programs")
        return {"name": name, "uid": USERS[name], "device": str(uuid.UUID(int=number + 1)), "ledger": path, "seed": self.seed,
                "programs": list(range(number * PROGRAMS_EACH, (number + 1) * PROGRAMS_EACH)), "wait_s": WAIT_S,
                "server_s": SERVER_S, "end": time.monotonic() + self.seconds,
                "lanes": [{"port": lane.daemon.port, "unix": lane.daemon.unix_path} for lane in self.lanes]}

    async def run_programs(self, settings):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(pathlib.Path(__file__).with_name("programs.py")), json.dumps(settings),
            preexec_fn=end_with_parent)
        if await process.wait() != 0:
            self.wrong.append("the programs of %s failed" % settings["name"])

    async def measure(self):
        while True:
            for lane in self.lanes:
                lane.measure()
            await asyncio.sleep(1)

    async def make_storm(self):
        """Requests, with faults; returns how many faults of each kind."""
        storms = [Storm(lane, random.Random("%s %s" % (self.seed, lane.name))) for lane in self.lanes]
        running = [asyncio.create_task(work) for work in (self.measure(), *(storm.run() for storm in storms))]
        await asyncio.gather(*(self.run_programs(self.settings(*pair)) for pair in enumerate(USERS)))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*(storm.end() for storm in storms))
        self.wrong += [text for storm in storms for text in storm.failed]
        return sum((storm.counts for storm in storms), collections.Counter())

    async def check_rest(self, lane):
        """All programs have gone, and what waits in the spool is delivered in time."""
        end = time.monotonic() + DELIVERED_S
        while not await asyncio.to_thread(lane.has_delivered) and time.monotonic() < end:
            await asyncio.sleep(0.5)
        left = await lane.fewest_descriptors(AT_REST_S, lane.descriptors_at_start)
        if left > lane.descriptors_at_start:
            self.wrong.append("%s: %d descriptors, %d at the start" % (lane.name, left, lane.descriptors_at_start))
        if lane.growth_kib() > GROWTH_KIB and not SLOW:
            self.wrong.append("%s: memory has grown by %d KiB" % (lane.name, lane.growth_kib()))
        samples = await asyncio.to_thread(lane.samples)
        self.wrong += ["%s: %s is %d" % (lane.name, name, samples[name]) for name in AT_REST if samples[name] != 0]
        self.done.update({name: int(value) for name, value in samples.items() if value and name.split("{")[0] in DONE})
        if lane.front_name == "h2":
            self.check_protocols(lane.protocols())

    def check_protocols(self, protocols):
        """A daemon that has given up HTTP/2 would not test it."""
        if protocols["HTTP/2.0"] <= protocols["HTTP/1.1"]:
            self.wrong.append("HTTP/2 was hardly used: %s" % dict(protocols))

    async def run(self):
        """Returns what the faults were."""
        try:
            await asyncio.gather(*(lane.start() for lane in self.lanes))
            counts = await self.make_storm()
            await asyncio.gather(*(self.check_rest(lane) for lane in self.lanes))
        finally:
            for lane in self.lanes:
                await self.stop(lane)
        for lane in self.lanes:
            counts.update(entry["fault"] for entry in ledger.read_lines(lane.ledger) if "fault" in entry)
        return counts

    async def stop(self, lane):
        try:
            await lane.stop()
        except (AssertionError, OSError) as error:
            self.wrong.append("%s: %s" % (lane.name, error))
        if lane.daemon:
            log = lane.daemon.log.text()
            pathlib.Path(self.directory, lane.name + ".log").write_text(log, encoding="utf-8")
            if self.wrong:
                self.wrong.append("log of %s:\n%s" % (lane.name, "\n".join(log.split("\n")[-SHOWN:])))

    def compare(self):
        asked = [entry for name in USERS for entry in ledger.read_lines(os.path.join(self.directory, name + ".programs"))]
        return asked, ledger.compare(asked, [ledger.read_lines(lane.ledger) for lane in self.lanes])


def print_rows(rows):
    for name, value in rows:
        print("%-48s %10s" % (name, value))


def print_details(soak, faults, comparison):
    for heading, rows in (("fault", faults), ("done by tbproxyd", soak.done),
                          ("request", {"%s: %s" % pair: times for pair, times in comparison.statuses.items()})):
        print("\n%s" % heading)
        print_rows(sorted(rows.items()))


def print_problems(soak, comparison):
    for problem, texts in comparison.problems.items():
        for text in texts[:SHOWN]:
            print("%s: %s" % (problem, text))
    for text in soak.wrong:
        print(text)


def print_table(soak, faults, asked, comparison):
    answered = sum(entry["end"] in (ledger.ANSWER, ledger.CUT) for entry in asked)
    print("\nsoak of %d s, TB_SEED=%d" % (soak.seconds, soak.seed))
    print_rows([("faults injected", sum(faults.values())), ("requests", len(asked)), ("answered", answered),
                ("success", sum(entry["status"] in (101, 200) for entry in asked)),
                ("events and echoes", sum(len(entry.get("got", ())) + entry.get("echoes", 0) for entry in asked)),
                ("hung up by the program", sum(entry["end"] == ledger.LEFT for entry in asked)),
                *((problem, len(texts)) for problem, texts in comparison.problems.items()),
                *(("%s: highest memory, KiB" % lane.name, lane.highest) for lane in soak.lanes),
                *(("%s: growth of memory, KiB" % lane.name, lane.growth_kib()) for lane in soak.lanes)])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="how long requests are made (600)")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("TB_SEED") or secrets.randbelow(1 << 31)),
                        help="of the faults and requests (TB_SEED in the environment, or a new one)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the ledgers and logs there")
    return parser.parse_args()


def soak_in(directory, arguments):
    os.chmod(directory, 0o711)
    os.environ["TB_BUILD"] = str(build_tree.folder())  # so that the other programs need not look for it
    soak = Soak(arguments.seconds, arguments.seed, directory)
    print("soak: TB_SEED=%d" % soak.seed, flush=True)
    faults = asyncio.run(soak.run())
    asked, comparison = soak.compare()
    print_details(soak, faults, comparison)
    print_problems(soak, comparison)
    print_table(soak, faults, asked, comparison)
    return 0 if comparison.is_good() and not soak.wrong else 1


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0:
        sys.exit("soak: needs root, to make requests as five users")
    directory = tempfile.mkdtemp(prefix="tb-soak-")
    try:
        return soak_in(directory, arguments)
    finally:
        if arguments.keep:
            shutil.copytree(directory, arguments.keep, ignore=shutil.ignore_patterns("*.sock"), dirs_exist_ok=True)
        shutil.rmtree(directory)


if __name__ == "__main__":
    sys.exit(main())
