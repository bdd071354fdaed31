# SPDX-License-Identifier: Apache-2.0
"""The name server is away, or does not know the server's name, at the start and later."""
import os
import time

import e2e_modules  # noqa: F401
import tap
from cable import Cable
from fault_case import NAME, SLACK_S, VERSIONS, FaultCase
from harness import wait_until
from load import RPC
from names import NO_SUCH_NAME, SERVER_FAILURE, bind_in_child

CAUSE = "[Rr]esolv"
GONE_S = 5


class TestAtStart(FaultCase):
    def test_the_name_is_found_when_it_can_be(self):
        names, in_child = self.start_name_server(None)
        sim = self.start_far_simulator()
        front = self.start_far_front(sim, "h2", NAME)
        for answer in (None, SERVER_FAILURE, NO_SUCH_NAME):
            with self.subTest(answer=answer):
                names.answer = answer
                proxy = self.prepare_near_daemon(front, None, in_child).start(wait="")
                self.assert_unresolved(proxy)
                names.answer = Cable.THERE_ADDRESS
                wait_until(lambda: proxy.get("/-/ready", unix=True).status == 200, "readiness", 6 + SLACK_S)
                self.assertEqual(proxy.get("/api/auth/user", unix=True).status, 200)

    def assert_unresolved(self, proxy):
        """Page, log and answers say why."""
        proxy.log.wait(CAUSE + ".*DNS work")
        page = proxy.get("/-/ready", unix=True)
        self.assertEqual((page.status, page.json()["state"]), (503, "unreachable"))
        self.assertRegex(page.json()["reason"], CAUSE)
        reply = proxy.get("/api/auth/user", unix=True, headers=[("Prefer", "wait=0")])
        self.assert_error(reply, 503, 2, "resolve", NAME)


class TestLater(FaultCase):
    def test_open_connections_need_no_name(self):
        names, in_child = self.start_name_server(Cable.THERE_ADDRESS)
        self.begin(None, NAME, in_child)
        names.answer = None
        self.assert_goes_on(GONE_S)
        names.answer = Cable.THERE_ADDRESS
        self.assert_goes_on()
        self.settle()

    def test_new_connections_wait_for_the_name(self):
        names, in_child = self.start_name_server(Cable.THERE_ADDRESS)
        self.begin(None, NAME, in_child)
        names.answer = SERVER_FAILURE
        for front in self.fronts:
            front.end()
        self.assert_told("unreachable", CAUSE)
        for front in self.fronts:
            front.start()
        self.last(GONE_S)
        names.answer = Cable.THERE_ADDRESS
        self.assert_recovers(8)
        self.assert_goes_on()
        self.settle(CAUSE + "|connect|closed|reset|ended", [RPC])


class TestDeadAddresses(FaultCase):
    DEAD, CONNECT_S = "198.51.100.", 4

    def test_the_next_address_is_tried(self):
        """Of three addresses, the first two do not answer: they have a half and a quarter of the time."""
        self.cable.here.ip("route add %s0/24 dev cable" % self.DEAD)
        self.cable.there.ip("route add blackhole %s0/24" % self.DEAD)
        hosts = os.path.join(self.make_directory(), "hosts")
        with open(hosts, "w", encoding="ascii") as file:
            file.writelines("%s %s\n" % (address, NAME)
                            for address in (self.DEAD + "1", self.DEAD + "2", Cable.THERE_ADDRESS))
        sim = self.start_far_simulator()
        for version in VERSIONS:
            with self.subTest(version=version):
                front = self.start_far_front(sim, version, NAME)
                proxy = self.prepare_near_daemon(front, {"upstream.connect_timeout_ms": 1000 * self.CONNECT_S},
                                                 lambda: bind_in_child(hosts, "/etc/hosts"))
                proxy.start(wait="")
                begin = time.monotonic()
                self.assertEqual(proxy.get("/api/auth/user", unix=True).status, 200)
                self.assertGreater(time.monotonic() - begin, self.CONNECT_S / 2)


if __name__ == "__main__":
    tap.main()
