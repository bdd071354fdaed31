# SPDX-License-Identifier: Apache-2.0
"""Runs the test cases of one file and prints TAP: one line for each."""
import os
import sys
import time
import traceback
import unittest


def describe(test):
    """TestBodies.test_a_body_is_kept -> "Bodies: a body is kept" """
    method = getattr(test, "_testMethodName", None)
    if method is None:
        return str(test)
    return "%s: %s" % (type(test).__name__, method.replace("test_", "", 1).replace("_", " "))


def comment(text):
    for line in text.rstrip("\n").split("\n"):
        print("# " + line)


def figure(text):
    """Prints what a test has measured; docs/promises.md has some of these lines."""
    comment("figure: " + text)


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.problems = []
        self.skip_reason = None
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.problems = []
        self.skip_reason = None
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.print_line(test, self.problems, self.skip_reason)

    def print_line(self, test, problems, skip_reason):
        self.number += 1
        skip = " # SKIP " + skip_reason if skip_reason is not None and not problems else ""
        print("%sok %d - %s%s" % ("not " if problems else "", self.number, describe(test), skip))
        if "TB_TIMES" in os.environ:
            comment("%.2f s" % (time.monotonic() - self.began))
        for name, error in problems:
            if name:
                comment("in " + name)
            comment("".join(traceback.format_exception(*error)))
        if problems and hasattr(test, "diagnostics"):
            comment(test.diagnostics())
        sys.stdout.flush()

    def note(self, test, error, name=""):
        if hasattr(test, "_testMethodName"):
            self.problems.append((name, error))
        else:  # of a whole class: setUpClass or tearDownClass
            self.print_line(test, [(name, error)], None)

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, err, str(subtest))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if hasattr(test, "_testMethodName"):
            self.skip_reason = reason
        else:
            self.print_line(test, [], reason)


def main():
    """Runs all test cases of the program, or those that the arguments name (Class or Class.method)."""
    module = sys.modules["__main__"]
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else loader.loadTestsFromModule(module)
    result = Result()
    suite.run(result)
    print("1..%d" % result.number)
    sys.exit(0 if result.wasSuccessful() else 1)
