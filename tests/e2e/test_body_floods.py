#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""48 bodies of one user at once, which cost the most to read: what they cost the daemon's thread and memory, and that
another user does not notice it."""
import re

import tap
from harness import PATIENCE, SLOW, build, in_parallel, wait_until
from neighbours import MIB, NeighboursCase
from users import BOB, connect_as, needs_users

KIB = 1 << 10
COUNT = 48
JSON = ("Content-Type", "application/json")
DEVICE = "/api/plugins/telemetry/DEVICE/11111111-1111-1111-1111-111111111111"
TELEMETRY = DEVICE + "/timeseries/ANY"
ATTRIBUTES = DEVICE + "/attributes/SERVER_SCOPE"
SCALE = 4 if SLOW else 1  # of time and memory
CPU_S = 1.0 * SCALE       # of 48 bodies
STALL_S = 0.1 * SCALE     # of CPU, while another user's small request waits


def filled(size, head, item, tail):
    """A body of SIZE bytes at most with as many ITEMs as fit, separated by commas."""
    count = (size - len(head) - len(tail)) // (len(item) + 1)
    return head + b",".join([item] * count) + tail


def shapes(size):
    """Of an object: many small values, names, escapes, brackets, and text that is not JSON at its end."""
    depth = size // 2 - 4
    return {
        "arrays": filled(size, b'{"x":[', b"[]", b"]}"),
        "objects": filled(size, b'{"x":[', b'{"a":1}', b"]}"),
        "numbers": filled(size, b'{"x":[', b"1e300", b"]}"),
        "names": filled(size, b"{", b'"\\u0061":1', b"}"),
        "other names": b"{" + b",".join(b'"%06x":1' % i for i in range(size // 11 - 1)) + b"}",
        "escapes": b'{"x":"' + b"\\u20ac" * (size // 6 - 2) + b'"}',
        "brackets": filled(size, b'{"x":[', b"[" * 500 + b"]" * 500, b"]}"),
        "depth": b'{"x":' + b"[" * depth + b"]" * depth + b"}",
        "no end": filled(size, b'{"x":[', b"{}", b"]"),
    }


class Flood(NeighboursCase):
    """Each shape, COUNT times at once, from one user; another one makes a small request meanwhile."""

    def send_all(self, target, body):
        connections = self.attack(COUNT)
        head = build("POST", target, [JSON, ("Content-Length", len(body))], host=connections[0].host)
        for connection in connections:
            connection.send(head)
        in_parallel(4, lambda index: [connection.send(body[:-1]) for connection in connections[index::4]])
        return connections

    def stall_s(self, connections, last):
        """Seconds of CPU that the daemon spends on others during one small request, at most: not the time that it takes,
        because the machine is busy with other things, too. From the moment on that the bodies are complete."""
        other, = connect_as(self, BOB, self.proxy, unix=True)
        other.request("GET", "/-/live")
        for connection in connections:
            connection.send(last)
        slowest = 0
        for _ in range(20):
            began = self.cpu_s()
            self.assertEqual(other.request("GET", "/-/live").status, 200)
            slowest = max(slowest, self.cpu_s() - began)
        return slowest

    def costs(self, target, body, status):
        """Seconds of CPU for all, and during one request of the other."""
        cpu_s = self.cpu_s()
        connections = self.send_all(target, body)
        stall_s = self.stall_s(connections, body[-1:])
        for connection in connections:
            self.assertIn(connection.response().status, status)
            connection.close()
        return self.cpu_s() - cpu_s, stall_s

    def most_memory_kib(self):
        with open("/proc/%d/status" % self.proxy.process.pid, encoding="utf-8") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1))

    def assert_cheap(self, target, bodies, status, memory_kib):
        before = self.proxy.memory_kib()
        for name, body in bodies.items():
            with self.subTest(shape=name, bytes=len(body)):
                taken_s, stall_s = self.costs(target, body, status)
                tap.comment("%s, %s: %.2f s, %.2f s at once" % (target, name, taken_s, stall_s))
                self.assertLess(taken_s, CPU_S)
                self.assertLess(stall_s, STALL_S)
        more = self.most_memory_kib() - before
        tap.comment("%s: %d KiB" % (target, more))
        self.assertLess(more, memory_kib * SCALE)


@needs_users
class TestRefused(Flood):
    def test_48_bodies_of_1_mib_to_an_operation_that_is_refused(self):
        self.begin()
        self.assert_cheap("/api/user", shapes(MIB), (403,), 128 * KIB)

    def test_48_bodies_of_256_kib_to_an_operation_that_is_refused(self):
        self.begin()
        self.assert_cheap("/api/user", shapes(256 * KIB), (403,), 64 * KIB)

    def test_48_logins_of_1_mib(self):
        self.begin()
        self.assert_cheap("/api/auth/login", shapes(MIB), (413,), 8 * KIB)

    def test_48_refreshes_of_1_mib(self):
        self.begin()
        self.assert_cheap("/api/auth/token", shapes(MIB), (413,), 8 * KIB)


@needs_users
class TestForwarded(Flood):
    def test_48_bodies_of_1_mib_to_telemetry(self):
        self.begin()
        self.assert_cheap(TELEMETRY, shapes(MIB), (200, 503), 128 * KIB)

    def test_48_bodies_of_256_kib_to_telemetry(self):
        self.begin()
        bodies = dict(shapes(256 * KIB), short=filled(256 * KIB, b"[", b'{"":0}', b"]"))
        self.assert_cheap(TELEMETRY, bodies, (200, 503), 128 * KIB)

    def test_48_bodies_of_256_kib_to_attributes(self):
        self.begin()
        self.assert_cheap(ATTRIBUTES, shapes(256 * KIB), (200, 503), 64 * KIB)


@needs_users
class TestWaitingLogins(Flood):
    """The server answers no login, so tbproxyd does not know its own user."""

    def test_48_logins_that_wait(self):
        def wait(_peer, _request):
            server.release.wait(PATIENCE)
            return False
        server = self.start_scripted(wait, authenticates=False)
        self.proxy = self.prepare_daemon(server).start(wait="")
        before = self.proxy.memory_kib()
        body = filled(32 * KIB, b'{"username":"a","x":[', b"[]", b"]}")
        logins = self.send_all("/api/auth/login", body)
        for connection in logins:
            connection.send(body[-1:])
        wait_until(self.proxy.is_waiting, "the end of the work")
        self.assertEqual(self.proxy.get("/-/live").status, 200)
        wait_until(self.proxy.is_waiting, "the end of the work")
        more = self.proxy.memory_kib() - before
        tap.comment("48 waiting logins: %d KiB" % more)
        self.assertLess(more, COUNT * 64 * SCALE)


if __name__ == "__main__":
    tap.main()
