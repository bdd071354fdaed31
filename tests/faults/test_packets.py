# SPDX-License-Identifier: Apache-2.0
"""The network loses, delays, swaps and doubles packets: no program notices."""
import e2e_modules  # noqa: F401
import tap
from fault_case import FaultCase

RUN_S = 8
RUN_MORE = 20  # times a second


class TestPackets(FaultCase):
    def test_a_bad_network_makes_requests_slow_and_none_fail(self):
        self.begin()
        self.cable.set(loss=0.05, delay_s=0.02, jitter_s=0.03, doubled=0.05)
        before = self.cable.counts.copy()
        self.last(RUN_S)
        for _ in range(RUN_MORE):  # the slower it is, the fewer packets there are
            if (self.cable.counts - before)["lost"] > 20:
                break
            self.last(1)
        self.cable.set()
        self.assertGreater((self.cable.counts - before)["lost"], 20)
        self.assert_recovers(2)
        self.assert_goes_on()
        self.settle()


if __name__ == "__main__":
    tap.main()
