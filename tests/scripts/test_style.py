# SPDX-License-Identifier: Apache-2.0
"""Style: C is formatted, shell scripts pass shellcheck, Python compiles."""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import tap  # noqa: E402
from build_tree import SOURCE  # noqa: E402

FOLDERS = (".ci", "debian", "docs", "gen", "scripts", "src", "tests")
NO_VERSION = 77  # of scripts/format: another version of clang-format


def scripts(suffixes, interpreter):
    """The scripts with one of SUFFIXES, or with no suffix of their own and this INTERPRETER in the first line."""
    for path in sorted(path for folder in FOLDERS for path in (SOURCE / folder).rglob("*") if path.is_file()):
        if path.suffix in suffixes:
            yield path
        elif path.suffix not in (".c", ".h", ".json"):
            first = path.read_bytes().split(b"\n")[0].decode("utf-8", "replace")
            if re.match(r"#!/.*\b(%s)$" % interpreter, first):  # libtool's wrappers have a space there
                yield path


class TestStyle(unittest.TestCase):
    def run_tool(self, *command):
        done = subprocess.run(command, cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode == NO_VERSION:
            self.skipTest(done.stdout.strip())
        self.assertEqual(done.returncode, 0, done.stdout[:20000])

    def test_c_is_formatted(self):
        self.run_tool("scripts/format", "--check")

    @unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is missing; on Debian: apt-get install shellcheck")
    def test_shell_scripts_pass_shellcheck(self):
        found = list(scripts((".sh", ".bash"), "sh|bash"))
        self.assertIn(SOURCE / "scripts" / "test", found)
        for path in found:
            with self.subTest(path=str(path.relative_to(SOURCE))):
                self.run_tool("shellcheck", *(["--shell=bash"] if path.suffix == ".bash" else []), str(path))

    def test_python_compiles(self):
        found = list(scripts((".py",), "python3"))
        self.assertIn(SOURCE / "scripts" / "bench", found)
        for path in found:
            with self.subTest(path=str(path.relative_to(SOURCE))):
                compile(path.read_text("utf-8"), path, "exec")


if __name__ == "__main__":
    tap.main()
