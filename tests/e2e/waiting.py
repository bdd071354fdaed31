# SPDX-License-Identifier: Apache-2.0
"""Waiting without sleeping a fixed time."""
import os
import re
import shlex
import threading
import time

import build_tree

WRAPPER = shlex.split(os.environ.get("TB_WRAPPER", ""))


def is_sanitized(path):
    with open(path, "rb") as program:
        code = program.read()
    return b"__asan_init" in code or b"__tsan_init" in code


SLOW = bool(WRAPPER) or is_sanitized(build_tree.program(build_tree.DAEMON))
PATIENCE = 120.0 if SLOW else 20.0  # s; only a failing test waits so long


def wait_until(condition, what, timeout=PATIENCE):
    """Polls CONDITION until it is true, and returns its value: only for events of which there is no notice."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("%s did not happen in %g s" % (what, timeout))
        time.sleep(0.005)


class Log:
    """Lines that arrive; a test can wait for one."""

    def __init__(self):
        self.lines = []
        self.ended = False
        self.changed = threading.Condition()

    def add(self, line):
        with self.changed:
            self.lines.append(line)
            self.changed.notify_all()

    def end(self):
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def text(self):
        with self.changed:
            return "\n".join(self.lines)

    def find(self, pattern, start=0):
        with self.changed:
            return [m for m in (re.search(pattern, line) for line in self.lines[start:]) if m]

    def mark(self):
        """The index of the next line, for wait()."""
        with self.changed:
            return len(self.lines)

    def wait(self, pattern, start=0, timeout=PATIENCE):
        """Waits for the first line from START on that matches. Returns the match."""
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                found = self.find(pattern, start)
                if found:
                    return found[0]
                left = end - time.monotonic()
                if left <= 0 or self.ended:
                    raise AssertionError("no line %r in:\n%s" % (pattern, "\n".join(self.lines[-40:])))
                self.changed.wait(left)
