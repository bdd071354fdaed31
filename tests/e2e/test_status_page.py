# SPDX-License-Identifier: Apache-2.0
"""The status page: its files, and a walk through it in a browser, by keyboard, on a phone, light and dark. The
screenshots are kept in tests/e2e/screenshots of the build."""
import gzip
import json
import os
import subprocess

import build_tree
import tap
from harness import PATIENCE, Case, fetch

PYTHON = build_tree.CLIENTS / "browser" / "bin" / "python"
WALK = build_tree.SOURCE / "tests" / "e2e" / "page" / "walk.py"


class PageCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon({"admin.address": "127.0.0.1:0", "spool.mode": "outage"}, "api_key")
        cls.port = int(cls.proxy.log.wait(r"admin requests on http://127.0.0.1:(\d+)").group(1))

    def get(self, path):
        return fetch(("127.0.0.1", self.port), "GET", path, host="localhost")


class TestFiles(PageCase):
    def test_each_has_its_type_and_runs_nothing_else(self):
        for path, kind in (("/", "text/html"), ("/page.css", "text/css"), ("/page.js", "text/javascript"),
                           ("/operations.json", "application/json")):
            with self.subTest(path):
                answer = self.get(path)
                self.assertEqual(answer.status, 200)
                self.assertTrue(answer.header("Content-Type").startswith(kind))
                self.assertIn("default-src 'none'", answer.header("Content-Security-Policy"))
                self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")

    def test_the_page_refers_to_nothing_outside(self):
        for path in ("/", "/page.css", "/page.js"):
            text = self.get(path).body.decode().replace("http://www.w3.org/2000/svg", "")
            self.assertNotRegex(text, "https?://|//[a-z]+\\.")

    def test_operations(self):
        api = json.loads(gzip.decompress(self.get("/operations.json").body))
        operations = {one["id"]: one for one in api["operations"]}
        self.assertGreater(len(operations), 834)
        self.assertEqual(operations["saveDevice"]["path"], "/api/device")
        self.assertEqual(operations["saveRole"]["in"], ["PE", "Cloud"])
        self.assertTrue(all(one["text"] and all(parameter["text"] for parameter in one["parameters"])
                            for one in operations.values()))
        self.assertIn("deviceProfileId", api["schemas"]["Device"])


class TestInABrowser(PageCase):
    def walk(self, name):
        folder = build_tree.folder() / "tests" / "e2e" / "screenshots"
        folder.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        done = subprocess.run([PYTHON, WALK, "http://127.0.0.1:%d/" % self.port, folder, name],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15 * PATIENCE, check=False,
                              env=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        for step, error in json.loads(done.stdout).items():
            with self.subTest(step):
                self.assertIsNone(error, error)

    def test_a_walk_and_then_an_outage(self):
        self.sim.call("POST", "/api/device", [("X-Authorization", "ApiKey " + self.sim.api_key)],
                      {"name": "a boiler", "type": "default"})
        self.walk("page")
        self.sim.stop()
        self.walk("outage")


del PageCase  # holds no tests of its own

if __name__ == "__main__":
    tap.main()
