# SPDX-License-Identifier: Apache-2.0
"""Calls that are meant to take long: they say how long the server may wait."""
import threading

import tap
from harness import PATIENCE, Case, answer, build, wait_until

RPC = {"method": "m", "params": {}, "timeout": 70000}
LONG = [("POST", "/api/rpc/twoway/1", RPC), ("POST", "/api/rpc/oneway/1", RPC), ("POST", "/api/plugins/rpc/twoway/1", RPC),
        ("POST", "/api/plugins/rpc/oneway/1", RPC), ("POST", "/api/rule-engine/DEVICE/1/70000", {"a": 1}),
        ("POST", "/api/rule-engine/DEVICE/1/Main/70000", {"a": 1}),
        ("POST", "/api/ai/model/chat", {"chatModelConfig": {"timeoutSeconds": 70}}),
        ("GET", "/api/v1/token/rpc?timeout=90000", None), ("GET", "/api/v1/token/rpc?timeout=90000", None),
        ("GET", "/api/v1/token/attributes/updates?timeout=90000", None)]
NEVER = "/api/never"


class TestLongCalls(Case):
    def setUp(self):
        self.go = threading.Event()
        self.addCleanup(self.go.set)

        def handle(peer, request):
            if request.target == NEVER:
                peer.wait_for_close()
            elif self.go.wait(PATIENCE):
                peer.send(answer(body=b"late"))
            return True
        self.server = self.start_scripted(handle)

    def ask(self, method, target, body, unix):
        connection = self.proxy.connect(unix)
        self.addCleanup(connection.close)
        connection.send(build(method, target, body=body, host=connection.host))
        return connection

    def test_they_wait_longer_than_the_others(self):
        self.proxy = self.start_daemon(self.server, {"upstream.timeout_ms": 300, "listen.idle_timeout_s": 1})
        connections = [self.ask(*call, unix=index % 2 == 0) for index, call in enumerate(LONG)]
        wait_until(lambda: len(self.server.requests) == len(LONG), "a call of its own for each")
        self.assertEqual(self.proxy.get(NEVER).status, 504)
        with self.proxy.connect() as idle:
            self.assertEqual(idle.rest(), b"")  # the idle time is over, too
        self.go.set()
        self.assertEqual([(reply.status, reply.body) for reply in (one.response() for one in connections)],
                         [(200, b"late")] * len(LONG))

    def test_they_end_five_seconds_after_their_time(self):
        self.proxy = self.start_daemon(self.server, {"upstream.timeout_ms": 300})
        connection = self.ask("POST", "/api/rpc/twoway/1", {"method": "m", "timeout": 1}, False)
        self.assert_error(connection.response(), 504, 2, " 5001 ms")

    def test_one_that_says_nothing_waits_like_the_others(self):
        self.proxy = self.start_daemon(self.server, {"upstream.timeout_ms": 300})
        for method, target, body in (("POST", "/api/rpc/twoway/1", {"method": "m"}), ("GET", "/api/v1/token/rpc", None),
                                     ("POST", "/api/rpc/twoway/1", {"method": "m", "timeout": -70000}),
                                     ("POST", "/api/device", {"timeout": 70000})):
            self.assert_error(self.ask(method, target, body, True).response(), 504, 2, " 300 ms")


if __name__ == "__main__":
    tap.main()
