# SPDX-License-Identifier: Apache-2.0
"""200 requests at once, without open connections, to a TLS server with a round trip of 50 ms: the time until the last
response, and the number of new connections. tbproxyd shares the connection of its login over HTTP/2, so it opens none. Goal
for tbproxyd: 0.55 of nginx's time, one connection."""

import json
import pathlib
import selectors
import socket
import statistics
import subprocess
import time

from bench import client, haproxy, harness, nginx, servers, tls

TOOLS = ("nginx", "haproxy", "openssl")
COUNT = 200
PATH = "/api/auth/user"
LIMIT = 30  # seconds for one burst


def run(quick):
    """Each burst is the first thing that a program does after it has started."""
    rounds = 2 if quick else 7
    python = client.official_python()
    results = {}
    for _ in range(rounds):
        for name, start in SUBJECTS.items():
            with Scene() as scene:
                results.setdefault(name, []).append(scene.measure(start(scene)))
        if python:
            with Scene() as scene:
                results.setdefault("python", []).append(scene.measure_official(python))
    for name, rows in results.items():
        for index, (figure, unit) in enumerate((("time_to_last_ms", "ms"), ("upstream_connections", "1"))):
            yield harness.Row("burst", name, figure, statistics.median(row[index] for row in rows), unit)
    ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in zip(results["tbproxyd"], results["nginx"]))
    yield harness.Row("burst", "tbproxyd", "time_ratio_to_nginx", ratio, "1")


class Scene(tls.DistantScene):
    """The server, and what is measured."""

    def measure(self, subject):
        """Milliseconds until the last response, and connections opened to the server."""
        before = self.relay.connections()
        milliseconds = burst(subject)
        return milliseconds, self.relay.connections() - before

    def measure_official(self, python):
        """The same with the official client."""
        argv = [python, pathlib.Path(__file__).with_name("official_burst.py"), self.origin.url, COUNT]
        process = self.start("python", argv, env=self.trusting(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        text, _ = process.communicate(self.key.encode() + b"\n", timeout=2 * LIMIT)
        if process.returncode != 0 or json.loads(text)["failures"]:
            raise self.failure("python", text.decode())
        return json.loads(text)["time_to_last_ms"], self.relay.connections()


def start_nginx(scene):
    """Starts nginx with a fixed key."""
    return nginx.start_proxy(scene, scene.origin, "ApiKey " + scene.key, certificate=scene.certificate)


def start_haproxy(scene):
    """Starts haproxy with a fixed key."""
    return haproxy.start_proxy(scene, scene.origin, scene.key, scene.certificate)


def start_tbproxyd(scene):
    """Starts tbproxyd and waits for its login, so that its session has a connection."""
    server = scene.start_tbproxyd(join_reads="false")
    while not servers.call(server, "GET", "/-/ready")["edition"]:  # the last request that it makes by itself
        time.sleep(0.02)
    return server


SUBJECTS = {
    "tbproxyd": start_tbproxyd,
    "nginx": start_nginx,
    "haproxy": start_haproxy,
}


def burst(subject):
    """Sends all requests at once, each on an open local connection. Returns the milliseconds until the last response is
    complete."""
    host, port = subject.address.split(":")
    waiting = selectors.DefaultSelector()
    request = f"GET {PATH} HTTP/1.1\r\nHost: {subject.address}\r\nConnection: close\r\n\r\n".encode()
    answers = {}
    for _ in range(COUNT):
        connection = socket.create_connection((host, int(port)))
        waiting.register(connection, selectors.EVENT_READ)
        answers[connection] = b""
    begin = time.monotonic()
    for connection in answers:
        connection.sendall(request)
    while waiting.get_map():
        ready = waiting.select(LIMIT)
        if not ready:
            raise harness.BenchError(f"{subject.name}: no response for {LIMIT} s")
        for key, _ in ready:
            part = key.fileobj.recv(65536)
            answers[key.fileobj] += part
            if not part:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    milliseconds = (time.monotonic() - begin) * 1000
    bad = [answer for answer in answers.values() if not answer.startswith(b"HTTP/1.1 200")]
    if bad:
        raise harness.BenchError(f"{subject.name}: {len(bad)} of {COUNT} failed: {bad[0][:200]!r}")
    return milliseconds
