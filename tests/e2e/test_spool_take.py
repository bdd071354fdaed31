# SPDX-License-Identifier: Apache-2.0
"""The spool takes writes: when, which, in which order, and what the program is told."""
import ctypes
import datetime
import email.utils
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import tap
from harness import Case, Connection, ScriptedServer, answer, build, in_parallel, wait_until

DEVICE = "784f394c-42b6-435a-983c-b7beff2784f9"
TELEMETRY = "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % DEVICE
OTHER = "/api/plugins/telemetry/DEVICE/784f394c-42b6-435a-983c-000000000000/timeseries/ANY"
ATTRIBUTES = "/api/plugins/telemetry/DEVICE/%s/SERVER_SCOPE" % DEVICE
ATTRIBUTES_V2 = "/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE" % DEVICE
QUERY = ("SELECT rows.id >> 20, key, replace(kinds.target, char(1), substr(key, instr(key, ':') + 1)), principals.name, body, boot "
         "FROM rows JOIN entities ON entities.id = entity JOIN kinds ON kinds.id = kind "
         "JOIN principals ON principals.id = principal ORDER BY rows.id")


def is_synchronised():
    """Whether something sets the kernel's clock: STA_UNSYNC in the sixth member of struct timex."""
    timex = (ctypes.c_long * 64)()
    return ctypes.CDLL(None).adjtimex(timex) >= 0 and not timex[5] & 0x40


class TakeCase(Case):
    def setUp(self):
        self.fails = lambda request: True
        self.cuts = lambda request: False
        self.ahead_s = 0

    def handle(self, peer, request):
        """Writes get 503, as from a gateway, if self.fails says so, or no answer."""
        if self.cuts(request):
            return False
        is_write = request.target.startswith("/api/plugins/telemetry") and request.body
        headers = [("Date", email.utils.formatdate(time.time() + self.ahead_s, usegmt=True))]
        peer.send(answer(503, b"", headers) if is_write and self.fails(request) else answer(200, {}, headers))
        return True

    def prepare(self, mode, **options):
        self.start_server()
        self.proxy = self.prepare_daemon(self.server, {"spool.mode": mode, **options})
        self.spool = os.path.join(self.proxy.directory, "spool")
        self.proxy.options["spool.directory"] = self.spool
        self.proxy.write_config()

    def begin(self, mode, **options):
        self.prepare(mode, **options)
        self.proxy.start()

    def start_server(self):
        self.server = ScriptedServer(self.handle, answers_probes=self.ahead_s != 0)  # which ask for a second Date
        self.is_up = True
        self.addCleanup(self.halt)

    def halt(self):
        if self.is_up:
            self.is_up = False
            self.server.stop()

    def kill_and_start(self):
        self.proxy.process.kill()
        self.proxy.ended()
        self.proxy.start()

    def post(self, target, body, headers=()):
        """Over the Unix socket: the port is another after a restart."""
        return self.proxy.post(target, body, headers=headers, unix=True)

    def written(self):
        """The writes that the server has seen."""
        return [request for request in self.server.requests if request.target.startswith("/api/plugins/telemetry")]

    def rows(self):
        """Stops the daemon, and reads its file."""
        self.proxy.process.terminate()
        self.assertEqual(self.proxy.ended(), 0)
        with sqlite3.connect(os.path.join(self.spool, "spool.db")) as file:
            found = file.execute(QUERY).fetchall()
        file.close()
        return found

    def bodies(self):
        return [json.loads(row[4]) for row in self.rows()]

    def assert_taken(self, response):
        self.assertEqual(response.status, 202, response)
        self.assertRegex(response.header("Location"), r"^/-/spool/\d+$")
        return int(response.header("Location").rpartition("/")[2])


class TestAlways(TakeCase):
    def test_a_write_is_on_the_disk_when_it_is_answered(self):
        self.begin("always")
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        before_ms = time.time() * 1000
        response = self.proxy.post(TELEMETRY + "?x=1", {"t": 1})
        number = self.assert_taken(response)
        self.assertIsNone(response.header("Preference-Applied"))
        self.assertEqual(self.assert_taken(self.proxy.post(ATTRIBUTES, {"a": 2})), number + 1)
        first, second = self.rows()
        self.assertEqual(first[:4], (number, "DEVICE:" + DEVICE, TELEMETRY + "?x=1", "uid:%d" % os.getuid()))
        body = json.loads(first[4])
        self.assertEqual(body["values"], {"t": 1})
        self.assertLess(abs(body["ts"] - before_ms), 5000)
        self.assertEqual(second[2], ATTRIBUTES)
        self.assertEqual(json.loads(second[4]), {"a": 2})

    def test_without_any_right_time_the_body_keeps_none(self):
        self.prepare("always")
        self.halt()
        self.proxy.start(wait="")
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
        (row,) = self.rows()
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        if is_synchronised():
            self.assertEqual((json.loads(row[4])["values"], row[5]), ({"t": 1}, None))
        else:
            self.assertEqual((json.loads(row[4]), row[5]), ({"t": 1}, boot))

    def test_it_survives_a_kill(self):
        self.begin("always")
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        numbers = in_parallel(8, lambda index: self.assert_taken(self.proxy.post(TELEMETRY, {"t": index})))
        self.kill_and_start()
        self.assertEqual(self.proxy.get("/api/x", unix=True).status, 200)
        self.assertGreater(self.assert_taken(self.post(TELEMETRY, {"t": 8})), max(numbers))
        self.assertEqual(sorted(body["values"]["t"] for body in self.bodies()), list(range(9)))

    def test_what_the_server_would_refuse_by_its_form_is_refused_at_once(self):
        self.begin("always", **{"spool.max_body_bytes": 1024})
        for target, body in ((TELEMETRY, b'{"a":1'), (TELEMETRY, b"[1]"), (ATTRIBUTES, b'[{"a":1}]'), (ATTRIBUTES, b"")):
            self.assert_error(self.proxy.post(target, body, headers=[("Content-Type", "application/json")]), 400, 31)
        self.assert_error(self.proxy.post(TELEMETRY, {"a": "x" * 1024}), 413, 31)
        for body in (b'{"a":null}', b"{}", b'[{"ts":1,"ts":2,"values":{"a":1e999}}]'):
            self.assert_taken(self.proxy.post(TELEMETRY, body, headers=[("Content-Type", "application/json")]))
        self.assertEqual(len(self.rows()), 3)

    def test_other_requests_are_forwarded(self):
        self.begin("always")
        self.assertEqual(self.proxy.post("/api/device", {"name": "d"}).status, 200)
        self.assertEqual(self.proxy.post("/api/v1/TOKEN/telemetry", {"t": 1}).status, 200)
        self.assertEqual(self.proxy.get(TELEMETRY.replace("timeseries/ANY", "values/timeseries")).status, 200)
        self.assertEqual(self.rows(), [])

    def test_headers_that_change_nothing_do_not_matter(self):
        self.begin("always")
        for header in (("Origin", "http://localhost"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                       ("Cache-Control", "no-cache"), ("X-Forwarded-For", "192.0.2.1")):
            self.assert_taken(self.post(TELEMETRY, {"t": 1}, [header]))
        self.assertEqual(self.post(TELEMETRY, {"t": 1}, [("Content-Encoding", "br")]).status, 503)
        self.assertEqual(len(self.rows()), 4)

    def test_long_targets_are_not_stored(self):
        """They are not in anybody's share."""
        self.begin("always")
        self.fails = lambda request: False
        longest = TELEMETRY + "?" + "x" * (255 - len(TELEMETRY))
        self.assert_taken(self.proxy.post(longest, {"t": 1}))
        self.assertEqual(self.proxy.post(longest + "x", {"t": 1}).status, 200)
        types = [[("Content-Type", "application/json; x=" + "x" * count)] for count in (44, 45)]
        self.assert_taken(self.proxy.post(TELEMETRY, b'{"t":1}', headers=types[0]))
        self.assertEqual(self.proxy.post(TELEMETRY, b'{"t":1}', headers=types[1]).status, 200)

    def test_the_arrival_is_by_the_servers_clock(self):
        """The host's may be years behind: by that, a row would be too old at once."""
        self.ahead_s = 5 * 86400
        self.begin("always")

        def is_ahead():
            self.assertEqual(self.proxy.get("/api/x").status, 200)
            number = self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
            part = self.proxy.get("/-/spool/%d" % number).json()["parts"][0]
            arrived = datetime.datetime.fromisoformat(part["arrived"].replace("Z", "+00:00")).timestamp()
            return abs(arrived - time.time() - self.ahead_s) < 60

        wait_until(is_ahead, "a second answer confirms the server's time")

    def test_the_status_can_be_200(self):
        self.begin("always", **{"spool.status": 200})
        response = self.proxy.post(TELEMETRY, {"t": 1}, headers=[("Prefer", "respond-async")])
        self.assertEqual(response.status, 200)
        self.assertEqual(response.header("Preference-Applied"), "respond-async")

    def test_a_client_that_leaves_does_not_take_its_row_along(self):
        self.begin("always")
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        for _ in range(20):
            with Connection(self.proxy.address) as connection:
                connection.request("POST", TELEMETRY, body={"t": 1})
                connection.reset()
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 2}))
        self.assertIn({"t": 2}, [body["values"] for body in self.bodies()])


class TestOutage(TakeCase):
    def test_writes_are_forwarded_while_the_server_takes_them(self):
        self.begin("outage")
        self.fails = lambda request: False
        self.assertEqual(self.proxy.post(TELEMETRY, {"t": 1}).status, 200)
        self.assertEqual(self.proxy.post(ATTRIBUTES, {"a": 1}).status, 200)
        self.assertEqual(self.rows(), [])

    def test_a_server_that_refuses_or_is_gone(self):
        self.begin("outage", **{"spool.after_ms": 100})
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
        self.halt()
        self.assert_taken(self.proxy.post(OTHER, {"t": 2}))
        self.assertEqual([body["values"] for body in self.bodies()], [{"t": 1}, {"t": 2}])

    def test_what_the_server_may_have_stored_with_its_own_time_is_not_taken(self):
        """It is larger than what gets a time here."""
        self.cuts = lambda request: len(request.body) > 256 * 1024
        self.begin("outage", **{"spool.after_ms": 0, "spool.max_body_bytes": 1024 * 1024})
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.assert_error(self.proxy.post(TELEMETRY, {"t": "x" * 300 * 1024}), 502, 2)
        self.assert_taken(self.proxy.post(TELEMETRY, {"ts": 1764446123456, "values": {"t": 1}}))
        self.assertEqual(len(self.rows()), 1)

    def test_later_writes_of_the_entity_go_behind_and_others_do_not(self):
        self.begin("outage", **{"spool.after_ms": 0})
        self.fails = lambda request: b'"t"' in request.body
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
        self.assert_taken(self.proxy.post(ATTRIBUTES, {"a": 1}))
        self.assert_taken(self.proxy.post(TELEMETRY, {"u": 1}))
        self.assertEqual(self.proxy.post(OTHER, {"u": 2}).status, 200)
        self.assertNotIn(ATTRIBUTES, [request.target for request in self.written()])
        self.assertEqual(len(self.rows()), 3)

    def test_the_same_after_a_restart(self):
        self.begin("outage", **{"spool.after_ms": 0})
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
        self.fails = lambda request: b'"t"' in request.body
        self.kill_and_start()
        self.assert_taken(self.post(ATTRIBUTES, {"a": 1}))
        wait_until(lambda: self.post(OTHER, {"u": 2}).status == 200, "the entities are known")

    def test_what_prefers_to_be_asynchronous_is_taken_at_once(self):
        self.begin("outage")
        self.fails = lambda request: b'"t"' in request.body
        response = self.proxy.post(TELEMETRY, {"t": 1}, headers=[("Prefer", "respond-async, wait=20")])
        self.assert_taken(response)
        self.assertEqual(response.header("Preference-Applied"), "respond-async")

    def test_what_does_not_wait_is_taken_at_once_while_the_server_is_away(self):
        self.begin("outage", **{"spool.after_ms": 20000})
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.halt()
        wait_until(lambda: not self.proxy.get("/-/status").json()["servers"][0]["healthy"], "an outage")
        begin = time.monotonic()
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}, headers=[("Prefer", "wait=0")]))
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_stop_does_not_wait_for_the_server(self):
        self.begin("outage", **{"spool.after_ms": 60000})
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.halt()

        def run(index):
            if index == 0:
                return self.proxy.post(TELEMETRY, {"t": 1})
            wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == 1, "one that waits")
            self.proxy.process.terminate()
            return None
        self.assert_taken(in_parallel(2, run)[0])
        self.assertEqual([body["values"] for body in self.bodies()], [{"t": 1}])

    def test_an_older_attribute_does_not_come_back(self):
        """The first write fails, and waits; the second, with another path, is acknowledged meanwhile."""
        self.begin("outage", **{"spool.after_ms": 1500})
        self.fails = lambda request: b'"old"' in request.body
        self.assertEqual(self.proxy.get("/api/x").status, 200)

        def write(index):
            if index == 0:
                return self.proxy.post(ATTRIBUTES, {"a": 1, "old": 1})
            wait_until(lambda: len(self.written()) > 0, "the first write")
            return self.proxy.post(ATTRIBUTES_V2, {"a": 2})
        first, second = in_parallel(2, write)
        self.assert_taken(first)
        self.assertEqual(second.status, 200)
        self.assertEqual(self.bodies(), [{"old": 1}])

    def test_a_delete_waits_for_the_rows(self):
        self.begin("outage", **{"spool.after_ms": 0})
        self.fails = lambda request: b'"t"' in request.body
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
        target = ATTRIBUTES + "?keys=a"
        self.assert_error(self.proxy.call("DELETE", target, [("Prefer", "wait=1")]), 503, 2, "spool", "delete")
        self.assertNotIn(target, [request.target for request in self.written()])
        other = target.replace("b7beff2784f9", "000000000001")
        self.assertEqual(self.proxy.call("DELETE", other).status, 200)


class TestSilence(TakeCase):
    def test_a_silent_server_is_not_waited_for(self):
        """Neither by what it has, nor by what waits for that. A read waits."""
        self.cuts = lambda request: self.server.release.wait() and self.is_silent
        self.is_silent = False
        self.ahead_s = 1  # probes are its, too
        self.prepare("outage", **{"spool.after_ms": 100, "upstream.check_interval_ms": 200})
        self.server.release.set()
        self.proxy.start()
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.server.release.clear()
        self.is_silent = True
        writes = [(TELEMETRY, {"t": 1}), (ATTRIBUTES, {"a": 1}), (ATTRIBUTES, {"b": 1})]

        def write(index):
            begin = time.monotonic()
            self.assert_taken(self.proxy.post(*writes[index]))
            return time.monotonic() - begin
        with Connection(self.proxy.address) as reader:
            reader.send(build("GET", "/api/x", host=reader.host))
            self.assertLess(max(in_parallel(3, write)), 8)  # a check after 0.2 s, which is silent after 2 s
            self.assertEqual(self.proxy.get("/-/status").json()["server"]["state"], "unreachable")
            self.assert_taken(self.proxy.post(OTHER, {"t": 2}))
            wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == 0, "the reader is sent")
            self.server.release.set()
        self.assertEqual(len(self.rows()), 4)


class TestFull(TakeCase):
    def fill(self, **options):
        self.begin("always", **{"spool.max_rows": 100, **options})
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        for index in range(10):
            in_parallel(10, lambda part: self.assert_taken(self.proxy.post(TELEMETRY, {"t": 10 * index + part})))

    def trouble(self):
        spool = self.proxy.ask_admin("GET", "/-/status").json()["spool"]
        return spool["cause"], spool["remedy"]

    def test_a_full_spool_refuses(self):
        self.fill()
        self.assertEqual(self.trouble(), (None, None))
        self.assert_error(self.proxy.post(TELEMETRY, {"t": 100}), 503, 2, "full", "spool.max_rows")
        self.assertEqual(self.trouble()[0], "it is full for a user, whose writes are refused")
        self.assertIn("spool.max_rows", self.trouble()[1])
        self.assertEqual(len(self.rows()), 100)

    def test_or_drops_the_oldest(self):
        self.fill(**{"spool.when_full": "drop-oldest"})
        for index in range(100, 110):
            self.assert_taken(self.proxy.post(TELEMETRY, {"t": index}))
        self.proxy.log.wait("spool: it is full")
        self.assertEqual(self.trouble()[0], "it is full for a user, whose oldest writes are dropped")
        kept = sorted(body["values"]["t"] for body in self.bodies())
        self.assertIn(len(kept), (99, 100))  # as many bytes are freed as are needed: that may be two rows for one
        self.assertEqual(kept[-90:], list(range(20, 110)))
        self.assertGreaterEqual(kept[0], 10)

    def test_room_comes_with_delivery(self):
        self.fill()
        self.fails = lambda request: False
        wait_until(lambda: self.proxy.post(TELEMETRY, {"t": 100}).status == 202, "room")


class TestFile(TakeCase):
    def test_a_second_process_does_not_start(self):
        self.begin("outage")
        second = self.prepare_daemon(self.server, {"spool.mode": "outage", "spool.directory": self.spool})
        done = subprocess.run(second.command(), env=second.environment(), check=False, text=True, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 78)
        self.assertIn("in use by another process", done.stderr)

    def test_a_file_that_cannot_be_opened_is_said_and_tried_again(self):
        self.prepare("outage")
        os.mkdir(self.spool, 0o755)
        self.proxy.start()
        self.assert_error(self.proxy.post(ATTRIBUTES, {"a": 1}), 503, 2, "chmod 0700")
        self.assertEqual(self.proxy.post("/api/device", {"name": "d"}).status, 200)
        self.fails = lambda request: False
        self.assertEqual(self.proxy.post(TELEMETRY, {"t": 1}).status, 200)  # it has its time
        self.fails = lambda request: True
        os.chmod(self.spool, 0o700)
        self.proxy.signal(signal.SIGHUP)
        wait_until(lambda: self.proxy.post(TELEMETRY, {"t": 1}).status == 202, "the file")


    def test_files_that_are_removed_while_they_are_used(self):
        """What is answered with 202 afterwards is in files that can be found."""
        self.begin("outage", **{"spool.after_ms": 0})
        self.assertEqual(self.proxy.get("/api/x").status, 200)
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 1}))
        shutil.rmtree(self.spool)
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 2}))
        self.proxy.log.wait("was removed or replaced while it was in use")
        self.assertEqual(self.proxy.get("/-/status").json()["spool"]["rows"], 1)
        self.assert_taken(self.proxy.post(TELEMETRY, {"t": 3}))
        self.assertEqual([body["values"]["t"] for body in self.bodies()], [2, 3])


if __name__ == "__main__":
    tap.main()
