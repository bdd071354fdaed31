# SPDX-License-Identifier: Apache-2.0
"""Network namespaces of the test's own, for what loopback cannot do: an address that moves to another machine."""
import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Namespace:
    """A network namespace; it is gone when nothing uses it any more."""

    def __init__(self):
        self.fd = self.in_thread(self.make)
        self.path = "/proc/%d/fd/%d" % (os.getpid(), self.fd)
        self.ip("link set lo up")

    @staticmethod
    def in_thread(work):
        """Calls WORK in a thread of its own, because a namespace belongs to a thread. Returns the result."""
        results = []

        def run():
            try:
                results.append((work(), None))
            except Exception as error:  # raised again below
                results.append((None, error))
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        result, error = results[0]
        if error:
            raise error
        return result

    @staticmethod
    def make():
        check(LIBC.unshare(CLONE_NEWNET))
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def enter(self):
        """The calling thread, and what it starts, is in the namespace from now on."""
        check(LIBC.setns(self.fd, CLONE_NEWNET))

    def run(self, work):
        """Calls WORK in the namespace: the sockets that it makes belong there. Returns the result."""
        def entered():
            self.enter()
            return work()
        return self.in_thread(entered)

    def ip(self, arguments):
        path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
        done = self.run(lambda: subprocess.run(["ip", *arguments.split()], check=False, capture_output=True, text=True,
                                               env={**os.environ, "PATH": path}))
        if done.returncode != 0:
            raise OSError("ip %s: %s" % (arguments, done.stderr.strip()))

    def close(self):
        os.close(self.fd)


class MovingAddress:
    """ADDRESS is that of OLD, and later that of NEW, two machines that CLIENT has a cable to each of."""
    ADDRESS = "192.0.2.1"
    BEFORE, AFTER = "192.0.2.2", "192.0.2.3"  # of the client

    def __init__(self):
        self.client, self.old, self.new = self.all = [Namespace() for _ in range(3)]
        for name, server in (("old", self.old), ("new", self.new)):
            self.client.ip("link add %s type veth peer name eth netns %s" % (name, server.path))
            self.client.ip("link set %s up" % name)
            server.ip("link set eth up")
            server.ip("address add %s/32 dev eth" % self.ADDRESS)
            server.ip("route add %s dev eth" % self.AFTER)
        self.old.ip("route add %s dev eth" % self.BEFORE)
        for address in (self.BEFORE, self.AFTER):
            self.client.ip("address add %s/32 dev lo" % address)
        self.client.ip("route add %s dev old src %s" % (self.ADDRESS, self.BEFORE))

    def move(self, silently):
        """Connections from now on lead to the new machine. The open ones do, too: it does not know them, and says so, or,
        SILENTLY, does not answer."""
        self.new.ip("route add %s%s" % ("blackhole " if silently else "", self.BEFORE + ("" if silently else " dev eth")))
        self.client.ip("route replace %s dev new src %s" % (self.ADDRESS, self.AFTER))

    def close(self):
        for namespace in self.all:
            namespace.close()
