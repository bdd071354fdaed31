#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The include graph of src/: each folder is a room that includes only rooms below it (docs/architecture.md), so no two
folders include each other; and the same of tests/sim. One test for each source file, as TAP; then the graph, a line for
each room of src/."""

import pathlib
import re
import sys

# From the ground up: a room may include itself and all above it in this list, except what FORBIDDEN says.
ROOMS = ("base", "json", "http", "transport", "upstream", "client",
         "proxy/route", "proxy/policy", "proxy/config", "proxy/metrics", "proxy/exchange", "proxy/forward", "proxy/store",
         "proxy/spool", "proxy/websocket", "proxy/subscribe", "proxy/local", "proxy/status", "proxy/listen", "proxy/daemon",
         "ctl")
# What tbproxyctl shares with the daemon: how to read its configuration, and what that says.
CONFIGURATION = ("proxy/route", "proxy/policy", "proxy/config")
# Rooms that stand side by side: the libraries do not know each other's engines (the daemon works without tables,
# tbproxyctl without the daemon), and a handler knows no other.
FORBIDDEN = {"ctl": tuple(room for room in ROOMS if room.startswith("proxy/") and room not in CONFIGURATION),
             "proxy/": ("client",),
             "proxy/store": tuple(room for room in ROOMS if room.startswith("proxy/") and room != "proxy/store"),
             "proxy/websocket": ("proxy/forward", "proxy/spool"),
             "proxy/subscribe": ("proxy/forward", "proxy/spool", "proxy/websocket"),
             "proxy/local": ("proxy/forward", "proxy/spool", "proxy/websocket", "proxy/subscribe")}
# System headers that a room must not include.
UNKNOWN = (("base", ("curl/", "microhttpd.h", "jansson.h", "libconfig.h")),
           ("json", ("curl/", "microhttpd.h", "libconfig.h", "systemd/")),
           ("http", ("microhttpd.h", "jansson.h", "libconfig.h", "systemd/")),
           ("transport", ("microhttpd.h", "jansson.h", "libconfig.h", "systemd/")),
           ("upstream", ("microhttpd.h", "libconfig.h", "systemd/")),
           ("client", ("microhttpd.h", "libconfig.h", "systemd/")),
           ("ctl", ("microhttpd.h", "libconfig.h", "systemd/")))
# The same for tests/sim, which shares only SIM_SHARED with what it tests, and has tbsim.c at the top.
SIM_ROOMS = ("base", "json", "store", "state", "http", "spec", "auth", "entity", "subscription", "controller", "websocket",
             "server", ".")
SIM_SHARED = ("base", "common")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]*)"|<([^>]*)>)', re.MULTILINE)


def allowed(room):
    """The rooms that ROOM may include."""
    forbidden = tuple(below for above, rooms in FORBIDDEN.items() if room.startswith(above) for below in rooms)
    return [below for below in ROOMS[:ROOMS.index(room) + 1] if not below.startswith(forbidden)]


def problems(source, room, path, graph):
    unknown = dict(UNKNOWN).get(room, ())
    for own, system in INCLUDE.findall(path.read_text(encoding="utf-8")):
        below = str(pathlib.PurePosixPath(own).parent)
        if system and system.startswith(unknown):
            yield f"<{system}>: src/{room} knows nothing of that"
        elif own and not (source / own).is_file():
            yield f'"{own}": there is no such file below src'
        elif own and below not in allowed(room):
            yield f'"{own}": src/{room} may include only {", ".join(allowed(room))}'
        elif own and below != room:
            graph[room].add(below)


def sim_problems(tests, room, path):
    for own, _ in INCLUDE.findall(path.read_text(encoding="utf-8")):
        folder = str(pathlib.PurePosixPath(own).parent)
        below = folder.removeprefix("sim/")
        if not own or folder in SIM_SHARED:
            continue
        if not (tests / own).is_file() or below not in SIM_ROOMS:
            yield f'"{own}": tests/sim includes its own files, src/base and tests/common'
        elif SIM_ROOMS.index(below) > SIM_ROOMS.index(room):
            yield f'"{own}": tests/sim/{room} may not include tests/sim/{below}'


def files(top, graph):
    """Each source file, and what is wrong with it."""
    source, sim = top / "src", top / "tests/sim"
    for path in sorted(source.glob("**/*.[ch]")):
        room = str(path.parent.relative_to(source))
        yield path.relative_to(source), problems(source, room, path, graph) if room in ROOMS else [f"src/{room} is not a room"]
    for path in sorted(sim.glob("**/*.[ch]")):
        room = str(path.parent.relative_to(sim))
        yield path.relative_to(top), sim_problems(sim.parent, room, path) if room in SIM_ROOMS else [f"{room} is not a room"]


def main():
    graph = {room: set() for room in ROOMS}
    failed = number = 0
    for path, found in files(pathlib.Path(__file__).resolve().parents[2], graph):
        found = list(found)
        number += 1
        failed += bool(found)
        print(f"{'not ' if found else ''}ok {number} - {path}")
        for problem in found:
            print(f"# {problem}")
    for room in reversed(ROOMS):
        print(f"# {room} -> {' '.join(below for below in reversed(ROOMS) if below in graph[room]) or 'nothing'}")
    print(f"1..{number}")
    return 1 if failed or number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
