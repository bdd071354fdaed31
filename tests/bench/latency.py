# SPDX-License-Identifier: Apache-2.0
"""What a proxy adds to the latency of a telemetry POST: 1,000 requests a second, sent when they are due, directly to the
server, through tbproxyd and through nginx. Goal for tbproxyd: p50 and p99 at most 1.2 of what nginx adds."""

import statistics

from bench import forward, harness, nginx, servers, writers

TOOLS = ("nginx",)
RATE = 1000
CONNECTIONS = 64
SHARES = {"p50": 0.5, "p99": 0.99}


def run(quick):
    """The subjects take turns, as in `forward`. Connections to the server stay open: with a new one for each 100 requests,
    p99 would be the time of a request on a new connection in some turns and not in others."""
    rounds, seconds = (5, 2) if quick else (15, 5)
    with writers.Scene(0, 1) as scene:
        servers.call(scene.tbsim, "POST", "/sim/set", {"requestsPerConnection": 1000000})
        subjects = [
            scene.tbsim,
            servers.start_tbproxyd(scene, scene.tbsim, **forward.FORWARD_ALL),
            nginx.start_proxy(scene, scene.tbsim, servers.bearer(scene.tbsim)),
        ]
        results = {subject.name: [] for subject in subjects}
        for subject in subjects:
            measure(scene, subject, 1)
        for _ in range(rounds):
            for subject in subjects:
                results[subject.name].append(measure(scene, subject, seconds))
    return rows(results)


def measure(scene, subject, seconds):
    """Runs one turn of one subject. Returns its percentiles in us. A request that is sent late counts from when it was due;
    "late" is the 99th percentile of that."""
    plan = writers.Plan(scene.devices, seconds, 1, RATE, CONNECTIONS)
    credential = "ApiKey " + scene.key if subject is scene.tbsim else ""
    result = writers.run(scene, subject, plan, credential=credential)
    if result.failed or result.calls < len(result.values):
        raise harness.BenchError(f"{subject.name}: {result.failed} failed, {result.calls} of {len(result.values)} forwarded")
    percentiles = {name: result.latency_ms(share) * 1000 for name, share in SHARES.items()}
    return percentiles | {"late": statistics.quantiles([value.sent - value.due for value in result.values], n=100)[98]}


def rows(results):
    """The medians of the percentiles, of what is added to those of the same round without a proxy, and of the ratios. If the
    load is itself late, as on a busy machine, p99 says nothing about the proxy."""
    added = {}
    for subject, rounds in results.items():
        for name in SHARES:
            value = statistics.median(each[name] for each in rounds)
            yield harness.Row("latency", subject, name + "_us", value, "us")
            pairs = zip(rounds, results["tbsim"])
            added[subject, name] = [through[name] - direct[name] for through, direct in pairs]
        yield harness.Row("latency", subject, "sent_late_p99_us", statistics.median(each["late"] for each in rounds), "us")
    for subject in ("tbproxyd", "nginx"):
        for name in SHARES:
            yield harness.Row("latency", subject, name + "_added_us", statistics.median(added[subject, name]), "us")
    for name in SHARES:
        # Rounds in which something else disturbed the direct turn say nothing.
        pairs = zip(added["tbproxyd", name], added["nginx", name])
        ratios = [ours / theirs for ours, theirs in pairs if theirs > 0]
        if ratios:
            yield harness.Row("latency", "tbproxyd", name + "_added_ratio_to_nginx", statistics.median(ratios), "1")
