# SPDX-License-Identifier: Apache-2.0
"""A part of all calls fails, or all of them with TB_LONG; see torture.py. TB_SEED chooses the part."""
import os
import unittest

import torture

import tap  # torture.py has added the folder of the harness

PARTS, QUICK_S = 12, 25  # seconds for each way
SPOOL_S = 15


class TestTorture(unittest.TestCase):
    def torture(self, life, seconds=QUICK_S):
        options = ["--lives", life]
        if not os.environ.get("TB_LONG"):
            seed = os.environ.get("TB_SEED") or str(int.from_bytes(os.urandom(2), "big"))
            print("# TB_SEED=%s" % seed)
            parts = 1 if life == "library" else PARTS  # it takes a few seconds
            options += ["--parts", str(parts), "--part", str(int(seed) % parts), "--seconds", str(seconds)]
        done = torture.run(options)
        self.assertEqual(done.defects, [])
        self.assertEqual(done.not_reached, [])
        self.assertGreater(done.count, 0)

    def test_a_login_and_every_room(self):
        self.torture("sim")

    def test_http_1_with_tls(self):
        self.torture("tls")

    def test_http_2_with_tls(self):
        self.torture("h2")

    def test_http_2_without_tls(self):
        self.torture("h2c")

    def test_the_client_library(self):
        self.torture("library")

    def test_tbproxyctl(self):
        self.torture("ctl")

    def test_the_spool(self):
        self.torture("spool", SPOOL_S)


if __name__ == "__main__":
    tap.main()
