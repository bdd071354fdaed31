# SPDX-License-Identifier: Apache-2.0
"""The server's certificate expires, before the start or while connections are open, and is renewed."""
import e2e_modules  # noqa: F401
import tap
from cable import Cable
from fault_case import SLACK_S, FaultCase
from harness import wait_until
from tls import make_certificate

DAY_S = 86400
CAUSE = "certificate has expired"


class TestExpired(FaultCase):
    def setUp(self):
        super().setUp()
        self.ca = self.make_directory() + "/ca"
        make_certificate(self.ca[:-3], "ca", days=100)
        with open(self.ca + ".pem", encoding="ascii") as file:
            self.options = {"upstream.ca_file": file.read()}
        self.clock = self.make_clock()

    def renew(self, front, days):
        """It has another certificate when it is started again."""
        make_certificate(front.directory, "server", "IP:" + Cable.THERE_ADDRESS, days, self.ca)
        front.end()
        front.start()

    def test_at_the_start(self):
        front = self.start_far_front(self.start_far_simulator(), "h2", Cable.THERE_ADDRESS)
        self.renew(front, 1)
        self.clock.step(2 * DAY_S)
        proxy = self.prepare_near_daemon(front, self.options).start(wait="", **self.clock.environment)
        proxy.log.wait("cannot be reached: .*" + CAUSE + ".*valid at this host.s date")
        page = proxy.get("/-/ready", unix=True)
        self.assertEqual((page.status, page.json()["state"]), (503, "unreachable"))
        self.assertIn(CAUSE, page.json()["reason"])
        reply = proxy.get("/api/auth/user", unix=True, headers=[("Prefer", "wait=0")])
        self.assert_error(reply, 503, 2, CAUSE)
        self.renew(front, 10)
        wait_until(lambda: proxy.get("/-/ready", unix=True).status == 200, "readiness", 6 + SLACK_S)
        self.assertEqual(proxy.get("/api/auth/user", unix=True).status, 200)

    def test_while_connected(self):
        """Open connections go on; new ones wait for a new certificate."""
        self.begin(self.options, prepare=lambda front: self.renew(front, 1), **self.clock.environment)
        self.clock.step(2 * DAY_S)
        self.assert_goes_on(loads=[load for load in self.loads if load.name == "h2"])  # HTTP/1.1 may need a new one
        for front in self.fronts:
            self.renew(front, 1)  # it ends all connections, and is as old as before by the daemons' clocks
        self.assert_told("unreachable", CAUSE)
        for front in self.fronts:
            self.renew(front, 10)
        self.assert_recovers(8)
        self.assert_goes_on()
        self.settle(CAUSE + "|connect|closed|reset|ended")


if __name__ == "__main__":
    tap.main()
