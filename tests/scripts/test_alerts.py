#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The alerts and the dashboard: promtool accepts them, and each alert fires when it should, and only then. Whether the metrics
that they name exist is checked by tests/e2e/test_metrics.py."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e")]
import monitoring  # noqa: E402
import tap  # noqa: E402
from build_tree import SOURCE  # noqa: E402

ALERTS = SOURCE / "etc" / "alerts.yml"
CASES = SOURCE / "tests" / "scripts" / "alerts_test.yml"


@unittest.skipUnless(shutil.which("promtool"), "promtool is missing; on Debian: apt-get install prometheus")
class TestAlerts(unittest.TestCase):
    def promtool(self, *arguments):
        done = subprocess.run(["promtool", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_promtool_accepts_the_alerts(self):
        self.promtool("check", "rules", ALERTS)

    def test_they_fire_when_they_should(self):
        self.promtool("test", "rules", CASES)

    def test_each_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self):
        cases = CASES.read_text("utf-8")
        fires = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n +- ", cases))
        does_not = set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", cases))
        names = set(re.findall(r"- alert: (\w+)", ALERTS.read_text("utf-8")))
        self.assertGreater(len(names), 10)
        self.assertEqual((names, names), (fires, does_not))

    def test_promtool_accepts_the_questions_of_the_dashboard(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write("groups:\n- name: dashboard\n  rules:\n" +
                       "".join("  - record: question_%d\n    expr: '%s'\n" % (number, text)
                               for number, text in enumerate(monitoring.questions())))
            file.flush()
            self.promtool("check", "rules", file.name)


if __name__ == "__main__":
    tap.main()
