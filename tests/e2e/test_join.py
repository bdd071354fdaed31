# SPDX-License-Identifier: Apache-2.0
"""Identical reads at the same time share one call, and a program always reads its own writes."""
import tap
from harness import in_parallel
from queueing import QueueCase

TYPES = "/api/device/types"
PAGE = "/api/tenant/devices?pageSize=10&page=0"


class JoinCase(QueueCase):
    def begin(self, options=None, **sim_options):
        super().begin({"upstream.max_connections": 64, **(options or {})}, **sim_options)

    def settle(self):
        """Waits until everything sent to the daemon before has arrived there."""
        for unix in (False, True):
            for _ in range(2):
                self.assertEqual(self.proxy.get("/-/live", unix=unix).status, 200)

    def hold(self, target=TYPES, count=1, **more):
        self.sim.fault("hold", target, method="GET", count=count, **more)

    def ask_held(self, held, target=TYPES, **more):
        """Sends a read that the server holds; HELD requests are held then."""
        connection = self.ask(target, **more)
        self.sim.wait_for_held(held)
        return connection

    def assert_apart(self, *requests):
        """Checks that none of REQUESTS (arguments of ask()) shares a call with another."""
        self.hold("/api/", count=len(requests))
        connections = [self.ask_held(index + 1, **request) for index, request in enumerate(requests)]
        self.sim.release()
        for connection in connections:
            connection.response()


class TestJoin(JoinCase):
    def test_reads_while_one_is_under_way_share_its_call(self):
        self.begin()
        self.hold()
        connections = [self.ask_held(1), *(self.ask(TYPES, unix=index % 2 == 0) for index in range(5))]
        self.settle()
        self.sim.release()
        replies = [connection.response() for connection in connections]
        self.assertEqual([reply.status for reply in replies], [200] * 6)
        self.assertEqual([reply.json() for reply in replies], [replies[0].json()] * 6)
        self.assertEqual([reply.header("Content-Type") for reply in replies], ["application/json"] * 6)
        self.assertEqual(len(self.sim.requests(TYPES)), 1)

    def test_a_body_of_no_bytes_is_no_body(self):
        self.begin()
        self.hold()
        connections = [self.ask_held(1, body=b""), *(self.ask(TYPES, body=body) for body in (None, b""))]
        self.settle()
        self.sim.release()
        self.assertEqual([connection.response().status for connection in connections], [200] * 3)
        self.assertEqual(len(self.sim.requests(TYPES)), 1)

    def test_reads_that_wait_share_one_call(self):
        self.begin({"upstream.max_connections": 1})
        self.occupy()
        connections = self.ask_in_turn([{"target": PAGE, "unix": index % 2 == 0} for index in range(6)])
        self.sim.release()
        replies = [connection.response() for connection in connections]
        self.assertEqual([reply.json()["totalElements"] for reply in replies], [1] * 6)
        self.assertEqual(self.targets(), [PAGE])

    def test_the_next_read_is_a_call_of_its_own(self):
        self.begin()
        for _ in range(3):
            self.assertEqual(self.proxy.get(TYPES).status, 200)
        self.assertEqual(len(self.sim.requests(TYPES)), 3)

    def test_what_the_server_answers_with_an_error_is_shared_too(self):
        self.begin()
        self.hold("/api/device/nothing")
        connections = [self.ask_held(1, "/api/device/nothing"), *(self.ask("/api/device/nothing") for _ in range(3))]
        self.settle()
        self.sim.release()
        for connection in connections:
            self.assert_error(connection.response(), 400, 31)
        self.assertEqual(len(self.sim.requests("/api/device/nothing")), 1)

    def test_where_the_server_dies_each_program_is_told(self):
        self.begin({"upstream.max_connections": 1})
        self.sim.fault("close", TYPES, count=0)
        self.occupy()
        connections = self.ask_in_turn([{"target": TYPES}] * 4)
        self.sim.release()
        for connection in connections:
            self.assert_error(connection.response(), 502, 2)

    def test_a_429_is_retried_for_all(self):
        self.begin({"upstream.max_connections": 1})
        self.sim.fault("status", TYPES, status=429)
        self.occupy()
        connections = self.ask_in_turn([{"target": TYPES}] * 4)
        self.sim.release()
        self.assertEqual([connection.response().status for connection in connections], [200] * 4)
        self.assertEqual([entry["status"] for entry in self.sim.requests(TYPES)], [429, 200])


class TestApart(JoinCase):
    def test_other_queries_and_headers(self):
        self.begin()
        self.assert_apart({"target": PAGE}, {"target": PAGE + "&textSearch=b"}, {"target": PAGE.replace("10", "11")})
        self.assert_apart({"target": PAGE + "&textSearch=~"}, {"target": PAGE + "&textSearch=%7e"},
                          {"target": PAGE + "&textSearch=%7E"}, {"target": PAGE + "&textSearch=%"})
        self.assert_apart({"target": PAGE}, {"target": PAGE, "headers": [("Accept", "application/json")]},
                          {"target": PAGE, "headers": [("Accept", "*/*")]},
                          {"target": PAGE, "headers": [("Accept-Language", "de")]},
                          {"target": PAGE, "headers": [("If-None-Match", '"x"')]},
                          {"target": PAGE, "headers": [("Range", "bytes=0-9")]})

    def test_other_methods(self):
        self.begin()
        count = {"target": "/api/entitiesQuery/count", "method": "POST",
                 "body": {"entityFilter": {"type": "entityType", "entityType": "DEVICE"}}}
        self.sim.fault("hold", "/api/entitiesQuery/count", count=2)
        for index in range(2):
            self.ask_held(index + 1, **count)
        self.sim.release()

    def test_reads_that_the_configuration_keeps_apart(self):
        self.begin({"join.reads": False})
        self.assert_apart({"target": TYPES}, {"target": TYPES}, {"target": TYPES})
        self.sim.forget()
        self.assertEqual(self.sim.requests(TYPES), [])


class TestWrites(JoinCase):
    def write(self):
        reply = self.proxy.post("/api/device", {"name": "written", "type": "default"})
        self.assertEqual(reply.status, 200)

    def test_a_read_after_a_write_does_not_join_one_from_before_it(self):
        self.begin()
        self.hold(PAGE, count=2, executed=True)
        before = self.ask_held(1, PAGE)
        self.write()
        after = self.ask_held(2, PAGE)
        self.sim.release()
        self.assertEqual(before.response().json()["totalElements"], 1)
        self.assertEqual(after.response().json()["totalElements"], 2)

    def test_nor_one_that_was_sent_while_the_write_was_under_way(self):
        self.begin()
        self.sim.fault("hold", "/api/device", method="POST")
        write = self.ask("/api/device", "POST", body={"name": "written", "type": "default"})
        self.sim.wait_for_held(1)
        self.sim.fault("hold", PAGE, executed=True)  # it reads before the write is executed
        during = self.ask_held(2, PAGE)
        self.sim.release()
        self.assertEqual(write.response().status, 200)
        self.assertEqual(during.response().json()["totalElements"], 1)
        self.assertEqual(self.proxy.get(PAGE).json()["totalElements"], 2)

    def test_a_read_from_during_a_write_is_not_shared_after_its_end(self):
        self.begin()
        self.hold(PAGE, count=2, executed=True)
        self.sim.fault("delay", "/api/device", method="POST", ms=500)
        write = self.ask("/api/device", "POST", body={"name": "written", "type": "default"})
        self.settle()
        during = self.ask_held(1, PAGE)
        self.assertEqual(write.response().status, 200)
        after = self.ask_held(2, PAGE)
        self.sim.release()
        self.assertIn(during.response().json()["totalElements"], (1, 2))
        self.assertEqual(after.response().json()["totalElements"], 2)

    def test_reads_that_waited_before_a_write_do_not_serve_one_from_after_it(self):
        self.begin({"upstream.max_connections": 1})
        self.occupy()
        before = self.ask(PAGE)
        self.wait_for_waiting(1)
        write = self.ask("/api/device", "POST", body={"name": "written", "type": "default"})
        self.wait_for_waiting(2)
        self.sim.release()
        self.assertEqual(write.response().status, 200)
        self.assertEqual(self.proxy.get(PAGE).json()["totalElements"], 2)
        self.assertEqual(before.response().status, 200)

    def test_a_program_reads_its_own_writes_under_load(self):
        self.begin({"upstream.max_connections": 8})
        devices = [self.make_device("device %d" % index) for index in range(4)]

        def work(index):
            """Two programs for each device write a key each, and all read the same target."""
            base = "/api/plugins/telemetry/DEVICE/%s/" % devices[index % 4]
            key, target = "k%d" % index, base + "values/timeseries?keys=k%d,k%d" % (index % 4, index % 4 + 4)
            wrong = []
            with self.proxy.connect(index % 3 == 0) as connection:
                for value in range(40):
                    self.assertEqual(connection.request("POST", base + "timeseries/ANY", body={key: value}).status, 200)
                    seen = connection.request("GET", target).json()[key][0]["value"]
                    if seen != str(value):
                        wrong.append((value, seen))
            return wrong
        self.assertEqual(in_parallel(8, work), [[]] * 8)

    def test_a_program_reads_its_own_attributes_under_load(self):
        self.begin({"upstream.max_connections": 8, "merge.mode": "always"})
        base = "/api/plugins/telemetry/DEVICE/%s/" % self.device

        def work(index):
            wrong = []
            with self.proxy.connect() as connection:
                for value in range(40):
                    path = base + "attributes/SERVER_SCOPE"
                    self.assertEqual(connection.request("POST", path, body={"k%d" % index: value}).status, 200)
                    seen = connection.request("GET", base + "values/attributes/SERVER_SCOPE").json()
                    if {"k%d" % index: value} not in [{entry["key"]: entry["value"]} for entry in seen]:
                        wrong.append(value)
            return wrong
        self.assertEqual(in_parallel(8, work), [[]] * 8)


class TestHangUp(JoinCase):
    def test_a_program_that_hangs_up_does_not_take_the_others_answer_away(self):
        for index in range(3):
            for unix in (False, True):
                with self.subTest(index=index, unix=unix):
                    self.begin()
                    self.hold()
                    connections = [self.ask_held(1, unix=unix), self.ask(TYPES, unix=unix), self.ask(TYPES, unix=unix)]
                    self.settle()
                    connections.pop(index).reset()
                    self.settle()
                    self.sim.release()
                    self.assertEqual([connection.response().status for connection in connections], [200, 200])
                    self.assertEqual(len(self.sim.requests(TYPES)), 1)

    def test_when_all_have_hung_up_the_next_read_is_a_call_of_its_own(self):
        self.begin()
        self.hold()
        connections = [self.ask_held(1), self.ask(TYPES)]
        self.settle()
        for connection in connections:
            connection.reset()
        self.settle()
        self.assertEqual(self.proxy.get(TYPES).status, 200)
        self.sim.release()


if __name__ == "__main__":
    tap.main()
