# SPDX-License-Identifier: Apache-2.0
"""Without the libraries that only the tests need, everything is built and installed, and make check says what is missing."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import tap  # noqa: E402
from build_tree import SOURCE  # noqa: E402

PKG_CONFIG = """#!/bin/sh
case "$*" in *" check "*) exit 1 ;; esac
exec pkg-config "$@"
"""
INSTALLED = ("bin/tbproxyd", "bin/tbproxyctl", "lib/libtbclient-ce.so", "include/tbclient/ce.h")


@unittest.skipIf((SOURCE / "config.status").exists(), "the source tree itself is configured")
class TestConfigure(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.folder = pathlib.Path(directory.name).resolve()
        self.build = self.folder / "build"
        self.build.mkdir()
        (self.folder / "pkg-config").write_text(PKG_CONFIG, "utf-8")
        (self.folder / "pkg-config").chmod(0o755)

    def run_in_build(self, *command):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(command, cwd=self.build, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def configure(self, *arguments):
        done = self.run_in_build(SOURCE / "configure", "-q", "CFLAGS=-O0", "--prefix=%s" % (self.folder / "installed"),
                                 *arguments)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def make_fails_with(self, target, text):
        done = self.run_in_build("make", "-s", target)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stdout)

    def test_without_the_libraries_of_the_tests(self):
        self.configure("PKG_CONFIG=%s" % (self.folder / "pkg-config"), "ac_cv_header_wslay_wslay_h=no")
        done = self.run_in_build("make", "-s", "-j2", "install")
        self.assertEqual(done.returncode, 0, done.stdout)
        for name in INSTALLED:
            self.assertTrue((self.folder / "installed" / name).exists(), name)
        for target in ("check", "quick"):
            self.make_fails_with(target, "apt-get install check libwslay-dev\nThen run configure again.")

    def test_only_what_is_missing_is_named(self):
        self.configure("ac_cv_header_wslay_wslay_h=no")
        self.make_fails_with("libraries-for-tests", "apt-get install libwslay-dev\n")


if __name__ == "__main__":
    tap.main()
