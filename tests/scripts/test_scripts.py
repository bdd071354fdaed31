# SPDX-License-Identifier: Apache-2.0
"""The scripts remove only what they made, interpret paths relative to the current folder, and write escape sequences only
to terminals. Each runs in a source tree of its own, in which slow commands are replaced."""
import os
import pathlib
import pty
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS)]
import build_tree  # noqa: E402
import tap  # noqa: E402
from bench import outage  # noqa: E402
from build_tree import SOURCE  # noqa: E402
from simulator import Simulator  # noqa: E402
from waiting import PATIENCE  # noqa: E402


def files_below(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


class ScriptCase(unittest.TestCase):
    SCRIPT = ""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        base = pathlib.Path(directory.name).resolve()
        self.tree, self.elsewhere, self.stubs = base / "tree", base / "else where", base / "stubs"
        for path in (self.tree / "scripts", self.elsewhere, self.stubs):
            path.mkdir(parents=True)
        shutil.copy(SOURCE / "scripts" / self.SCRIPT, self.tree / "scripts")
        self.stub(self.tree / "scripts" / "install-deps", 'echo "$@" >"$0.arguments"')

    @staticmethod
    def stub(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n%s\n" % text, "utf-8")
        path.chmod(0o755)

    def run_script(self, *arguments, terminal=False, **environment):
        """Runs the script in another folder. Returns its exit status and its output."""
        path = "%s:%s" % (self.stubs, os.environ["PATH"])
        environment = {"PATH": path, "HOME": str(self.elsewhere), "TERM": "xterm", **environment}
        command = [self.tree / "scripts" / self.SCRIPT, *arguments]
        if not terminal:
            done = subprocess.run(command, cwd=self.elsewhere, env=environment, stdin=subprocess.DEVNULL, check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=3 * PATIENCE)
            return done.returncode, done.stdout.decode()
        leader, follower = pty.openpty()
        with subprocess.Popen(command, cwd=self.elsewhere, env=environment, stdin=subprocess.DEVNULL, stdout=follower,
                              stderr=subprocess.STDOUT) as process:
            os.close(follower)
            output = b""
            try:
                while part := os.read(leader, 65536):
                    output += part
            except OSError:  # EIO: all have closed the other end
                pass
            os.close(leader)
            return process.wait(PATIENCE), output.decode()


class TestPackage(ScriptCase):
    SCRIPT = "package"

    def setUp(self):
        super().setUp()
        self.stub(self.stubs / "git", 'cd "$(dirname "$0")/../tree" && tar -cf - scripts')
        self.stub(self.stubs / "dpkg-buildpackage",
                  "[ -x scripts/package ] && touch ../tbproxyd_1_all.deb ../tbproxyd_1_amd64.changes")

    def test_packages_are_put_into_the_folder_and_its_files_are_kept(self):
        directory = self.elsewhere / "my packages"
        (directory / "tbproxyd").mkdir(parents=True)
        precious = [directory / "precious", directory / "tbproxyd" / "precious"]
        for path in precious:
            path.write_text("precious", "utf-8")
        status, output = self.run_script("my packages")
        self.assertEqual(status, 0, output)
        self.assertEqual(files_below(directory), ["precious", "tbproxyd/precious", "tbproxyd_1_all.deb",
                                                    "tbproxyd_1_amd64.changes"])
        self.assertEqual(files_below(self.elsewhere), ["my packages/" + name for name in files_below(directory)])

    def test_the_folder_is_made_and_dependencies_are_installed(self):
        status, output = self.run_script("a/b")
        self.assertEqual(status, 0, output)
        self.assertEqual(files_below(self.elsewhere), ["a/b/tbproxyd_1_all.deb", "a/b/tbproxyd_1_amd64.changes"])
        arguments = (self.tree / "scripts" / "install-deps.arguments").read_text("utf-8").split()
        self.assertIn("package", arguments)
        self.assertIn("build", arguments)

    def test_a_failed_build_leaves_no_files(self):
        self.stub(self.stubs / "dpkg-buildpackage", "touch ../half.deb; exit 1")
        (self.elsewhere / "precious").write_text("precious", "utf-8")
        self.assertNotEqual(self.run_script(".")[0], 0)
        self.assertEqual(files_below(self.elsewhere), ["precious"])

    def test_without_a_folder_nothing_is_done(self):
        for arguments in ((), ("",), ("--help",)):
            status, output = self.run_script(*arguments)
            self.assertEqual(status == 0, arguments == ("--help",))
            self.assertIn("Usage: scripts/package DIRECTORY", output)
        self.assertEqual(files_below(self.elsewhere), [])


class TestSysroot(ScriptCase):
    SCRIPT = "sysroot"

    def test_only_an_architecture_is_accepted(self):
        self.stub(self.stubs / "apt-get", "exit 1")
        precious = self.elsewhere / "sysroot" / "precious"
        precious.parent.mkdir()
        precious.write_text("precious", "utf-8")
        for name in ("../../../../else where", str(self.elsewhere), "", "."):
            status, output = self.run_script(name, "libc6-dev")
            self.assertNotEqual(status, 0)
            self.assertIn("Usage", output)
            self.assertEqual(files_below(self.elsewhere), ["sysroot/precious"])


class TestDemo(ScriptCase):
    SCRIPT = "demo"
    ESCAPE = "\x1b"

    def setUp(self):
        super().setUp()
        self.stub(self.tree / "configure", "exit 1")
        for path in (build_tree.DAEMON, "tests/sim/tbsim"):
            self.stub(self.tree / "build" / "demo" / path, 'exec "%s" "$@"' % build_tree.program(path))
        (self.tree / "build" / "demo" / "Makefile").write_text("all:\n", "utf-8")

    def test_escape_sequences_are_written_only_to_a_terminal(self):
        for terminal, environment in ((False, {}), (True, {}), (True, {"NO_COLOR": "1"}), (True, {"TERM": "dumb"})):
            with self.subTest(terminal=terminal, **environment):
                status, output = self.run_script(terminal=terminal, **environment)
                self.assertEqual(status, 0, output)
                self.assertIn("Who am I?", output)
                self.assertEqual(self.ESCAPE in output, terminal and not environment)

    def test_a_file_name_is_relative_to_the_current_folder(self):
        server = Simulator()
        self.addCleanup(server.stop)
        path = self.elsewhere / "the key"
        path.write_text(server.api_key + "\n", "utf-8")
        path.chmod(0o600)
        status, output = self.run_script("--url", server.url, "--api-key-file", "the key")
        self.assertEqual(status, 0, output)
        self.assertIn("Done", output)


class TestBench(ScriptCase):
    SCRIPT = "bench"

    def setUp(self):
        super().setUp()
        shutil.copytree(SOURCE / "tests" / "bench", self.tree / "tests" / "bench")
        (self.stubs / "python3").symlink_to(sys.executable)

    def test_every_case_is_listed(self):
        status, output = self.run_script("--help")
        self.assertEqual(status, 0, output)
        for path in (self.tree / "tests" / "bench").glob("*.py"):
            if "\ndef run(quick):" in path.read_text("utf-8"):
                self.assertIn("\n\n%s: " % path.stem.replace("_", "-"), output)

    def test_a_case_says_which_tool_is_missing(self):
        status, output = self.run_script("oneshot", PATH=str(self.stubs))
        self.assertEqual(status, 1, output)
        self.assertIn("oneshot does not run: curl is missing: apt-get install curl", output)
        self.assertEqual(files_below(self.tree / "build"), [])

    def test_only_known_cases_are_accepted(self):
        status, output = self.run_script("forwards")
        self.assertEqual(status, 2, output)
        self.assertIn("unknown case 'forwards'", output)


class TestTest(ScriptCase):
    """Of scripts/test: what --long changes."""
    SCRIPT = "test"

    def setUp(self):
        super().setUp()
        for path in ("configure", "build/clients/4.3.1.2/bin/python", "build/clients/4.4.0/bin/python",
                     "build/clients/browser/bin/python"):
            self.stub(self.tree / path, "exit 0")
        (self.tree / "configure.ac").touch()
        os.utime(self.tree / "configure.ac", (0, 0))
        self.stub(self.tree / "build/fuzz/tests/fuzz/fuzz_x", 'echo "$@" >"$HOME/fuzzed"')
        self.stub_make("# PASS:  2")

    def stub_make(self, summary):
        self.stub(self.stubs / "make", 'echo "$@" >>"$HOME/made"\n'
                  'case $* in *print-fuzzers*) echo tests/fuzz/fuzz_x ;; *) echo "%s" ;; esac' % summary)

    def made(self):
        return (self.elsewhere / "made").read_text("utf-8").splitlines()[-1]

    def test_the_faults_are_longer(self):
        self.assertEqual(self.run_script("faults")[0], 0)
        self.assertIn("fault_tests", self.made())
        self.assertNotIn("TB_LONG", self.made())
        status, output = self.run_script("--long", "faults")
        self.assertEqual((status, output.splitlines()[-1]), (0, "4 passed, 0 failed"), output)
        self.assertRegex(self.made(), "fault_tests.* TB_LONG=1")

    def test_a_failure_is_counted(self):
        self.stub_make("# FAIL:  1")
        status, output = self.run_script("faults")
        self.assertEqual((status, output.splitlines()[-1]), (1, "2 passed, 1 failed"), output)

    def test_the_fuzzers_run_longer_unless_their_time_is_given(self):
        for seconds, arguments, environment in ((5, (), {}), (3600, ("--long",), {}), (7, ("--long",), {"FUZZ_SECONDS": "7"})):
            status, output = self.run_script(*arguments, "fuzz", **environment)
            self.assertEqual(status, 0, output)
            self.assertIn("-max_total_time=%d " % seconds, (self.elsewhere / "fuzzed").read_text("utf-8"))


class TestOutageFigures(unittest.TestCase):
    RETURNED = 10.0
    STATS = {"values": 7, "points": 16, "logins": 1}
    POINTS = 10  # before the load

    def figures(self, *requests):
        return outage.figures(self.STATS, self.POINTS, [outage.Request(*request) for request in requests], self.RETURNED)

    def test_latency_counts_from_the_return_or_from_the_later_request(self):
        early, refused = (False, 1.0, 9.0, True), (True, 9.5, 30.0, False)
        self.assertAlmostEqual(self.figures(early, (False, 3.0, 10.5, True), refused)["p99_after_return_ms"], 500)
        self.assertAlmostEqual(self.figures(early, (False, 12.0, 12.1, True), refused)["p99_after_return_ms"], 100)

    def test_what_has_no_good_answer_has_failed(self):
        counted = self.figures((False, 1.0, 1.1, True), (False, 2.0, 2.1, False), (True, 3.0, None, False),
                               (True, 10.0, 10.1, False))
        self.assertEqual({name: counted[name] for name in counted if name != "p99_after_return_ms"}, {
            "requests": 4, "failed_reads": 1, "failed_writes": 2, "failed_after_return": 1, "written_twice": 1, "logins": 1})


del ScriptCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
