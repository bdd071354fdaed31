# SPDX-License-Identifier: Apache-2.0
"""The optimised build that is measured: build/bench, or the existing build
folder that TBPROXYD_BUILD names."""

import functools
import os
import pathlib
import subprocess
import sys

from bench import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "bench"
LOG = TREE / "bench-build.log"

# Built by name, because otherwise only "make check" builds tbsim.
PROGRAMS = ("src/proxy/tbproxyd", "tests/sim/tbsim")


def program(path):
    """The path of a program in the build folder."""
    found = tree() / path
    if not os.access(found, os.X_OK):
        raise harness.BenchError(f"{found} is missing")
    return found


@functools.cache
def tree():
    """The build folder, brought up to date once in each run."""
    given = os.environ.get("TBPROXYD_BUILD")
    if given:
        return pathlib.Path(given).resolve()
    TREE.mkdir(parents=True, exist_ok=True)
    LOG.write_text("")
    if not (ROOT / "configure").exists():
        prepare_sources()
    if not (TREE / "config.status").exists():
        step(TREE, "../../configure", "CFLAGS=-O2 -g")
    step(TREE, "make", "-j2", *PROGRAMS)
    return TREE


def make(*targets):
    """Builds further targets."""
    step(tree(), "make", "-j2", *targets)


@functools.cache
def helper(name):
    """The path of a program of tests/bench, which is built when needed."""
    make(f"tests/bench/{name}")
    return program(f"tests/bench/{name}")


def prepare_sources():
    """Prepares a fresh clone for configure."""
    if (ROOT / "scripts" / "install-deps").exists():
        step(ROOT, "scripts/install-deps", "build", "check")
    step(ROOT, "autoreconf", "-fi")


def step(directory, *argv):
    """Runs one command of the build. Its output is shown only if it fails."""
    print("build:", *argv, file=sys.stderr, flush=True)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(LOG, "a", encoding="utf-8") as log:
        process = subprocess.Popen(
            argv,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            status = process.wait()
        finally:
            harness.stop(process)
    if status != 0:
        raise harness.BenchError(f"{argv[0]} failed; see {LOG}\n{harness.tail(LOG)}")
