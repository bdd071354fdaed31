# SPDX-License-Identifier: Apache-2.0
"""The server is away for 60 s, while 8 programs write 20 values a second each: its port refuses connections, or nothing gets
through. Through tbproxyd with a spool, and through thingsboard-gateway with its SQLite storage. Goals for tbproxyd: no value
fails, none is lost, and none is doubled."""

import dataclasses
import time
import typing

from bench import gateway, harness, outage, servers, writers

TOOLS = ()
AWAY, QUICK_AWAY = 60, 5
WRITERS = 8
RATE = 20

# Writes that are held for a while must not delay those that are due later.
CONNECTIONS = 100

# Seconds of load before the server goes, and after it is back.
BEFORE = 3
AFTER = 5

GRACE = 10
POLL_S = 0.25

# What happens to its port.
OUTAGES = {"refused": servers.Relay.stay_away, "silent": servers.Relay.stay_silent}

UNITS = {
    "values": "1",
    "failed": "1",
    "lost": "1",
    "doubled": "1",
    "p99_ms": "ms",
    "last_stored_s": "s",
}


@dataclasses.dataclass
class Subject:
    """What takes the values, and what has them in the end."""

    server: servers.Server
    relay: servers.Relay
    points: typing.Callable  # how many are stored
    stored: typing.Callable  # the values of each writer


def run(quick):
    """One subject after the other, each with a server of its own. A quick run has one mode of the spool only."""
    away = QUICK_AWAY if quick else AWAY
    subjects = dict.fromkeys(("outage",) if quick else ("outage", "always"), start_tbproxyd)
    if gateway.python():
        subjects["gateway"] = start_gateway
    for kind in OUTAGES:
        for name, start in subjects.items():
            with outage.Scene(0, WRITERS) as scene:
                yield from measure(scene, name, start(scene, name), kind, away)


def start_tbproxyd(scene, mode):
    """Starts tbproxyd with a spool."""
    server = servers.start_tbproxyd(scene, scene.origin, spool_mode=mode, spool_directory=scene.dir / "spool")
    return Subject(
        server,
        scene.relay,
        lambda: scene.stats()["points"] - scene.points,
        lambda: {number: set(scene.stored(number, device)) for number, device in enumerate(scene.devices)},
    )


def start_gateway(scene, _):
    """Starts the gateway, with a relay of its own."""
    mqtt = gateway.Server(scene)
    relay = servers.Relay(scene, mqtt.port, outage.DELAY_MS)
    return Subject(gateway.start(scene, mqtt, relay.port), relay, mqtt.points, mqtt.stored)


def measure(scene, name, subject, kind, away):
    """Sends the load, and meanwhile the server goes. Returns the rows."""
    plan = writers.Plan(scene.devices, BEFORE + away + AFTER, GRACE, RATE, CONNECTIONS)
    running = writers.Running(scene, subject.server, plan)
    time.sleep(BEFORE)
    returned = OUTAGES[kind](subject.relay, away)
    result = running.finish()
    last = wait_for_points(subject, len(result.answered), GRACE + 2 * away)
    return rows(f"{kind}_{away}s_", name, result, subject, last - returned)


def wait_for_points(subject, count, quiet):
    """Waits until COUNT points are stored, or none has come for QUIET seconds. Returns the time when the last one came."""
    points, last = -1, time.monotonic()
    while points < count and time.monotonic() < last + quiet:
        now = subject.points()
        if now != points:
            points, last = now, time.monotonic()
        time.sleep(POLL_S)
    return last


def rows(prefix, name, result, subject, last_stored):
    """The figures of one subject. Each value is another one of its writer, so that a point that is stored once more with
    another time is seen."""
    stored = subject.stored()
    figures = {
        "values": len(result.values),
        "failed": result.failed,
        "lost": sum(value.value not in stored.get(value.writer, ()) for value in result.answered),
        "doubled": subject.points() - sum(len(values) for values in stored.values()),
        "p99_ms": result.latency_ms(0.99),
        "last_stored_s": last_stored,
    }
    for figure, unit in UNITS.items():
        yield harness.Row("spool-outage", name, prefix + figure, figures[figure], unit)
