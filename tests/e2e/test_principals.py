#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who asks: the user of each connection, over both loopback addresses and the Unix socket."""
import os
import signal

import tap
from client import Connection
from harness import PATIENCE, build, wait_until
from queueing import QueueCase

LIVE = "/-/live"


class TestPrincipals(QueueCase):
    def setUp(self):
        self.begin()
        self.own = "uid:%d" % os.getuid()

    def answered(self, client):
        return self.total("tbproxyd_principal_requests_total", principal=client, code="2xx")

    def test_a_user_is_the_same_over_tcp_and_the_unix_socket(self):
        before = self.answered(self.own)
        for address in (self.proxy.address, ("::1", self.proxy.port), self.proxy.unix_path):
            with Connection(address, PATIENCE) as connection:
                self.assertEqual(connection.request("GET", LIVE).status, 200)
        self.assertEqual(self.answered("unknown"), 0)
        self.assertGreaterEqual(self.answered(self.own) - before, 3)

    def stopped(self):
        """The daemon accepts nothing until it is continued."""
        self.proxy.signal(signal.SIGSTOP)
        self.addCleanup(self.proxy.signal, signal.SIGCONT)

    def go_on(self, client, count):
        self.proxy.signal(signal.SIGCONT)
        wait_until(lambda: self.answered(client) == count, "%d requests of %s" % (count, client))

    def test_who_connects_sends_and_closes_before_we_look_is_unknown(self):
        """The kernel says of such a socket that it is root's."""
        self.stopped()
        for address in (self.proxy.address, ("::1", self.proxy.port)):
            with Connection(address, PATIENCE) as connection:
                connection.send(build("GET", LIVE, host=connection.host))
        self.go_on("unknown", 2)
        if self.own != "uid:0":
            self.assertEqual(self.answered("uid:0"), 0)

    def test_who_only_sends_no_more_is_known(self):
        self.stopped()
        with Connection(self.proxy.address, PATIENCE) as connection:
            connection.send(build("GET", LIVE, host=connection.host))
            connection.sock.shutdown(1)
            self.proxy.signal(signal.SIGCONT)
            self.assertEqual(connection.response().status, 200)
        self.assertEqual(self.answered("unknown"), 0)


if __name__ == "__main__":
    tap.main()
