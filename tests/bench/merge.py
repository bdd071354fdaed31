# SPDX-License-Identifier: Apache-2.0
"""Local programs write to 4 devices of a server without a rate limit, whose writes take 100 ms: 1, 8 and 64 programs that
wait for each response, and 8 that do not. Goal for tbproxyd: with 64 programs, at least 50 times the values per second of
one official Python client, without reordering."""

from bench import client, harness, servers, writers

TOOLS = ()
WRITE_MS = 100
DEVICES = 4
MODES = ("pressure", "always", "off")

# Writers, and the connections of each. A program that does not wait uses 64 connections, because libmicrohttpd serves
# pipelined requests on one connection one by one.
LOADS = {"1": (1, 1), "8": (8, 1), "64": (64, 1), "8x64": (8, 64)}

# Processes that share the writers of the official client, which have a client and a thread each. A small machine does
# not have the memory for 64 processes.
OFFICIAL = {"1": 1, "8": 8, "64": 8}

UNITS = {
    "values_per_s": "1/s",
    "calls_per_s": "1/s",
    "p50_ms": "ms",
    "p99_ms": "ms",
    "cpu_us_per_value": "us",
    "values_failed": "1",
    "values_lost": "1",
    "reordered": "1",
}


def run(quick):
    """Runs one subject and load after the other, each with a server of its own."""
    seconds, grace = (1, 1) if quick else (5, 5)
    python = client.official_python()
    rates = {}
    for mode in MODES:
        for load, (count, connections) in LOADS.items():
            with writers.Scene(WRITE_MS, DEVICES) as scene:
                subject = servers.start_tbproxyd(scene, scene.tbsim, merge_mode=mode)
                plan = writers.Plan(spread(scene, count), seconds, grace, connections=connections)
                result = writers.run(scene, subject, plan)
                rates[f"{mode}-{load}"] = rate(result)
                yield from rows(f"{mode}-{load}", scene, plan, result)
    for load, processes in OFFICIAL.items() if python else ():
        with writers.Scene(WRITE_MS, DEVICES) as scene:
            plan = writers.Plan(spread(scene, int(load)), seconds, grace)
            result = writers.run_official(scene, python, plan, processes)
            rates[f"python-{load}"] = rate(result)
            yield from rows(f"python-{load}", scene, plan, result)
    if python:
        for mode in MODES:
            ratio = rates[f"{mode}-64"] / rates["python-1"]
            yield harness.Row("merge", f"{mode}-64", "values_ratio_to_python-1", ratio, "1")


def spread(scene, count):
    """The device of each writer."""
    return [scene.devices[number % DEVICES] for number in range(count)]


def rate(result):
    """Values per second that were answered with 200."""
    return len(result.answered) / max(result.seconds, 1e-3)


def rows(name, scene, plan, result):
    """The figures of one subject with one load."""
    lost, reordered = writers.lost_and_reordered(scene, plan, result)
    figures = {
        "values_per_s": rate(result),
        "calls_per_s": result.calls / max(result.seconds, 1e-3),
        "p50_ms": result.latency_ms(0.5),
        "p99_ms": result.latency_ms(0.99),
        "cpu_us_per_value": result.cpu_us_per_value,
        "values_failed": result.failed,
        "values_lost": lost,
        "reordered": reordered,
    }
    for figure, unit in UNITS.items():
        yield harness.Row("merge", name, figure, figures[figure], unit)
