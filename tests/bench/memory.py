# SPDX-License-Identifier: Apache-2.0
"""Memory of tbproxyd, and of nginx beside it: private when idle, resident with 4,096 local connections that made one request
each and then were idle for 5 s, and resident 10 s after these were closed. Goals for tbproxyd: 2 MiB, 80 MiB, and 4 MiB more than resident
when idle."""

import pathlib
import re
import resource
import socket
import time

from bench import forward, harness, nginx, servers, writers

TOOLS = ("nginx",)
CONNECTIONS = 4096
TOGETHER = 64  # requests at a time
DESCRIPTORS = 2 * CONNECTIONS
PATH = "/api/auth/user"
IDLE_S = 5
WAIT_S = 10


def run(quick):
    """A quick run is the same."""
    del quick
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < DESCRIPTORS:
        raise harness.BenchError(f"memory: needs a limit of {DESCRIPTORS} open files (ulimit -n)")
    for start in (start_tbproxyd, start_nginx):
        with writers.Scene(0, 0) as scene:
            subject = start(scene)
            servers.call(subject, "GET", PATH)
            idle = memory(subject)
            open_connections = [one for _ in range(CONNECTIONS // TOGETHER) for one in make_requests(subject)]
            time.sleep(IDLE_S)
            busy = memory(subject)
            for connection in open_connections:
                connection.close()
            time.sleep(WAIT_S)  # which is what is measured
            yield from rows(subject.name, idle, busy, memory(subject))


def start_tbproxyd(scene):
    """Starts tbproxyd."""
    return servers.start_tbproxyd(scene, scene.tbsim, listen_max_connections=CONNECTIONS + 64, **forward.FORWARD_ALL)


def start_nginx(scene):
    """Starts nginx."""
    return nginx.start_proxy(scene, scene.tbsim, servers.bearer(scene.tbsim))


def make_requests(subject):
    """Makes some requests at once. Returns their connections."""
    host, port = subject.address.split(":")
    made = [socket.create_connection((host, int(port)), timeout=harness.START_LIMIT) for _ in range(TOGETHER)]
    for connection in made:
        connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {subject.address}\r\n\r\n".encode())
    for connection in made:
        answer = b""
        while not re.search(rb"\r\n\r\n.*[}\n]$", answer, re.DOTALL):
            part = connection.recv(65536)
            answer += part
            if not part or not answer.startswith(b"HTTP/1.1 200"):
                raise harness.BenchError(f"{subject.name}: {answer[:200]!r}")
    return made


def memory(subject):
    """MiB of the program and its child processes: resident, and of that private and written to."""
    totals = {"Rss": 0, "Private_Dirty": 0}
    for pid in harness.group_members(subject.process.pid):
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        for name in totals:
            totals[name] += int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024
    return totals


def rows(name, idle, busy, closed):
    """The figures of one subject."""
    figures = {
        "idle_private": idle["Private_Dirty"],
        "idle_resident": idle["Rss"],
        f"connections_{CONNECTIONS}_resident": busy["Rss"],
        "closed_resident": closed["Rss"],
        "closed_minus_idle_resident": closed["Rss"] - idle["Rss"],
    }
    for figure, value in figures.items():
        yield harness.Row("memory", name, figure, value, "MiB")
