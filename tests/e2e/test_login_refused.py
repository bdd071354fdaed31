# SPDX-License-Identifier: Apache-2.0
"""A credential that the server refuses, a secret that cannot be read, a server that is away at the start."""
import os
import signal
import threading

import tap
from harness import PATIENCE, SLOW, Case, answer, in_parallel, wait_until
from scripted import USER as USER_JSON

USER = "/api/auth/user"
WRONG = "a-wrong-password-4711"
LOOK_PATIENCE = PATIENCE if SLOW else 10  # less than the 15 s after which the login is tried anyway


class TestRefusedLogin(Case):
    def test_it_starts_and_says_why_it_cannot_log_in(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.password_file": WRONG})
        reply = proxy.get(USER)
        self.assert_error(reply, 503, 2, "Invalid username or password", "401")
        self.assertIn("proxy_configuration_error", reply.header("Proxy-Status"))
        proxy.notices.wait("^STATUS=refused: .*Invalid username or password")
        proxy.log.wait("cannot log in: .*Invalid username or password")

    def test_200_requests_cause_no_further_login(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.password_file": WRONG})

        def work(index):
            return {proxy.get(USER, unix=index % 2 == 0).status for _ in range(25)}
        self.assertEqual(in_parallel(8, work), [{503}] * 8)
        stats = sim.stats()
        self.assertEqual((stats["login_failures"], stats["requests"]), (1, 1))
        tap.figure("200 requests with a wrong password: %d login" % stats["login_failures"])

    def test_a_rotated_secret_works_after_sighup(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.password_file": WRONG})
        self.assertEqual(proxy.get(USER).status, 503)
        proxy.write_secret("upstream.password_file", sim.password)
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^STATUS=ready")
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual((sim.stats()["login_failures"], sim.stats()["logins"]), (1, 1))

    def test_a_rotated_secret_works_without_sighup(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.password_file": WRONG})
        self.assertEqual(proxy.get(USER).status, 503)
        proxy.write_secret("upstream.password_file", sim.password)
        proxy.notices.wait("^STATUS=ready", timeout=LOOK_PATIENCE)
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual((sim.stats()["login_failures"], sim.stats()["logins"]), (1, 1))

    def test_sighup_with_a_secret_that_is_still_wrong_tries_once(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.password_file": WRONG})
        proxy.signal(signal.SIGHUP)
        wait_until(lambda: sim.stats()["login_failures"] == 2, "a second login")
        for _ in range(20):
            self.assertEqual(proxy.get(USER).status, 503)
        self.assertEqual(sim.stats()["login_failures"], 2)

    def test_a_password_that_changes_on_the_server_locks_out_and_a_rotated_one_works(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        self.assertEqual(proxy.get(USER).status, 200)
        sim.set(password="the-next-password-0815")
        for _ in range(20):
            self.assert_error(proxy.get(USER), 503, 2, "Invalid username or password")
        self.assertEqual(sim.stats()["login_failures"], 1)
        proxy.write_secret("upstream.password_file", sim.password)
        start = proxy.notices.mark()
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^STATUS=ready", start)
        self.assertEqual(proxy.get(USER).status, 200)

    def test_a_password_file_that_changes_with_the_server_needs_no_sighup(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        proxy.write_secret("upstream.password_file", "the-next-password-0815")
        sim.set(password="the-next-password-0815")
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual((sim.stats()["logins"], sim.stats()["login_failures"]), (2, 0))

    def test_an_unknown_api_key_is_refused(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.api_key_file": "tb_not-a-key-of-this-server"}, "none")
        for _ in range(20):
            self.assert_error(proxy.get(USER), 503, 2, "the API key in ", " is refused", "it was revoked or has expired")
        self.assertEqual(sim.stats()["requests"], 1)

    def test_an_api_key_is_disabled_and_enabled_again(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, credential="api_key")
        self.assertEqual(proxy.get(USER).status, 200)
        sim.set(apiKeyEnabled=False)
        for _ in range(50):
            self.assert_error(proxy.get(USER), 503, 2, "User account is not active")
        self.assertLessEqual(sim.stats()["statuses"]["401"], 3)
        sim.set(apiKeyEnabled=True)
        start = proxy.notices.mark()
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^STATUS=ready", start)
        self.assertEqual(proxy.get(USER).status, 200)

    def test_the_reason_is_in_the_servers_own_words(self):
        def handle(peer, request):
            peer.send(answer(401, {"status": 401, "message": "no user", "errorCode": 10, "timestamp": 1}))
            return True
        server = self.start_scripted(handle, authenticates=False)
        self.assert_error(self.start_daemon(server).get(USER), 503, 2, "no user")


class TestSecretFiles(Case):
    def assert_locked_out(self, proxy, *words):
        self.assert_error(proxy.get(USER), 503, 2, *words)
        proxy.notices.wait("^STATUS=refused")

    def test_a_secret_that_others_can_read_is_refused_and_taken_after_chmod(self):
        sim = self.start_simulator()
        proxy = self.prepare_daemon(sim)
        path = proxy.options["upstream.password_file"]
        os.chmod(path, 0o640)
        proxy.start()
        self.assert_locked_out(proxy, path, "chmod 0600")
        self.assertEqual(sim.stats()["requests"], 0)
        os.chmod(path, 0o600)
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^STATUS=ready")

    def test_a_missing_secret_is_named_and_taken_when_it_is_there(self):
        sim = self.start_simulator()
        proxy = self.prepare_daemon(sim)
        path = proxy.options["upstream.password_file"]
        os.unlink(path)
        proxy.start()
        self.assert_locked_out(proxy, path)
        proxy.write_secret("upstream.password_file", sim.password)
        proxy.notices.wait("^STATUS=ready", timeout=LOOK_PATIENCE)
        self.assertEqual(proxy.get(USER).status, 200)

    def test_a_file_that_is_no_line_of_text_is_refused(self):
        sim = self.start_simulator()
        for text in ("", "\n", "two\nlines", "a\x00b", "x" * 100000):
            proxy = self.start_daemon(sim, {"upstream.password_file": text})
            self.assert_locked_out(proxy, "one line of text")
        self.assertEqual(sim.stats()["login_failures"], 0)

    def test_a_systemd_credential_is_found_by_its_name(self):
        sim = self.start_simulator()
        proxy = self.prepare_daemon(sim)
        proxy.options["upstream.password_file"] = "password_file"
        proxy.write_config()
        proxy.start(CREDENTIALS_DIRECTORY=proxy.directory)
        self.assertEqual(proxy.get(USER).status, 200)

    def test_the_reason_says_restart_for_a_systemd_credential_and_reload_for_a_file(self):
        sim = self.start_simulator()
        for credential in ("password", "api_key", "token"):
            for content in ("a-wrong-credential", ""):  # the first is refused by the server, the second cannot be read
                for in_service in (False, True):
                    with self.subTest(credential=credential, content=content, in_service=in_service):
                        proxy = self.prepare_daemon(sim, credential=credential)
                        for name in [name for name in proxy.options if name.endswith("_file")]:
                            proxy.write_secret(name, content)
                            if in_service:
                                proxy.options[name] = name.split(".")[1]
                        proxy.write_config()
                        proxy.start(**{"CREDENTIALS_DIRECTORY": proxy.directory} if in_service else {})
                        words, other = ("LoadCredential=", "within 2 s") if in_service else ("within 2 s", "LoadCredential=")
                        self.assert_locked_out(proxy, words)
                        self.assertNotIn(other, proxy.notices.wait("^STATUS=refused.*").group())
                        proxy.log.wait("cannot log in: .*" + words)

    def test_a_byte_order_mark_before_a_secret_is_skipped(self):
        sim = self.start_simulator()
        for credential in ("password", "api_key"):
            proxy = self.prepare_daemon(sim, credential=credential)
            for name in [name for name in proxy.options if name.endswith("_file")]:
                with open(proxy.options[name], encoding="utf-8") as file:
                    secret = file.read()
                proxy.write_secret(name, "\ufeff" + secret + "\r\n")
            proxy.start()
            self.assertEqual(proxy.get(USER).status, 200)


class TestServerAway(Case):
    def prepare_daemon(self, server, options=None, credential=None):
        """Requests do not wait for the server."""
        return super().prepare_daemon(server, {"upstream.hold_ms": 0, **(options or {})}, credential)

    def test_it_starts_without_the_server_and_recovers_when_it_is_there(self):
        sim = self.start_simulator(own_password=True)
        proxy = self.prepare_daemon(sim)
        sim.stop()
        proxy.start()
        reply = proxy.get(USER)
        self.assert_error(reply, 502, 2, "cannot be reached")
        self.assertIn("destination_unavailable", reply.header("Proxy-Status"))
        proxy.notices.wait("^STATUS=unreachable: .*cannot be reached")
        sim.start()
        wait_until(lambda: proxy.get(USER).status == 200, "the recovery")

    def test_it_recovers_without_any_request(self):
        sim = self.start_simulator()
        proxy = self.prepare_daemon(sim, credential="api_key")
        sim.stop()
        proxy.start()
        sim.start()
        proxy.notices.wait("^STATUS=ready")

    def test_a_login_that_the_server_cannot_serve_is_retried(self):
        for status, words in ((503, "503"), (500, "500"), (429, "429"), (404, "404"), (403, "403"), (302, "redirect"),
                              (200, "not JSON")):
            with self.subTest(status=status):
                sim = self.start_simulator()
                sim.fault("status", "/api/auth/login", status=status, body="<html>gateway</html>")
                proxy = self.start_daemon(sim)
                proxy.notices.wait("^STATUS=failing: .*" + words)
                proxy.notices.wait("^STATUS=ready")
                self.assertEqual(proxy.get(USER).status, 200)

    def test_requests_cause_no_more_than_a_login_a_second(self):
        sim = self.start_simulator()
        sim.fault("status", "/api/auth/login", status=503, count=0)
        proxy = self.start_daemon(sim)
        for _ in range(200):
            self.assertEqual(proxy.get(USER).status, 502)
        self.assertLessEqual(sim.stats()["requests"], 3)

    def test_a_request_waits_for_the_login_no_longer_than_allowed(self):
        def handle(peer, request):
            server.release.wait(PATIENCE)
            return False
        server = self.start_scripted(handle, authenticates=False)
        proxy = self.prepare_daemon(server, {"limits.session_wait_ms": 200}).start(wait="")
        self.assert_error(proxy.get(USER), 503, 2, "200 ms")

    def test_a_request_that_waits_for_the_login_gets_its_answer(self):
        go = threading.Event()

        def handle(peer, request):
            go.wait(PATIENCE)
            peer.send(answer(body=USER_JSON))
            return True
        server = self.start_scripted(handle, authenticates=False)
        proxy = self.prepare_daemon(server).start(wait="")
        with proxy.connect() as waiting:
            waiting.send(b"GET /api/x HTTP/1.0\r\n\r\n")
            self.assertEqual(proxy.get("/-/ready").status, 503)
            go.set()
            self.assertEqual(waiting.response().json(), USER_JSON)

    def test_a_server_that_is_no_thingsboard_is_told(self):
        def handle(peer, request):
            peer.send(answer(body=b"<html>Hello</html>", headers=[("Content-Type", "text/html")]))
            return True
        server = self.start_scripted(handle, authenticates=False)
        server.password = "some-password-0815"
        for credential in ("api_key", "password"):
            proxy = self.start_daemon(server, credential=credential)
            self.assert_error(proxy.get(USER), 502, 2, "check that upstream.url is a ThingsBoard server")
            proxy.notices.wait("^STATUS=failing: .*is not JSON")

    def test_a_page_that_is_too_long_for_an_answer_is_one_all_the_same(self):
        def handle(peer, request):
            peer.send(answer(body=b"<html>" + 70000 * b"x", headers=[("Content-Type", "text/html")]))
            return True
        proxy = self.start_daemon(self.start_scripted(handle, authenticates=False))
        proxy.notices.wait("^STATUS=failing: .* gives no usable answer: .*larger than the limit")

    def test_a_redirect_is_named_and_what_to_do_about_it(self):
        def handle(peer, request):
            peer.send(answer(301, headers=[("Location", location + request.target + "?next=x")]))
            return True
        server = self.start_scripted(handle, authenticates=False)
        for location, words in (("https://127.0.0.1", "redirect to https://127.0.0.1: set upstream.url to that"),
                                ("http://portal.example", "HTTP 301, a redirect to http://portal.example/api/auth/user:")):
            proxy = self.start_daemon(server)
            self.assert_error(proxy.get(USER), 502, 2, words)
            self.assertNotIn("next=x", proxy.log.text())

    def test_requests_go_on_while_a_gateway_answers_the_renewal(self):
        sim = self.start_simulator(token_life=8)
        proxy = self.start_daemon(sim)
        sim.fault("status", "/api/auth/token", status=404, count=0)
        sim.fault("status", "/api/auth/login", status=404, count=0)
        proxy.notices.wait("^STATUS=ready: .*HTTP 404")
        self.assertEqual(proxy.get(USER).status, 200)
        start = proxy.notices.mark()
        sim.clear_faults()
        proxy.notices.wait("^STATUS=ready; ", start)
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual(proxy.notices.find("STATUS=refused"), [])

    def test_a_login_that_is_rate_limited_tells_programs_when_to_come_again(self):
        for seconds in (60, None):
            with self.subTest(retry_after=seconds):
                def handle(peer, request):
                    peer.send(answer(429, headers=[("Retry-After", str(seconds))] if seconds else []))
                    return True
                proxy = self.start_daemon(self.start_scripted(handle, authenticates=False))
                reply = proxy.get(USER)
                self.assert_error(reply, 503, 2, "HTTP 429")
                self.assertIn("destination_unavailable", reply.header("Proxy-Status"))
                retry_after = int(reply.header("Retry-After"))
                self.assertTrue(30 < retry_after <= 60 if seconds else 1 <= retry_after <= 30, retry_after)

    def test_an_account_with_a_second_factor_is_told(self):
        def handle(peer, request):
            peer.send(answer(body={"token": "a.b.c", "refreshToken": None, "scope": "PRE_VERIFICATION_TOKEN"}))
            return True
        server = self.start_scripted(handle, authenticates=False)
        server.password = "some-password-0815"
        proxy = self.start_daemon(server, credential="password")
        reply = proxy.get(USER)
        self.assert_error(reply, 503, 2, "second factor")
        self.assertNotIn("within 2 s", reply.json()["message"])  # a file cannot change the server's rules


if __name__ == "__main__":
    tap.main()
