# SPDX-License-Identifier: Apache-2.0
"""Large bodies: downloads and uploads of 256 MiB through tbproxyd and through nginx, to the same server. Goal: 90 % of
nginx's throughput."""

import pathlib
import socket
import statistics
import subprocess
import sys
import time

from bench import harness, servers

TOOLS = ("nginx",)
MIB = 1 << 20
BYTES = 256 * MIB
TARGETS = {"download": "GET /api/image", "upload": "POST /api/upload"}
# By default nginx buffers large bodies in files.
NGINX_STREAMS = "client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0;"


def run(quick):
    """The subjects take turns, as in `forward`."""
    with harness.Workshop() as workshop:
        upstream = start_server(workshop)
        subjects = [
            servers.start_tbproxyd(workshop, upstream),
            servers.start_nginx(workshop, upstream, limit=NGINX_STREAMS),
        ]
        results = {}
        for _ in range(3 if quick else 11):
            for subject in subjects:
                for way in TARGETS:
                    measured = measure(subject, way)
                    for figure, value in measured.items():
                        results.setdefault((subject.name, way + "_" + figure), []).append(value)
        yield from rows(results)


def start_server(workshop):
    """Starts the server of large bodies."""
    argv = [sys.executable, pathlib.Path(__file__).with_name("stream_server.py"), str(BYTES)]
    process = workshop.start("stream_server", argv, stdout=subprocess.PIPE)
    workshop.enter_context(process.stdout)
    if not harness.wait_for(process, harness.START_LIMIT, process.stdout):
        raise workshop.failure("stream_server", "did not start")
    return servers.Server("stream_server", process.stdout.readline().decode().strip(), process)


def measure(subject, way):
    """Transfers one body. Returns the throughput, and the CPU time of the subject."""
    before = harness.cpu_seconds(subject.process)
    began = time.monotonic()
    transfer(subject, way)
    seconds = time.monotonic() - began
    return {
        "mib_per_s": BYTES / MIB / seconds,
        "cpu_ms_per_gib": harness.cpu_seconds_since(subject.process, before) * 1000 * 1024 * MIB / BYTES,
    }


def transfer(subject, way):
    """Sends or receives a body on a new connection."""
    host, port = subject.address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        length = BYTES if way == "upload" else 0
        connection.sendall(b"%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n" %
                           (TARGETS[way].encode(), subject.address.encode(), length))
        buffer = bytearray(MIB)
        for _ in range(length // MIB):
            connection.sendall(buffer)
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536) or failed(subject, way)
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            failed(subject, way)
        left = 0 if way == "upload" else BYTES - len(head.partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= connection.recv_into(buffer) or failed(subject, way)


def failed(subject, way):
    """Raises the error."""
    raise harness.BenchError(f"{subject.name}: the {way} failed")


def rows(results):
    """The medians, and their ratios."""
    for (subject, figure), values in results.items():
        unit = "MiB/s" if figure.endswith("_per_s") else "ms"
        yield harness.Row("stream", subject, figure, statistics.median(values), unit)
    for way in TARGETS:
        figure = way + "_mib_per_s"
        pairs = zip(results["tbproxyd", figure], results["nginx", figure])
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        yield harness.Row("stream", "tbproxyd", way + "_ratio_to_nginx", ratio, "1")
