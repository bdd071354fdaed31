# SPDX-License-Identifier: Apache-2.0
"""The server ends and starts again, at the same address or at another one."""
import e2e_modules  # noqa: F401
import tap
from cable import Cable
from fault_case import NAME, FaultCase
from load import RPC

AWAY_S = 5
GONE = r"connect|closed|reset|cannot be reached|ended"
NEW_ADDRESS = "192.0.2.3"


class TestRestart(FaultCase):
    def test_a_server_that_ends_and_starts_again(self):
        self.begin({"retry.initial_retry_delay_ms": 30000})  # event streams do not wait for that
        for front, load in zip(self.fronts, self.loads):
            self.wait_for_call(load)
            front.end()
        self.assert_told("unreachable", "cannot be reached: .*connect")
        self.last(AWAY_S)
        for front in self.fronts:
            front.start()
        self.assert_recovers(8)
        self.assert_goes_on()
        self.settle(GONE, [RPC])  # those that were under way


class TestMove(FaultCase):
    def test_a_server_whose_name_gets_another_address(self):
        names, in_child = self.start_name_server(Cable.THERE_ADDRESS)
        self.begin({"upstream.connect_timeout_ms": 3000}, NAME, in_child)
        names.answer = NEW_ADDRESS
        self.cable.move_there(NEW_ADDRESS)
        self.assert_recovers(30)
        self.assert_goes_on()
        self.settle(GONE + "|time")


if __name__ == "__main__":
    tap.main()
