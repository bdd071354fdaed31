# SPDX-License-Identifier: Apache-2.0
"""The session with the server: login, renewal ahead of time, renewal after a refusal."""
import tap
from harness import Case, in_parallel, wait_until

USER = "/api/auth/user"


def header_names(entry):
    return [name.lower() for name, _ in entry["headers"]]


class TestLogin(Case):
    def test_the_password_login_comes_before_the_first_request(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        self.assertEqual(sim.stats()["logins"], 1)
        notices = proxy.notices.lines
        self.assertLess([i for i, line in enumerate(notices) if line.startswith("STATUS=ready")][0],
                        notices.index("READY=1"))
        self.assertEqual(proxy.get(USER).json()["email"], "tenant@thingsboard.org")
        self.assertEqual(sim.stats()["logins"], 1)

    def test_the_login_and_the_renewal_carry_no_credential(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.set(outdateAccessTokens=True)
        self.assertEqual(proxy.get(USER).status, 200)
        for target in ("/api/auth/login", "/api/auth/token"):
            calls = sim.requests(target)
            self.assertEqual(len(calls), 1)
            self.assertFalse({"authorization", "x-authorization", "cookie"} & set(header_names(calls[0])))

    def test_an_api_key_is_checked_before_it_is_claimed_to_work(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, credential="api_key")
        self.assertEqual([entry["target"] for entry in sim.requests()], [USER])
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual(sim.stats()["logins"], 0)

    def test_a_token_pair_needs_no_login(self):
        sim = self.start_simulator()
        pair = sim.login()
        sim.forget()
        proxy = self.start_daemon(sim, {"upstream.token_file": pair["token"],
                                        "upstream.refresh_token_file": pair["refreshToken"]}, "none")
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual((sim.stats()["logins"], sim.stats()["refreshes"]), (0, 0))

    def test_a_token_that_is_dead_at_the_start_is_renewed(self):
        sim = self.start_simulator()
        pair = sim.login()
        sim.set(outdateAccessTokens=True)
        sim.forget()
        proxy = self.start_daemon(sim, {"upstream.token_file": pair["token"],
                                        "upstream.refresh_token_file": pair["refreshToken"]}, "none")
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual((sim.stats()["logins"], sim.stats()["refreshes"]), (0, 1))

    def test_a_token_without_a_refresh_token_is_used_until_it_is_refused(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.token_file": sim.login()["token"]}, "none")
        self.assertEqual(proxy.get(USER).status, 200)
        sim.set(outdateTokens=True)
        self.assert_error(proxy.get(USER), 503, 2, "Token has expired")

    def test_a_newline_at_the_end_of_a_secret_file_does_not_belong_to_it(self):
        sim = self.start_simulator()
        for end in ("\n", "\r\n"):
            for options in ({"upstream.username": "tenant@thingsboard.org",
                             "upstream.password_file": sim.password + end},
                            {"upstream.api_key_file": sim.api_key + end}):
                self.assertEqual(self.start_daemon(sim, options, "none").get(USER).status, 200)

    def test_a_customers_user_can_log_in(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"upstream.username": "customer@thingsboard.org",
                                        "upstream.password_file": "customer"}, "none")
        self.assertEqual(proxy.get(USER).json()["authority"], "CUSTOMER_USER")


class TestRenewal(Case):
    def test_many_requests_with_an_outdated_token_cause_one_renewal(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, {"join.reads": False})
        connections = [proxy.connect(index % 2 == 0) for index in range(40)]
        for connection in connections:
            self.assertEqual(connection.request("GET", USER).status, 200)
        sim.forget()
        sim.set(outdateAccessTokens=True)
        # Held back so that all of them use the outdated token.
        sim.fault("delay", "/api/auth/token", ms=300)
        statuses = in_parallel(40, lambda index: connections[index].request("GET", USER).status)
        self.assertEqual(statuses, [200] * 40)
        stats = sim.stats()
        self.assertEqual((stats["refreshes"], stats["logins"], stats["refresh_failures"]), (1, 0, 0))
        self.assertLessEqual(stats["statuses"]["401"], 40)
        self.assertEqual(stats["statuses"]["200"], 41)
        tap.figure("40 requests with an outdated token: %d renewal, %d logins" % (stats["refreshes"], stats["logins"]))
        for connection in connections:
            connection.close()

    def test_requests_that_come_during_a_renewal_wait_for_it(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.set(outdateAccessTokens=True)
        sim.fault("delay", "/api/auth/token", ms=300)
        sim.forget()
        first = proxy.connect()
        first.send(b"GET %s HTTP/1.0\r\n\r\n" % USER.encode())
        wait_until(lambda: proxy.get("/-/ready").json()["session"] == "refreshing", "a renewal")
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual(first.response().status, 200)
        first.close()
        self.assertEqual(sim.stats()["statuses"]["401"], 1)

    def test_a_dead_refresh_token_leads_to_a_new_login(self):
        for settings in ({"outdateTokens": True}, {"newSigningKey": True}):
            with self.subTest(settings):
                sim = self.start_simulator()
                proxy = self.start_daemon(sim)
                sim.set(**settings)
                self.assertEqual(proxy.get(USER).status, 200)
                stats = sim.stats()
                self.assertEqual((stats["logins"], stats["login_failures"], stats["refreshes"],
                                  stats["refresh_failures"]), (2, 0, 0, 1))

    def test_with_a_given_token_pair_a_dead_refresh_token_is_the_end(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim, credential="token")
        sim.set(outdateTokens=True)
        self.assert_error(proxy.get(USER), 503, 2, "Token is outdated")
        proxy.notices.wait("^STATUS=refused: the refresh token in .* is refused .*Token is outdated; put a new pair of tokens")

    def test_a_request_is_replayed_once_with_its_body(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.set(outdateAccessTokens=True)
        body = {"name": "replayed \u00e4", "type": "default"}
        sim.forget()
        self.assertEqual(proxy.post("/api/device", body).json()["name"], body["name"])
        sent = sim.requests("/api/device")
        self.assertEqual([entry["status"] for entry in sent], [401, 200])
        self.assertEqual(sent[0]["body"], sent[1]["body"])
        self.assertNotEqual(sent[0]["headers"], sent[1]["headers"])

    def test_the_second_401_reaches_the_program(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.forget()
        sim.fault("status", USER, status=401, body='{"own":"words"}', count=0)
        reply = proxy.get(USER)
        self.assertEqual((reply.status, reply.json()), (401, {"own": "words"}))
        self.assertEqual(len(sim.requests(USER)), 2)

    def test_a_401_of_one_operation_does_not_hammer_the_server(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.forget()
        sim.fault("status", "/api/device", status=401, count=0)

        def work(index):
            with proxy.connect() as connection:
                return [(connection.request("GET", "/api/device/types").status, connection.request("GET", USER).status)
                        for _ in range(50)]
        self.assertEqual(in_parallel(4, work), [[(401, 200)] * 50] * 4)
        stats = sim.stats()
        self.assertEqual(stats["logins"], 0)
        self.assertLessEqual(stats["refreshes"], 3)
        self.assertLessEqual(stats["statuses"]["401"], 200 + 8)

    def test_a_redirect_to_the_login_page_is_a_refused_credential(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.fault("status", USER, status=302)
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual(sim.stats()["refreshes"], 1)

    def test_a_redirect_to_the_login_page_never_reaches_the_program(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.fault("status", USER, status=302, count=0)
        self.assert_error(proxy.get(USER), 401, 10)

    def test_other_redirects_are_no_refusal(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        sim.fault("status", USER, status=302, location="/elsewhere")
        reply = proxy.get(USER)
        self.assertEqual((reply.status, reply.header("Location")), (302, "/elsewhere"))
        self.assertEqual(sim.stats()["refreshes"], 0)


if __name__ == "__main__":
    tap.main()
