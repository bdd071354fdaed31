# SPDX-License-Identifier: Apache-2.0
"""Build time, size, decoding, calls and memory of the client library, compared with jansson's own parser and the official
Python client (build/clients, which scripts/test makes)."""

import json
import os
import resource
import secrets
import statistics
import subprocess
import sys
import time

from bench import build, harness, servers

TOOLS = ("strip",)
VERSION = "4.4.0"
EDITIONS = ("ce", "pe", "paas")
THREADS = 8
PAGE = 1000
TURNS = 5
BUILD_LIMIT = 600


def run(quick):
    """The build is timed only in full runs, because it takes longer than a quick run may."""
    python = official_python()
    if quick:
        print("client: --quick does not time the build", file=sys.stderr)
    else:
        wall, cpu = build_seconds()
        yield row("build", "clean_make_j2", wall, "s")
        yield row("build", "clean_make_j2_cpu", cpu, "s")
    yield from library_sizes()
    with harness.Workshop() as workshop:
        key = "tb_" + secrets.token_hex(24)
        server = servers.start_tbsim(workshop, "--api-key", key)
        device, page = fill(server, key)
        path = workshop.dir / "page.json"
        path.write_text(json.dumps(page))
        yield from decoding(workshop, python, path, 10 if quick else 100)
        yield from calls(workshop, python, server, device, key, 200 if quick else 2000)


def row(subject, figure, value, unit):
    """A row of this case."""
    return harness.Row("client", subject, figure, value, unit)


def official_python():
    """The interpreter that has the official client. Prints a note and returns None if there is none."""
    path = build.ROOT / "build" / "clients" / VERSION / "bin" / "python"
    if os.access(path, os.X_OK):
        return path
    print(
        f"client: no official Python client; python3 -m venv build/clients/{VERSION} &&"
        f" build/clients/{VERSION}/bin/python -m pip install tb-ce-client=={VERSION}",
        file=sys.stderr,
    )
    return None


def build_seconds():
    """Wall and CPU time of make -j2 in a new, configured build folder."""
    with harness.Workshop() as workshop:
        tree = workshop.dir / "tree"
        tree.mkdir()
        build.step(tree, str(build.ROOT / "configure"), "CFLAGS=-O2 -g")
        start, cpu = time.monotonic(), children_cpu_seconds()
        build.step(tree, "make", "-j2")
        return time.monotonic() - start, children_cpu_seconds() - cpu


def children_cpu_seconds():
    """CPU time of all programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def library_sizes():
    """The sizes of the stripped shared libraries: libtbclient and that of each edition."""
    build.make("all")
    with harness.Workshop() as workshop:
        for subject, name in [("runtime", "libtbclient.so")] + [(each, f"libtbclient-{each}.so") for each in EDITIONS]:
            found = sorted(build.tree().rglob(name))
            if not found:
                raise harness.BenchError(f"{name} is missing in {build.tree()}")
            target = workshop.dir / subject
            subprocess.run([harness.find_tool("strip"), "-o", target, found[0].resolve()], check=True)
            yield row(subject, "stripped_library", target.stat().st_size / 1e6, "MB")


def fill(server, key):
    """Creates devices for one page. Returns the id of one of them, and the page as the server sends it."""
    for number in range(PAGE):
        device = {"name": f"device {number:04}", "type": "default", "label": "a label", "additionalInfo": {"floor": 1}}
        saved = request(server, key, "POST", "/api/device", device)
    page = request(server, key, "GET", f"/api/tenant/devices?pageSize={PAGE}&page=0")
    if len(page["data"]) != PAGE:
        raise harness.BenchError("tbsim did not return all devices on one page")
    return saved["id"]["id"], page


def request(server, key, method, path, document=None):
    """Sends a request with the key, like servers.call()."""
    return servers.call(server, method, path, document, {"X-Authorization": "ApiKey " + key})


def output(workshop, name, argv, given=None, count=1):
    """Runs COUNT instances of a program at the same time. Returns their JSON."""
    processes = [
        workshop.start(f"{name}-{number}", argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE) for number in range(count)
    ]
    results = []
    for number, process in enumerate(processes):
        text, _ = process.communicate((given or "").encode(), timeout=BUILD_LIMIT)
        if process.returncode != 0:
            raise workshop.failure(f"{name}-{number}", f"exit status {process.returncode}")
        results.append(json.loads(text))
    return results


def decoding(workshop, python, path, rounds):
    """CPU time for one page of 1,000 devices."""
    program = build.helper("client_decode")
    turns = {"tbclient": [], "jansson": []}
    for _ in range(TURNS):
        for subject, figures in turns.items():
            figures.append(output(workshop, "decode", [program, path, rounds, subject])[0]["us"])
    ours, jansson = (statistics.median(figures) for figures in turns.values())
    yield row("tbclient", "decode_page_us", ours, "us")
    yield row("jansson", "decode_page_us", jansson, "us")
    yield row("tbclient", "decode_ratio_to_jansson", ours / jansson, "1")
    if python:
        theirs = output(workshop, "py-decode", [python, official(), "decode", path, max(3, rounds // 10)])[0]
        yield row("python", "decode_page_us", theirs["python_us"], "us")
        yield row("python", "decode_ratio_to_tbclient", theirs["python_us"] / ours, "1")


def official():
    """The script that uses the official client."""
    return build.ROOT / "tests" / "bench" / "official_calls.py"


def calls(workshop, python, server, device, key, count):
    """Calls per CPU second of the client processes, and the memory after one call."""
    program = build.helper("client_calls")
    ours = output(workshop, "calls", [program, server.url, device, THREADS, count], key + "\n")[0]
    ours_rate = ours["calls"] / ours["cpu_s"]
    memory = output(workshop, "memory", [program, server.url, device, 1, 1], key + "\n")[0]
    yield row("tbclient", "calls_per_cpu_second", ours_rate, "1/s")
    yield row("tbclient", "resident_memory", memory["rss_kib"] / 1024, "MiB")
    if not python:
        return
    script = [python, official(), "calls", server.url, device]
    theirs = output(workshop, "py-calls", [*script, max(20, count // 10)], key + "\n", THREADS)
    rate = sum(each["calls"] for each in theirs) / sum(each["cpu_s"] for each in theirs)
    memory = output(workshop, "py-memory", [*script, 1], key + "\n")[0]
    yield row("python", "calls_per_cpu_second", rate, "1/s")
    yield row("tbclient", "calls_ratio_to_python", ours_rate / rate, "1")
    yield row("python", "resident_memory", memory["rss_kib"] / 1024, "MiB")
