# SPDX-License-Identifier: Apache-2.0
"""System calls per request, counted by strace: GETs and telemetry POSTs on 8 persistent connections, through tbproxyd and
through nginx, without TLS. Goal for tbproxyd: at most 7.2."""

import re
import signal

from bench import forward, harness, nginx, servers, writers, wrk

TOOLS = ("nginx", "strace", "wrk")
CONNECTIONS = 8
SECONDS = 2
LEAST = 0.05  # calls per request in a row of their own


def run(quick):
    """A quick run is the same. Under strace the programs are slow, so that more events than usual come in one turn of
    their loop."""
    del quick
    with writers.Scene(0, 1) as scene:
        subjects = [
            servers.start_tbproxyd(scene, scene.tbsim, **forward.FORWARD_ALL),
            nginx.start_proxy(scene, scene.tbsim, servers.bearer(scene.tbsim)),
        ]
        for subject in subjects:
            for load in forward.loads(scene, (CONNECTIONS,)):
                counts, requests = measure(scene, subject, load)
                yield from rows(subject.name, load.name, counts, requests)


def measure(scene, subject, load):
    """The number of each system call during a load, and of requests."""
    forward.measure(scene, subject, load, 1)
    summary = scene.dir / "strace.txt"
    pids = harness.group_members(subject.process.pid)
    argv = [harness.find_tool("strace"), "-c", "-f", "-o", summary]
    strace = scene.start("strace", argv + [word for pid in pids for word in ("-p", pid)])
    wait_until_attached(scene, strace, len(pids))
    report = wrk.run(scene, subject.url + load.path, SECONDS, load.connections, load.body)
    strace.send_signal(signal.SIGINT)
    strace.wait(harness.START_LIMIT)
    counts = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", summary.read_text(), re.MULTILINE)
    return {name: int(count) for count, name in counts if name != "total"}, report.requests


def wait_until_attached(scene, strace, count):
    """Waits for the message of strace about each process."""
    while scene.log("strace").read_text().count("attached") < count:
        harness.wait_for(strace, 0.02)
        if strace.poll() is not None:
            raise scene.failure("strace", "cannot attach")


def rows(subject, load, counts, requests):
    """All calls, and those that are frequent."""
    yield harness.Row("syscalls", subject, f"{load}_calls_per_request", sum(counts.values()) / requests, "1")
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        if count / requests >= LEAST:
            yield harness.Row("syscalls", subject, f"{load}_{name}", count / requests, "1")
