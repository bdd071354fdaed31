# SPDX-License-Identifier: Apache-2.0
"""A part of all calls fails, chosen at random, or all of them with TB_LONG; see torture.py. TB_SEED chooses the part."""
import os
import unittest

import steps
import torture

import tap  # steps.py has added the folder of the harness

PARTS, QUICK_S = 12, 40


class TestTorture(unittest.TestCase):
    def torture(self, life):
        long = bool(os.environ.get("TB_LONG"))
        seed = os.environ.get("TB_SEED") or str(int.from_bytes(os.urandom(2), "big"))
        options = ["--lives", life, "--parts", "1" if long else str(PARTS), "--part", "0" if long else str(int(seed) % PARTS)]
        if life != "sim" and not long:  # most of a start is OpenSSL's
            options += ["--only", ",".join([step.__name__ for step in steps.ServerScript.steps] + ["stop"])]
        print("# TB_SEED=%s" % seed)
        done = torture.run(options + ([] if long else ["--seconds", str(QUICK_S)]))
        self.assertEqual(done.defects, [])
        self.assertGreater(done.count, 0)

    def test_a_login_and_every_room(self):
        self.torture("sim")

    def test_http_1_with_tls(self):
        self.torture("tls")

    def test_http_2_with_tls(self):
        self.torture("h2")

    def test_http_2_without_tls(self):
        self.torture("h2c")


if __name__ == "__main__":
    tap.main()
