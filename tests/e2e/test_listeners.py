# SPDX-License-Identifier: Apache-2.0
"""Where the daemon listens: both loopback addresses with one port, and a path that no other process uses."""
import fcntl
import os
import socket
import subprocess

import tap
from client import Connection, fetch
from daemon import end_with_parent
from harness import PATIENCE, Case
from scripted import echo

LOOPBACK = ("127.0.0.1", "::1")


class ListenersCase(Case):
    def setUp(self):
        self.server = self.start_scripted(echo)

    def assert_does_not_start(self, proxy, words):
        self.assertRaises(AssertionError, proxy.start)
        self.assertNotEqual(proxy.ended(), 0)
        proxy.log.wait(words)
        proxy.process = None  # its exit status is not 0, and need not be


class TestAddresses(ListenersCase):
    def addresses(self, proxy):
        """The addresses on which somebody listens on the daemon's port."""
        found = []
        for address in LOOPBACK:
            try:
                with Connection((address, proxy.port)) as connection:
                    self.assertEqual(connection.request("GET", "/api/x").status, 200)
                    found.append(address)
            except ConnectionRefusedError:
                pass
        return tuple(found)

    def test_both_loopback_addresses_are_served_by_default_with_one_port(self):
        proxy = self.start_daemon(self.server)
        self.assertEqual(self.addresses(proxy), LOOPBACK)
        for address in LOOPBACK:
            self.assertEqual(fetch((address, proxy.port), "GET", "/api/x", host="localhost").status, 200)

    def test_one_of_them_or_a_list(self):
        for value, addresses in (("127.0.0.1", LOOPBACK[:1]), ("::1", LOOPBACK[1:]), ("::1,127.0.0.1", LOOPBACK)):
            proxy = self.start_daemon(self.server, {"listen.address": value})
            self.assertEqual(self.addresses(proxy), addresses)
            self.assertEqual(proxy.get("/api/x", unix=True).status, 200)

    def test_a_port_that_is_taken_on_either_address_is_tried_again_while_the_unix_socket_is_served(self):
        for address, name in zip(LOOPBACK, ("127.0.0.1", r"\[::1\]")):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            with socket.create_server((address, 0), family=family) as other:
                port = other.getsockname()[1]
                proxy = self.prepare_daemon(self.server, {"listen.port": port})
                proxy.start(tcp=False)
                proxy.log.wait(r"cannot listen on http://%s:%d: Address already in use; will try again" % (name, port))
                self.assertEqual(proxy.get("/api/x", unix=True).status, 200)
                if address == LOOPBACK[0]:  # it tries more than once
                    proxy.log.wait("cannot listen on http.*in use$")
                self.assertEqual(proxy.log.find("listening on http"), [])
            proxy.port = int(proxy.log.wait(r"listening on http://\S+1\]:(\d+)").group(1))
            self.assertEqual(proxy.port, port)
            self.assertEqual(self.addresses(proxy), LOOPBACK)
            self.assertEqual(len(proxy.log.find("cannot listen.*will try again")), 1)

    def test_it_ends_while_the_port_is_taken(self):
        with socket.create_server((LOOPBACK[0], 0)) as other:
            proxy = self.prepare_daemon(self.server, {"listen.port": other.getsockname()[1]}).start(tcp=False)
            proxy.signal(15)
            self.assertEqual(proxy.ended(), 0)


class TestPath(ListenersCase):
    def test_a_path_that_is_bound_but_not_listened_on_yet_is_left_alone(self):
        proxy = self.prepare_daemon(self.server)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(proxy.unix_path)
            self.assert_does_not_start(proxy, "cannot listen on .*socket")
            other.listen()
            Connection(proxy.unix_path).close()
        proxy = self.start_daemon(self.server, {"listen.unix_path": proxy.unix_path})
        self.assertEqual(fetch(proxy.options["listen.unix_path"], "GET", "/api/x").status, 200)

    def test_of_several_that_start_at_the_same_time_one_has_the_path(self):
        proxy = self.prepare_daemon(self.server, {"listen.address": ""})
        for _ in range(5):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
                dead.bind(proxy.unix_path)
            processes = [subprocess.Popen(proxy.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, env=proxy.environment(), preexec_fn=end_with_parent)
                         for _ in range(4)]
            self.assertEqual(sum(self.listens(process) for process in processes), 1)
            self.assertEqual(proxy.get("/api/x", unix=True).status, 200)
            for process in processes:
                process.terminate()
                process.wait(PATIENCE)
                process.stderr.close()
            self.assertFalse(os.path.exists(proxy.unix_path))

    @staticmethod
    def listens(process):
        for line in process.stderr:
            if b"listening on " in line:
                return True
            if b"cannot listen on " in line:
                return False
        raise AssertionError("neither listens nor says why not")

    def test_the_lock_is_held_while_it_listens(self):
        proxy = self.start_daemon(self.server)
        path = proxy.unix_path + ".lock"
        with open(path, encoding="ascii") as lock:
            self.assertRaises(BlockingIOError, fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        directory = os.path.dirname(path)
        proxy.signal(9)
        proxy.process.wait(PATIENCE)
        self.assertTrue(os.path.exists(path))
        again = self.start_daemon(self.server, {"listen.unix_path": proxy.unix_path})
        again.signal(15)
        self.assertEqual(again.ended(), 0)
        self.assertEqual([name for name in os.listdir(directory) if name.startswith("socket")], [])
        proxy.kill()


if __name__ == "__main__":
    tap.main()
