# SPDX-License-Identifier: Apache-2.0
"""Eight local programs offer 200 values a second each, for one device each, to a server whose limit is "50:1" and whose
writes take 20 ms. Goals for tbproxyd: every value delivered (1,600 a second), no 429 where the limit is configured, at
least 20 times the values of eight official Python clients."""

from bench import client, harness, servers, writers

TOOLS = ("nginx",)
LIMITS = "50:1"
WRITE_MS = 20
WRITERS = 8
RATE = 200

# A value that is due while all of its writer's connections wait for answers is sent later. All eight writers together
# stay below tbproxyd's listen.max_connections (1,024).
CONNECTIONS = 120

# A write takes two of the 50 tokens that come each second: one when it begins, one when it ends. What comes faster
# waits for its turn, up to one second's worth, and all beyond that is refused at once (503). Without the delay
# ("nodelay") nginx would send its burst on top of the rate, and the server would refuse some of it.
NGINX_LIMIT = ("limit_req_zone $server_port zone=api:1m rate=25r/s;", "limit_req zone=api burst=25;")

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
    """One subject after the other, each with a server of its own: a full bucket belongs to the beginning."""
    seconds, grace = (3, 2) if quick else (30, 10)
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
    """What the eight programs do."""
    return writers.Plan(scene.devices, seconds, grace, RATE, CONNECTIONS)


def proxied(scene, seconds, grace, **options):
    """Through tbproxyd."""
    subject = servers.start_tbproxyd(scene, scene.tbsim, **options)
    return writers.run(scene, subject, plan(scene, seconds, grace), LIMITS)


def behind_nginx(scene, seconds, grace):
    """Through nginx with a limit of its own."""
    subject = servers.start_nginx(scene, scene.tbsim, *NGINX_LIMIT)
    return writers.run(scene, subject, plan(scene, seconds, grace), LIMITS)


def official(scene, python, seconds, grace):
    """Each program has a process and a client of its own, with the client's default retry."""
    return writers.run_official(scene, python, plan(scene, seconds, grace), WRITERS, LIMITS)


def rows(name, result, delivered):
    """The figures of one subject. A value that was sent again after the server had stored it, without a time of its
    own, is there twice."""
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
