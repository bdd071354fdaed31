# SPDX-License-Identifier: Apache-2.0
"""What every case needs: processes that are always stopped, a temporary
folder, the CPU time of a program, and the form of a result."""

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time

# The Debian packages of the programs that cases need.
PACKAGES = {
    "curl": "curl",
    "haproxy": "haproxy",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "strace": "strace",
    "strip": "binutils",
    "wrk": "wrk",
}

# Seconds for a program to start, and to end after SIGTERM.
START_LIMIT = 10
STOP_LIMIT = 3


class BenchError(Exception):
    """The benchmark cannot continue. The text says why."""


@dataclasses.dataclass
class Row:
    """One result."""

    case: str
    subject: str
    figure: str
    value: float
    unit: str


def find_tool(name):
    """The path of a program; daemons are not in every user's PATH."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
    found = shutil.which(name, path=path)
    if not found:
        raise BenchError(f"{name} is missing: apt-get install {PACKAGES[name]}")
    return found


def use_two_cores():
    """Keeps this process and all it starts later on two cores, so that
    machines of different sizes give comparable results."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def raise_open_files():
    """Raises the limit of open files for this process and all it starts later."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def raise_on_signals():
    """Turns the usual signals into exceptions, so that everything is stopped
    on the way out. Later ones are ignored, so that nothing disturbs that."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

    def leave(number, _frame):
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGALRM:
            raise BenchError("timed out")
        raise SystemExit(128 + number)

    for each in signals:
        signal.signal(each, leave)


def tail(path, lines=30):
    """The end of a log file."""
    text = pathlib.Path(path).read_text(errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def local_environment():
    """Our environment without proxy settings, because all traffic is local."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
    }


def wait_for(process, limit, *files):
    """Waits until a file can be read, the process has ended (it is not reaped)
    or the time is up. Returns the files that can be read."""
    ended = os.pidfd_open(process.pid)
    try:
        ready, _, _ = select.select([ended, *files], [], [], limit)
    finally:
        os.close(ended)
    return [file for file in files if file in ready]


def stop(process):
    """Ends a program and whatever it started (its process group), unless
    it has already been waited for."""
    if process.returncode is not None:
        return
    os.kill(process.pid, signal.SIGTERM)
    wait_for(process, STOP_LIMIT)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Workshop(contextlib.ExitStack):
    """A temporary folder and the programs started in it. Leaving the `with`
    block stops them, newest first, and removes the folder."""

    def __enter__(self):
        super().__enter__()
        made = tempfile.TemporaryDirectory(prefix="tbproxyd-bench-")
        self.dir = pathlib.Path(self.enter_context(made))
        return self

    def start(self, name, argv, env=None, **popen):
        """Starts a program in a process group of its own. What it writes to
        stderr, and to stdout unless that is given, goes to NAME.log."""
        with open(self.log(name), "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=popen.pop("stdin", subprocess.DEVNULL),
                stdout=popen.pop("stdout", log),
                stderr=log,
                env=local_environment() | (env or {}),
                process_group=0,
                **popen,
            )
        self.callback(stop, process)
        return process

    def log(self, name):
        """The path of a program's log."""
        return self.dir / f"{name}.log"

    def failure(self, name, what):
        """Returns an error to raise, with the end of the program's log."""
        return BenchError(f"{name}: {what}\n{tail(self.log(name))}".rstrip())


def group_members(group):
    """The process IDs of a process group."""
    members = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(ValueError, ProcessLookupError):
            if os.getpgid(int(entry)) == group:
                members.append(int(entry))
    return sorted(members)


def process_cpu_seconds(pid):
    """User and system time of all threads of a process, including ended ones.
    The CPU clock counts nanoseconds; /proc/PID/stat counts only ticks."""
    clock = ctypes.c_int()
    libc = ctypes.CDLL(None)
    error = libc.clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise BenchError(f"CPU clock of process {pid}: {os.strerror(error)}")
    return time.clock_gettime(clock.value)


def cpu_seconds(process):
    """CPU time so far, by process ID, of a program and its child processes."""
    return {pid: process_cpu_seconds(pid) for pid in group_members(process.pid)}


def cpu_seconds_since(process, before):
    """CPU seconds since `before`, an earlier result of cpu_seconds()."""
    now = cpu_seconds(process)
    if not now or now.keys() != before.keys():
        raise BenchError(f"the processes of {process.args[0]} changed")
    return sum(now.values()) - sum(before.values())
