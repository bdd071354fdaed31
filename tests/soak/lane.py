# SPDX-License-Identifier: Apache-2.0
"""One daemon, its server, and what is between them."""
import asyncio
import collections
import json
import os
import pathlib
import signal
import sys

import tokens
from daemon import Daemon, end_with_parent
from front import Front
from relay import Relay
from scripted import USER

STAND_IN = pathlib.Path(__file__).with_name("stand_in.py")
WAIT_S, SERVER_S, CONNECT_S = 8, 4, 2

OPTIONS = {"upstream.username": USER["email"], "upstream.password_file": tokens.PASSWORD,
           "upstream.timeout_ms": SERVER_S * 1000, "upstream.connect_timeout_ms": CONNECT_S * 1000,
           "queue.max_wait_ms": WAIT_S * 1000, "log.level": "info"}


class Lane:
    """FRONT: one of front.UPSTREAMS, or "" for HTTP/1.1 without TLS. SPOOL: spool.mode."""

    def __init__(self, name, directory, front, spool, seed):
        self.name, self.front_name, self.spool, self.seed = name, front, spool, seed
        self.path = os.path.join(directory, name + ".sock")
        self.ledger = os.path.join(directory, name + ".ledger")
        self.weather = {}
        self.process = self.front = self.relay = self.daemon = None
        self.starts = 0
        self.highest = 0  # KiB
        self.memory = []  # KiB, once a second

    async def start(self):
        await self.start_server()
        if self.front_name:
            self.front = Front(self, self.front_name, keepalive_requests=500)
        self.relay = Relay(("127.0.0.1", self.front.port) if self.front else self.path)
        url = ("https://localhost:%d" if self.front else "http://127.0.0.1:%d") % self.relay.port
        more = self.front.daemon_options if self.front else {}
        self.daemon = Daemon({"upstream.url": url, "spool.mode": self.spool, **OPTIONS, **more})
        self.daemon.options["spool.directory"] = self.daemon.directory + "/spool"
        self.daemon.write_config()
        await asyncio.to_thread(self.daemon.start)
        os.chmod(self.daemon.directory, 0o711)
        self.descriptors_at_start = await self.fewest_descriptors()

    # The server.

    async def start_server(self):
        self.starts += 1
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, str(STAND_IN), self.path, self.ledger, str(self.seed * 1000 + self.starts),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, preexec_fn=end_with_parent)
        self.say(self.weather)
        while (line := await self.process.stdout.readline()) != b"ready\n":
            if not line:
                raise RuntimeError("the server of %s does not start" % self.name)

    def say(self, weather):
        self.weather.update(weather)
        # If there is none, the next one is told when it starts.
        if self.process.returncode is None and not self.process.stdin.is_closing():
            self.process.stdin.write(json.dumps(weather).encode() + b"\n")

    async def kill_server(self, seconds):
        if self.process.returncode is not None:
            return
        self.process.kill()
        await self.process.wait()
        if not self.front:
            self.relay.refuse()
        await asyncio.sleep(seconds)
        await self.start_server()
        self.relay.open()

    async def pause_server(self, seconds):
        process = self.process
        if process.returncode is not None:
            return
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)

    # What the daemon uses.

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.daemon.process.pid))

    async def fewest_descriptors(self, seconds=3.0, enough=0):
        """While all connections to the server are reset again and again; ENOUGH: no need to look for fewer."""
        fewest = self.descriptors()
        for _ in range(int(10 * seconds)):
            self.relay.reset_all()
            await asyncio.sleep(0.1)
            fewest = min(fewest, self.descriptors())
            if fewest <= enough:
                break
        return fewest

    def samples(self):
        """The page of metrics: {name with labels: value}."""
        page = self.daemon.ask_admin("GET", "/-/metrics").body.decode()
        rows = (line.rsplit(" ", 1) for line in page.split("\n") if line and not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def has_delivered(self):
        """Whether nothing waits in the spool."""
        return self.spool == "off" or not self.daemon.ask_admin("GET", "/-/spool?state=waiting").json()["rows"]

    def protocols(self):
        """Of the requests at the gateway."""
        return collections.Counter(protocol for protocol, _ in self.front.requests())

    def measure(self):
        self.memory.append(self.daemon.memory_kib())
        self.highest = max(self.highest, self.memory[-1])

    def growth_kib(self):
        """How much more memory is used in the last fifth than in the second one; the first one warms up. Each is the median of
        its samples, because what is under way at the moment comes and goes."""
        fifth = max(1, len(self.memory) // 5)
        early, late = (sorted(part)[len(part) // 2] for part in (self.memory[fifth:2 * fifth] or [0], self.memory[-fifth:]))
        return late - early

    async def stop(self):
        """Raises an error if the daemon crashed, or a sanitizer has found something."""
        try:
            if self.daemon:
                await asyncio.to_thread(self.daemon.stop)
        finally:
            if self.relay:
                self.relay.close()
            if self.front:
                self.front.stop()
            if self.process and self.process.returncode is None:
                self.process.kill()
                await self.process.wait()
