# SPDX-License-Identifier: Apache-2.0
"""The scripts of docs/examples: each prints what its last comment says, and leaves nothing behind on the server."""
import json
import os
import re
import subprocess
import unittest

import build_tree
import tap
from example_case import ExampleCase, clean_environment
from harness import PATIENCE

SOURCE = build_tree.SOURCE / "docs" / "examples"
LISTS = ("/api/tenant/devices", "/api/tenant/assets", "/api/customers", "/api/tenant/dashboards", "/api/alarms")
LISTS_PE = ("/api/roles",)


def scripts(kind):
    return sorted((SOURCE / kind).glob("*.sh"))


def edition(script):
    return "pe" if "# Professional Edition: " in script.read_text(encoding="utf-8") else "ce"


def expected(script):
    """The pattern of what the script prints: "*" is any text of a line, "..." any number of lines."""
    text = script.read_text(encoding="utf-8")
    lines = re.findall(r"^#   (.*)\n", text[text.index("\n# It prints:\n"):], re.MULTILINE)
    patterns = ["(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\*", ".*") + "\n" for line in lines]
    return re.compile("".join(patterns))


class ShellCase(ExampleCase):
    kind = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator(edition=cls.edition)
        cls.share_proxy()
        cls.secret_files = {"TB_API_KEY_FILE": cls.secret_file(cls.sim.api_key), "TB_TOKEN_FILE":
                            cls.secret_file(cls.sim.login()["token"]), "TB_PASSWORD_FILE": cls.secret_file(cls.sim.password)}

    def environment(self):
        keep = clean_environment()
        programs = os.path.dirname(build_tree.program("src/ctl/tbproxyctl"))
        return {**keep, "TBPROXY_URL": "http://127.0.0.1:%d" % self.proxy.port, "PATH": programs + ":" + keep["PATH"],
                "TB_URL": self.sim.url, **self.secret_files}

    def entities(self):
        """What is on the server."""
        names = set()
        for path in LISTS + (LISTS_PE if self.edition == "pe" else ()):
            answer = self.sim.call("GET", path + "?pageSize=1000&page=0",
                                   [("X-Authorization", "ApiKey " + self.sim.api_key)])
            self.assertEqual(answer.status, 200, answer)
            names.update(entity["id"]["id"] for entity in json.loads(answer.body)["data"])
        return names

    def test_all(self):
        ours = [script for script in scripts(self.kind) if edition(script) == self.edition]
        self.assertGreater(len(ours), 5)
        before = self.entities()
        for script in ours:
            with self.subTest(script.name):
                done = subprocess.run([str(script)], env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, timeout=PATIENCE, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                self.assertIsNotNone(expected(script).fullmatch(done.stdout), done.stdout)
                self.assertEqual(self.entities(), before)


class TestCurl(ShellCase):
    kind, edition = "curl", "ce"


class TestCurlProfessionalEdition(ShellCase):
    kind, edition = "curl", "pe"


class TestTbproxyctl(ShellCase):
    kind, edition = "tbproxyctl", "ce"


class TestTbproxyctlProfessionalEdition(ShellCase):
    kind, edition = "tbproxyctl", "pe"


class TestTheListOfExamples(unittest.TestCase):
    def test_names_every_script_once(self):
        text = (SOURCE / "README.md").read_text(encoding="utf-8")
        for script in scripts("curl") + scripts("tbproxyctl"):
            name = "%s/%s" % (script.parent.name, script.name)
            self.assertEqual(text.count("(%s)" % name), 1, name)


del ExampleCase, ShellCase  # hold no tests of their own

if __name__ == "__main__":
    tap.main()
