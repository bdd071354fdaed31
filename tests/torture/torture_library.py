# SPDX-License-Identifier: Apache-2.0
"""The client library: a program opens a client, makes calls and closes it, while one call of a library fails; see torture.py."""
import ctypes
import os
import re
import selectors
import subprocess
import time

import build_tree
from daemon import end_with_parent
from simulator import TENANT, Simulator

ANSWER_S = 20.0
NAME = "library"
RESULT = re.compile(r"(0|1|-\d+) ")


class Program:
    def __init__(self, control, *arguments):
        personality = 0x0040000  # ADDR_NO_RANDOMIZE
        self.process = subprocess.Popen(
            [build_tree.program("tests/torture/library"), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, bufsize=0, env={**os.environ, "TORTURE": control.path},
            preexec_fn=lambda: (end_with_parent(), ctypes.CDLL(None).personality(personality)))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def run(self):
        """The lines that it prints, the last of which is the result; an AssertionError if it ended or hangs."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        lines = []
        while not lines or not RESULT.match(lines[-1]):
            assert self.selector.select(ANSWER_S), "no answer in %.0f s: %s" % (ANSWER_S, lines)
            line = self.process.stdout.readline()
            assert line, "ended with status %d: %s" % (self.process.wait(), "\n".join(lines))
            lines.append(line.decode("utf-8", "replace").rstrip("\n"))
        return lines

    def end(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class LibraryLife:
    def __init__(self, torture):
        self.torture, self.control, self.modules = torture, torture.control, torture.modules
        self.failures = 0

    def begin(self, server, device):
        program = Program(self.control, server.url, TENANT, server.password, device)
        first = program.run()
        assert first[-1].startswith("0"), first
        self.modules.read(program.process.pid)
        return program

    def run(self, server, device):
        self.torture.plan(NAME, ["calls"])
        program = self.begin(server, device)
        try:
            self.torture.begin_phase("calls")
            while self.torture.has_time():
                failed, problem = self.fail_once(program)
                if not failed:
                    break
                self.failures += 1
                if problem:
                    self.torture.report(NAME, "calls", self.modules.describe(failed), problem[0], problem[1:])
                    program.end()
                    program = self.begin(server, device)
        finally:
            program.end()

    def fail_once(self, program):
        """The call that failed, and None or what was wrong then."""
        self.control.arm()
        self.control.fields.looks = 1
        try:
            lines = program.run()
            failed = self.control.disarm()
            if lines[-1].startswith("1"):
                return failed, ["a wrong answer", *lines]
            if self.control.fields.looks == 2:
                return failed, ["leaks", *lines]
            began = time.monotonic()
            again = program.run()
            self.torture.note_recovery(time.monotonic() - began, NAME, "calls", failed)
            return failed, None if again[-1].startswith("0") else ["does not work any more", *again]
        except (AssertionError, OSError) as error:
            return self.control.disarm(), str(error).split("\n")


def live(torture):
    server = Simulator(own_password=True)
    try:
        key = [("X-Authorization", "ApiKey " + server.api_key)]
        device = server.call("POST", "/api/device", key, {"name": "boiler", "type": "default"}).json()["id"]["id"]
        LibraryLife(torture).run(server, device)
    finally:
        server.stop()
