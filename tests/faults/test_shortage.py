# SPDX-License-Identifier: Apache-2.0
"""The host runs out of descriptors, of room for the log, or of memory."""
import ctypes
import os
import resource
import socket
import subprocess
import e2e_modules  # noqa: F401
import tap
from daemon import end_with_parent
from cable import Cable
from fault_case import VERSIONS, FaultCase
from harness import Case, answer, wait_until
from load import RPC
from names import CLONE_NEWNS, MS_PRIVATE, MS_REC, LIBC, check

GONE_S = 5
LOG_BYTES = 64 << 10


class TestDescriptors(FaultCase):
    def limit_descriptors(self, number):
        for load in self.loads:
            resource.prlimit(load.proxy.process.pid, resource.RLIMIT_NOFILE, (number, 20000))

    def test_none_is_left(self):
        """What is open goes on; what needs a new connection to the server says why it has none."""
        self.begin()
        self.limit_descriptors(3)
        for front in self.fronts:
            front.end()
            front.start()
        self.assert_told("unreachable", "Too many open files.*LimitNOFILE")
        self.last(GONE_S)
        self.limit_descriptors(20000)
        self.assert_recovers(8)
        self.assert_goes_on()
        self.settle("Too many open files|closed|reset|ended", [RPC])


class TestPorts(FaultCase):
    def set_ports(self, first, last):
        def write():
            with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
                file.write("%d %d" % (first, last))
        self.cable.here.run(write)

    def test_none_is_left(self):
        front = self.start_far_front(self.start_far_simulator(), VERSIONS[0], Cable.THERE_ADDRESS)
        proxy = self.start_near_daemon(front, {"upstream.hold_ms": 0})
        with self.cable.here.run(lambda: socket.create_server(("0.0.0.0", 0))) as taken:
            port = taken.getsockname()[1]
            self.set_ports(port, port)
            front.end()  # and its connections
            front.start()
            self.assert_error(proxy.get("/api/x", unix=True), 502, 2, "Cannot assign requested address", "local ports")
        self.set_ports(32768, 60999)
        wait_until(lambda: proxy.get("/-/ready", unix=True).status == 200, "a return")


class TestFullDisk(Case):
    def start_on_small_disk(self):
        """Its log is a file on a disk of LOG_BYTES, half of which another file takes."""
        self.proxy = self.prepare_daemon(self.start_scripted(lambda peer, request: peer.send(answer()) or True))
        disk = self.proxy.directory + "/disk"
        os.mkdir(disk)

        def in_child():
            end_with_parent()
            check(LIBC.unshare(CLONE_NEWNS))
            check(LIBC.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
            check(LIBC.mount(b"disk", disk.encode(), b"tmpfs", ctypes.c_ulong(0), b"size=%d" % LOG_BYTES))
            with open(disk + "/other", "wb") as file:
                file.write(b"x" * (LOG_BYTES // 2))
            os.dup2(os.open(disk + "/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        self.proxy.process = subprocess.Popen(self.proxy.command(), stdin=subprocess.DEVNULL, cwd=self.proxy.directory,
                                              preexec_fn=in_child, env=self.proxy.environment())
        self.disk = "/proc/%d/root%s" % (self.proxy.process.pid, disk)
        wait_until(self.proxy.listens, "a listener")

    def log(self):
        with open(self.disk + "/log", encoding="utf-8") as file:
            return file.read()

    def test_requests_are_served_and_the_log_says_what_it_lacks(self):
        self.start_on_small_disk()
        target = "/api/" + "x" * 900  # each request is a line at the level debug
        with self.proxy.connect(unix=True) as program:
            for _ in range(2 * LOG_BYTES // 900):
                self.assertEqual(program.request("GET", target).status, 200)
            os.unlink(self.disk + "/other")
            self.assertEqual(program.request("GET", target).status, 200)
        lines = self.log().split("\n")
        lost = [line for line in lines if "log lines were lost" in line]
        self.assertEqual(len(lost), 1)
        self.assertRegex(lost[0], r"\A\w+: \d+ log lines were lost: No space left on device\Z")
        self.assertTrue(all(line.startswith("tbproxyd: ") for line in lines[:-1]), "a line goes on with another one")


if __name__ == "__main__":
    tap.main()
