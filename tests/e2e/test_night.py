# SPDX-License-Identifier: Apache-2.0
"""The night: something happens to the server, and each place where a person looks says what, and what to do about it."""
import os
import re
import signal
import subprocess
import time

import build_tree
import tap
from harness import PATIENCE, SLOW, TENANT, Case, in_parallel, wait_until
from scripted import PROBES

USER = "/api/auth/user"
NO_WAIT = [("Prefer", "wait=0")]

# The ways to authenticate.
MODES = ("password", "token pair", "token", "api_key")

OPTIONS = {"log.level": "info", "upstream.timeout_ms": 1000, "queue.max_wait_ms": 1000}

NOTICE_S = 60 if SLOW else 5  # in which each place must say it
RETURN_S = 60 if SLOW else 10


class Night:
    """A server and a daemon; each place where a person looks is a method that returns what it says."""

    def __init__(self, case, mode):
        self.case, self.mode, self.is_new_server = case, mode, False
        self.longest_s = 0.0  # that a place took to say it
        self.sim = case.start_simulator(own_password=True)
        self.daemon = case.prepare_daemon(self.sim, {**OPTIONS, **self.credential()}, "none")
        self.daemon.start()
        self.daemon.notices.wait("^STATUS=ready; ")
        self.log_mark = self.daemon.log.mark()

    def credential(self):
        if self.mode == "api_key":
            return {"upstream.api_key_file": self.sim.api_key}
        if self.mode == "password":
            return {"upstream.username": TENANT, "upstream.password_file": self.sim.password}
        pair = self.sim.login()
        token = {"upstream.token_file": pair["token"]}
        return token if self.mode == "token" else {**token, "upstream.refresh_token_file": pair["refreshToken"]}

    def secret_path(self):
        return self.daemon.options[next(name for name in self.daemon.options if name.endswith("_file"))]

    # ---- the places ----

    def status_line(self):
        with self.daemon.notices.changed:
            return [line for line in self.daemon.notices.lines if line.startswith("STATUS=")][-1]

    def ready_page(self):
        reply = self.daemon.get("/-/ready")
        page = reply.json()
        self.case.assertEqual((reply.status, page["ready"]), (200 if page["ready"] else 503, reply.status == 200))
        return "%s: %s; %s" % (page["state"], page["cause"], page["remedy"])

    def status_page(self):
        server = self.daemon.get("/-/status").json()["server"]
        self.case.assertGreaterEqual(server["for_ms"], 0)
        return "%s: %s; %s" % (server["state"], server["cause"], server["remedy"])

    def command(self):
        done = subprocess.run([build_tree.program("src/ctl/tbproxyctl"), "status", "--admin", self.daemon.admin_path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.case.assertEqual((done.returncode, done.stderr), (0, ""))
        return " ".join(done.stdout.split())

    def metrics_page(self):
        page = self.daemon.get("/-/metrics").body.decode()
        is_up = "\ntbproxyd_server_up 1\n" in page
        return "%s; %s" % (re.search(r'tbproxyd_server_state{state="(\w+)"} 1', page).group(1), "up" if is_up else "down")

    def log(self):
        return "\n".join(self.daemon.log.lines[self.log_mark:])

    def own_answer(self):
        reply = self.daemon.get(USER, headers=NO_WAIT)
        return "" if reply.status < 400 else reply.json()["message"]

    def answer_at_deadline(self):
        """Of a request that waits as long as it may."""
        reply = self.daemon.get(USER)
        return "" if reply.status < 400 else reply.json()["message"]

    BUT_ANSWERS_LATE = (status_line, ready_page, status_page, command, log, own_answer)
    PLACES = (*BUT_ANSWERS_LATE, answer_at_deadline)
    WITH_STATE = (status_line, ready_page, status_page, command)

    # ---- what is expected ----

    def wait_for(self, place, words, patience):
        began = time.monotonic()

        def says():
            self.said = place(self)
            return all(word in self.said for word in words)
        try:
            wait_until(says, "it", patience)
        except AssertionError:
            raise AssertionError("%s, %s: %r are not in %r" % (self.mode, place.__name__, words, self.said)) from None
        self.longest_s = max(self.longest_s, time.monotonic() - began)

    def expect(self, state, *words, places=PLACES):
        for place in places:
            self.wait_for(place, ([state] if place in self.WITH_STATE else []) + list(words), NOTICE_S)
        self.wait_for(Night.metrics_page, ["%s; %s" % (state, "up" if state == "limited" else "down")], NOTICE_S)

    def expect_return(self, *words):
        """WORDS: in the log."""
        self.wait_for(Night.status_line, ["STATUS=ready; server "], RETURN_S)
        self.wait_for(Night.ready_page, ["ready: None; None"], RETURN_S)
        self.wait_for(Night.status_page, ["ready: None; None"], RETURN_S)
        self.wait_for(Night.metrics_page, ["ready; up"], RETURN_S)
        self.wait_for(Night.log, words, RETURN_S)


class Killed:
    @staticmethod
    def begin(night):
        night.sim.stop()

    @staticmethod
    def expect(night):
        night.expect("unreachable", "Failed to connect to 127.0.0.1 port ", ": Connection refused",
                     "is it running? Check upstream.url in ", night.daemon.config_path, "systemctl restart tbproxyd")

    @staticmethod
    def end(night):
        night.sim.start()
        night.is_new_server = True

    RETURN = ("answers again after ", " failed in the meantime")


class Hung:
    @staticmethod
    def begin(night):
        os.kill(night.sim.process.pid, signal.SIGSTOP)
        night.case.addCleanup(Hung.end, night)

    @staticmethod
    def expect(night):
        night.expect("unreachable", "is it running, and not overloaded?", "upstream.url in ", night.daemon.config_path)
        night.expect("unreachable", " does not answer", places=Night.BUT_ANSWERS_LATE)

    @staticmethod
    def end(night):
        if night.sim.process:
            os.kill(night.sim.process.pid, signal.SIGCONT)

    RETURN = ("answers again after ",)


class Gateway:
    @staticmethod
    def begin(night):
        for path in ("/api", *PROBES):  # the stand-in spares the probes otherwise
            night.sim.fault("status", path, status=503, count=0)

    @staticmethod
    def expect(night):
        # A request that may wait gets what the gateway says.
        night.expect("failing", " answers 503", "is ThingsBoard itself running?", night.daemon.config_path,
                     places=Night.BUT_ANSWERS_LATE)

    @staticmethod
    def end(night):
        night.sim.clear_faults()

    RETURN = ("answers again after ",)


class Revoked:
    """Noticed when a program asks: the server's probe needs no credential."""
    BODY = '{"status":401,"message":"Invalid username or password","errorCode":10,"timestamp":1}'

    @staticmethod
    def begin(night):
        night.sim.fault("status", "/api", status=401, count=0, body=Revoked.BODY)
        night.daemon.get(USER)

    @staticmethod
    def expect(night):
        words = {"password": ("the user name or the password in ", "Invalid username or password", "correct the password in "),
                 "api_key": ("the API key in ", "it was revoked or has expired", "put a new API key into ")}
        night.expect("refused", " is refused (HTTP 401)", "reads it within 2 s", night.secret_path(),
                     *words.get(night.mode, ("token in ", "it was revoked or has expired", "put a new ")))

    @staticmethod
    def end(night):
        night.sim.clear_faults()
        night.daemon.signal(signal.SIGHUP)

    RETURN = ("authenticated with ", " failed in the meantime")


class Limited:
    @staticmethod
    def begin(night):
        night.sim.fault("status", USER, status=429, count=0, retryAfter="30")
        night.daemon.get(USER, headers=NO_WAIT)

    @staticmethod
    def expect(night):
        night.expect("limited", "limit is reached (HTTP 429)")
        night.expect("limited", "requests wait until it is open again", places=(*Night.WITH_STATE, Night.log))

    @staticmethod
    def end(night):
        night.sim.clear_faults()
        night.daemon.signal(signal.SIGHUP)

    RETURN = ()


class TestNight(Case):
    def test_each_place_says_what_it_is_and_what_to_do_and_that_it_is_over(self):
        scenarios = [scenario for scenario in (Killed, Hung, Gateway, Revoked, Limited) for _ in MODES]
        nights = [Night(self, MODES[index % len(MODES)]) for index in range(len(scenarios))]

        # Side by side. What starts and stops a program is done by this thread, with which they would end.
        for night, scenario in zip(nights, scenarios):
            scenario.begin(night)
        self.each(nights, scenarios, lambda night, scenario: scenario.expect(night))
        tap.figure("the slowest place took %.1f s" % max(night.longest_s for night in nights))
        for night, scenario in zip(nights, scenarios):
            scenario.end(night)
        self.each(nights, scenarios, lambda night, scenario: night.expect_return(*scenario.RETURN))
        for night in nights:
            if not night.is_new_server or night.mode in ("password", "api_key"):  # a new one does not know the old tokens
                self.assertEqual(night.daemon.get(USER).status, 200)

    def each(self, nights, scenarios, check):
        def run(index):
            try:
                check(nights[index], scenarios[index])
            except AssertionError as error:
                return error
            return None
        for scenario, night, error in zip(scenarios, nights, in_parallel(len(nights), run)):
            with self.subTest(scenario=scenario.__name__, mode=night.mode):
                if error:
                    raise error


if __name__ == "__main__":
    tap.main()
