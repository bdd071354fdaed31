# SPDX-License-Identifier: Apache-2.0
"""Secrets stay inside: no core file, no password in memory. harness.py searches every output of every test for them."""
import base64
import os
import re
import resource
import signal
import subprocess
import sys

import client
import tap
from daemon import end_with_parent
from harness import Case, answer
from waiting import SLOW, WRAPPER


def allow_core_files():
    end_with_parent()
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


class TestSecrets(Case):
    def test_there_is_no_core_file(self):
        if WRAPPER:
            self.skipTest("a wrapper makes the core file")
        control = subprocess.Popen([sys.executable, "-c", "import os; os.abort()"], preexec_fn=allow_core_files, cwd="/tmp")
        possible = ends_with_core_file(control)
        control.wait()
        if not possible:
            self.skipTest("no program of this host has core files")
        proxy = self.prepare_daemon(self.start_simulator())
        proxy.in_child = allow_core_files
        proxy.start()
        proxy.signal(signal.SIGABRT)
        self.assertFalse(ends_with_core_file(proxy.process))
        self.assertEqual(proxy.ended(), -signal.SIGABRT)
        self.assertEqual([name for name in os.listdir(proxy.directory) if name.startswith("core")], [])
        proxy.kill()

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
        self.assertEqual(memory.count(sim.password.encode()), 0)


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
