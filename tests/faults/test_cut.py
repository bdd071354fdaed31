# SPDX-License-Identifier: Apache-2.0
"""The cable is cut and mended, also in the middle of a body."""
import random
import threading
import time
import e2e_modules  # noqa: F401
import tap
from cable import Cable
from client import build
from fault_case import FaultCase
from harness import wait_until
from scripted import ScriptedServer, answer

SHORT_S, LONG_S = 4, 20
TIMED_OUT = r"timed out|did not answer|does not answer|cannot be reached|answer"


class TestCut(FaultCase):
    def test_a_short_cut_makes_requests_wait_and_none_fail(self):
        self.begin()
        self.cable.set(is_cut=True)
        time.sleep(SHORT_S)
        self.cable.set()
        self.assert_recovers(2 * SHORT_S)
        self.assert_goes_on()
        self.settle()

    def test_a_long_cut_is_said_and_its_end_noticed(self):
        self.begin()
        self.cable.set(is_cut=True)
        self.assert_told("unreachable", "does not answer|cannot be reached")
        self.last(LONG_S)
        self.cable.set()
        self.assert_recovers(10)
        self.assert_goes_on()
        self.settle(TIMED_OUT)


class TestHalfWay(FaultCase):
    """A body is on its way when the cable is cut; it arrives whole when that is mended."""

    def begin_with_body(self):
        self.body = random.Random(e2e_modules.SEED).randbytes(8 << 20)
        self.received = []

        def handle(peer, request):
            self.received.append(request.body)
            peer.send(answer(body=self.body if request.method == "GET" else b""))
            return True
        server = self.cable.there.run(lambda: ScriptedServer(handle, address=Cable.THERE_ADDRESS))
        self.addCleanup(server.stop)
        return self.start_near_daemon(server).connect(unix=True)

    def cut_for_a_while(self):
        self.cable.set(is_cut=True)
        lost = self.cable.counts["lost"]
        wait_until(lambda: self.cable.counts["lost"] > lost + 2, "packets that are sent again")
        self.cable.set()

    def test_a_download(self):
        with self.begin_with_body() as program:
            program.send(build("GET", "/api/x", host="localhost"))
            reply = program.final_head()
            first = program.take(len(self.body) // 2)
            self.cut_for_a_while()
            self.assertEqual(reply.status, 200)
            self.assertTrue(first + program.take(len(self.body) - len(first)) == self.body)

    def test_an_upload(self):
        with self.begin_with_body() as program:
            half = len(self.body) // 2
            program.send(build("POST", "/api/x", [("Content-Length", len(self.body))], host="localhost"))
            program.send(self.body[:half])
            sending = threading.Thread(target=program.send, args=[self.body[half:]])
            self.cable.set(is_cut=True)
            sending.start()
            self.cut_for_a_while()
            self.assertEqual(program.response().status, 200)
            sending.join()
            self.assertTrue(self.received == [self.body])


if __name__ == "__main__":
    tap.main()
