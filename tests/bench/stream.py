# SPDX-License-Identifier: Apache-2.0
"""Large bodies: downloads and uploads of 256 MiB through tbproxyd and through nginx, to the same server, without TLS and
with it; over TLS, tbproxyd uses HTTP/1.1 and HTTP/2, nginx HTTP/1.1. Without TLS there is also an nginx with larger buffers
than its default ones. Goal for tbproxyd: at least the throughput of nginx with the default buffers."""

import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

from bench import harness, nginx, servers

TOOLS = ("nginx", "openssl")
MIB = 1 << 20
BYTES = 256 * MIB
TARGETS = {"download": "GET /api/image", "upload": "POST /api/upload"}

# By default nginx buffers large bodies in files.
STREAMS = "client_max_body_size 0; proxy_request_buffering off;"

LARGE_BUFFERS = """\
proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k; client_body_buffer_size 256k;
"""

# With TLS, the server is another nginx, which sends a download from a file.
DOWNLOAD = "location = /api/image { alias %s; output_buffers 2 1m; }"


def run(quick):
    """The subjects take turns, as in `forward`."""
    rounds = 3 if quick else 11
    with harness.Workshop() as workshop:
        server = start_server(workshop)
        credential = servers.bearer(server)
        subjects = [
            servers.start_tbproxyd(workshop, server),
            nginx.start_proxy(workshop, server, credential, "nginx-64k", location=STREAMS + LARGE_BUFFERS),
            nginx.start_proxy(workshop, server, credential, location=STREAMS),
        ]
        yield from rows(take_turns(subjects, rounds))
    with harness.Workshop() as workshop:
        server = start_server(workshop)
        certificate = nginx.make_certificate(workshop)
        origin = start_origin(workshop, server, certificate)
        options = {"upstream_ca_file": certificate.path}
        subjects = [
            servers.start_tbproxyd(workshop, origin, "tbproxyd-h1", upstream_http2="off", **options),
            servers.start_tbproxyd(workshop, origin, "tbproxyd-h2", upstream_http2="auto", **options),
            nginx.start_proxy(workshop, origin, credential, "nginx-tls", certificate, location=STREAMS),
        ]
        yield from rows(take_turns(subjects, rounds))


def take_turns(subjects, rounds):
    """The figures of all turns, by subject and figure."""
    results = {}
    for _ in range(rounds):
        for subject in subjects:
            for way in TARGETS:
                for figure, value in measure(subject, way).items():
                    results.setdefault(subject.name, {}).setdefault(f"{way}_{figure}", []).append(value)
    return results


def start_origin(workshop, server, certificate):
    """Starts the server with TLS. Its file for downloads has no blocks on the disk."""
    path = workshop.dir / "image"
    path.touch()
    os.truncate(path, BYTES)
    return nginx.start_origin(workshop, server, certificate, server=DOWNLOAD % path, location=STREAMS)


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
    """The medians, and the ratios of the throughput to that of nginx, which is the last subject."""
    for subject, figures in results.items():
        for figure, values in figures.items():
            unit = "MiB/s" if figure.endswith("_per_s") else "ms"
            yield harness.Row("stream", subject, figure, statistics.median(values), unit)
    *ours, theirs = results
    for subject in ours:
        for way in TARGETS:
            figure = way + "_mib_per_s"
            ratio = statistics.median(a / b for a, b in zip(results[subject][figure], results[theirs][figure]))
            yield harness.Row("stream", subject, way + "_ratio_to_nginx", ratio, "1")
