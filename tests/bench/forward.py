# SPDX-License-Identifier: Apache-2.0
"""The cost of forwarding a request: small GETs on persistent connections,
through tbproxyd and through nginx with a fixed token, to the same server."""

import statistics

from bench import harness, servers, wrk

TOOLS = ("nginx", "wrk")
PATH = "/api/auth/user"
UNITS = {"cpu_us_per_request": "us", "rps": "1/s", "p50_us": "us", "p99_us": "us"}


def run(quick):
    """The subjects take turns, because the speed of a shared machine changes
    over time. Only figures of the same minute can be compared."""
    rounds, seconds = (3, 1) if quick else (11, 2)
    with harness.Workshop() as workshop:
        # tbsim closes a connection after 100 requests, as a ThingsBoard
        # server does. Opening new ones is part of the measurement.
        upstream = servers.start_tbsim(workshop)
        # The load is the same GET again and again. Each has to be forwarded.
        subjects = [
            servers.start_tbproxyd(workshop, upstream, join_reads="false"),
            servers.start_nginx(workshop, upstream),
        ]
        return rows(take_turns(workshop, upstream, subjects, rounds, seconds))


def take_turns(workshop, upstream, subjects, rounds, seconds):
    """The figures of all turns, by subject, after a warm-up."""
    results = {subject.name: [] for subject in subjects}
    for subject in subjects:
        measure(workshop, upstream, subject, 1)
    for _ in range(rounds):
        for subject in subjects:
            result = measure(workshop, upstream, subject, seconds)
            results[subject.name].append(result)
    return results


def measure(workshop, upstream, subject, seconds):
    """Runs one turn of one subject. Returns its figures by name."""
    upstream_before = servers.upstream_requests(upstream)
    cpu_before = harness.cpu_seconds(subject.process)
    load = wrk.run(workshop, subject.url + PATH, seconds)
    cpu = harness.cpu_seconds_since(subject.process, cpu_before)
    forwarded = servers.upstream_requests(upstream) - upstream_before
    check_forwarded(subject, load.requests, forwarded)
    return {
        "cpu_us_per_request": cpu * 1e6 / load.requests,
        "rps": load.rps,
        "p50_us": load.p50_us,
        "p99_us": load.p99_us,
    }


def check_forwarded(subject, asked, forwarded):
    """Responses that do not come from the server would make us look cheap."""
    if forwarded < 0.98 * asked:
        raise harness.BenchError(
            f"{subject.name}: {asked} requests, but only {forwarded} forwarded"
        )


def rows(results):
    """The medians of all figures, and their ratio."""
    for subject, rounds in results.items():
        for figure, unit in UNITS.items():
            value = statistics.median(each[figure] for each in rounds)
            yield harness.Row("forward", subject, figure, value, unit)
    ratio = statistics.median(
        ours["cpu_us_per_request"] / theirs["cpu_us_per_request"]
        for ours, theirs in zip(results["tbproxyd"], results["nginx"])
    )
    yield harness.Row("forward", "tbproxyd", "cpu_ratio_to_nginx", ratio, "1")
