# SPDX-License-Identifier: Apache-2.0
"""Local programs that write telemetry to tbsim, through a proxy (write_load.c) or with the official Python client
(official_writes.py), and the results of their writes."""

import bisect
import dataclasses
import json
import secrets
import subprocess
import typing

from bench import build, client, harness, servers

# The end of the time range when values of a device are read.
LATEST_TS = 1 << 53
MOST_POINTS = 1000000


class Value(typing.NamedTuple):
    """One line of write_load: times in us since the start, -1 for never."""

    writer: int
    value: int
    due: int
    sent: int
    answered: int
    status: int


@dataclasses.dataclass
class Plan:
    """The load: one writer for each element of `devices`, which may repeat."""

    devices: list
    seconds: float
    grace: float  # how long it waits for responses after that
    rate: float = 0  # values per second of each writer; 0: the next one after each response
    connections: int = 1  # of each writer


class Scene(harness.Workshop):
    """tbsim with some devices, for one subject."""

    def __init__(self, write_ms, devices):
        super().__init__()
        self.write_ms = write_ms
        self.count = devices

    def __enter__(self):
        super().__enter__()
        self.key = "tb_" + secrets.token_hex(24)
        self.tbsim = servers.start_tbsim(self, "--api-key", self.key, "--write-ms", str(self.write_ms))
        self.devices = [self.make_device(number) for number in range(self.count)]
        return self

    def make_device(self, number):
        """Creates a device. Returns its id."""
        device = {"name": f"device {number}", "type": "default"}
        return client.request(self.tbsim, self.key, "POST", "/api/device", device)["id"]["id"]

    def begin(self, limits=""):
        """Sets the limit, fills the buckets and resets the counters."""
        servers.call(self.tbsim, "POST", "/sim/set", {"limits": limits})
        servers.call(self.tbsim, "DELETE", "/sim/requests")

    def stored(self, writer, device):
        """The timestamps of a writer's values that the server has stored."""
        self.begin()
        path = (
            f"/api/plugins/telemetry/DEVICE/{device}/values/timeseries?keys=v{writer}"
            f"&startTs=0&endTs={LATEST_TS}&limit={MOST_POINTS}&useStrictDataTypes=true"
        )
        points = client.request(self.tbsim, self.key, "GET", path).get(f"v{writer}", [])
        return {point["value"]: point["ts"] for point in points}


@dataclasses.dataclass
class Outcome:
    """The result of one run."""

    values: list
    cpu_s: float  # of the subject
    points: int  # stored by the server
    calls: int  # received by the server
    refused: int  # answered with 429

    @property
    def answered(self):
        """The values that were answered with 200 or, from the spool, 202."""
        return [value for value in self.values if value.status in (200, 202)]

    @property
    def failed(self):
        """The number of values without that: refused, too late, or never sent."""
        return len(self.values) - len(self.answered)

    @property
    def seconds(self):
        """The time from the start to the last of these answers."""
        return max((value.answered for value in self.answered), default=0) / 1e6

    def latency_ms(self, share):
        """A percentile of the time between a value being due and its response."""
        latencies = sorted((value.answered - value.due) / 1e3 for value in self.answered)
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))] if latencies else float("nan")

    @property
    def cpu_us_per_value(self):
        """CPU time of the subject."""
        return self.cpu_s * 1e6 / max(1, len(self.answered))


class Running:
    """Writers that run, with a proxy between them and tbsim, or with a credential directly to tbsim."""

    def __init__(self, scene, subject, plan, limits="", credential=""):
        self.scene, self.subject, self.plan = scene, subject, plan
        argv = [build.helper("write_load"), subject.port, plan.seconds, plan.grace, plan.rate]
        argv += [plan.connections, *plan.devices]
        self.cpu = harness.cpu_seconds(subject.process)
        scene.begin(limits)
        self.process = scene.start("write_load", argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(credential.encode() + b"\n" if credential else b"")
        self.process.stdin.close()
        self.process.stdin = None

    def finish(self):
        """Waits for their end. Returns the outcome."""
        lines = collect(self.scene, "write_load", self.process, self.plan)
        return outcome(self.scene, lines, harness.cpu_seconds_since(self.subject.process, self.cpu))


def run(scene, subject, plan, limits="", credential=""):
    """Runs the writers until they end."""
    return Running(scene, subject, plan, limits, credential).finish()


def run_official(scene, python, plan, processes=1, limits=""):
    """The same with the official client, directly to tbsim. Some processes share the writers."""
    share = len(plan.devices) // processes
    script = build.ROOT / "tests" / "bench" / "official_writes.py"
    started = []
    for first in range(0, len(plan.devices), share):
        argv = [python, script, scene.tbsim.url, plan.seconds, plan.grace, plan.rate, first]
        argv += plan.devices[first : first + share]
        name = f"official-{first}"
        process = scene.start(name, argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(scene.key.encode() + b"\n")
        process.stdin.flush()
        started.append((name, process))
    for name, process in started:
        wait_until_ready(scene, name, process)
    scene.begin(limits)
    for _, process in started:
        process.stdin.write(b"go\n")
        process.stdin.flush()
    lines, cpu = [], 0
    for name, process in started:
        first, *more = collect(scene, name, process, plan)
        cpu += first["cpu_s"]
        lines += more
    return outcome(scene, lines, cpu)


def wait_until_ready(scene, name, process):
    """Waits until a process is ready: 8 of them take some seconds to load the client on two cores."""
    ready = harness.wait_for(process, 6 * harness.START_LIMIT, process.stdout)
    if not ready or process.stdout.readline() != b"ready\n":
        raise scene.failure(name, "did not become ready")


def collect(scene, name, process, plan):
    """The lines that a process prints until it ends."""
    try:
        text, _ = process.communicate(timeout=plan.seconds + plan.grace + 3 * harness.START_LIMIT)
    except subprocess.TimeoutExpired:
        raise scene.failure(name, "did not end") from None
    if process.returncode != 0:
        raise scene.failure(name, f"exit status {process.returncode}")
    return [json.loads(line) for line in text.splitlines()]


def outcome(scene, lines, cpu_s):
    """Adds the counters of tbsim."""
    stats = servers.call(scene.tbsim, "GET", "/sim/stats")
    refused = stats["statuses"].get("429", 0)
    return Outcome([Value(*line) for line in lines], cpu_s, stats["points"], stats["requests"], refused)


def delivered(scene, devices):
    """The number of different values that the server has stored."""
    return sum(len(scene.stored(writer, device)) for writer, device in enumerate(devices))


def lost_and_reordered(scene, plan, result):
    """The number of values that were answered with 200 and are not stored; and the number of those stored with a timestamp
    that is not later than that of a value for which the writer had a response before it sent this one."""
    lost = reordered = 0
    for writer, device in enumerate(plan.devices):
        stored = scene.stored(writer, device)
        answered = [value for value in result.answered if value.writer == writer]
        lost += sum(value.value not in stored for value in answered)
        reordered += count_reordered([value for value in answered if value.value in stored], stored)
    return lost, reordered


def count_reordered(values, stored):
    """The same for one writer, given the timestamp of each value."""
    by_answer = sorted(values, key=lambda value: value.answered)
    times = [value.answered for value in by_answer]
    latest, high = [], -1
    for value in by_answer:
        high = max(high, stored[value.value])
        latest.append(high)
    count = 0
    for value in values:
        before = bisect.bisect_left(times, value.sent)
        count += before > 0 and stored[value.value] <= latest[before - 1]
    return count
