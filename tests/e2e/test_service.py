# SPDX-License-Identifier: Apache-2.0
"""What a service manager sees: notifications, stop, reload, the file of the Unix socket."""
import os
import signal
import socket
import stat
import subprocess
import threading
import time

import tap
from harness import PATIENCE, SLOW, Case, Closed, answer, build, wait_until

USER = "/api/auth/user"
DATE = "Sat, 29 Oct 1994 19:43:31 GMT"


class TestNotices(Case):
    def test_ready_and_status_and_stopping_come_in_this_order(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        proxy.stop()
        lines = proxy.notices.lines
        status = [line for line in lines if line.startswith("STATUS=")]
        self.assertEqual([line.split(";")[0] for line in status],
                         ["STATUS=starting", "STATUS=ready", "STATUS=draining"])
        self.assertTrue(all(sim.url in line for line in status))
        self.assertEqual([line for line in lines if not line.startswith("STATUS=")], ["READY=1", "STOPPING=1"])
        self.assertLess(lines.index("READY=1"), lines.index("STOPPING=1"))

    def test_the_watchdog_is_notified_at_least_twice_per_limit(self):
        proxy = self.prepare_daemon(self.start_simulator())
        proxy.start(WATCHDOG_USEC="400000")
        times = []
        start = 0
        for _ in range(5):
            proxy.notices.wait("^WATCHDOG=1$", start)
            times.append(time.monotonic())
            start = proxy.notices.mark()
        self.assertLess(times[-1] - times[0], 4 * 0.4 + (2 if SLOW else 0.2))

    def test_without_a_watchdog_nothing_is_sent_to_it(self):
        proxy = self.start_daemon(self.start_simulator())
        proxy.stop()
        self.assertEqual(proxy.notices.find("WATCHDOG"), [])

    def test_it_runs_without_a_service_manager(self):
        proxy = self.prepare_daemon(self.start_simulator())
        proxy.start(wait="", NOTIFY_SOCKET="/nonexistent")
        proxy.log.wait("authenticated with")
        self.assertEqual(proxy.get(USER).status, 200)

    def test_the_log_has_priorities_only_in_the_journal(self):
        proxy = self.prepare_daemon("http://127.0.0.1:1", {"log.format": "text"}, credential="none")  # a mistake, which is logged
        for is_journal in (True, False):
            end, stream = os.pipe()
            status = os.fstat(stream)
            journal = "%d:%d" % (status.st_dev, status.st_ino + (0 if is_journal else 1))
            subprocess.run(proxy.command(), stderr=stream, env=proxy.environment(JOURNAL_STREAM=journal), check=False)
            os.close(stream)
            with os.fdopen(end) as log:
                self.assertEqual(log.read(3) == "<3>", is_journal)
        proxy.kill()


class TestEnd(Case):
    def hold(self, target="/api/slow"):
        """A server that answers TARGET when self.go is set; sets self.arrived when the request arrives."""
        self.go, self.arrived = threading.Event(), threading.Event()

        def handle(peer, request):
            if request.target == target:
                self.arrived.set()
                self.go.wait(PATIENCE)
            peer.send(answer(body=b"done", headers=[("Date", DATE)]))
            return True
        server = self.start_scripted(handle)
        self.addCleanup(self.go.set)
        return server

    def ask(self, proxy, unix=False):
        connection = proxy.connect(unix)
        self.addCleanup(connection.close)
        connection.send(build("GET", "/api/slow", host=connection.host))
        self.assertTrue(self.arrived.wait(PATIENCE))
        return connection

    @staticmethod
    def is_refused(proxy, unix):
        try:
            proxy.connect(unix).close()
        except OSError:
            return True
        return False

    def test_a_request_under_way_gets_its_answer(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for unix in (False, True):
                with self.subTest(signal=number, unix=unix):
                    proxy = self.start_daemon(self.hold())
                    connection = self.ask(proxy, unix)
                    proxy.signal(number)
                    proxy.notices.wait("^STOPPING=1$")
                    wait_until(lambda: self.is_refused(proxy, unix), "the end of listening")
                    self.go.set()
                    reply = connection.response()
                    self.assertEqual((reply.status, reply.body), (200, b"done"))
                    self.assertEqual((reply.header("Connection") or "").lower(), "close")
                    self.assertEqual(reply.all("Date"), [DATE])
                    self.assertEqual(proxy.ended(), 0)
                    self.assertFalse(os.path.exists(proxy.unix_path))

    def test_idle_connections_do_not_delay_the_end(self):
        proxy = self.start_daemon(self.start_simulator())
        idle = [proxy.connect(index % 2 == 0) for index in range(10)]
        for connection in idle[:5]:
            self.assertEqual(connection.request("GET", USER).status, 200)
        began = time.monotonic()
        proxy.stop()
        self.assertLess(time.monotonic() - began, 5 if SLOW else 2)
        for connection in idle:
            connection.close()

    def test_the_drain_is_bounded(self):
        proxy = self.start_daemon(self.hold(), {"limits.drain_timeout_ms": 500})
        connection = self.ask(proxy)
        began = time.monotonic()
        proxy.signal(signal.SIGTERM)
        self.assert_error(connection.response(), 503, 2, "stopping")
        self.assertEqual(proxy.ended(), 0)
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.assertLess(time.monotonic() - began, 10 if SLOW else 3)

    def test_what_may_have_been_executed_is_not_answered_with_503(self):
        proxy = self.start_daemon(self.hold(), {"limits.drain_timeout_ms": 100})
        with proxy.connect() as connection:
            connection.send(build("POST", "/api/slow", [("Content-Type", "application/json")], b"{}", host=connection.host))
            self.assertTrue(self.arrived.wait(PATIENCE))
            proxy.signal(signal.SIGTERM)
            self.assert_error(connection.response(), 504, 2, "may have executed")
        self.assertEqual(proxy.ended(), 0)

    def test_a_second_signal_ends_the_drain(self):
        proxy = self.start_daemon(self.hold(), {"limits.drain_timeout_ms": 60000})
        connection = self.ask(proxy)
        proxy.signal(signal.SIGTERM)
        proxy.notices.wait("^STOPPING=1$")
        proxy.signal(signal.SIGTERM)
        self.assertEqual(connection.response().status, 503)
        self.assertEqual(proxy.ended(), 0)

    def test_a_client_that_does_not_finish_its_request_cannot_prevent_the_end(self):
        proxy = self.start_daemon(self.hold(), {"limits.drain_timeout_ms": 300})
        with proxy.connect() as half, proxy.connect() as body:
            half.send(b"GET /api/x HTTP/1.1\r\nHost: ")
            body.send(build("POST", "/api/x", [("Content-Length", "10")], host=body.host) + b"12345")
            self.assertEqual(proxy.get("/api/x").status, 200)
            proxy.signal(signal.SIGTERM)
            self.assertEqual(proxy.ended(), 0)

    def wait_for_a_place(self, drain_timeout_ms):
        """Returns a daemon, a connection that has its only place, and one that waits for it, both with a request."""
        proxy = self.start_daemon(self.hold(), {"listen.max_connections": 1, "limits.drain_timeout_ms": drain_timeout_ms})
        first, second = self.ask(proxy), proxy.connect()
        self.addCleanup(second.close)
        second.send(build("GET", "/api/x", host=second.host))
        self.assertEqual(proxy.ask_admin("GET", "/-/live").status, 200)  # so the second one is accepted
        return proxy, first, second

    def test_a_connection_that_waits_for_a_place_gets_one_in_the_drain(self):
        proxy, first, second = self.wait_for_a_place(60000)
        time.sleep(0.6)  # it is no new connection any more
        proxy.signal(signal.SIGTERM)
        proxy.notices.wait("^STOPPING=1$")
        self.go.set()
        self.assertEqual((first.response().status, second.response().status), (200, 200))
        self.assertEqual(proxy.ended(), 0)

    def test_a_connection_that_waits_for_a_place_is_refused_at_the_end(self):
        proxy, first, second = self.wait_for_a_place(300)
        proxy.signal(signal.SIGTERM)
        self.assert_error(second.response(), 503, 2, "listen.max_connections")
        self.assertEqual(first.response().status, 503)
        self.assertEqual(proxy.ended(), 0)

    def test_it_ends_while_a_retry_is_waited_for(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"retry.initial_retry_delay_ms": 30000, "limits.drain_timeout_ms": 300})
        sim.fault("status", USER, status=429, count=0)
        with proxy.connect() as waiting:
            waiting.send(build("GET", USER, host=waiting.host))
            proxy.get("/-/live")
            proxy.signal(signal.SIGTERM)
            try:
                self.assertIn(waiting.response().status, (429, 503))
            except Closed:
                pass
            self.assertEqual(proxy.ended(), 0)

    def test_it_ends_while_the_first_login_is_under_way(self):
        server = self.start_scripted(lambda peer, request: server.release.wait(PATIENCE) and False, authenticates=False)
        proxy = self.prepare_daemon(server, {"limits.drain_timeout_ms": 300}).start(wait="")
        with proxy.connect() as waiting:
            waiting.send(build("GET", USER, host=waiting.host))
            self.assert_serves(proxy)
            proxy.signal(signal.SIGTERM)
            self.assertEqual(waiting.response().status, 503)
            self.assertEqual(proxy.ended(), 0)


class TestReload(Case):
    def reload(self, proxy):
        start = proxy.notices.mark()
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^RELOADING=1$", start)
        proxy.notices.wait("^READY=1$", start)

    def test_a_reloadable_option_takes_effect(self):
        proxy = self.start_daemon(self.start_simulator(), {"limits.max_body_bytes": 10})
        self.assertEqual(proxy.post("/api/device", b"x" * 11).status, 413)
        proxy.options["limits.max_body_bytes"] = 11
        proxy.write_config()
        self.reload(proxy)
        self.assertNotEqual(proxy.post("/api/device", b"x" * 11).status, 413)
        proxy.log.wait("limits.max_body_bytes has changed and is in effect")

    def test_an_option_that_needs_a_restart_is_named(self):
        proxy = self.start_daemon(self.start_simulator())
        proxy.options["listen.max_connections"] = 5
        proxy.write_config()
        self.reload(proxy)
        proxy.log.wait("listen.max_connections has changed; restart tbproxyd to apply it")

    def test_a_mistake_changes_nothing(self):
        proxy = self.start_daemon(self.start_simulator(), {"limits.max_body_bytes": 10})
        proxy.options["limits.max_body_bytes"] = 1000
        proxy.options["limits.nonsense"] = 1
        proxy.write_config()
        self.reload(proxy)
        proxy.log.wait(r"not reloaded: .*tbproxyd.conf:\d+: unknown option limits.nonsense")
        self.assertEqual(proxy.post("/api/device", b"x" * 11).status, 413)
        self.assertEqual(proxy.get(USER).status, 200)

    def test_requests_go_on_during_reloads(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        with proxy.connect() as connection:
            for _ in range(30):
                proxy.signal(signal.SIGHUP)
                self.assertEqual(connection.request("GET", USER).status, 200)
        self.assertEqual(sim.stats()["logins"], 1)


class TestUnixSocket(Case):
    def test_its_mode_is_the_configured_one(self):
        sim = self.start_simulator()
        for text, mode in ((None, 0o666), ("0600", 0o600), ("660", 0o660)):
            proxy = self.start_daemon(sim, {"listen.unix_mode": text} if text else None)
            status = os.stat(proxy.unix_path)
            self.assertTrue(stat.S_ISSOCK(status.st_mode))
            self.assertEqual(stat.S_IMODE(status.st_mode), mode)

    def test_a_file_that_a_dead_process_left_is_replaced(self):
        proxy = self.prepare_daemon(self.start_simulator())
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(proxy.unix_path)
        proxy.start()
        self.assertEqual(proxy.get(USER, unix=True).status, 200)

    def assert_does_not_start(self, proxy, words):
        self.assertRaises(AssertionError, proxy.start)
        self.assertNotEqual(proxy.ended(), 0)
        proxy.log.wait(words)
        proxy.process = None  # its exit status is not checked again

    def test_a_socket_in_use_is_left_alone(self):
        sim = self.start_simulator()
        first = self.start_daemon(sim)
        second = self.prepare_daemon(sim, {"listen.unix_path": first.unix_path})
        self.assert_does_not_start(second, "cannot listen on .*socket")
        self.assertEqual(first.get(USER, unix=True).status, 200)

    def test_another_file_is_left_alone(self):
        proxy = self.prepare_daemon(self.start_simulator())
        with open(proxy.unix_path, "w", encoding="utf-8") as file:
            file.write("precious")
        self.assert_does_not_start(proxy, "cannot listen on .*socket")
        with open(proxy.unix_path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "precious")

    def test_its_group_is_the_configured_one(self):
        for group in ("1", "daemon"):
            proxy = self.start_daemon(self.start_simulator(), {"listen.unix_group": group, "listen.unix_mode": "0660"})
            status = os.stat(proxy.unix_path)
            self.assertEqual((status.st_gid, stat.S_IMODE(status.st_mode)), (1, 0o660))

    def test_a_group_that_does_not_exist_is_named(self):
        proxy = self.prepare_daemon(self.start_simulator(), {"listen.unix_group": "no-such-group"})
        done = subprocess.run(proxy.command("--check-config"), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn('listen.unix_group = "no-such-group": there is no such group', done.stderr)
        self.assert_does_not_start(proxy, 'listen.unix_group = "no-such-group": there is no such group')


class TestSecrets(Case):
    def test_no_secret_is_on_the_command_line_or_in_the_environment(self):
        sim = self.start_simulator()
        for credential in ("password", "api_key", "token"):
            proxy = self.start_daemon(sim, credential=credential)
            proxy.get(USER)
            sim.requests()
            for name in ("cmdline", "environ"):
                with open("/proc/%d/%s" % (proxy.process.pid, name), "rb") as file:
                    text = file.read()
                for secret in sim.secrets:
                    self.assertNotIn(secret.encode(), text)


if __name__ == "__main__":
    tap.main()
