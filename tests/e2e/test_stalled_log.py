# SPDX-License-Identifier: Apache-2.0
"""A reader of the log stalls: all clients are served all the same, and the log says how much it lacks."""
import os
import subprocess

import tap
from daemon import end_with_parent
from harness import PATIENCE, Case, answer, wait_until


class TestStalledLog(Case):
    def setUp(self):
        """A daemon whose standard error is a pipe that nobody reads; self.log is its end."""
        self.proxy = self.prepare_daemon(self.start_scripted(lambda peer, request: peer.send(answer()) or True))
        self.log, end = os.pipe()
        self.addCleanup(os.close, self.log)
        self.proxy.process = subprocess.Popen(self.proxy.command(), stdin=subprocess.DEVNULL, stderr=end,
                                              cwd=self.proxy.directory, preexec_fn=end_with_parent,
                                              env=self.proxy.environment())
        os.close(end)
        wait_until(self.proxy.listens, "a listener")

    def test_requests_are_served_and_the_log_says_what_it_lacks(self):
        target = "/api/" + "x" * 900  # each request is a line at the level debug
        with self.proxy.connect(unix=True, timeout=PATIENCE) as program:
            for _ in range(200):
                self.assertEqual(program.request("GET", target).status, 200)
            read = os.read(self.log, 1 << 20)
            self.assertTrue(read.endswith(b"\n"), read[-100:])
            self.assertEqual(program.request("GET", target).status, 200)
        self.assertRegex(os.read(self.log, 1 << 20), rb"\A\w+: \d+ log lines were lost: .*\n\w+: ")


if __name__ == "__main__":
    tap.main()
