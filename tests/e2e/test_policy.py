# SPDX-License-Identifier: Apache-2.0
"""Which requests the policy of a program allows: the default policy, and those of the configuration."""
import json
import os
import signal
import subprocess
import sys
import threading
import unittest

import tap
from client import Connection
from harness import PATIENCE, Case, answer, build, wait_until
from scripted import USER
from users import ALICE, BOB, connect_as, needs_users

OWN = "5ca1ab1e-feed-4bad-8add-c0ffee5ca1ab"
OTHER = "784f394c-42b6-435a-983c-b7beff2784f9"
LESSER = "984f394c-42b6-435a-983c-b7beff2784f9"
GONE = "a84f394c-42b6-435a-983c-b7beff2784f9"
DEVICES, USERS = "b84f394c-42b6-435a-983c-b7beff2784f9", "c84f394c-42b6-435a-983c-b7beff2784f9"
LINK = "/api/user/%s/activationLink" % LESSER
JSON = [("Content-Type", "application/json")]

POLICIES = """policies = {
    telemetry = {
        allow = [ "telemetry" ];
    };
    dashboards = {
        allow = [ "read" ];
        deny = [ "credentials",
                 "admin-controller", "getUsers" ];
    };
    everything = { allow = [ "read", "write", "session", "account" ]; };
    one = { allow = [ "saveApiKey" ]; };
    closed = { deny = [ "websocket", "subscribe", "telemetry" ]; allow = [ "read" ]; };
};
"""


class PolicyCase(Case):
    def serve(self, peer, request):
        """Answers every request with its target."""
        with self.lock:
            self.seen.append((request.method, request.target, request.header("X-HTTP-Method-Override")))
        if request.target == "/api/auth/user":
            peer.send(answer(body={**USER, "id": {"entityType": "USER", "id": OWN}}))
            return True
        for user, authority in ((OTHER, "TENANT_ADMIN"), (LESSER, "CUSTOMER_USER")):
            if request.target == "/api/user/" + user:
                peer.send(answer(body={"id": {"id": user}, "authority": authority}))
                return True
        for group, kind in ((DEVICES, "DEVICE"), (USERS, "USER")):
            if (request.method, request.target) == ("GET", "/api/entityGroup/" + group):
                peer.send(answer(body={"id": {"id": group}, "type": kind}))
                return True
        peer.send(answer(404 if GONE in request.target else 200, request.target.encode()))
        return True

    def begin(self, options=None, policies=""):
        self.lock, self.seen = threading.Lock(), []
        self.server = self.start_scripted(lambda *both: self.serve(*both), authenticates=False)
        self.proxy = self.prepare_daemon(self.server, options)
        with open(self.proxy.config_path, "a", encoding="utf-8") as file:
            file.write(policies)
        return self.proxy

    def forget(self):
        with self.lock:
            self.seen.clear()

    def call(self, method, target, body=None, headers=(), unix=True):
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        return self.proxy.call(method, target, [*headers, *(JSON if body else [])], body, unix=unix)

    def assert_refused(self, method, target, *words, **more):
        self.forget()
        reply = self.call(method, target, **more)
        if method == "HEAD":
            self.assertEqual(reply.status, 403)
        else:
            self.assert_error(reply, 403, 20, *words)
        self.assertIn("http_request_denied", reply.header("Proxy-Status"))
        self.assertEqual(self.seen, [], (method, target))

    def assert_passed(self, method, target, **more):
        self.forget()
        reply = self.call(method, target, **more)
        self.assertEqual(reply.status, 200, (method, target, reply))
        self.assertIn((method, target), [entry[:2] for entry in self.seen])


class TestDefault(PolicyCase):
    """Without any policy in the configuration."""

    def setUp(self):
        self.begin().start()

    def test_sessions_are_not_given_away(self):
        for method, target, name in (
                ("GET", "/api/user/%s/token" % OTHER, "getUserToken"), ("HEAD", "/api/user/%s/token" % OTHER, ""),
                ("GET", "/api/admin/jwtSettings", "getJwtSettings"), ("GET", "/api/admin/settings/jwt", "getAdminSettings"),
                ("GET", "/api/admin/settings/JWT", "getAdminSettings"), ("POST", "/api/apiKey", "saveApiKey"),
                ("POST", "/api/noauth/activate", "activateUser"), ("GET", "/api/mobile/qr/deepLink", "getMobileAppDeepLink"),
                ("GET", "/api/noauth/qr/x", "getUserTokenByMobileSecret"), ("POST", "/api/auth/2fa/login", ""),
                ("POST", "/api/auth/2fa/verification/check", ""), ("POST", "/api/signup/acceptTermsOfUse", ""),
                ("POST", "/api/signup/something/new", "in no document")):
            for unix in (False, True):
                self.assert_refused(method, target, name, 'the policy "default" does not allow session', unix=unix)

    def test_the_account_cannot_be_broken(self):
        for method, target, name in (
                ("PUT", "/api/apiKey/%s/enabled/false" % OTHER, "enableApiKey"), ("DELETE", "/api/apiKey/" + OTHER, "deleteApiKey"),
                ("POST", "/api/2fa/account/config", "verifyAndSaveTwoFaAccountConfig"),
                ("PUT", "/api/2fa/account/config", ""), ("POST", "/api/2fa/settings", "savePlatformTwoFaSettings"),
                ("POST", "/api/auth/changePassword", "changePassword"), ("POST", "/api/noauth/resetPassword", ""),
                ("POST", "/api/signup/tenantAccount", "deleteTenantAccount"), ("DELETE", "/api/user/" + OWN, "deleteUser"),
                ("POST", "/api/user/%s/userCredentialsEnabled?userCredentialsEnabled=false" % OWN, "setUserCredentialsEnabled"),
                ("POST", "/api/owner/CUSTOMER/%s/USER/%s" % (OTHER, OWN), "changeOwnerToCustomer")):
            self.assert_refused(method, target, name, 'the policy "default" does not allow', "account")

    def test_the_account_cannot_be_taken_over_by_mail(self):
        for method, target, name in (
                ("POST", "/api/admin/settings", "saveAdminSettings"), ("POST", "/api/admin/settings/testMail", "sendTestMail"),
                ("GET", "/api/admin/mail/oauth2/code?code=x&state=y", "handleMailOAuth2Callback"),
                ("POST", "/api/whiteLabel/mailTemplates", "saveMailTemplates"),
                ("POST", "/api/whiteLabel/loginWhiteLabelParams", "saveLoginWhiteLabelParams")):
            self.assert_refused(method, target, name, "account", body={"key": "mail"} if method == "POST" else None)
        reset = "/api/noauth/resetPasswordByEmail"
        self.assert_passed("POST", reset, body={"email": "b@example.org"})
        for body in ({"email": USER["email"]}, {"email": USER["email"].upper()}, {"email": " " + USER["email"]}, {}, b"[]"):
            self.assert_refused("POST", reset, "requestResetPasswordByEmail", "account", body=body)

    def test_no_foreign_provider_logs_anybody_in(self):
        for method, target, name in (
                ("POST", "/api/oauth2/client", "saveOAuth2Client"), ("POST", "/api/oauth2/config/template", "saveClientReg"),
                ("POST", "/api/domain?oauth2ClientIds=" + OTHER, "saveDomain"), ("PUT", "/api/domain/%s/oauth2Clients" % OTHER, "updateDomain"),
                ("POST", "/api/mobile/app", "saveMobileApp"), ("POST", "/api/mobile/bundle", "saveMobileAppBundle"),
                ("PUT", "/api/mobile/bundle/%s/oauth2Clients" % OTHER, "updateMobile"), ("POST", "/api/mobile/qr/settings", "saveQrCode"),
                ("POST", "/api/admin/securitySettings", "saveSecuritySettings"), ("POST", "/api/admin/jwtSettings", "saveJwtSettings"),
                ("PATCH", "/api/oauth2/client", "in no document")):
            self.assert_refused(method, target, name, 'the policy "default" does not allow', body=b"{}")

    def test_reports_carry_no_token_away(self):
        for target in ("/api/v2/report/test", "/api/v2/report/request", "/api/reportTemplate",
                       "/api/report/test?reportsServerEndpointUrl=http://mallory.example"):
            self.assert_refused("POST", target, "session", body=b"{}")

    def test_trendz_gets_no_token(self):
        for target in ("/api/trendz/config", "/api/trendz/settings", "/api/trendz/connect", "/api/trendz/public/connect"):
            self.assert_refused("POST", target, "session", body=b"{}")
        for target in ("/api/trendz/config", "/api/trendz/healthcheck"):
            self.assert_passed("GET", target)

    def test_rights_of_the_own_user(self):
        group = "/api/entityGroup/" + DEVICES
        for method, target, body in (
                ("POST", "/api/role", {"id": {"id": OTHER}}), ("DELETE", "/api/role/" + OTHER, None), ("POST", "/api/groupPermission", {}),
                ("DELETE", "/api/groupPermission/" + OTHER, None), ("POST", group + "/addEntities", b'["%s"]' % OWN.encode()),
                ("POST", group + "/deleteEntities", b'["%s","%s"]' % (OTHER.encode(), OWN.encode())),
                ("POST", group + "/deleteEntities", b'"%s"' % OTHER.encode()),
                ("POST", "/api/owner/TENANT/%s/USER/%s" % (OTHER, LESSER), b"[]")):
            self.assert_refused(method, target, 'the policy "default" does not allow account', body=body)
        for method, target, body in (
                ("POST", "/api/role", {"name": "x"}), ("POST", group + "/addEntities", b'["%s"]' % OTHER.encode()),
                ("POST", group + "/deleteEntities", b'["%s"]' % OTHER.encode()), ("DELETE", group, None),
                ("POST", "/api/owner/TENANT/%s/DEVICE/%s" % (OTHER, OTHER), b"[]")):
            self.assert_passed(method, target, body=body)
        self.forget()
        self.assert_error(self.call("DELETE", "/api/entityGroup/" + USERS), 403, 20, "deleteEntityGroup", "account")
        self.assertEqual(self.seen, [("GET", "/api/entityGroup/" + USERS, None)])

    def test_everything_else_passes(self):
        for method, target in (
                ("DELETE", "/api/user/" + OTHER), ("GET", "/api/apiKeys/" + OTHER),
                ("POST", "/api/user/%s/userCredentialsEnabled?userCredentialsEnabled=false" % OTHER),
                ("GET", "/api/device/%s/credentials" % OTHER), ("GET", "/api/admin/settings/mail"),
                ("GET", "/api/tenant/devices?pageSize=1&page=0"), ("POST", "/api/device"), ("GET", "/api/2fa/settings"),
                ("GET", "/api/new/operation"), ("POST", "/api/new/operation"), ("GET", "/v3/api-docs"),
                ("GET", "/api/signup/displayWelcome"), ("POST", "/api/signup/notDisplayWelcome")):
            self.assert_passed(method, target)

    def test_other_ways_to_write_the_same_path_do_not_help(self):
        own = "/api/user/%s"
        for target in (own % OWN + "/", own % OWN.replace("a", "%61"), own % OWN.upper(), "/%61pi/user/" + OWN, "/api/%75ser/" + OWN,
                       own % OWN.replace("-4bad", "-004bad"), own % ("0" + OWN), own % (OWN + "%20"), own % "1-1-1-1-1"):
            self.assert_refused("DELETE", target)
        for target in ("/api/user/%s/token/" % OTHER, "/api/user/%s/%%74oken" % OTHER, "/api/admin/%6awtSettings",
                       "/api/admin/settings/%6awt", "/api/admin/settings/j%57t", "/api/admin/settings/jwt%20",
                       "/api/admin/settings/jwt?x=mail"):
            self.assert_refused("GET", target)
        self.forget()
        for target in ("/api/user/./%s/token", "/api/x/../user/%s/token", "/api/user/%s;x/token", "/api/user/%s/token;x=y",
                       "/api//user/%s/token", "/api/user/%s%%2ftoken", "/api/user/%s\\token", "/api/user/%s/%%2e%%2e/x"):
            self.assertEqual(self.call("GET", target % OTHER).status, 400, target)
        self.assertEqual(self.seen, [])

    def test_other_methods_do_not_help(self):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for target in ("/api/user/%s/token" % OTHER, "/api/admin/jwtSettings", "/api/apiKey"):
                self.assert_refused(method, target)
        for method in ("get", "Get", "TRACE"):
            self.assertEqual(self.call(method, "/api/admin/jwtSettings").status, 405)

    def test_a_method_override_is_not_forwarded(self):
        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            self.assert_passed("GET", "/api/user/" + OWN, headers=[(name, "DELETE")])
            self.assertEqual([entry[2] for entry in self.seen], [None])

    def test_a_user_that_is_saved(self):
        def user(number=None, **more):
            return {**({"id": {"entityType": "USER", "id": number}} if number else {}), "email": "b@example.org", **more}

        for body in (user(LESSER, authority="CUSTOMER_USER"), user(authority="CUSTOMER_USER"), user(id=None, authority="CUSTOMER_USER")):
            self.assert_passed("POST", "/api/user", body=body)
        for body in (user(LESSER, authority="TENANT_ADMIN"), user(OTHER, authority="TENANT_ADMIN"), user(LESSER), user(OWN), user(OWN.upper()), user("1-1-1-1-1"), user(authority="TENANT_ADMIN"),
                     user(authority="SYS_ADMIN"), user(authority="ROOT"), user(), {**user(), "id": OTHER}, {**user(), "id": {}},
                     {**user(), "id": []}, b"", b"no JSON", b"[]",
                     b'{"id":{"id":"%s"},"id":{"id":"%s"}}' % (OTHER.encode(), OWN.encode()),
                     b'{"id":{"id":"%s","id":"%s"}}' % (OTHER.encode(), OWN.encode()),
                     b'{"id":{"id":"%s","id":"%s"}}' % (OWN.encode(), OTHER.encode()),
                     json.dumps(user(OTHER)).encode() + b"{}", "\ufeff{}".encode(), json.dumps(user(OTHER)).encode("utf-16")):
            self.assert_refused("POST", "/api/user", "saveUser", body=body)
            self.assert_refused("POST", "/api/user?sendActivationMail=false", "saveUser", body=body)

    def test_an_administrator_does_not_get_another_email(self):
        """With which a reset of the password, or an activation, would be the attacker's."""
        body = {"id": {"entityType": "USER", "id": OTHER}, "email": "mallory@example.org", "authority": "CUSTOMER_USER"}
        self.forget()
        self.assert_error(self.call("POST", "/api/user", body), 403, 20, "saveUser", "session")
        self.assertEqual([entry[:2] for entry in self.seen], [("GET", "/api/user/" + OTHER)])
        self.assertEqual(self.call("POST", "/api/user", {**body, "id": {"id": GONE}}).status, 404)
        self.assertNotIn("POST", [entry[0] for entry in self.seen])

    def test_a_body_in_another_charset_is_not_judged(self):
        body = json.dumps({"id": {"entityType": "USER", "id": LESSER}, "authority": "CUSTOMER_USER"}).encode()
        # In Shift_JIS, the last byte of the letter and the backslash are one character, so the string ends earlier.
        trick = '{"x":"\u5803\\", "id":{"id":"%s"}, "y":"","id":{"id":"%s"}}' % (OTHER, OWN)
        for value in ("application/json", "application/json;charset=UTF-8", "Application/JSON; charset=utf-8"):
            self.assertEqual(self.proxy.post("/api/user", body, headers=[("Content-Type", value)]).status, 200, value)
        self.assertEqual(self.proxy.post("/api/user", body).status, 200)  # it is sent as JSON (forward.fix_content_type)
        self.forget()
        for value in ("application/json;charset=Shift_JIS", "application/json; charset=utf-16", "application/json;charset=utf-8;x=y",
                      "application/cbor", "text/plain", "application/json ;charset=IBM1047"):
            for text in (body, trick.encode()):
                self.assertEqual(self.proxy.post("/api/user", text, headers=[("Content-Type", value)]).status, 403, value)
        self.assertEqual(self.seen, [])

    def test_settings_that_are_saved(self):
        for body in ({"key": "mail"}, {"key": "general"}, {"key": "jwt"}, {"key": "twoFaSettings"}, {"key": "SecuritySettings"}, {"key": 1}, {}, b"[]"):
            self.assert_refused("POST", "/api/admin/settings", "saveAdminSettings", body=body)

    def test_a_body_that_streams_is_not_judged(self):
        body = json.dumps({"email": "b@example.org", "authority": "CUSTOMER_USER", "additionalInfo": "x" * (2 << 20)}).encode()
        self.forget()
        self.assertEqual(self.call("POST", "/api/user", body).status, 403)
        self.assertEqual(self.seen, [])

    def test_activation_links_of_users_with_less_authority(self):
        for path in ("activationLink", "activationLinkInfo"):
            target = "/api/user/%s/" + path
            self.assert_passed("GET", target % LESSER)
            self.assertEqual([entry[1] for entry in self.seen], ["/api/user/" + LESSER, target % LESSER])
            self.forget()
            self.assert_error(self.call("GET", target % OTHER), 403, 20, "getActivationLink", "session")
            self.assertEqual([entry[1] for entry in self.seen], ["/api/user/" + OTHER])
            self.assertEqual(self.call("GET", target % GONE).status, 404)
            for user in (OWN, OWN.upper(), "1-1-1-1-1"):
                self.assert_refused("GET", target % user)

    def ask_and_hold(self, connection=None):
        """Asks for a link; the server has been asked for its user, and waits."""
        connection = connection or self.connect()
        connection.send(build("GET", LINK, host=connection.host))
        self.assertTrue(self.entered.acquire(timeout=PATIENCE))
        return connection

    def connect(self):
        connection = Connection(self.proxy.unix_path, PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def hold_lookups(self):
        go, self.entered, serve = threading.Event(), threading.Semaphore(0), self.serve

        def hold(peer, request):
            if request.target == "/api/user/" + LESSER:
                self.entered.release()
                go.wait(PATIENCE)
            return serve(peer, request)
        self.serve = hold
        self.addCleanup(go.set)
        return go

    def test_the_number_of_lookups_at_a_time(self):
        go = self.hold_lookups()
        held = [self.ask_and_hold() for _ in range(4)]
        reply = self.call("GET", LINK)
        self.assert_error(reply, 503, 2, "cannot be looked up now")
        self.assertGreaterEqual(int(reply.header("Retry-After")), 1)
        go.set()
        self.assertEqual([connection.response().status for connection in held], [200] * 4)
        self.assertEqual(self.call("GET", LINK).status, 200)

    @needs_users
    def test_a_lookup_is_left_for_another_user(self):
        go = self.hold_lookups()
        held = [self.ask_and_hold() for _ in range(4)]
        held.append(self.ask_and_hold(connect_as(self, ALICE, self.proxy, unix=True)[0]))
        last = connect_as(self, BOB, self.proxy, unix=True)[0]
        last.send(build("GET", LINK, host=last.host))
        self.assertEqual(last.response().status, 503)
        go.set()
        self.assertEqual([connection.response().status for connection in held], [200] * 5)

    def test_a_request_for_a_link_with_a_body_that_streams_is_refused(self):
        self.forget()
        self.assertEqual(self.call("GET", "/api/user/%s/activationLink" % LESSER, b"x" * (2 << 20)).status, 403)
        self.assertEqual(self.seen, [])


class TestUnknownUser(PolicyCase):
    def test_while_the_own_user_is_not_known_no_account_is_changed(self):
        self.begin()
        self.serve = lambda peer, request: peer.send(answer(503)) or True
        self.proxy.start(wait="")
        self.assertEqual(self.call("DELETE", "/api/user/" + OTHER).status, 403)
        self.assertEqual(self.call("POST", "/api/user", {"authority": "CUSTOMER_USER"}).status, 403)


class TestPassword(Case):
    def test_without_an_api_key_keys_may_be_changed(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        user = proxy.get("/api/auth/user").json()["id"]["id"]
        self.assertNotEqual(proxy.call("DELETE", "/api/apiKey/" + OTHER).status, 403)
        self.assertEqual(proxy.call("DELETE", "/api/user/" + user).status, 403)
        self.assertEqual(proxy.call("GET", "/api/user/%s/activationLink" % user).status, 403)


class TestPolicies(PolicyCase):
    def line(self, text):
        with open(self.proxy.config_path, encoding="utf-8") as file:
            return next(number for number, line in enumerate(file, 1) if text in line)

    def test_a_listener_has_a_policy(self):
        self.begin({"policy.tcp": "dashboards", "policy.unix_socket": "telemetry"}, POLICIES).start()
        path = "/api/plugins/telemetry/DEVICE/%s/" % OTHER
        self.assert_passed("POST", path + "timeseries/ANY", body={"a": 1})
        self.assert_refused("GET", "/api/device/" + OTHER, 'tbproxyd refused getDeviceById (GET /api/device/{deviceId}): the policy '
                            '"telemetry" does not allow it (%s, line %d); policy.unix_socket gives it to all who have no other'
                            % (self.proxy.config_path, self.line("telemetry = {")))
        self.assert_passed("GET", "/api/device/" + OTHER, unix=False)
        self.assert_passed("POST", "/api/entitiesQuery/find", body={}, unix=False)
        self.assert_refused("POST", "/api/device", 'the policy "dashboards" does not allow it', body={}, unix=False)
        self.assert_refused("GET", "/api/device/%s/credentials" % OTHER, 'the policy "dashboards" denies credentials (%s, line %d)'
                            % (self.proxy.config_path, self.line('"credentials"')), unix=False)
        self.assert_refused("GET", "/api/users", 'denies getUsers', "line %d)" % self.line('"getUsers"'), unix=False)
        self.assert_refused("GET", "/api/admin/updates", "denies admin-controller", unix=False)
        self.assert_refused("GET", "/api/user/%s/token" % OTHER, "does not allow session", unix=False)

    def test_a_user_and_a_group_have_policies(self):
        for option in ("telemetry, uid %d = everything, gid %d = dashboards", "telemetry, gid %d = everything"):
            numbers = (os.getuid(), os.getgid()) if "uid" in option else (os.getgid(),)
            self.begin({"policy.unix_socket": option % numbers}, POLICIES).start()
            self.assert_passed("GET", "/api/user/%s/token" % OTHER)
            self.assert_passed("DELETE", "/api/user/" + OWN)
            self.assert_passed("POST", "/api/apiKey")

    @unittest.skipIf(os.getuid() != 0, "only root can choose its groups")
    def test_the_number_of_groups(self):
        self.begin({"policy.unix_socket": "everything, gid 70000 = telemetry, gid 70001 = telemetry"}, POLICIES).start()
        ask = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);" \
              "s.sendall(b'GET /api/device/x HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n'); print(s.recv(12).decode())"
        for groups, status in ((range(1024), 200), (range(1025), 403), ([*range(1023), 70000], 403), ([70001], 403), ([], 200)):
            done = subprocess.run([sys.executable, "-c", ask, self.proxy.unix_path], check=True, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, timeout=PATIENCE, preexec_fn=lambda groups=groups: os.setgroups(groups))
            self.assertEqual(done.stdout, "HTTP/1.1 %d\n" % status, (len(groups), done.stderr))

    def test_a_user_is_known_over_tcp_too(self):
        self.begin({"policy.tcp": "dashboards, uid %d = everything" % os.getuid()}, POLICIES).start()
        self.assert_passed("POST", "/api/device", unix=False)
        self.begin({"policy.tcp": "everything, uid %d = dashboards" % os.getuid()}, POLICIES).start()
        self.assert_refused("POST", "/api/device", "dashboards", unix=False)

    def test_a_user_who_is_not_known_may_do_what_all_may(self):
        """Who has closed his connection before we look: the kernel says that he is root."""
        proxy = self.begin({"policy.tcp": "dashboards, uid %d = everything" % os.getuid()}, POLICIES).start()
        proxy.signal(signal.SIGSTOP)
        self.addCleanup(proxy.signal, signal.SIGCONT)
        for method, target in (("GET", "/api/device/" + OTHER), ("POST", "/api/device")):
            with Connection(proxy.address, PATIENCE) as connection:
                connection.send(build(method, target, host=connection.host, body=b"{}" if method == "POST" else None))
        proxy.signal(signal.SIGCONT)
        proxy.log.wait("GET /api/device/%s -> 200" % OTHER)
        proxy.log.wait("POST /api/device -> 403")

    def test_an_operation_is_allowed_by_its_name(self):
        self.begin({"policy.unix_socket": "one"}, POLICIES).start()
        self.assert_passed("POST", "/api/apiKey")
        self.assert_refused("GET", "/api/device/" + OTHER)

    def test_operations_in_no_document(self):
        self.begin({"policy.tcp": "dashboards", "policy.unix_socket": "everything"}, POLICIES).start()
        for unix in (True, False):
            self.assert_passed("GET", "/api/new", unix=unix)
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                self.assert_refused(method, "/api/new", "in no document", unix=unix)

    def test_a_refusal_says_why_the_user_has_the_policy(self):
        uid, gid = os.getuid(), os.getgid()
        self.begin({"policy.tcp": "default, uid %d = telemetry" % uid, "policy.unix_socket": "default, gid %d = telemetry" % gid},
                   POLICIES).start()
        self.assert_refused("GET", "/api/device/" + OTHER, "; policy.tcp gives it to uid %d" % uid, unix=False)
        self.assert_refused("GET", "/api/device/" + OTHER, "; policy.unix_socket gives it to gid %d" % gid)

    def test_a_policy_that_names_only_telemetry_allows_nothing_that_is_unknown(self):
        self.begin({"policy.unix_socket": "telemetry"}, POLICIES).start()
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT"):
            for target in ("/api/new", "/api/plugins/telemetry/new", "/v3/api-docs"):
                self.assert_refused(method, target)

    def test_websockets_and_subscriptions(self):
        upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
        self.begin({"policy.tcp": "closed", "policy.unix_socket": "one"}, POLICIES).start()
        for unix, verb in ((False, "denies"), (True, "does not allow")):
            self.assert_refused("GET", "/api/ws", "tbproxyd refused websocket", verb, headers=upgrade, unix=unix)
            self.assert_refused("GET", "/-/subscribe/DEVICE/" + OTHER, "tbproxyd refused subscribe", verb, unix=unix)
            self.assertEqual(self.call("GET", "/-/live", unix=unix).status, 200)

    def test_a_reload_changes_policies(self):
        self.begin({"policy.unix_socket": "telemetry"}, POLICIES).start()
        self.assert_refused("GET", "/api/device/" + OTHER)
        self.proxy.write_config()
        with open(self.proxy.config_path, "a", encoding="utf-8") as file:
            file.write('policies = { telemetry = { allow = [ "telemetry", "getDeviceById" ]; }; };\n')
        self.proxy.signal(signal.SIGHUP)
        wait_until(lambda: self.call("GET", "/api/device/" + OTHER).status == 200, "the new policy", PATIENCE)
        self.assert_refused("GET", "/api/asset/" + OTHER)


class TestConfiguration(Case):
    def check(self, text, options=None):
        proxy = self.prepare_daemon("http://127.0.0.1:9", {"upstream.api_key_file": "key-4711-0815", **(options or {})},
                                    "named")
        with open(proxy.config_path, "a", encoding="utf-8") as file:
            file.write(text)
        with open(proxy.config_path, encoding="utf-8") as file:
            first = file.read().count("\n") - text.count("\n") + 1
        done = subprocess.run(proxy.command(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                              env=proxy.environment(), check=False)
        self.assertNotEqual(done.returncode, 0)
        return proxy, done.stderr, first

    def test_mistakes_are_named_with_their_line(self):
        for text, line, words in (
                ('policies = { a = { allow = [ "reed" ]; }; };', 0, "is not a set"),
                ('policies = {\n a = {\n deny = [ "read",\n "x" ]; }; };', 3, "is not a set"),
                ('policies = {\n a = { allowed = [ ]; }; };', 1, "a policy has allow and deny"),
                ('policies = {\n a = { max_request = 1; }; };', 1, "and may have max_connections, max_requests, requests_per_second"),
                ('policies = {\n a = { allow = [ ];\n max_requests = -1; }; };', 2, "max_requests must be an integer from 1 to 4096"),
                ('policies = {\n a = { max_requests = "4"; }; };', 1, "max_requests must be an integer from 1 to 4096"),
                ('policies = {\n a = { max_streams = 1.5; }; };', 1, "max_streams must be an integer from 0 to 65536"),
                ('policies = {\n a = { max_streams = true; }; };', 1, "max_streams must be an integer from 0 to 65536"),
                ('policies = {\n a = { requests_per_second = 4294967297L; }; };', 1, "must be an integer from 1 to 100000"),
                ('policies = {\n default = { }; };', 1, "is built in"),
                ('policies = { a = { allow = "read"; }; };', 0, "must be a list"),
                ('policies = { a = { allow = [ 1 ]; }; };', 0, "in double quotes"),
                ('policies = { a = [ "read" ]; };', 0, "must be a group"),
                ('policies = { a = { }; };\npolicies = { a = { }; };', 1, "is already defined")):
            proxy, log, first = self.check(text)
            self.assertIn("%s:%d: " % (proxy.config_path, first + line), log)
            self.assertIn(words, log)

    def test_options_that_name_no_policy(self):
        for option, value, words in (
                ("tcp", "nothing", 'there is no policy "nothing"'), ("tcp", "", "there is no policy"),
                ("tcp", "default, gid 5 = default", "only known on the Unix socket"), ("tcp", "uid 5 = default", "the first must be"),
                ("unix_socket", "default, uid x = default", "must be POLICY"), ("unix_socket", "default, uid 5 = x", 'no policy "x"'),
                ("unix_socket", "default, default", "must be uid"), ("unix_socket", "default, uid 4294967295 = default", "must be"),
                ("unix_socket", "default, uid -1 = default", "must be POLICY"),
                ("unix_socket", "default, uid 5 = default, uid 5 = default", "has a policy already")):
            self.assertIn("policy." + option, self.check("", {"policy." + option: value})[1])
            self.assertIn(words, self.check("", {"policy." + option: value})[1])

    def test_the_numbers_of_policies_names_and_rules(self):
        def policies(count):
            return "policies = { %s };" % " ".join("p%d = { };" % index for index in range(count))

        def names(count):
            return "policies = { a = { allow = [ %s ]; }; };" % ", ".join(['"read"'] * count)

        def rules(count):
            return {"policy.tcp": "default" + "".join(", uid %d = default" % index for index in range(count))}

        for good, bad, words in (((policies(64),), (policies(65),), "more than 64 policies"),
                                 ((names(256),), (names(257),), "more than 256 names"),
                                 (("", rules(256)), ("", rules(257)), "more than 256 users and groups")):
            self.assertIn(words, self.check(*bad)[1])
            proxy = self.prepare_daemon("http://127.0.0.1:9", {"upstream.api_key_file": "key-4711-0815", **(good[1:] or [{}])[0]},
                                        "named")
            with open(proxy.config_path, "a", encoding="utf-8") as file:
                file.write(good[0])
            proxy.start(wait="")


if __name__ == "__main__":
    tap.main()
