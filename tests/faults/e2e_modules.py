# SPDX-License-Identifier: Apache-2.0
"""Makes the modules of tests/e2e known; the seed of a run, and how long faults last."""
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

SEED = int(os.environ.get("TB_SEED") or random.SystemRandom().randrange(1 << 31))
SECONDS = int(os.environ.get("TB_FAULT_SECONDS") or 0)
print("# TB_SEED=%d" % SEED, flush=True)
