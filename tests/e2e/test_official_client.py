# SPDX-License-Identifier: Apache-2.0
"""The official Python client, unmodified, in its four modes: the examples of its manual work through tbproxyd, which is
logged in with its own password."""
import json
import os
import subprocess
import unittest

import tap
from build_tree import CLIENTS, NO_CLIENTS
from harness import PATIENCE, Case

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "official", "run.py")
MODES = ("no authentication", "API key", "password", "token")
SNIPPETS = ("who am i", "quickstart", "devices", "telemetry", "attributes", "paging", "queries", "errors")
OLD, NEW = "4.3.1.2", "4.4.0"


def run_snippets(version, url, *names):
    """{"mode: snippet": error or None}"""
    python = os.path.join(CLIENTS, version, "bin", "python")
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run([python, RUN, url, *names], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=15 * PATIENCE, check=False, env=environment)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


class ClientCase(Case):
    version = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if NO_CLIENTS:
            raise unittest.SkipTest(NO_CLIENTS)
        cls.share_simulator()
        cls.share_daemon()
        cls.errors = run_snippets(cls.version, "http://127.0.0.1:%d" % cls.proxy.port)
        cls.stats = cls.sim.stats()

    def test_the_server_sees_one_login_and_refuses_no_credential(self):
        self.assertEqual(self.stats["logins"], 1)
        self.assertNotIn("401", self.stats["statuses"])
        self.assertNotIn("302", self.stats["statuses"])

    def test_the_programs_own_credential_does_not_reach_the_server(self):
        for entry in self.sim.requests():
            credentials = [value for name, value in entry["headers"] if "authorization" in name.lower()]
            if not entry["target"].startswith("/api/auth/"):
                self.assertEqual(len(credentials), 1)
                self.assertNotIn("of-the-program", credentials[0])


def add_tests(cls):
    for mode in MODES:
        for snippet in SNIPPETS:
            def test(self, name=mode + ": " + snippet):
                if self.errors[name]:
                    self.fail(self.errors[name])
            setattr(cls, "test_%s_with_%s" % (snippet.replace(" ", "_"), mode.replace(" ", "_")), test)


class TestClient4312(ClientCase):
    version = OLD


class TestClient440(ClientCase):
    version = NEW


class TestWithoutTbproxyd(Case):
    @unittest.skipIf(NO_CLIENTS, NO_CLIENTS)
    def test_the_old_client_with_a_password_fails_against_the_server_itself(self):
        """So its success through tbproxyd means something."""
        sim = self.start_simulator(own_password=True)
        name = "password: who am i"
        self.assertIn("401", run_snippets(OLD, sim.url, name)[name])
        self.assertIsNone(run_snippets(NEW, sim.url, name)[name])


for client_class in (TestClient4312, TestClient440):
    add_tests(client_class)
del ClientCase, client_class  # have no tests of their own

if __name__ == "__main__":
    tap.main()
