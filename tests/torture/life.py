# SPDX-License-Identifier: Apache-2.0
"""The daemon with calls that fail: its start, the steps of a script, its stop; and what may not happen then. See torture.py."""
import ctypes
import functools
import signal
import time
import traceback

import steps  # adds the folder of the harness

import build_tree
from client import Closed
from daemon import REPORT, Daemon, end_with_parent

ADDR_NO_RANDOMIZE = 0x0040000  # <sys/personality.h>: a call stack is the same in each life of the program
START_S = 8.0
RECOVERY_S = 20.0  # after a failure; the longest pause between two attempts of a login is shorter
ALLOWED = (steps.Refused, Closed, OSError)
REPORTS = "a report of the sanitizer"
NOT_COUNTED = 0xffffffff  # fail.c counts the descriptors that are open at the end
OPTIONS = {"upstream.timeout_ms": 3000, "queue.max_wait_ms": 5000, "upstream.max_connections": 2, "upstream.connect_timeout_ms": 2000,
           "limits.drain_timeout_ms": 300, "retry.initial_retry_delay_ms": 10}


class TorturedDaemon(Daemon):
    """With calls that fail. Its life can end at any time."""

    def __init__(self, options, control):
        self.control = control
        super().__init__({**OPTIONS, **options})
        self.in_child = lambda: (end_with_parent(), ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE))

    def command(self, *arguments):
        return [build_tree.program("tests/torture/tbproxyd"), "--config", self.config_path, *arguments]

    def environment(self, **more):
        found = super().environment(TORTURE=self.control.path, **more)
        if self.control.fields.more:  # OpenSSL leaks what it has half made; then the start ends, or nothing more is lost
            found["ASAN_OPTIONS"] = found.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        return found

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def wait_for_start(self):
        """Until it is ready, or has ended, or START_S have passed."""
        end = time.monotonic() + START_S
        while self.alive() and not self.notices.find("^READY=1$") and time.monotonic() < end:
            time.sleep(0.003)
        if not self.alive():
            self.ended()
        try:  # the line may come after the notice, or never
            self.port = int(self.log.wait(r"listening on http://\S+:(\d+)", 0, 1).group(1))
        except AssertionError:
            self.port = 0

    def end(self):
        """However it is. The directory stays, and the log begins anew."""
        if self.process is not None:
            if self.alive():
                self.process.kill()
            self.ended()
        self.log.lines.clear()
        self.notices.lines.clear()


class Life:
    """One configuration of the daemon, and the script for it."""

    DRY = 1  # attempts in a row without a new stack after which none is expected

    def __init__(self, torture, name, server, options, script):
        self.torture, self.control, self.modules = torture, torture.control, torture.modules
        self.name = name
        self.daemon = TorturedDaemon(options, self.control)
        self.server = server
        self.script_type = script
        self.script = None
        self.failures = 0

    def run(self):
        starts = [("start", self.torture_start)]  # most calls are in the start
        if "upstream.ca_file" in self.daemon.options:
            starts.append(("start_without_reserve", self.torture_start_without_reserve))
        starts += self.more_starts()
        phases = [*((step.__name__, functools.partial(self.torture_step, step)) for step in self.script_type.steps),
                  ("stop", self.torture_stop), *starts]
        self.torture.plan(self.name, [where for where, _ in phases])
        try:
            self.begin()
            for where, run in phases:
                self.run_phase(where, run)
        finally:
            self.daemon.end()
            self.daemon.kill()

    def more_starts(self):
        """(name, function) of each."""
        return []

    def begin(self):
        """A healthy start."""
        self.daemon.end()
        self.daemon.start()
        self.modules.read(self.daemon.process.pid)
        self.script = self.script_type(self.daemon, self.server)

    def run_phase(self, where, run):
        before, began = self.failures, time.monotonic()
        if not self.torture.begin_phase(where):
            return
        if not self.daemon.alive():
            self.begin()
        run()
        print("# %s, %s: %d calls in %.1f s" % (self.name, where, self.failures - before, time.monotonic() - began), flush=True)

    def more(self):
        return self.torture.has_time()

    def report(self, where, failed, what, since=0):
        self.torture.report(self.name, where, self.modules.describe(failed) if failed else "-", what, self.daemon.log.lines[since:])

    # ---- the start ----

    def torture_start(self):
        while self.more():
            self.daemon.end()
            mark = self.daemon.log.mark()
            self.control.arm()
            self.daemon.launch()
            self.daemon.wait_for_start()
            failed = self.control.disarm()
            if not failed:
                break
            self.failures += 1
            self.judge_start(failed, mark)
        self.begin()

    def torture_start_without_reserve(self):
        """OpenSSL and libcurl get none of it (library_memory.c): the next call fails, too."""
        self.control.fields.more = 1
        try:
            self.torture_start()
        finally:
            self.control.fields.more = 0

    def judge_start(self, failed, mark):
        status = self.daemon.process.poll()
        text = "\n".join(self.daemon.log.lines[mark:])
        if REPORT.search(text):
            self.report(self.torture.where, failed, REPORTS, mark)
        elif status is not None and status not in (1, 78):
            self.report(self.torture.where, failed, "ended with status %d" % status, mark)
        elif status is not None and not text.strip() and not self.control.fields.more:  # which may be the message
            self.report(self.torture.where, failed, "ended with status %d without a message" % status, mark)
        elif status is None and not self.daemon.notices.find("^READY=1$"):
            self.report(self.torture.where, failed, "is not ready", mark)
        elif status is None:
            # what OpenSSL could not load when the reserve was used up is missing from then on
            self.verify(steps.Script.live if self.control.fields.more else steps.Script.local, failed, self.torture.where, mark)

    # ---- the steps ----

    def torture_step(self, step):
        outcome = self.attempt(step)
        if outcome:
            self.report(step.__name__, None, "does not work even if no call fails: " + outcome)
        else:
            self.fail_in_turn(step, step.__name__)

    def fail_in_turn(self, step, where):
        dry = 0
        while dry < self.DRY and self.more():
            mark = self.daemon.log.mark()
            self.control.arm()
            outcome = self.attempt(step)
            failed = self.control.disarm()
            if not failed:
                if outcome:
                    self.report(where, None, outcome, mark)
                dry += 1
                continue
            dry = 0
            self.failures += 1
            if outcome and outcome.startswith("!"):
                self.report(where, failed, outcome[1:], mark)
            self.verify(step, failed, where, mark)

    def attempt(self, step):
        """None, or what happened; with ! if it may not happen even if a call fails."""
        began = time.monotonic()
        try:
            step(self.script)
        except TimeoutError:
            return "!no answer in %.0f s" % (time.monotonic() - began)
        except ALLOWED as error:
            return "%s: %s" % (type(error).__name__, error)
        except Exception:  # pylint: disable=broad-except
            return "!" + traceback.format_exc(limit=-3)
        finally:
            self.script.close()
        return None

    def verify(self, step, failed, where, mark):
        """The daemon lives, and STEP works soon; nothing has leaked."""
        began = time.monotonic()
        outcome = self.attempt(step)
        while outcome and self.daemon.alive() and time.monotonic() < began + RECOVERY_S:
            time.sleep(0.05)
            outcome = self.attempt(step)
        self.torture.note_recovery(time.monotonic() - began, self.name, where, failed)
        if not self.daemon.alive():
            self.report(where, failed, "ended with status %d" % self.daemon.ended(), mark)
        elif outcome:
            self.report(where, failed, "does not work any more: " + outcome, mark)
        elif self.leaks(mark):
            self.report(where, failed, "leaks", mark)
        elif REPORT.search("\n".join(self.daemon.log.lines[mark:])):
            self.report(where, failed, REPORTS, mark)
            return
        else:
            return
        self.script.forget()
        self.begin()

    def leaks(self, mark):
        self.control.fields.looks = 1
        end = time.monotonic() + RECOVERY_S
        while self.control.fields.looks == 1 and time.monotonic() < end and self.daemon.alive():
            try:
                self.daemon.get("/-/live", record=False)
            except (Closed, OSError):
                pass
        if self.control.fields.looks == 2:
            self.daemon.log.wait("SUMMARY: AddressSanitizer", mark)
        return self.control.fields.looks == 2

    # ---- the end ----

    def torture_stop(self):
        """With requests under way."""
        while self.more():
            if not self.daemon.alive():
                self.begin()
            self.control.fields.left_open = NOT_COUNTED
            mark = self.daemon.log.mark()
            self.script.prepare_stop()
            self.control.arm()
            self.daemon.signal(signal.SIGTERM)
            try:
                status = self.daemon.ended(RECOVERY_S)
            except Exception as error:  # pylint: disable=broad-except
                status = str(error)
            self.script.close()
            failed = self.control.disarm()
            if status not in (0, 1) or REPORT.search("\n".join(self.daemon.log.lines[mark:])):
                self.report("stop", failed, "ended with status %s" % status, mark)
            elif self.control.fields.left_open == NOT_COUNTED:
                self.report("stop", failed, "did not come to its end", mark)
            elif self.control.fields.left_open:
                self.report("stop", failed, "%d descriptors are left open" % self.control.fields.left_open, mark)
            if not failed:
                break
            self.failures += 1
