# SPDX-License-Identifier: Apache-2.0
"""A router on the way forgets all connections: they are dead for both sides, and neither is told."""
import e2e_modules  # noqa: F401
import tap
from fault_case import FaultCase

SILENT_S = 25  # a WebSocket; that of the event stream, 20
CAUSE = "timed out|did not answer|nothing came"


class TestForgotten(FaultCase):
    def test_connections_that_are_dead_for_both_sides(self):
        self.begin()
        self.cable.forget_connections()
        self.assert_recovers(SILENT_S + 5)
        self.assert_goes_on()
        self.settle(CAUSE)


if __name__ == "__main__":
    tap.main()
