# SPDX-License-Identifier: Apache-2.0
"""What is in the spool gets to the server: in order, once, in turn with requests; what the server refuses is set aside."""
import collections
import email.utils
import json
import os
import signal
import sqlite3
import threading
import time

import tap
from client import fetch
from harness import Case, answer, in_parallel, wait_until
from scripted import ScriptedServer

TELEMETRY = "/api/plugins/telemetry/DEVICE/784f394c-42b6-435a-983c-%012d/timeseries/ANY"
REFUSAL = {"status": 400, "message": "Invalid value", "errorCode": 31}


class DeliveryCase(Case):
    def setUp(self):
        self.lock = threading.Lock()
        self.values = collections.defaultdict(list)  # by target: (time, value), as they were stored
        self.sent = []  # when each write came
        self.server = None
        self.hold = threading.Event()  # clear: writes are not answered
        self.hold.set()

    def handle(self, peer, request):
        date = ("Date", email.utils.formatdate(usegmt=True))
        if not request.target.startswith("/api/plugins/telemetry"):
            peer.send(answer(body={}, headers=[date]))
            return True
        with self.lock:
            self.sent.append(time.monotonic())
        self.hold.wait(30)
        if "timeseries" not in request.target:
            return False
        body = json.loads(request.body)
        elements = body if isinstance(body, list) else [body]
        if any("bad" in element["values"] for element in elements):
            peer.send(answer(400, REFUSAL))
            return True
        with self.lock:
            for element in elements:
                self.values[request.target] += [(element["ts"], value) for value in element["values"].values()]
        peer.send(answer())
        return True

    def start_server(self):
        """Again, on its old port."""
        self.server = ScriptedServer(self.handle, port=self.server.port if self.server else 0)
        self.is_up = True
        self.addCleanup(self.halt)
        return self.server

    def halt(self):
        self.hold.set()
        if self.is_up:
            self.is_up = False
            self.server.stop()

    def begin(self, mode="always", **options):
        self.start_server()
        self.proxy = self.prepare_daemon(self.server, {"spool.mode": mode, **options}, "api_key")
        self.directory = os.path.join(self.proxy.directory, "spool")
        self.proxy.options["spool.directory"] = self.directory
        self.proxy.write_config()
        self.proxy.start()
        self.proxy.get("/api/x")  # the server tells its time

    def restart(self, change=None):
        """CHANGE: what becomes of the file meanwhile, in SQL."""
        self.proxy.process.terminate()
        self.assertEqual(self.proxy.ended(), 0)
        if change:
            with sqlite3.connect(os.path.join(self.directory, "spool.db")) as file:
                file.execute(change)
            file.close()
        self.proxy.start()

    def write(self, entity, value, key="a", status=202):
        """Over the Unix socket: the port is another after a restart."""
        self.assertEqual(self.proxy.post(TELEMETRY % entity, {key: value}, unix=True).status, status)

    def stored(self, entity):
        with self.lock:
            return list(self.values[TELEMETRY % entity])

    def assert_stored(self, entity, values):
        """In that order, each once and with a time that grows."""
        wait_until(lambda: len(self.stored(entity)) >= len(values), "%d values of %d" % (len(values), entity))
        stored = self.stored(entity)
        self.assertEqual([value for _, value in stored], list(values))
        times = [time_ms for time_ms, _ in stored]
        self.assertEqual(times, sorted(set(times)))

    def spool(self):
        return fetch(self.proxy.admin_path, "GET", "/-/spool", host="localhost").json()["rows"]

    def wait_until_empty(self):
        wait_until(lambda: all(row["state"] == "aside" for row in self.spool()), "an empty spool")


class TestOutage(DeliveryCase):
    def test_what_came_in_an_outage_is_delivered_in_order_and_in_few_calls(self):
        self.begin("outage", **{"spool.after_ms": 50})
        self.write(0, 0, status=200)
        self.halt()
        in_parallel(4, lambda index: [self.write(index + 1, value) for value in range(20)])
        self.start_server()
        for entity in range(1, 5):
            self.assert_stored(entity, range(20))
        self.wait_until_empty()
        self.assertLess(len(self.sent), 20)
        self.write(1, 20, status=200)  # directly again

    def test_a_restart_in_an_outage(self):
        self.begin("outage", **{"spool.after_ms": 0})
        self.halt()
        for value in range(5):
            self.write(1, value)
        self.restart()
        for value in range(5, 10):
            self.write(1, value)
        self.start_server()
        self.assert_stored(1, range(10))


class TestStop(DeliveryCase):
    def test_what_is_at_the_server_may_end_and_the_rest_stays(self):
        self.begin()
        self.hold.clear()
        self.write(1, 0)
        wait_until(lambda: self.sent, "a call")
        for value in range(1, 10):
            self.write(1, value)
        self.proxy.signal(signal.SIGTERM)
        self.proxy.log.wait("stopping: waiting")
        self.hold.set()
        self.assertEqual(self.proxy.ended(), 0)
        self.assertEqual([value for _, value in self.stored(1)], [0])
        self.proxy.start()
        self.assert_stored(1, range(10))
        self.assertEqual(len(self.sent), 2)

    def test_what_a_silent_server_has_at_the_end_is_stored(self):
        """Also what waits for its turn: at most one write of attributes is at the server."""
        self.begin("outage", **{"limits.drain_timeout_ms": 100})
        self.hold.clear()
        attributes = TELEMETRY.replace("timeseries/ANY", "SERVER_SCOPE") % 1
        writes = [(TELEMETRY % 1, {"t": 1}), (TELEMETRY % 2, {"t": 2}), (attributes, {"a": 1}), (attributes, {"b": 1})]

        def run(index):
            if index < len(writes):
                return self.proxy.post(*writes[index]).status
            wait_until(lambda: len(self.sent) == 3 and self.proxy.get("/-/status").json()["queue"]["requests"] == 1, "all")
            self.proxy.signal(signal.SIGTERM)
            return self.proxy.ended()
        self.assertEqual(in_parallel(5, run), [202] * 4 + [0])
        with sqlite3.connect(os.path.join(self.directory, "spool.db")) as file:
            bodies = [json.loads(body) for body, in file.execute("SELECT body FROM rows")]
        file.close()
        self.assertCountEqual([body.get("values", body) for body in bodies], [{"t": 1}, {"t": 2}, {"a": 1}, {"b": 1}])


class TestRefusals(DeliveryCase):
    def test_a_refused_value_is_set_aside_and_the_rest_is_delivered(self):
        self.begin()
        self.hold.clear()
        self.write(1, -1)
        for value in range(100):
            self.write(1, value)
            if value == 70:
                self.write(1, 1000, key="bad")
        self.hold.set()
        self.assert_stored(1, range(-1, 100))
        self.wait_until_empty()
        row, = self.spool()
        self.assertEqual((row["state"], row["status"]), ("aside", 400))
        self.assertIn("Invalid value", json.dumps(row["answer"]))
        self.assertLess(len(self.sent), 30)

    def test_rows_of_another_tenant_and_damaged_ones_are_set_aside(self):
        self.begin("outage", **{"spool.after_ms": 0})
        self.halt()
        self.write(1, 1)
        self.write(2, 2)
        self.restart("UPDATE servers SET tenant = '13814000-1dd2-11b2-8080-000000000000'")
        self.write(1, 3)
        self.write(3, 4)
        self.restart("UPDATE rows SET body = x'5b5d' WHERE id = (SELECT max(id) FROM rows)")
        self.start_server()
        self.assert_stored(1, [3])
        self.wait_until_empty()
        reasons = sorted(row["reason"] for row in self.spool())
        self.assertEqual(reasons, ["it was written for another tenant"] * 2 + ["the disk has changed it"])
        self.assertEqual(self.stored(2) + self.stored(3), [])


class TestTurns(DeliveryCase):
    def test_the_limit_holds_for_all_and_requests_go_first(self):
        self.begin("outage", **{"spool.after_ms": 0, "rate.limits": "20:1", "rate.learn": False})
        self.halt()
        in_parallel(8, lambda index: [self.write(index * 10 + value, value) for value in range(10)])
        self.start_server()
        wait_until(lambda: self.sent, "the first call")
        began = time.monotonic()
        for number in range(30):  # of one token each
            self.assertEqual(self.proxy.get("/api/x?%d" % number, unix=True).status, 200)
        self.assertLess(time.monotonic() - began, 4)
        self.wait_until_empty()
        took = self.sent[-1] - self.sent[0]
        self.assertEqual(sum(len(self.stored(entity)) for entity in range(80)), 80)
        self.assertGreater(took, (80 * 2 + 30 - 20) / 20 - 0.2)  # calls of two tokens
        self.assertLess(took, (80 * 2 + 30) / 20 + 5)


if __name__ == "__main__":
    tap.main()
