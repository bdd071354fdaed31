# SPDX-License-Identifier: Apache-2.0
"""Requests that tbproxyd answers itself."""
import base64
import json
import threading
import time

import tap
from harness import PATIENCE, TENANT, Case, SharedCase, answer, wait_until
from scripted import USER

ID = "784f394c-42b6-435a-983c-b7beff2784f9"
OTHER = {"username": "whoever@example.org", "password": "another that nobody knows"}
CREDENTIALS = {"username": TENANT, "password": "whatever it is"}


LOGIN_MAX_BYTES = 32 << 10


def claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class TestLogin(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()

    def assert_placeholder(self, proxy):
        requests = self.sim.stats()["requests"]
        for target, body in (("/api/auth/login", CREDENTIALS), ("/api/auth/token", {"refreshToken": "any"}),
                             ("/api/auth/login", {})):
            reply = proxy.post(target, body)
            self.assertEqual(reply.status, 200, reply)
            self.assertTrue(reply.header("Content-Type").startswith("application/json"))
            pair = reply.json()
            self.assertEqual(sorted(pair), ["refreshToken", "token"])
            for token in pair.values():
                self.assertEqual(len(token.split(".")), 3)
                self.assertGreater(claims(token)["exp"], time.time() + 60)
                self.assertLessEqual(claims(token)["iat"], time.time() + 60)
            self.assertGreater(claims(pair["refreshToken"])["exp"], claims(pair["token"])["exp"])
        self.assertEqual(self.sim.stats()["requests"], requests)
        return pair["token"]

    def test_a_login_gives_a_placeholder_whatever_the_name_and_password(self):
        for credential in ("password", "api_key", "token"):
            with self.subTest(credential=credential):
                token = self.assert_placeholder(self.start_daemon(self.sim, credential=credential))
                self.assertEqual(claims(token)["sub"], "tenant@thingsboard.org")
                self.assertEqual(claims(token)["scopes"], ["TENANT_ADMIN"])
                user = self.sim.call("GET", "/api/auth/user",
                                     [("X-Authorization", "Bearer " + self.sim.login()["token"])]).json()
                self.assertEqual(claims(token)["userId"], user["id"]["id"])
                self.assertEqual(claims(token)["tenantId"], user["tenantId"]["id"])

    def test_the_placeholder_opens_nothing_on_the_server(self):
        token = self.assert_placeholder(self.start_daemon(self.sim))
        direct = self.sim.call("GET", "/api/auth/user", [("X-Authorization", "Bearer " + token)])
        self.assertEqual(direct.status, 401)
        self.sim.control("DELETE", "/sim/requests")  # the placeholder is not a secret

    def test_a_program_that_sends_the_placeholder_is_served(self):
        proxy = self.start_daemon(self.sim)
        token = self.assert_placeholder(proxy)
        for name in ("X-Authorization", "Authorization"):
            self.assertEqual(proxy.call("GET", "/api/auth/user", [(name, "Bearer " + token)]).status, 200)

    def assert_refused(self, proxy, body):
        self.sim.forget()
        for unix in (False, True):
            reply = proxy.call("POST", "/api/auth/login", body=json.dumps(body).encode() if isinstance(body, dict) else body,
                               unix=unix)
            self.assert_error(reply, 401, 10, "local.accept_any_login")
            self.assertNotIn(b"token", reply.body.lower())
        self.assertEqual(self.sim.requests(), [])

    def test_a_login_as_another_user_is_refused(self):
        for credential in ("password", "api_key", "token"):
            proxy = self.start_daemon(self.sim, credential=credential)
            self.assert_refused(proxy, OTHER)
            for form in (b"no JSON", b"[]", b'{"username":"%s","username":"x"}', b'{"username":"x","\\u0075sername":"%s"}',
                         b'{"\\u0075sername":"x"}', b'{"Username":"x","username":"%s"}', b'{"username":["%s"]}', b'{"username":1}',
                         b'{"username":"%s\\u0000"}', b'{"username":"%s"}x', b'{"username":"%s"', b'\xef\xbb\xbf{"username":"%s"}'):
                self.assert_refused(proxy, form.replace(b"%s", TENANT.encode()))
            for name in (TENANT, TENANT.upper()):
                self.assertEqual(proxy.post("/api/auth/login", {**CREDENTIALS, "username": name}).status, 200)
            self.assertEqual(proxy.post("/api/auth/token", {"refreshToken": "any", "username": "x"}).status, 200)
            self.assertNotIn(OTHER["password"], proxy.log.text())

    def test_a_login_is_larger_than_its_bound(self):
        proxy = self.start_daemon(self.sim)
        for target in ("/api/auth/login", "/api/auth/token"):
            for more, status in ((0, 200), (1, 413), (1 << 20, 413)):  # what is larger than 2 MiB is not read to its end
                text = json.dumps(CREDENTIALS).encode()
                body = text + b" " * (LOGIN_MAX_BYTES + more - len(text))
                for sent in (body, [body[:20000], body[20000:]]):
                    with self.subTest(target=target, bytes=len(body), chunked=sent is not body):
                        reply = proxy.post(target, sent)
                        self.assertEqual(reply.status, status)
                        if status == 413:
                            self.assert_error(reply, 413, 31, "the body of a login is larger than 32 KiB")

    def test_any_login_is_accepted_if_the_configuration_says_so(self):
        proxy = self.start_daemon(self.sim, {"local.accept_any_login": True})
        for body in (OTHER, CREDENTIALS, {}):
            self.assertEqual(proxy.post("/api/auth/login", body).status, 200)

    def test_until_the_own_name_is_known_a_login_is_to_be_made_later(self):
        server = self.start_scripted(lambda peer, request: peer.send(answer(503)) or True, authenticates=False)
        proxy = self.prepare_daemon(server, {"limits.session_wait_ms": 200}).start(wait="")
        for body in (OTHER, CREDENTIALS):
            reply = proxy.post("/api/auth/login", body)
            self.assert_error(reply, 503, 2, "does not know yet who its own user is")
            self.assertGreaterEqual(int(reply.header("Retry-After")), 1)

    def test_a_configured_name_is_known_without_a_session(self):
        server = self.start_scripted(lambda peer, request: peer.send(answer(503)) or True, authenticates=False)
        proxy = self.prepare_daemon(server, {"upstream.username": TENANT, "upstream.password_file": "a-password-0815"},
                                    "named").start(wait="")
        self.assert_error(proxy.post("/api/auth/login", OTHER), 401, 10, "local.accept_any_login")

    def test_the_programs_password_is_not_logged(self):
        proxy = self.start_daemon(self.sim)
        proxy.post("/api/auth/login", CREDENTIALS)
        self.assertNotIn(CREDENTIALS["password"], proxy.log.text())

    def test_logout_leaves_the_session_alive(self):
        proxy = self.start_daemon(self.sim)
        self.sim.forget()
        self.assertEqual(proxy.post("/api/auth/logout").status, 200)
        self.assertEqual(proxy.get("/api/auth/user").status, 200)
        self.assertEqual([entry["target"] for entry in self.sim.requests()], ["/api/auth/user"])

    def test_a_login_without_a_session_says_why(self):
        self.sim.set(password="another-password-0815")
        proxy = self.start_daemon(self.sim, {"upstream.password_file": "a-wrong-password-4711"})
        self.assert_error(proxy.post("/api/auth/login", CREDENTIALS), 503, 2, "Invalid username or password")


class TestFixedAnswers(SharedCase):
    def setUp(self):
        self.sim.forget()

    def test_what_gives_away_or_changes_the_credential_is_forbidden(self):
        user = self.proxy.get("/api/auth/user").json()["id"]["id"]
        self.sim.forget()
        for method, target in (("POST", "/api/auth/changePassword"), ("GET", "/api/user/%s/token" % user),
                               ("POST", "/api/apiKey"), ("GET", "/api/admin/jwtSettings"),
                               ("POST", "/api/admin/jwtSettings")):
            for unix in (False, True):
                reply = self.proxy.call(method, target, body=b"{}" if method == "POST" else None, unix=unix)
                self.assert_error(reply, 403, 20)
                self.assertIn("http_request_denied", reply.header("Proxy-Status"))
        self.assertEqual(self.sim.requests(), [])

    def test_neighbours_of_forbidden_paths_are_forwarded(self):
        targets = ["/api/auth/user", "/api/user/%s" % ID, "/api/user/%s/tokenx" % ID, "/api/apiKeys/%s" % ID,
                   "/api/user/tokenAccessEnabled", "/api/auth/loginx"]
        for target in targets:
            self.proxy.get(target)
        self.assertEqual([entry["target"] for entry in self.sim.requests()], targets)

    def test_live_says_that_the_program_runs(self):
        for unix in (False, True):
            self.assertEqual(self.proxy.get("/-/live", unix=unix).json(), {"live": True})
        self.assertEqual(self.proxy.call("HEAD", "/-/live").status, 200)

    def test_another_method_gets_405_with_allow(self):
        for target, method, allow in (("/-/live", "POST", "GET"), ("/-/ready", "DELETE", "GET"),
                                      ("/api/auth/login", "GET", "POST"), ("/api/auth/token", "PUT", "POST"),
                                      ("/api/auth/logout", "GET", "POST")):
            reply = self.proxy.call(method, target)
            self.assert_error(reply, 405, 31)
            self.assertIn(allow, reply.header("Allow").split(", "))
        self.assertEqual(self.sim.requests(), [])

    def test_trace_is_refused(self):
        for target in ("/api/auth/user", "/-/live", "/nothing"):
            reply = self.proxy.call("TRACE", target)
            self.assert_error(reply, 405, 31)
            self.assertNotIn("TRACE", reply.header("Allow"))
        self.assertEqual(self.sim.requests(), [])


class TestReady(Case):
    def assert_ready(self, proxy, status, session, reason=""):
        for unix in (False, True):
            reply = proxy.get("/-/ready", unix=unix)
            self.assertEqual(reply.status, status, reply)
            state = reply.json()
            self.assertEqual((state["ready"], state["session"]), (status == 200, session))
            self.assertIn(reason, state["reason"])
        return state

    def test_it_is_ready_when_it_is_logged_in(self):
        sim = self.start_simulator()
        state = self.assert_ready(self.start_daemon(sim), 200, "ready")
        self.assertEqual(state["upstream"], sim.url)

    def test_while_the_first_login_is_under_way_it_is_starting(self):
        go = threading.Event()

        def handle(peer, request):
            go.wait(PATIENCE)
            peer.send(answer(body=USER))
            return True
        server = self.start_scripted(handle, authenticates=False)
        proxy = self.prepare_daemon(server).start(wait="")
        self.assert_ready(proxy, 503, "starting")
        go.set()
        proxy.notices.wait("^READY=1$")
        self.assert_ready(proxy, 200, "ready")

    def test_without_a_server_it_is_offline(self):
        sim = self.start_simulator()
        proxy = self.prepare_daemon(sim)
        sim.stop()
        self.assert_ready(proxy.start(), 503, "offline", "cannot be reached")

    def test_with_a_refused_login_it_is_locked_out(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.password_file": "a-wrong-password-4711"})
        self.assert_ready(proxy, 503, "locked-out", "Invalid username or password")

    def test_it_is_still_ready_while_a_good_token_is_being_renewed(self):
        sim = self.start_simulator(token_life=3)
        proxy = self.start_daemon(sim)
        sim.fault("delay", "/api/auth/token", ms=400)
        wait_until(lambda: proxy.get("/-/ready").json()["session"] == "refreshing", "a renewal")
        self.assert_ready(proxy, 200, "refreshing")
        wait_until(lambda: sim.stats()["refreshes"] == 1, "the end of the renewal")


if __name__ == "__main__":
    tap.main()
