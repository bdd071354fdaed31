# SPDX-License-Identifier: Apache-2.0
"""Programs that share a call wait for the login for as long as each of them may, whichever came first."""
import tap
from queueing import QueueCase

TYPES = "/api/device/types"
IMPATIENT = [("Prefer", "wait=2")]


class TestPatience(QueueCase):
    def begin(self, options=None, **sim_options):
        """From now on there is no login, until sim.release()."""
        self.sim = self.start_simulator(**sim_options)
        self.device = self.make_device("boiler")
        self.sim.forget()
        self.sim.fault("hold", "/api/auth/login")
        self.proxy = self.prepare_daemon(self.sim, options).start(wait="")
        self.sim.wait_for_held(1)

    def ask(self, *arguments, **more):
        """Waits until the request has arrived."""
        connection = super().ask(*arguments, **more)
        for unix in (False, True):
            for _ in range(2):
                self.assertEqual(self.proxy.get("/-/live", unix=unix).status, 200)
        return connection

    def test_an_impatient_reader_takes_only_its_own_answer_away(self):
        for index in range(3):
            with self.subTest(index=index):
                self.begin()
                connections = [self.ask(TYPES, headers=IMPATIENT if index == number else ()) for number in range(3)]
                self.assert_error(connections.pop(index).response(), 503, 2, "still not logged in to the server after ")
                self.sim.release()
                self.assertEqual([connection.response().status for connection in connections], [200, 200])
                self.assertEqual(len(self.sim.requests(TYPES)), 1)

    def test_what_an_impatient_writer_was_told_to_be_late_with_is_not_written(self):
        self.begin({"upstream.max_connections": 1})
        target = "/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE" % self.device
        self.sim.fault("hold", "/api/v1/")  # which needs no login
        blocker = self.ask("/api/v1/token/attributes")
        self.sim.wait_for_held(2)
        connections = [self.ask(target, "POST", IMPATIENT if number == 0 else (), {"k%d" % number: number})
                       for number in range(3)]
        blocker.reset()  # now one call for the three waits for the login
        self.assert_error(connections.pop(0).response(), 503, 2)
        self.sim.release()
        self.assertEqual([connection.response().status for connection in connections], [200, 200])
        values = self.direct("GET", target.replace("/attributes", "/values/attributes")).json()
        self.assertEqual(sorted(entry["key"] for entry in values if entry["key"].startswith("k")), ["k1", "k2"])
        self.assertEqual(len(self.sim.requests(target)), 1)


if __name__ == "__main__":
    tap.main()
