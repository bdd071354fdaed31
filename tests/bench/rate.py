# SPDX-License-Identifier: Apache-2.0
"""Eight local programs write 200 values per second each, to one device each, of a server whose limit is "50:1" and whose
writes take 20 ms. Goals for tbproxyd: every value is delivered (1,600 per second), no 429 if the limit is configured, and
at least 20 times the values of eight official Python clients."""

from bench import client, harness, nginx, servers, writers

TOOLS = ("nginx",)
LIMITS = "50:1"
WRITE_MS = 20
WRITERS = 8
RATE = 200

# A value that is due while all connections of its writer wait for responses is sent later. All eight writers together
# stay below tbproxyd's listen.max_connections (1,024).
CONNECTIONS = 120

# A write takes two of the 50 tokens per second: one when it begins, one when it ends. Faster requests wait, up to those of
# one second; more are refused at once (503). Without the delay ("nodelay"), nginx would send its burst in addition to the
# rate, and the server would refuse some of it.
NGINX_LIMIT = {
    "http": "limit_req_zone $server_port zone=api:1m rate=25r/s;",
    "location": "limit_req zone=api burst=25;",
}

UNITS = {
    "values_delivered": "1",
    "values_doubled": "1",
    "values_failed": "1",
    "calls": "1",
    "server_429s": "1",
    "p50_ms": "ms",
    "p99_ms": "ms",
    "cpu_us_per_value": "us",
}


def run(quick):
    """Runs one subject after the other, each with a server of its own, so that each begins with a full bucket."""
    seconds, grace = 3 if quick else 30, 10  # a learned limit is refused for the first seconds
    subjects = {
        "configured": lambda scene: proxied(scene, seconds, grace, rate_limits=LIMITS),
        "learned": lambda scene: proxied(scene, seconds, grace),
        "nginx": lambda scene: behind_nginx(scene, seconds, grace),
    }
    python = client.official_python()
    if python:
        subjects["python"] = lambda scene: official(scene, python, seconds, grace)
    delivered = {}
    for name, subject in subjects.items():
        with writers.Scene(WRITE_MS, WRITERS) as scene:
            result = subject(scene)
            delivered[name] = writers.delivered(scene, scene.devices)
        yield from rows(name, result, delivered[name])
    if python:
        ratio = delivered["configured"] / max(1, delivered["python"])
        yield harness.Row("rate", "configured", "values_ratio_to_python", ratio, "1")


def plan(scene, seconds, grace):
    """The load of the eight programs."""
    return writers.Plan(scene.devices, seconds, grace, RATE, CONNECTIONS)


def proxied(scene, seconds, grace, **options):
    """Through tbproxyd."""
    subject = servers.start_tbproxyd(scene, scene.tbsim, **options)
    return writers.run(scene, subject, plan(scene, seconds, grace), LIMITS)


def behind_nginx(scene, seconds, grace):
    """Through nginx with its own limit."""
    subject = nginx.start_proxy(scene, scene.tbsim, servers.bearer(scene.tbsim), **NGINX_LIMIT)
    return writers.run(scene, subject, plan(scene, seconds, grace), LIMITS)


def official(scene, python, seconds, grace):
    """With the official client: a process and a client for each program, with the client's default retries."""
    return writers.run_official(scene, python, plan(scene, seconds, grace), WRITERS, LIMITS)


def rows(name, result, delivered):
    """The figures of one subject. A value without a timestamp that is sent again after the server has stored it is stored
    twice."""
    figures = {
        "values_delivered": delivered,
        "values_doubled": result.points - delivered,
        "values_failed": result.failed,
        "calls": result.calls,
        "server_429s": result.refused,
        "p50_ms": result.latency_ms(0.5),
        "p99_ms": result.latency_ms(0.99),
        "cpu_us_per_value": result.cpu_us_per_value,
    }
    for figure, unit in UNITS.items():
        yield harness.Row("rate", name, figure, figures[figure], unit)
