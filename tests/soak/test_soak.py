#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The soak (soak.py) for 2 minutes; with TB_LONG, for its 10 minutes. TB_SEED repeats the faults and the requests."""
import os
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import tap  # noqa: E402
from users import needs_users  # noqa: E402

SOAK = pathlib.Path(__file__).with_name("soak.py")
SECONDS = [] if "TB_LONG" in os.environ else ["--seconds", "120"]


class TestSoak(unittest.TestCase):
    @needs_users
    def test_nothing_is_lost_doubled_or_mixed_up(self):
        done = subprocess.run([sys.executable, str(SOAK), *SECONDS], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        tap.comment(done.stdout)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    tap.main()
