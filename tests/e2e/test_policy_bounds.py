#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bounds that a policy sets to each of its users: they hold, messages name them, and nobody else is held up. The server
answers requests below WAITING at the end of the test."""
import signal
import time

import tap
from harness import PATIENCE, build, wait_until
from neighbours import SOCKET, WAITING, NeighboursCase
from users import ALICE, BOB, connect_as, needs_users
from websocket import KEY

STREAM = "/-/subscribe/DEVICE/11111111-1111-1111-1111-111111111111"
HANDSHAKE = build("GET", SOCKET, [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Key", KEY),
                                  ("Sec-WebSocket-Version", "13")])
WAITS_OF_ONE = 8  # connections of one user that wait for a place


@needs_users
class TestBounds(NeighboursCase):
    def begin_bounded(self, bounds, options=None):
        """ALICE has a policy with BOUNDS."""
        self.server = self.start_scripted(self.handle)
        who = "default, uid %d = telemetry" % ALICE
        self.proxy = self.prepare_daemon(self.server, {"join.reads": False, "upstream.http2": "off", "limits.drain_timeout_ms": 100,
                                                        "policy.tcp": who, "policy.unix_socket": who, **(options or {})})
        self.set_bounds(bounds)
        self.proxy.start()

    def set_bounds(self, bounds):
        self.proxy.write_config()
        with open(self.proxy.config_path, "a", encoding="utf-8") as file:
            file.write('policies = { telemetry = { allow = [ "read", "write" ]; %s }; };\n' % bounds)

    def send(self, connection, target, headers=()):
        connection.send(build("GET", target, headers, host=connection.host))
        return connection

    def ask_waiting(self, count, unix=False):
        return [self.send(connection, WAITING) for connection in self.attack(count, unix)]

    def wait_for_seen(self, count):
        wait_until(lambda: self.seen() == count, "%d requests at the server" % count)

    def assert_others_are_served(self):
        for unix in (False, True):
            connection, = connect_as(self, BOB, self.proxy, unix=unix)
            self.assertEqual(connection.request("GET", "/api/other").status, 200)

    def test_connections(self):
        self.begin_bounded("max_connections = 2;")
        busy = self.ask_waiting(1) + self.ask_waiting(1, unix=True)
        self.wait_for_seen(2)
        waiting = self.attack(WAITS_OF_ONE)
        self.send(waiting[0], "/api/next")  # one that has sent nothing would give way to the others
        self.assert_refused(self.attack(1)[0], 503, "policies.telemetry.max_connections")
        self.assert_others_are_served()
        for connection in busy:
            connection.close()
        self.assertEqual(waiting[0].response().status, 200)

    def test_an_idle_connection_gives_way_to_one_of_the_same_policy(self):
        self.begin_bounded("max_connections = 2;")
        other, = connect_as(self, BOB, self.proxy)
        idle, _, last = self.attack(3)
        self.assertEqual(last.request("GET", "/api/last").status, 200)
        self.assertEqual(idle.rest(), b"")
        self.assertEqual(other.request("GET", "/api/other").status, 200)

    def test_requests(self):
        self.begin_bounded("max_requests = 2;")
        self.ask_waiting(1)
        self.ask_waiting(1, unix=True)
        self.wait_for_seen(2)
        self.ask_waiting(20)
        refused, = self.attack(1)
        self.send(refused, "/api/refused", [("Prefer", "wait=1")])
        self.assert_others_are_served()
        self.assert_refused(refused, 503, "Prefer: wait), because of policies.telemetry.max_requests")
        self.assertEqual((self.seen(), self.seen("/api/refused")), (2, 0))
        self.server.release.set()
        self.wait_for_seen(22)

    def test_requests_in_a_second(self):
        self.begin_bounded("requests_per_second = 1;")
        self.proxy.signal(signal.SIGSTOP)
        self.addCleanup(self.proxy.signal, signal.SIGCONT)
        connections = [self.send(connection, "/api/x", [("Prefer", "wait=0")]) for connection in self.attack(2)]
        self.proxy.signal(signal.SIGCONT)
        began = time.monotonic()
        replies = sorted((connection.response() for connection in connections), key=lambda reply: reply.status)
        self.assertEqual(replies[0].status, 200)
        self.assert_error(replies[1], 503, 2, "because of policies.telemetry.requests_per_second")
        self.assertEqual(replies[1].header("Retry-After"), "1")
        for connection in connections:
            connection.close()
        flood = [self.send(connection, "/api/x") for connection in self.attack(3)]
        self.assert_others_are_served()
        self.assertEqual([connection.response().status for connection in flood], [200] * 3)
        self.assertGreaterEqual(time.monotonic() - began, 2.5)

    def test_websockets(self):
        self.begin_bounded("max_websockets = 1;")
        first, second = self.attack(1) + self.attack(1, unix=True)
        first.send(HANDSHAKE)
        self.assertEqual(first.head().status, 101)
        second.send(HANDSHAKE)
        self.assert_refused(second, 503, "too many WebSockets (policies.telemetry.max_websockets)")
        other, = connect_as(self, BOB, self.proxy)
        other.send(HANDSHAKE)
        self.assertEqual(other.head().status, 101)
        first.reset()

        def opens_another():
            connection, = self.attack(1)
            connection.send(HANDSHAKE)
            return connection.head().status == 101
        wait_until(opens_another, "a place", PATIENCE)

    def test_no_websockets(self):
        self.begin_bounded("max_websockets = 0;")
        connection, = self.attack(1)
        connection.send(HANDSHAKE)
        self.assert_refused(connection, 503, "policies.telemetry.max_websockets")

    def test_streams(self):
        self.begin_bounded("max_streams = 1;", {"upstream.timeout_ms": 60000})
        first, second = self.attack(1) + self.attack(1, unix=True)
        self.send(first, STREAM)
        wait_until(lambda: self.client("uid:%d" % ALICE)["streams"] == 1, "the first stream")
        self.send(second, STREAM)
        self.assert_refused(second, 503, "too many subscribers (policies.telemetry.max_streams)")
        for count, connection in enumerate(connect_as(self, BOB, self.proxy, 2), 1):
            self.send(connection, STREAM)
            wait_until(lambda count=count: self.client("uid:%d" % BOB)["streams"] == count, "a stream of another user")
        first.reset()
        wait_until(lambda: self.client("uid:%d" % ALICE)["streams"] == 0, "the end of the first stream")
        self.send(second, STREAM)
        wait_until(lambda: self.client("uid:%d" % ALICE)["streams"] == 1, "the second stream")

    def reload(self, bounds):
        self.set_bounds(bounds)
        mark = self.proxy.notices.mark()
        self.proxy.signal(signal.SIGHUP)
        self.proxy.notices.wait("^READY=1$", mark)

    def test_a_reload_changes_the_numbers(self):
        self.begin_bounded("max_requests = 1;")
        self.ask_waiting(4)
        self.wait_for_seen(1)
        self.reload("max_requests = 3;")
        self.wait_for_seen(3)
        self.reload("max_requests = 2;")  # what is held stays held
        self.assert_others_are_served()
        self.assertEqual(self.seen(), 3)
        self.reload("")
        self.wait_for_seen(4)

    def test_a_reload_gives_a_connected_user_bounds(self):
        self.begin_bounded("", {"policy.tcp": "telemetry"})
        connections = connect_as(self, BOB, self.proxy, 2)
        self.assertEqual([connection.request("GET", "/api/x").status for connection in connections], [200] * 2)
        self.reload("max_requests = 1;")
        wait_until(lambda: self.is_bounded(connections), "the bound", PATIENCE)

    def is_bounded(self, connections):
        self.send(connections[0], "/api/x")
        self.send(connections[1], "/api/x", [("Prefer", "wait=0")])
        return [connection.response().status for connection in connections] == [200, 503]


if __name__ == "__main__":
    tap.main()
