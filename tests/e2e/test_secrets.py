# SPDX-License-Identifier: Apache-2.0
"""Secrets stay inside: no core file, no password in memory, no other program that reads the memory. harness.py searches every
output of every test for them."""
import base64
import contextlib
import ctypes
import os
import re
import resource
import shutil
import signal
import subprocess
import sys

import build_tree
import client
import tap
from daemon import end_with_parent
from harness import PATIENCE, Case, answer, fragments
from users import ALICE, BOB, needs_users
from waiting import SLOW


def allow_core_files():
    """Also from a shell that has started the tests in the background, where SIGQUIT is ignored."""
    end_with_parent()
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def ends_with_core_file(process):
    """Waits for its end by a signal."""
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    return ended.si_code == os.CLD_DUMPED


def memory_of(pid):
    """All its private memory that it can write."""
    found = []
    with open("/proc/%d/maps" % pid, encoding="ascii") as maps, open("/proc/%d/mem" % pid, "rb") as memory:
        for line in maps:
            begin, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if rights.startswith("rw") and "[v" not in line:
                memory.seek(int(begin, 16))
                found.append(memory.read(int(end, 16) - int(begin, 16)))
    return b"".join(found)


def become(uid):
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    end_with_parent()  # forgotten when the user changes


PTRACE_ATTACH = 16


class Part(ctypes.Structure):
    """struct iovec"""
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def ways_into(pid):
    """The ways in which the calling process can read the memory of PID. A debugger uses them to write a core file."""
    found = []
    for name in ("mem", "maps", "environ"):
        try:
            with open("/proc/%d/%s" % (pid, name), "rb"):
                found.append(name)
        except PermissionError:
            pass
    libc, space = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(1)
    here = Part(ctypes.addressof(space), 1)
    libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(Part(1, 1)), 1, 0)
    if ctypes.get_errno() != 1:  # EPERM; if it may, EFAULT, because nothing is at address 1
        found.append("process_vm_readv")
    if libc.ptrace(PTRACE_ATTACH, pid, None, None) == 0:
        found.append("ptrace")
    return found


def ways_of(uid, pid):
    """ways_into() for a process of the user UID."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            become(uid)
            os.write(writes, " ".join(ways_into(pid)).encode())
        finally:
            os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as file:
        ways = file.read().split()
    os.waitpid(child, 0)
    return ways


class TestCoreFiles(Case):
    """Whoever allows them: the shell, a unit with LimitCORE=infinity, or root while the daemon runs."""

    def setUp(self):
        if SLOW:
            self.skipTest("valgrind makes the core file itself; the sanitizers handle the signals")
        control = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"], preexec_fn=allow_core_files, cwd="/tmp")
        possible = ends_with_core_file(control)
        control.wait()
        if not possible:
            self.skipTest("no program of this host has core files")
        self.sim = self.start_simulator()

    def assert_no_core_file(self, process, directory, number):
        self.assertEqual(resource.prlimit(process.pid, resource.RLIMIT_CORE), (0, 0))
        with contextlib.suppress(PermissionError):  # of root without CAP_SYS_RESOURCE, and of others
            resource.prlimit(process.pid, resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
        process.send_signal(number)
        self.assertFalse(ends_with_core_file(process))
        self.assertEqual([name for name in os.listdir(directory) if name.startswith("core")], [])

    def test_the_daemon_has_none(self):
        for number, arguments in ((signal.SIGSEGV, ()), (signal.SIGABRT, ("--set", "log.level=info")), (signal.SIGQUIT, ())):
            with self.subTest(signal=number):
                proxy = self.prepare_daemon(self.sim)
                proxy.in_child = allow_core_files
                proxy.start(*arguments)
                self.assertEqual(proxy.get("/api/auth/user").status, 200)
                self.assert_no_core_file(proxy.process, proxy.directory, number)
                self.assertEqual(proxy.ended(), -number)
                proxy.kill()

    def test_tbproxyctl_has_none(self):
        """With a password of its own."""
        proxy = self.prepare_daemon(self.sim)
        self.sim.fault("hold", "/api/auth/user")
        process = subprocess.Popen([build_tree.program("src/ctl/tbproxyctl"), "call", "--url", self.sim.url, "--username",
                                    proxy.options["upstream.username"], "--password-file",
                                    proxy.options["upstream.password_file"], "getUser"],
                                   preexec_fn=allow_core_files, cwd=proxy.directory)
        self.sim.wait_for_held(1)
        self.assert_no_core_file(process, proxy.directory, signal.SIGSEGV)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGSEGV)
        self.sim.release()
        proxy.kill()

    @needs_users
    def test_no_program_of_the_same_user_reads_the_memory(self):
        proxy = self.prepare_daemon(self.sim)
        program = shutil.copy(build_tree.program(build_tree.DAEMON), proxy.directory)
        for path in (proxy.directory, *(os.path.join(proxy.directory, name) for name in os.listdir(proxy.directory))):
            os.chown(path, ALICE, ALICE)
        proxy.command = lambda *arguments: [program, "--config", proxy.config_path, *arguments]
        proxy.in_child = lambda: become(ALICE)
        proxy.start(wait="")
        other = subprocess.Popen(["sleep", "1000"], preexec_fn=lambda: become(ALICE))
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.assertEqual(proxy.get("/api/auth/user").status, 200)
        self.assertIn("mem", ways_of(ALICE, other.pid))
        self.assertIn("process_vm_readv", ways_of(ALICE, other.pid))
        for uid in (ALICE, BOB):
            self.assertEqual(ways_of(uid, proxy.process.pid), [])


class TestSecrets(Case):
    def test_the_password_is_not_kept_in_memory(self):
        """It is read for each login, and overwritten after it. What is in use, the token, is found in this way."""
        if SLOW:
            self.skipTest("valgrind and the sanitizers keep what was freed")
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        self.assertEqual(proxy.get("/api/auth/user").status, 200)
        sim.set(outdateTokens=True)
        self.assertEqual(proxy.get("/api/auth/user").status, 200)
        token = sim.requests("/api/auth/user")[-1]["headers"]
        token = dict(token)["X-Authorization"].split(" ")[1]
        try:
            memory = memory_of(proxy.process.pid)
        except PermissionError:
            self.skipTest("only root may look at memory")
        self.assertGreater(memory.count(token.encode()), 0)
        for fragment in fragments(sim.password):
            self.assertEqual(memory.count(fragment.encode()), 0)


class TestSearch(Case):
    """The search for secrets at the end of each class of tests finds them."""

    KEY = "tb_" + "Zm9vYmFy" * 4

    def searched(self, plant):
        """Runs plant(daemon), then the search, as a class of its own."""
        class Leak(Case):
            pass
        Leak.setUpClass()

        def handle(peer, request):
            peer.send(answer(200, request.header("X-Authorization").encode()))
            return True
        proxy = Leak.make_daemon(self.addCleanup, self.start_scripted(handle), {"upstream.api_key_file": self.KEY}, "none")
        plant(proxy.start())
        return Leak.search_for_secrets

    def test_it_finds_nothing_where_nothing_is(self):
        self.searched(lambda proxy: proxy.stop())()

    def test_it_finds_a_secret_in_every_output(self):
        """In an answer: a server that sends the key in a body gives it away; tbproxyd does not look into bodies."""
        def show(proxy, text):
            proxy.process_shows += text.encode()
        encoded = base64.b64encode(b"user:" + self.KEY.encode()).decode()
        for plant, where in ((lambda proxy: proxy.get("/api/x"), "an answer"),
                             (lambda proxy: proxy.log.add("key " + self.KEY), "the log"),
                             (lambda proxy: proxy.output.add("key " + self.KEY), "the log"),
                             (lambda proxy: proxy.notices.add("STATUS=" + self.KEY), "a notice"),
                             (lambda proxy: show(proxy, self.KEY), "a command line"),
                             (lambda proxy: show(proxy, encoded), "a command line")):
            self.assertRaisesRegex(AssertionError, "is in " + where, self.searched(plant))

    def test_a_daemon_that_is_stopped_has_shown_its_pages_and_its_process(self):
        def plant(proxy):
            proxy.stop()
            self.assertIn(b"tbproxyd", proxy.process_shows)
            received = b"".join(client.received)
            self.assertIn(b'"servers"', received)
            self.assertIn(b"tbproxyd_requests_total", received)
        self.searched(plant)


if __name__ == "__main__":
    tap.main()
