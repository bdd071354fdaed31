# SPDX-License-Identifier: Apache-2.0
"""Runs wrk and parses its report."""

import dataclasses
import re
import subprocess

from bench import harness

CONNECTIONS = 8
MICROSECONDS = {"us": 1, "ms": 1e3, "s": 1e6, "m": 60e6}


@dataclasses.dataclass
class Load:
    """The figures of one run of wrk."""

    requests: int
    rps: float
    p50_us: float
    p99_us: float


def run(workshop, url, seconds):
    """Requests `url` again and again on persistent connections."""
    wrk = harness.find_tool("wrk")
    argv = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    argv += ["--timeout", "5s", url]
    process = workshop.start("wrk", argv)
    try:
        status = process.wait(seconds + harness.START_LIMIT)
    except subprocess.TimeoutExpired:
        raise workshop.failure("wrk", "does not end") from None
    if status != 0:
        raise workshop.failure("wrk", f"exit status {status}")
    return parse(workshop.log("wrk").read_text())


def parse(report):
    """Parses a report. Every request must have succeeded."""
    bad = re.search(r"(Socket errors|Non-2xx or 3xx responses): .*", report)
    if bad:
        raise harness.BenchError(f"wrk: {bad[0]}")
    return Load(
        requests=int(find(r"(\d+) requests in", report)),
        rps=float(find(r"Requests/sec:\s+([\d.]+)", report)),
        p50_us=microseconds(find(r"^\s+50%\s+(\S+)", report)),
        p99_us=microseconds(find(r"^\s+99%\s+(\S+)", report)),
    )


def find(pattern, report):
    """The text that the pattern's group matches."""
    found = re.search(pattern, report, re.MULTILINE)
    if not found:
        raise harness.BenchError(f"wrk: no {pattern} in its report:\n{report}")
    return found[1]


def microseconds(text):
    """Parses 310.00us, 1.25ms, 2.01s."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * MICROSECONDS[unit]
