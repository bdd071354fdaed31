# SPDX-License-Identifier: Apache-2.0
"""The server is away for 5 s and 20 s, while 20 programs read and write values with timestamps: 100 requests a second
together, on one connection each, the next request of a program when its last one was answered. Through tbproxyd, nginx and
haproxy, which try a server again, and with 20 official Python clients. Goals for tbproxyd: no request fails, and one login."""

import dataclasses
import pathlib
import subprocess
import sys
import time

from bench import client, haproxy, harness, nginx, servers, writers

TOOLS = ("nginx", "haproxy")
AWAY = (5, 20)
CLIENTS = 20
DELAY_MS = 5

# Seconds of load before the server goes, and after it is back. Latency counts for the requests of these last ones: a
# proxy may ask only every 5 s whether the server is back.
BEFORE = 2
AFTER = 6

# Seconds that the load waits for the last answers.
GRACE = 10

NGINX_RETRY = "proxy_next_upstream error timeout http_502 http_503 http_504 non_idempotent;"
HAPROXY_RETRY = "retry-on all-retryable-errors\n    retries 3"
RETRIES = 3

UNITS = {
    "requests": "1",
    "failed_reads": "1",
    "failed_writes": "1",
    "failed_after_return": "1",
    "p99_after_return_ms": "ms",
    "written_twice": "1",
    "logins": "1",
}


@dataclasses.dataclass
class Request:
    """One line of outage_load.py: times in s of the monotonic clock."""

    writes: bool
    sent: float
    answered: float
    good: bool


class Scene(writers.Scene):
    """tbsim behind a relay. What is killed is the relay: the port refuses connections, and the open ones break. tbsim keeps
    what is stored, as a server's database does, and counts."""

    def __enter__(self):
        super().__enter__()
        self.relay = servers.Relay(self, self.tbsim.port, DELAY_MS)
        self.origin = servers.Server("relay", f"http://127.0.0.1:{self.relay.port}", self.relay.process)
        self.begin()
        self.points = self.stats()["points"]
        return self

    def stats(self):
        """The counters of tbsim."""
        return servers.call(self.tbsim, "GET", "/sim/stats")


def run(quick):
    """One subject after the other, each with a server of its own."""
    python = client.official_python()
    login = f"{servers.USERNAME} {servers.PASSWORD}"
    for away in AWAY[:1] if quick else AWAY:
        for name, start in SUBJECTS.items():
            with Scene(0, CLIENTS) as scene:
                yield from measure(scene, name, away, [sys.executable, load(), "http", start(scene).url])
        if python:
            with Scene(0, CLIENTS) as scene:
                yield from measure(scene, "python", away, [python, load(), "official", scene.origin.url], login)


def start_tbproxyd(scene):
    """Starts tbproxyd with its default configuration."""
    return servers.start_tbproxyd(scene, scene.origin)


def start_nginx(scene):
    """Starts nginx, which tries again at once."""
    credential = "ApiKey " + scene.key
    return nginx.start_proxy(scene, scene.origin, credential, location=NGINX_RETRY, tries=1 + RETRIES)


def start_haproxy(scene):
    """Starts haproxy, which tries again after a second."""
    return haproxy.start_proxy(scene, scene.origin, scene.key, backend=HAPROXY_RETRY)


SUBJECTS = {"tbproxyd": start_tbproxyd, "nginx": start_nginx, "haproxy": start_haproxy}


def load():
    """The script with the programs."""
    return pathlib.Path(__file__).with_name("outage_load.py")


def measure(scene, name, away, argv, login=""):
    """Sends the load, and meanwhile the server goes. Returns the rows."""
    plan = writers.Plan(scene.devices, BEFORE + away + AFTER, GRACE)
    argv += [plan.seconds, plan.grace, *plan.devices]
    process = scene.start("load", argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.write(login.encode() + b"\n")
    process.stdin.flush()
    writers.wait_until_ready(scene, "load", process)
    process.stdin.write(b"go\n")
    process.stdin.flush()
    time.sleep(BEFORE)
    returned = scene.relay.stay_away(away)
    requests = [Request(*line) for line in writers.collect(scene, "load", process, plan)]
    return rows(name, away, figures(scene.stats(), scene.points, requests, returned))


def figures(stats, points, requests, returned):
    """The figures of one run, by name."""
    failed = [request for request in requests if not request.good]
    return {
        "requests": len(requests),
        "failed_reads": sum(not request.writes for request in failed),
        "failed_writes": sum(request.writes for request in failed),
        "failed_after_return": sum(request.sent >= returned for request in failed),
        "p99_after_return_ms": percentile(after_return(requests, returned), 0.99),
        "written_twice": stats["values"] - (stats["points"] - points),
        "logins": stats["logins"],
    }


def after_return(requests, returned):
    """How long each good answer took that came after the server was back: since its request was sent or, if it waited
    already, since the return."""
    good = [request for request in requests if request.good and request.answered > returned]
    return [1000 * (request.answered - max(request.sent, returned)) for request in good]


def percentile(values, share):
    """The value that this share of all does not exceed."""
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def rows(name, away, values):
    """The rows of one run."""
    for figure, unit in UNITS.items():
        yield harness.Row("outage", name, f"{away}s_{figure}", values[figure], unit)
