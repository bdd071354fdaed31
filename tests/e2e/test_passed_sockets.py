# SPDX-License-Identifier: Apache-2.0
"""Sockets that a service manager opened (LISTEN_FDS), as those of tbproxyd.socket: they are served, they survive a restart
and a mistake in the configuration, and options that differ from them are named."""
import os
import signal
import socket
import subprocess
import threading
import time

import tap
from client import fetch
from harness import PATIENCE, Case, Closed, wait_until
from scripted import echo

CONFIGURATION_ERROR = 78
MISTAKE_CONNECTIONS, MISTAKE_TIMEOUT_S = 64, 10
LOADERS = 8
RESTARTS = 3


class PassedCase(Case):
    def setUp(self):
        self.server = self.start_scripted(echo)

    def prepare(self, options=None, families=(socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)):
        """A daemon with a socket of each of FAMILIES. Options that the harness sets are left to their defaults."""
        proxy = self.prepare_daemon(self.server, options)
        for name in ("listen.port", "listen.unix_path"):
            if name not in (options or {}):
                proxy.options.pop(name)
        proxy.options.setdefault("listen.unix_path", "/run/tbproxyd/tbproxyd.sock")
        port = 0
        for family in families:
            if family == socket.AF_UNIX:
                sock = socket.socket(family)
                sock.bind(proxy.unix_path)
                sock.listen()
            else:
                sock = socket.create_server(("127.0.0.1" if family == socket.AF_INET else "::1", port), family=family)
                port = sock.getsockname()[1] if len(families) == 3 else 0  # one for both addresses
            proxy.passed.append(sock)
            self.addCleanup(sock.close)
        proxy.write_config()
        return proxy

    def ways(self, proxy):
        return ("127.0.0.1", proxy.port), ("::1", proxy.port), proxy.unix_path


class TestSockets(PassedCase):
    def test_all_are_served_and_none_is_opened(self):
        proxy = self.prepare().start()
        for way in self.ways(proxy):
            self.assertEqual(fetch(way, "GET", "/api/x", host="localhost").status, 200)
        self.assertEqual(len(proxy.log.find("listening on ")), 3)
        self.assertEqual(proxy.log.find("differs"), [])
        self.assertFalse(os.path.exists(proxy.unix_path + ".lock"))

    def test_the_file_of_the_unix_socket_stays(self):
        proxy = self.prepare().start()
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.ended(), 0)
        self.assertTrue(os.path.exists(proxy.unix_path))

    def test_options_that_differ_are_named(self):
        differing = {"listen.address": "127.0.0.1", "listen.port": 1, "listen.unix_path": "/nonexistent/socket",
                     "listen.unix_mode": "0600", "listen.unix_group": "root"}
        proxy = self.prepare(differing)
        os.chmod(proxy.unix_path, 0o666)
        os.chown(proxy.unix_path, -1, 1)
        proxy.start()
        self.assertEqual([match.group(1) for match in proxy.log.find(r"warning: |(listen\.\w+) differs") if match.group(1)],
                         list(differing))
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/x").status, 200)

    def test_options_that_agree_are_not_named(self):
        proxy = self.prepare({"listen.address": "::1,127.0.0.1", "listen.unix_mode": "0660"})
        proxy.options.update({"listen.unix_path": proxy.unix_path, "listen.port": proxy.passed[0].getsockname()[1]})
        proxy.write_config()
        os.chmod(proxy.unix_path, 0o660)
        proxy.start()
        self.assertEqual(proxy.log.find("differs"), [])

    def test_a_unix_socket_alone_is_no_difference(self):
        proxy = self.prepare(families=(socket.AF_UNIX,)).start()
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/x").status, 200)
        self.assertEqual(proxy.log.find("differs"), [])

    def run_with(self, *socks):
        proxy = self.prepare(families=())
        proxy.passed = socks
        command, fds = proxy.passing_command()
        done = subprocess.run(command, pass_fds=fds, env=proxy.environment(), capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        for fd in fds:
            os.close(fd)
        self.assertEqual(done.returncode, CONFIGURATION_ERROR)
        self.assertIn("no socket that can be served", done.stderr)
        return done.stderr

    def assert_served_beside(self, *others):
        """A daemon that ends is started again by the connection that waits, until systemd closes all its sockets."""
        proxy = self.prepare()
        proxy.passed.extend(others)
        proxy.start()
        self.assertEqual(proxy.get("/api/x").status, 200)
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/x").status, 200)
        return proxy

    def test_an_address_that_is_not_loopback_is_refused(self):
        with socket.create_server(("0.0.0.0", 0)) as other:
            message = r"http://0\.0\.0\.0:\d+ .*only loopback addresses are allowed"
            self.assertRegex(self.run_with(other), message)
            proxy = self.assert_served_beside(other)
            self.assertTrue(proxy.log.find(message))

    def test_what_does_not_listen_is_refused(self):
        with socket.socket() as other:
            self.assertRegex(self.run_with(other), "is not a listening socket")
            self.assert_served_beside(other)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            self.assert_served_beside(other)

    def test_there_may_be_32(self):
        proxy = self.prepare(families=(socket.AF_INET,) * 33)
        proxy.start()
        for sock in proxy.passed[:32]:
            self.assertEqual(fetch(sock.getsockname(), "GET", "/api/x", host="localhost").status, 200)
        self.assertEqual(len(proxy.log.find("the socket unit has more than 32 sockets; it is not served")), 1)
        with self.assertRaises(TimeoutError):
            with socket.create_connection(proxy.passed[32].getsockname(), timeout=0.5) as late:
                late.sendall(b"GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
                late.recv(1)


class TestAdmin(PassedCase):
    """Sockets with the name of tbproxyd-admin.socket."""

    def bind_admin(self, proxy):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(proxy.admin_path)
        sock.listen()
        self.addCleanup(sock.close)
        proxy.passed.append(sock)

    def assert_both(self, proxy):
        self.assertEqual(fetch(proxy.admin_path, "GET", "/-/").status, 200)
        self.assertEqual(fetch(proxy.admin_path, "GET", "/api/x").status, 404)
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/x").status, 200)
        self.assertIn(proxy.admin_path, fetch(proxy.unix_path, "GET", "/-/").json()["message"])

    def test_the_name_tells_which_one_it_is(self):
        proxy = self.prepare({"admin.unix_path": "/nonexistent/admin", "admin.address": "127.0.0.1:0"})
        self.bind_admin(proxy)
        proxy.passed.append(socket.create_server(("127.0.0.1", 0)))
        self.addCleanup(proxy.passed[-1].close)
        proxy.start(LISTEN_FDNAMES="a:b:c:admin:admin")
        self.assert_both(proxy)
        self.assertEqual(fetch(proxy.passed[-1].getsockname(), "GET", "/-/", host="localhost").status, 200)
        self.assertEqual(len(proxy.log.find("admin requests on ")), 2)
        self.assertEqual(len(proxy.log.find("admin.unix_path differs")), 1)

    def test_those_of_programs_are_opened_if_only_the_other_was_passed(self):
        proxy = self.prepare_daemon(self.server)
        self.bind_admin(proxy)
        proxy.start(LISTEN_FDNAMES="admin")
        self.assert_both(proxy)
        self.assertEqual(len(proxy.log.find("listening on ")), 3)

    def test_it_is_opened_if_only_the_others_were_passed(self):
        proxy = self.prepare().start()
        self.assert_both(proxy)


class TestRestart(PassedCase):
    def load(self, way, counts, stop):
        """Each request on a connection of its own, until STOP is set."""
        while not stop.is_set():
            counts.append(fetch(way, "GET", "/api/x", host="localhost").status)

    def test_no_request_is_lost_under_load(self):
        proxy = self.prepare().start()
        stop, counts, errors = threading.Event(), [[] for _ in range(LOADERS)], []

        def work(index):
            try:
                self.load(self.ways(proxy)[index % 3], counts[index], stop)
            except Exception as error:  # it is asserted below that there is none
                errors.append(error)
        threads = [threading.Thread(target=work, args=(index,)) for index in range(LOADERS)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(RESTARTS):
                before = [len(one) for one in counts]
                wait_until(lambda: errors or all(len(one) > n + 20 for one, n in zip(counts, before)), "requests")
                proxy.signal(signal.SIGTERM)
                self.assertEqual(proxy.ended(), 0)
                proxy.start()
        finally:
            stop.set()
            for thread in threads:
                thread.join(PATIENCE)
        self.assertEqual(errors, [])
        self.assertEqual({status for one in counts for status in one}, {200})


    def test_a_connection_accepted_just_before_still_gets_its_answer(self):
        for _ in range(5):  # on a slow machine the time for it may be over
            proxy = self.prepare().start()
            with proxy.connect() as connection:
                proxy.get("/-/live")  # accepted later
                proxy.signal(signal.SIGTERM)
                proxy.notices.wait("^STOPPING=1$")
                try:
                    status = connection.request("GET", "/api/x").status
                except (Closed, OSError):
                    status = None
            self.assertEqual(proxy.ended(), 0)
            if status == 200:
                return
        self.fail("the connection was closed each time")


class TestMistake(PassedCase):
    def test_it_answers_503_with_the_mistake_until_a_reload(self):
        proxy = self.prepare()
        good = proxy.options.pop("upstream.url")
        proxy.write_config()
        proxy.start()
        for way in self.ways(proxy):
            reply = fetch(way, "GET", "/api/x", host="localhost")
            self.assert_error(reply, 503, 2, "upstream.url is not set")
            self.assertEqual(reply.header("Proxy-Status"), "tbproxyd; error=proxy_configuration_error")
        self.assertEqual(fetch(proxy.unix_path, "POST", "/api/x", body=b"x" * 1000000).status, 503)
        for host, headers in (("rebound.example", ()), ("localhost", [("Origin", "http://evil.example")]),
                              ("localhost", [("Sec-Fetch-Site", "cross-site")])):
            reply = fetch(self.ways(proxy)[0], "GET", "/api/x", host=host, headers=headers)
            self.assertIn(reply.status, (403, 421))
            self.assertNotIn(b"upstream", reply.body)
        proxy.notices.wait("^STATUS=configuration error: .*upstream.url is not set")
        start = proxy.notices.mark()
        proxy.signal(signal.SIGHUP)  # nothing has changed
        proxy.notices.wait("^STATUS=configuration error: .*upstream.url is not set", start)
        proxy.options["upstream.url"] = good
        proxy.write_config()
        start = proxy.notices.mark()
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^STATUS=ready", start)
        for way in self.ways(proxy):
            self.assertEqual(fetch(way, "GET", "/api/x", host="localhost").status, 200)

    def test_clients_that_ask_nothing_keep_no_one_out_for_long(self):
        proxy = self.prepare()
        proxy.write_config("nonsense")
        proxy.start()
        idle = [proxy.connect(unix=True) for _ in range(MISTAKE_CONNECTIONS)]
        began = time.monotonic()
        with idle[0]:
            self.assertEqual(idle[0].request("GET", "/api/x").status, 503)
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/x").status, 503)  # in its place
        self.assertLess(time.monotonic() - began, MISTAKE_TIMEOUT_S / 2)
        idle.append(proxy.connect(unix=True))
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/x").status, 503)
        self.assertGreater(time.monotonic() - began, MISTAKE_TIMEOUT_S / 2)
        for connection in idle[1:]:
            connection.close()

    def test_it_ends_when_it_is_told_to(self):
        proxy = self.prepare()
        proxy.write_config("nonsense")
        proxy.start()
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.ended(), 0)

    def test_the_watchdog_is_notified(self):
        proxy = self.prepare()
        proxy.write_config("nonsense")
        proxy.start(WATCHDOG_USEC="400000")
        start = 0
        for _ in range(3):
            proxy.notices.wait("^WATCHDOG=1$", start)
            start = proxy.notices.mark()

    def test_without_sockets_it_exits_with_a_status_of_its_own(self):
        proxy = self.prepare_daemon(self.server, {"upstream.ca_file": ""})
        os.unlink(proxy.options["upstream.ca_file"])
        for text in ("nonsense", None):
            proxy.write_config(text)
            done = subprocess.run(proxy.command(), env=proxy.environment(), capture_output=True, timeout=PATIENCE,
                                  check=False)
            self.assertEqual(done.returncode, CONFIGURATION_ERROR, done.stderr)


if __name__ == "__main__":
    tap.main()
