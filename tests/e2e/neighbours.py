# SPDX-License-Identifier: Apache-2.0
"""Two users of a daemon: one attacks, and what the other one notices of it."""
import os
import resource
import statistics
import time

import tap
from daemon import end_with_parent
from harness import PATIENCE, Case, answer, wait_until
from users import ALICE, BOB, connect_as
from websocket import TOKEN, accept, jwt

MIB = 1 << 20
SLOW_MS = 50       # an answer of the server to the one who is attacked
REQUESTS = 10      # that he makes
LARGE = "/api/large"
SOCKET = "/api/ws"
WAITING = "/api/waiting"  # is answered at the end of the test


class NeighboursCase(Case):
    """ALICE attacks, BOB is attacked."""

    def begin(self, options=None, descriptors=None):
        """DESCRIPTORS: how many files the daemon may have open."""
        def in_child():
            end_with_parent()
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self.server = self.start_scripted(self.handle)
        self.proxy = self.prepare_daemon(self.server, {"join.reads": False, "upstream.http2": "off",
                                                        "limits.drain_timeout_ms": 100, **(options or {})})
        self.proxy.in_child = in_child
        self.proxy.start()

    def handle(self, peer, request):
        if request.target == TOKEN:
            peer.send(answer(body={"token": jwt("access")}))
            return True
        if request.header("Upgrade"):
            wanted = request.header("Sec-WebSocket-Extensions")
            peer.send(accept(request, [("Sec-WebSocket-Extensions", wanted)] if wanted else ()))
            peer.wait_for_close()
            return False
        if request.target == LARGE:
            self.send_large(peer)
            return True
        if request.target.startswith(WAITING):
            self.server.release.wait(PATIENCE * 4)
        else:
            time.sleep(SLOW_MS / 1000)
        bad = b'"bad"' in request.body
        peer.send(answer(400 if bad else 200, body=b"bad" if bad else b"good"))
        return True

    @staticmethod
    def send_large(peer):
        peer.send(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(64):
            peer.send(b"x" * MIB)

    def attack(self, count, unix=False):
        return connect_as(self, ALICE, self.proxy, count, unix)

    def seen(self, prefix=WAITING):
        return sum(request.target.startswith(prefix) for request in self.server.requests)

    def latency_ms(self, proxy, unix, method="GET", body=None):
        """Of the one who is attacked, on a connection of his own."""
        connection, = connect_as(self, BOB, proxy, unix=unix)
        began = time.monotonic()
        reply = connection.request(method, "/api/polite", body=body)
        latency = (time.monotonic() - began) * 1000
        self.assertEqual((reply.status, reply.body), (200, b"good"))
        connection.close()
        return latency

    def assert_not_noticed(self, units=("tcp", "unix"), **request):
        """He waits at most twice as long as at a daemon that nobody attacks, at the same time: the machine is busy with other
        things, too."""
        idle = self.start_daemon(self.server, {"join.reads": False, "upstream.http2": "off"})
        for unit in units:
            found = [[self.latency_ms(proxy, unit == "unix", **request) for proxy in (idle, self.proxy)]
                     for _ in range(REQUESTS)]
            usual, attacked = (statistics.median(latencies) for latencies in zip(*found))
            tap.figure("the other waits %.2f times as long" % (attacked / usual))
            self.assertLess(attacked, 2 * usual, "%s: %s ms" % (unit, found))

    def client(self, name):
        clients = self.proxy.ask_admin("GET", "/-/status").json()["queue"]["clients"]
        return [client for client in clients if client["client"] == name][0]

    def wait_for_standstill(self):
        """All buffers are full, also those of the kernel. On a busy machine, the daemon does little in a short time anyway."""
        def stands_still():
            before = self.cpu_s()
            time.sleep(0.6)
            return self.cpu_s() - before <= 0.02
        wait_until(stands_still, "a standstill")

    def in_flight(self):
        return self.proxy.get("/-/status").json()["limits"]["in_flight"]

    def wait_for_in_flight(self, count):
        wait_until(lambda: self.in_flight() == count, "%d calls" % count)

    def cpu_s(self):
        with open("/proc/%d/stat" % self.proxy.process.pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def assert_refused(self, connection, status, *words):
        reply = connection.response()
        self.assert_error(reply, status, 2, *words)
