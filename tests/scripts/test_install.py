# SPDX-License-Identifier: Apache-2.0
"""make install does not overwrite what the administrator may have changed, and make uninstall removes only what was
installed."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import build_tree  # noqa: E402
import tap  # noqa: E402

BUILD = build_tree.folder()
SHIPPED = (build_tree.SOURCE / "etc" / "tbproxyd.conf").read_bytes()


class TestInstall(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name).resolve()
        # The configured folders, below a folder of the test.
        names = dict(re.findall(r"(?m)^(sysconfdir|includedir|prefix) = (.*)$", (BUILD / "Makefile").read_text("utf-8")))
        expand = lambda text: text.replace("${prefix}", names["prefix"])  # noqa: E731
        self.config = self.below(expand(names["sysconfdir"])) / "tbproxyd" / "tbproxyd.conf"
        self.headers = self.below(expand(names["includedir"])) / "tbclient"

    def below(self, path):
        return self.root / path.lstrip("/")

    def make(self, target):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        subprocess.run(["make", "-s", target, "DESTDIR=%s" % self.root], cwd=BUILD, env=environment, check=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_a_configuration_is_installed_if_there_is_none(self):
        self.make("install")
        self.assertEqual(self.config.read_bytes(), SHIPPED)
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o644)

    def test_an_edited_configuration_survives_install_and_uninstall(self):
        self.make("install")
        edited = SHIPPED + b"# edited\n"
        self.config.write_bytes(edited)
        self.config.chmod(0o600)
        self.make("install")
        self.assertEqual(self.config.read_bytes(), edited)
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o600)
        self.make("uninstall")
        self.assertEqual(self.config.read_bytes(), edited)

    def test_a_symbolic_link_stays_one(self):
        self.config.parent.mkdir(parents=True)
        self.config.symlink_to("/nonexistent/elsewhere.conf")
        self.make("install")
        self.assertEqual(os.readlink(self.config), "/nonexistent/elsewhere.conf")

    def test_uninstall_removes_what_was_installed_and_nothing_else(self):
        self.make("install")
        self.assertTrue((self.headers / "ce.h").is_file())
        others = [self.config.parent / "api-key", self.headers / "mine.h", self.headers / "ce" / "mine.h"]
        for path in others:
            path.write_text("precious", "utf-8")
        self.make("uninstall")
        self.assertEqual(sorted(path for path in self.root.rglob("*") if not path.is_dir()), sorted(others))


if __name__ == "__main__":
    tap.main()
