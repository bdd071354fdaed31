# SPDX-License-Identifier: Apache-2.0
"""Test cases that run tbproxyctl."""
import os
import subprocess
import tempfile

import build_tree
from harness import PATIENCE, Case
from waiting import WRAPPER


class CtlCase(Case):
    edition = "ce"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = tempfile.TemporaryDirectory(prefix="tb-ctl-")
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name

    @classmethod
    def share_server(cls, **options):
        cls.share_simulator(edition=cls.edition, **options)
        cls.key_file = cls.write("key", cls.sim.api_key + "\n")
        cls.password_file = cls.write("password", cls.sim.password + "\n")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.directory, name)

    @classmethod
    def write(cls, name, data):
        data = data if isinstance(data, bytes) else data.encode()
        with open(os.open(cls.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        return cls.path(name)

    def command(self, *arguments):
        return WRAPPER + [build_tree.program("src/ctl/tbproxyctl"), *arguments]

    def environment(self):
        return {name: value for name, value in os.environ.items()
                if not name.lower().endswith("_proxy") and name not in ("TBPROXY_ADMIN", "TBPROXY_URL")}

    def run_ctl(self, *arguments, stdin=b"", **environment):
        """The finished process; its output must not contain a secret."""
        done = subprocess.run(self.command(*arguments), input=stdin, capture_output=True, timeout=PATIENCE, check=False,
                              cwd=self.directory, env={**self.environment(), **environment})
        for simulator in self.simulators:
            for secret in simulator.secrets:
                self.assertNotIn(secret.encode(), done.stdout + done.stderr)
        return done

    def good(self, *arguments, **more):
        done = self.run_ctl(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        return done.stdout.decode()

    def refused(self, *arguments, status=2, **more):
        """The message; standard output must be empty."""
        done = self.run_ctl(*arguments, **more)
        self.assertEqual((done.returncode, done.stdout), (status, b""), done)
        lines = done.stderr.decode().splitlines()
        self.assertTrue(lines[0].startswith("tbproxyctl: "), lines)
        self.assertEqual([line.startswith("Try tbproxyctl ") for line in lines[1:]], [True] if status == 2 else [])
        return lines[0]

    def tabs(self, *arguments):
        return [line.split("\t") for line in self.good(*arguments).splitlines()]
