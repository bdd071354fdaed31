# SPDX-License-Identifier: Apache-2.0
"""Runs wrk and parses its report."""

import dataclasses
import json
import re
import subprocess

from bench import harness

# With a body, wrk repeats a POST.
POST = """\
wrk.method = "POST"
wrk.body = %s
wrk.headers["Content-Type"] = "application/json"
"""


@dataclasses.dataclass
class Load:
    """The figures of one run of wrk."""

    requests: int
    rps: float


def run(workshop, url, seconds, connections, body=""):
    """Requests `url` again and again on persistent connections."""
    argv = [harness.find_tool("wrk"), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "5s"]
    if body:
        script = workshop.dir / "post.lua"
        script.write_text(POST % json.dumps(body))
        argv += ["-s", script]
    argv += [url]
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
    )


def find(pattern, report):
    """The text that the pattern's group matches."""
    found = re.search(pattern, report, re.MULTILINE)
    if not found:
        raise harness.BenchError(f"wrk: no {pattern} in its report:\n{report}")
    return found[1]
