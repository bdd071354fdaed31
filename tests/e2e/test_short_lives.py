# SPDX-License-Identifier: Apache-2.0
"""Tokens that live for seconds: no request of a local program notices."""
import os
import time

import tap
from harness import Case, in_parallel, wait_until

USER = "/api/auth/user"
LIFE_S = 3
LONG = "TB_LONG" in os.environ


class TestSteadyRequests(Case):
    def run_for(self, seconds, sim, proxy):
        """8 programs send requests all the time. Returns {status: how many responses had it}."""
        end = time.monotonic() + seconds

        def work(index):
            statuses = {}
            with proxy.connect(unix=index % 2 == 0, timeout=seconds + 60) as connection:
                while time.monotonic() < end:
                    status = connection.request("GET", USER).status
                    statuses[status] = statuses.get(status, 0) + 1
                    time.sleep(0.005)  # the pace of the load
            return statuses
        total = {}
        for statuses in in_parallel(8, work):
            for status, count in statuses.items():
                total[status] = total.get(status, 0) + count
        return total

    def check(self, seconds):
        sim = self.start_simulator(token_life=LIFE_S)
        proxy = self.start_daemon(sim)
        statuses = self.run_for(seconds, sim, proxy)
        stats = sim.stats()
        self.assertEqual(list(statuses), [200])
        self.assertGreater(statuses[200], seconds * 50)
        self.assertEqual((stats["logins"], stats["login_failures"], stats["refresh_failures"]), (1, 0, 0))
        # Lifetimes are whole seconds: a token lives between 2 and 3 s, and is renewed half a second before its end.
        self.assertGreaterEqual(stats["refreshes"], seconds // LIFE_S - 1)
        self.assertLessEqual(stats["refreshes"], seconds / (LIFE_S - 1.5) + 1)
        self.assertLess(stats["statuses"].get("401", 0), statuses[200] / 100)
        tap.figure("%d requests in %d s: %d failed, %d login, %d renewals"
                   % (sum(statuses.values()), seconds, sum(statuses.values()) - statuses[200], stats["logins"], stats["refreshes"]))

    def test_tokens_of_3_s_serve_8_programs_for_10_s(self):
        self.check(10)

    if LONG:
        def test_tokens_of_3_s_serve_8_programs_for_60_s(self):
            self.check(60)


class TestRenewalAheadOfTime(Case):
    def renewals(self, sim, count):
        wait_until(lambda: sim.stats()["refreshes"] >= count, "%d renewals" % count)

    def test_without_any_request_tokens_are_renewed_before_they_expire(self):
        sim = self.start_simulator(token_life=LIFE_S)
        proxy = self.start_daemon(sim)
        self.renewals(sim, 3)
        stats = sim.stats()
        self.assertEqual((stats["logins"], stats["statuses"]), (1, {"200": stats["refreshes"] + 1}))
        self.assertEqual(proxy.get(USER).status, 200)
        used = [entry["body"] for entry in sim.requests("/api/auth/token")]
        self.assertEqual(len(set(used)), len(used))  # each time the newest refresh token

    def test_the_servers_clock_does_not_matter(self):
        for offset_ms in (-86400000, 86400000):
            with self.subTest(offset_ms=offset_ms):
                sim = self.start_simulator(token_life=LIFE_S)
                sim.set(clockOffsetMs=offset_ms)
                proxy = self.start_daemon(sim)
                self.renewals(sim, 1)
                self.assertEqual(proxy.get(USER).status, 200)
                self.assertEqual(sim.stats()["logins"], 1)
                self.assertLessEqual(sim.stats()["refreshes"], 2)

    def test_a_given_token_pair_is_renewed_ahead_of_time(self):
        sim = self.start_simulator(token_life=LIFE_S)
        proxy = self.start_daemon(sim, credential="token")
        sim.forget()
        self.renewals(sim, 2)
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertNotIn("401", sim.stats()["statuses"])

    def test_a_given_token_pair_is_renewed_ahead_of_time_on_a_server_with_another_clock(self):
        sim = self.start_simulator(token_life=LIFE_S)
        sim.set(clockOffsetMs=86400000)
        proxy = self.start_daemon(sim, credential="token")
        sim.forget()
        self.renewals(sim, 1)
        self.assertEqual(proxy.get(USER).status, 200)

    def test_a_token_of_one_second_works(self):
        sim = self.start_simulator(token_life=1)
        proxy = self.start_daemon(sim)
        for _ in range(20):
            self.assertEqual(proxy.get(USER).status, 200)
        self.renewals(sim, 3)
        self.assertEqual(proxy.get(USER).status, 200)
        self.assertEqual(sim.stats()["logins"], 1)

    def test_a_long_life_causes_no_renewal(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        for _ in range(300):
            proxy.get(USER)
        self.assertEqual(sim.stats()["refreshes"], 0)

    def test_a_renewal_that_fails_is_tried_again_while_requests_go_on(self):
        sim = self.start_simulator(token_life=6)
        proxy = self.start_daemon(sim)
        sim.fault("status", "/api/auth/token", status=503, count=1)
        statuses = {}

        def ask():
            status = proxy.get(USER).status
            statuses[status] = statuses.get(status, 0) + 1
            return sim.stats()["refreshes"] >= 1
        wait_until(ask, "a renewal that succeeds")
        self.assertEqual(list(statuses), [200])
        self.assertEqual(sim.stats()["logins"], 1)

    def test_both_tokens_dead_by_age_lead_to_a_new_login(self):
        sim = self.start_simulator(token_life=1, refresh_life=1)
        proxy = self.start_daemon(sim)
        sim.fault("delay", "/api/auth/token", ms=2500, count=0)
        wait_until(lambda: sim.stats()["logins"] >= 2, "a second login")
        self.assertEqual(proxy.get(USER).status, 200)


if __name__ == "__main__":
    tap.main()
