# SPDX-License-Identifier: Apache-2.0
"""Writes that are answered when they are on the disk, one value each, by 8 and 64 programs: beside the same load when it is
forwarded, thingsboard-gateway with its SQLite storage (which answers before), and what the disk can do. Then a backlog of
1,000,000 values: memory, disk, and delivery under "50:1" and without a limit. Goals: 64 programs, at least 0.8 of what is
forwarded, or of 64 times the pwrite() and fdatasync() of the disk; memory, 8 MiB more than idle."""

import os
import statistics
import time

from bench import gateway, harness, memory, merge, outage, servers, writers

TOOLS = ()
WRITERS = (8, 64)
GRACE = 5
GOAL_RATIO = 0.8

# The size of a page of SQLite.
BLOCK = bytes(4096)
FLUSH_BLOCKS = 256

BACKLOG, QUICK_BACKLOG = 1000000, 50000
LIMITS = {"50:1": "50:1", "no_limit": ""}

POLL_S = 0.2
SETTLED_POLLS = 3

UNITS = {"values_per_s": "1/s", "p99_ms": "ms", "cpu_us_per_value": "us", "failed": "1"}


def run(quick):
    """The figures of the load, then those of the backlog."""
    with writers.Scene(0, max(WRITERS)) as scene:
        subjects = start_subjects(scene)
        for count in WRITERS:
            yield from load_rows(count, *take_turns(scene, subjects, count, quick))
    for name, limits in LIMITS.items():
        with outage.Scene(0, max(WRITERS)) as scene:
            yield from backlog(scene, name, limits, quick)


# ---- the load ----


def start_subjects(scene):
    """Each subject, and a function that says how many points its server has stored."""
    def points():
        return servers.call(scene.tbsim, "GET", "/sim/stats")["points"]

    subjects = {
        "forwarded": (servers.start_tbproxyd(scene, scene.tbsim, "forwarded"), points),
        "always": (start_spool(scene, scene.tbsim), points),
    }
    if gateway.python():
        mqtt = gateway.Server(scene)
        subjects["gateway"] = (gateway.start(scene, mqtt, mqtt.port), mqtt.points)
    return subjects


def start_spool(scene, upstream, **options):
    """Starts tbproxyd with a spool that takes all writes."""
    return servers.start_tbproxyd(
        scene, upstream, "always", spool_mode="always", spool_directory=scene.dir / "spool", **options
    )


def take_turns(scene, subjects, count, quick):
    """The figures of all turns, by subject, and of the disk."""
    rounds, seconds = (3, 1) if quick else (7, 3)
    plan = writers.Plan(scene.devices[:count], seconds, GRACE)
    results, flushes = {name: [] for name in subjects}, []
    for _ in range(rounds):
        for name, (server, points) in subjects.items():
            results[name].append(measure(scene, server, points, plan))
        flushes.append(flushes_per_second(scene.dir, seconds / 4))
    return results, flushes


def measure(scene, server, points, plan):
    """One turn. The CPU time is that until all values are delivered."""
    before = harness.cpu_seconds(server.process)
    result = writers.run(scene, server, plan)
    settle(points)
    cpu = harness.cpu_seconds_since(server.process, before)
    return {
        "values_per_s": merge.rate(result),
        "p99_ms": result.latency_ms(0.99),
        "cpu_us_per_value": cpu * 1e6 / max(1, len(result.answered)),
        "failed": result.failed,
    }


def settle(points):
    """Waits until no more points come."""
    last, same = points(), 0
    while same < SETTLED_POLLS:
        time.sleep(POLL_S)
        now = points()
        last, same = now, same + 1 if now == last else 0


def flushes_per_second(directory, seconds):
    """How often pwrite() and fdatasync() of a page run on the disk, one after the other."""
    file = os.open(directory, os.O_RDWR | os.O_TMPFILE, 0o600)
    try:
        os.pwrite(file, BLOCK * FLUSH_BLOCKS, 0)
        os.fsync(file)
        count, begin = 0, time.monotonic()
        while time.monotonic() < begin + seconds:
            os.pwrite(file, BLOCK, count % FLUSH_BLOCKS * len(BLOCK))
            os.fdatasync(file)
            count += 1
        return count / (time.monotonic() - begin)
    finally:
        os.close(file)


def load_rows(count, results, flushes):
    """The medians of all figures, and of their ratios in each round."""
    for name, rounds in results.items():
        for figure, unit in UNITS.items():
            value = statistics.median(each[figure] for each in rounds)
            yield harness.Row("spool", name, f"{count}_{figure}", value, unit)
    yield harness.Row("spool", "disk", f"{count}_flushes_per_s", statistics.median(flushes), "1/s")
    rates = {name: [each["values_per_s"] for each in rounds] for name, rounds in results.items()}
    possible = {"flushes": [count * each for each in flushes], "forwarded": rates["forwarded"]}
    possible["lesser"] = [min(pair) for pair in zip(*possible.values())]
    if "gateway" in rates:
        possible["gateway"] = rates["gateway"]
    for name, others in possible.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(rates["always"], others))
        yield harness.Row("spool", "always", f"{count}_ratio_to_{name}", ratio, "1")


# ---- the backlog ----


def backlog(scene, name, limits, quick):
    """Fills the spool while the server is away, and lets it deliver. What 1,000,000 values take is extrapolated from those
    that were delivered in the time."""
    server = start_spool(scene, scene.origin, rate_limits=limits)
    idle = memory.memory(server)["Rss"]
    scene.relay.kill()
    count, cpu = fill(scene, server, QUICK_BACKLOG if quick else BACKLOG)
    figures = {
        "backlog": (count, "1"),
        "store_cpu_us_per_value": (cpu * 1e6 / count, "us"),
        "disk_bytes_per_value": (disk_bytes(scene.dir / "spool") / count, "B"),
        "idle_resident": (idle, "MiB"),
        "backlog_minus_idle_resident": (memory.memory(server)["Rss"] - idle, "MiB"),
    }
    scene.begin(limits)
    scene.relay.start()
    figures |= deliver(scene, server, count, 5 if quick else 30)
    for figure, (value, unit) in figures.items():
        yield harness.Row("spool", name, figure, value, unit)


def fill(scene, server, least):
    """Stores LEAST values or more. Returns their number, and the CPU seconds of SERVER."""
    count = cpu = 0
    while count < least:
        result = writers.run(scene, server, writers.Plan(scene.devices, 2, GRACE))
        if result.failed:
            raise harness.BenchError(f"spool: {result.failed} of {len(result.values)} values were refused")
        count, cpu = count + len(result.answered), cpu + result.cpu_s
    return count, cpu


def disk_bytes(directory):
    """What the spool's database takes, without the reserve."""
    return sum(path.stat().st_blocks * 512 for path in directory.glob("spool.db*"))


def deliver(scene, server, count, seconds):
    """The figures of the delivery, from the first value that is stored on, until all are or SECONDS are over."""
    first = wait_for_more(scene, scene.points)
    cpu, begin = harness.cpu_seconds(server.process), time.monotonic()
    points = first
    while points < scene.points + count and time.monotonic() < begin + seconds:
        time.sleep(POLL_S / 4)
        points = scene.stats()["points"]
    rate = (points - first) / (time.monotonic() - begin)
    cpu = harness.cpu_seconds_since(server.process, cpu)
    return {
        "delivered_part": ((points - first) / count, "1"),
        "delivered_per_s": (rate, "1/s"),
        "delivered_calls": (scene.stats()["requests"], "1"),
        "deliver_cpu_us_per_value": (cpu * 1e6 / max(1, points - first), "us"),
        "1000000_values_extrapolated": (1e6 / rate, "s"),
    }


def wait_for_more(scene, points):
    """Waits until there are more than POINTS. Returns how many."""
    until = time.monotonic() + harness.START_LIMIT
    while (now := scene.stats()["points"]) <= points:
        if time.monotonic() > until:
            raise harness.BenchError("spool: nothing is delivered")
        time.sleep(POLL_S / 10)
    return now
