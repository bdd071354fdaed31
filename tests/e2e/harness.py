# SPDX-License-Identifier: Apache-2.0
"""Shared by all test cases: programs that are ended with the test, and the search for secrets in all output."""
import base64
import threading
import unittest

import client
from client import Closed, Connection, build, fetch
from daemon import Daemon
from front import Front
from scripted import ScriptedServer, answer
from simulator import TENANT, Simulator
from waiting import PATIENCE, SLOW, wait_until
from wiretap import recorded_url

__all__ = ["Case", "Closed", "Connection", "Daemon", "PATIENCE", "SLOW", "ScriptedServer", "SharedCase", "Simulator",
           "TENANT", "answer", "build", "fetch", "in_parallel", "wait_until"]


def credential_options(server, kind):
    if kind == "password":
        return {"upstream.username": TENANT, "upstream.password_file": server.password}
    if kind == "api_key":
        return {"upstream.api_key_file": getattr(server, "api_key", "tb_key-for-a-scripted-server")}
    if kind == "token":
        pair = server.login()
        return {"upstream.token_file": pair["token"], "upstream.refresh_token_file": pair["refreshToken"]}
    return {}


def in_parallel(count, work):
    """Calls work(0) ... work(count - 1), each in a thread of its own. Returns the results, or raises the first error."""
    results, errors = [None] * count, []

    def run(index):
        try:
            results[index] = work(index)
        except BaseException as error:  # raised again by the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def in_base64(data):
    """What is the same in every base64 text that contains DATA: it begins at one of three places."""
    for skip in range(3):
        whole = data[skip:]
        yield base64.b64encode(whole[:len(whole) // 3 * 3]).decode()


def fragments(secret):
    """The texts that must not appear: the secret, also in base64, the parts of a token, the lines of a key."""
    parts = secret.split(".")
    found = [secret, *in_base64(secret.encode()), *(line for line in secret.split("\n") if len(line) > 40)]
    return found + parts[1:] if len(parts) == 3 else found


class Case(unittest.TestCase):
    """start_*: for one test case. share_*: called in setUpClass, for all test cases of a class."""

    @classmethod
    def setUpClass(cls):
        cls.daemons, cls.simulators, cls.secrets = [], [], set()
        client.received.clear()
        cls.addClassCleanup(cls.search_for_secrets)

    @classmethod
    def make_simulator(cls, cleanup, options):
        simulator = Simulator(**options)
        cleanup(simulator.stop)
        cls.simulators.append(simulator)
        return simulator

    @classmethod
    def make_daemon(cls, cleanup, server, options, credential):
        url = server if isinstance(server, str) else server.url
        behind = getattr(server, "behind", server)
        kind = credential or ("api_key" if isinstance(behind, ScriptedServer) else "password")
        daemon = Daemon({"upstream.url": recorded_url(url, cleanup), **credential_options(behind, kind),
                         **getattr(server, "daemon_options", {}), **(options or {})})
        cleanup(daemon.stop)
        cls.daemons.append(daemon)
        return daemon

    @classmethod
    def make_front(cls, cleanup, server, name, **options):
        front = Front(server, name, **options)
        cleanup(front.stop)
        return front

    @classmethod
    def share_simulator(cls, **options):
        cls.sim = cls.make_simulator(cls.addClassCleanup, options)

    @classmethod
    def share_daemon(cls, options=None, credential=None):
        cls.proxy = cls.make_daemon(cls.addClassCleanup, cls.sim, options, credential).start()

    def start_simulator(self, **options):
        return self.make_simulator(self.addCleanup, options)

    def prepare_daemon(self, server, options=None, credential=None):
        """Not started yet."""
        return self.make_daemon(self.addCleanup, server, options, credential)

    def start_daemon(self, server, options=None, credential=None):
        return self.prepare_daemon(server, options, credential).start()

    def start_front(self, server, name):
        """A proxy in front of SERVER, whose URL the daemon gets instead. NAME: one of front.UPSTREAMS."""
        return self.make_front(self.addCleanup, server, name)

    def start_scripted(self, handle, **options):
        server = ScriptedServer(handle, **options)
        self.addCleanup(server.stop)
        return server

    @classmethod
    def search_for_secrets(cls):
        """No credential may be in a response, in the log, in a notice to the service manager, or in what a process shows."""
        found = client.received
        texts = {"an answer": b"".join(found)}
        secrets = set(cls.secrets).union(*(simulator.secrets for simulator in cls.simulators))
        for daemon in cls.daemons:
            texts["the log"] = texts.get("the log", b"") + daemon.log.text().encode() + daemon.output.text().encode()
            texts["a notice"] = texts.get("a notice", b"") + daemon.notices.text().encode()
            texts["a command line or environment"] = texts.get("a command line or environment", b"") + daemon.process_shows
            secrets |= daemon.file_contents
        for secret in secrets:
            for fragment in fragments(secret):
                for where, text in texts.items():
                    if len(fragment) > 8 and fragment.encode() in text:
                        raise AssertionError("a secret (%s...) is in %s" % (fragment[:12], where))

    def diagnostics(self):
        return "\n".join("log of tbproxyd:\n" + "\n".join(daemon.log.lines[-60:]) for daemon in self.daemons[-2:])

    def assert_error(self, answer_, status, error_code, *words):
        """Checks that it has the shape of ThingsBoard's errors, with WORDS in its message."""
        self.assertEqual(answer_.status, status, answer_)
        self.assertTrue(answer_.header("Content-Type").startswith("application/json"), answer_.headers)
        error = answer_.json()
        self.assertEqual(sorted(error), ["errorCode", "message", "status", "timestamp"])
        self.assertEqual((error["status"], error["errorCode"]), (status, error_code))
        self.assertIsInstance(error["timestamp"], int)
        for word in words:
            self.assertIn(word, error["message"])

    def assert_serves(self, daemon):
        self.assertEqual(daemon.get("/-/live").status, 200)


class SharedCase(Case):
    """One stand-in and one daemon for all test cases of a class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon()
