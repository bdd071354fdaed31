# SPDX-License-Identifier: Apache-2.0
"""The cost of forwarding a small request: GETs and telemetry POSTs on 8, 32, 256 and 1,000 persistent connections, through
tbproxyd and through nginx with a fixed token, to the same server. Goal for tbproxyd: at most 1.3 of nginx's CPU time."""

import dataclasses
import statistics

from bench import harness, nginx, servers, wrk, writers

TOOLS = ("nginx", "wrk")
CONNECTIONS = (8, 32, 256, 1000)
UNITS = {"cpu_us": "us", "rps": "1/s"}

# Each request of the load has to be forwarded.
FORWARD_ALL = {"join_reads": "false", "merge_mode": "off"}

# The timestamp is always the same, so that the server's memory does not grow.
WRITE = '{"ts":1700000000000,"values":{"temperature":21.5}}'


@dataclasses.dataclass
class Load:
    """One kind of request on a number of connections. With a body it is a POST."""

    name: str
    path: str
    body: str
    connections: int


def run(quick):
    """The server closes a connection after 100 requests, as a ThingsBoard server does. Opening new ones is part of the
    measurement."""
    rounds, seconds = (3, 1) if quick else (7, 2)
    with writers.Scene(0, 1) as scene:
        subjects = [
            servers.start_tbproxyd(scene, scene.tbsim, **FORWARD_ALL),
            nginx.start_proxy(scene, scene.tbsim, servers.bearer(scene.tbsim)),
        ]
        for load in loads(scene, CONNECTIONS):
            yield from rows("forward", load, take_turns(scene, subjects, load, rounds, seconds))


def loads(scene, connections):
    """Both kinds of requests on each number of connections."""
    write = f"/api/plugins/telemetry/DEVICE/{scene.devices[0]}/timeseries/ANY"
    for count in connections:
        yield Load("get", "/api/auth/user", "", count)
        yield Load("post", write, WRITE, count)


def take_turns(scene, subjects, load, rounds, seconds):
    """The figures of all turns, by subject, after a warm-up. The subjects take turns, because the speed of a shared machine
    changes over time. Only figures of the same minute can be compared."""
    results = {subject.name: [] for subject in subjects}
    for subject in subjects:
        measure(scene, subject, load, 1)
    for _ in range(rounds):
        for subject in subjects:
            results[subject.name].append(measure(scene, subject, load, seconds))
    return results


def measure(scene, subject, load, seconds):
    """Runs one turn of one subject. Returns its figures by name."""
    upstream_before = servers.upstream_requests(scene.tbsim)
    cpu_before = harness.cpu_seconds(subject.process)
    report = wrk.run(scene, subject.url + load.path, seconds, load.connections, load.body)
    cpu = harness.cpu_seconds_since(subject.process, cpu_before)
    forwarded = servers.upstream_requests(scene.tbsim) - upstream_before
    check_forwarded(subject, report.requests, forwarded)
    return {"cpu_us": cpu * 1e6 / report.requests, "rps": report.rps}


def check_forwarded(subject, asked, forwarded):
    """Responses that do not come from the server, or to several requests at once, would make us look cheap."""
    if forwarded < asked:
        raise harness.BenchError(
            f"{subject.name}: {asked} requests, but only {forwarded} forwarded"
        )


def rows(case, load, results):
    """The medians of all figures, and the ratios of their CPU time to that of nginx."""
    prefix = f"{load.name}_{load.connections}_"
    for subject, rounds in results.items():
        for figure, unit in UNITS.items():
            value = statistics.median(each[figure] for each in rounds)
            yield harness.Row(case, subject, prefix + figure, value, unit)
    for subject in [name for name in results if name != "nginx"]:
        pairs = zip(results[subject], results["nginx"])
        ratio = statistics.median(ours["cpu_us"] / theirs["cpu_us"] for ours, theirs in pairs)
        yield harness.Row(case, subject, prefix + "cpu_ratio_to_nginx", ratio, "1")
