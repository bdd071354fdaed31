# SPDX-License-Identifier: Apache-2.0
"""File descriptors: the limit is raised, connections fit into it, and after a shortage all clients are served again; closed
standard descriptors. (Valgrind has a limit of its own and does not start without standard descriptors.)"""
import os
import resource
import subprocess
import time

import tap
from client import Connection
from daemon import end_with_parent
from harness import PATIENCE, Case, build, wait_until
from scripted import echo

ADDRESSES = ("127.0.0.1", "::1")


class DescriptorsCase(Case):
    def start_limited(self, soft, hard, options=None):
        def in_child():
            end_with_parent()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        proxy = self.prepare_daemon(self.start_scripted(echo), options)
        proxy.in_child = in_child
        return proxy.start()

    @staticmethod
    def ways_in(proxy):
        return [(address, proxy.port) for address in ADDRESSES] + [proxy.unix_path]

    def connect(self, address):
        connection = Connection(address, PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def assert_served(self, proxy, target="/api/x"):
        for address in self.ways_in(proxy):
            with Connection(address, PATIENCE) as connection:
                self.assertEqual(connection.request("GET", target).status, 200)


class TestLimit(DescriptorsCase):
    def test_the_soft_limit_is_raised_to_the_hard_one(self):
        proxy = self.start_limited(256, 16384)
        self.assertEqual(resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE), (16384, 16384))
        self.assertEqual(proxy.log.find("lowered"), [])

    def test_what_does_not_fit_is_lowered(self):
        """All connections have their places, and the requests of all of them are at the server at once."""
        proxy = self.start_limited(164, 164)
        lowered, = proxy.log.find(r"listen.max_connections is lowered from 1024 to (\d+): only 164 files")
        places = int(lowered.group(1))
        self.assertGreater(places, 1)
        ways = self.ways_in(proxy)
        taken = [self.connect(ways[index % len(ways)]) for index in range(places)]
        for connection in taken:
            connection.send(build("GET", "/api/x", host=connection.host))
        for connection in taken:
            self.assertEqual(connection.response().status, 200)
        for _ in range(2 * places):  # those that are idle give way
            self.assert_served(proxy, "/api/after")
        self.assertEqual(proxy.log.find("Too many open files"), [])


class TestShortage(DescriptorsCase):
    """Something other than connections uses them up: here, the limit is lowered."""

    def cpu_s(self, proxy):
        with open("/proc/%d/stat" % proxy.process.pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def use_up(self, proxy, first):
        """Connects until the daemon is out of descriptors, beginning with FIRST. Returns the connections."""
        resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (40, 20000))
        ways = self.ways_in(proxy)
        connections = [self.connect(first) for _ in range(50)] + [self.connect(way) for way in ways for _ in range(5)]
        proxy.log.wait("cannot accept connections: Too many open files; will retry")
        return connections

    def test_every_listener_accepts_again_when_connections_have_ended(self):
        proxy = self.start_limited(20000, 20000)
        self.assert_served(proxy)
        for first in self.ways_in(proxy):
            connections = self.use_up(proxy, first)
            for connection in connections:
                connection.close()
            self.assert_served(proxy, "/-/live")
        self.assertEqual(len(proxy.log.find("cannot accept")), 1)  # not one line for each

    def test_those_who_wait_are_served_when_there_are_descriptors_again(self):
        proxy = self.start_limited(20000, 20000)
        connections = self.use_up(proxy, self.ways_in(proxy)[0])
        resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (20000, 20000))
        for connection in connections:
            self.assertEqual(connection.request("GET", "/-/live").status, 200)

    def test_neither_the_shortage_nor_its_end_costs_time(self):
        proxy = self.start_limited(20000, 20000)
        for first in self.ways_in(proxy):
            served, *rest = self.use_up(proxy, first)
            self.assert_idle(proxy, served)
            for connection in rest:
                connection.close()
            self.assert_idle(proxy, served)
            served.close()

    def assert_idle(self, proxy, served):
        """Makes requests now and then for half a second."""
        began, before = time.monotonic(), self.cpu_s(proxy)
        while time.monotonic() < began + 0.5:
            time.sleep(0.05)
            self.assertEqual(served.request("GET", "/-/live").status, 200)
        self.assertLess(self.cpu_s(proxy) - before, 0.25)


class TestStandardDescriptors(Case):
    def test_those_that_are_closed_at_the_start_are_dev_null(self):
        """If another file got the number of standard error, it would get the log."""
        proxy = self.prepare_daemon(self.start_simulator())
        proxy.process = subprocess.Popen(proxy.command(), cwd=proxy.directory, env=proxy.environment(),
                                         preexec_fn=lambda: (end_with_parent(), os.closerange(0, 3)))
        wait_until(lambda: os.path.exists(proxy.unix_path), "a listener")
        names = [os.readlink("/proc/%d/fd/%d" % (proxy.process.pid, fd)) for fd in range(3)]
        self.assertEqual(names, ["/dev/null"] * 3)


if __name__ == "__main__":
    tap.main()
