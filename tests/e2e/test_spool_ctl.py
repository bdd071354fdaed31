# SPDX-License-Identifier: Apache-2.0
"""What programs and administrators see of the spool, and what they can do with it. The server is away, so that rows wait."""
import json
import os

import tap
from client import Connection, fetch
from ctl_case import CtlCase
from harness import answer, wait_until
from scripted import echo
from spool_rows import ASIDE, DROPPED, HOUR_MS, SpoolFile, now_ms
from users import ALICE, connect_as, needs_users
from waiting import Log

ME = os.getuid()
BAD = '{"message":"\x1b[31m\u00e4"}'


def put_rows(file):
    now = now_ms()
    file.add(1, user=ALICE, arrived=now - 3 * HOUR_MS, attempts=2, status=500, answer="oh")
    file.add(2, user=ME, state=ASIDE, status=400, answer=BAD, reason="the server refused it", attempts=1, arrived=now)
    file.end(3, user=ME, status=200)
    file.end(4, user=ME, state=DROPPED, reason="too old")
    file.add(5, user=ME, entity="ASSET/2", body='[{"t":"\\u00e4"},\n 1e400, 123456789012345678901234567890]')
    file.add(5, 1, user=ME, entity="ASSET/2", state=ASIDE, body="{}", crc=1, reason="the disk has changed it")
    file.end(5, 2, user=ME, status=200)


class SpoolCase(CtlCase):
    """The daemon is stopped and started again with what PUT adds to its file."""

    def begin(self, put=put_rows, mode="outage"):
        self.server = self.start_simulator()
        self.proxy = self.prepare_daemon(self.server, {"spool.mode": mode, "admin.address": "127.0.0.1:0"})
        self.proxy.start()
        self.server.stop()
        self.restart(put)

    def restart(self, put=lambda file: None):
        self.proxy.process.terminate()
        self.proxy.ended()
        file = SpoolFile(self.proxy.options["spool.directory"])
        put(file)
        file.close()
        self.proxy.log = Log()
        self.proxy.start()
        self.admin_tcp = ("127.0.0.1", int(self.proxy.log.wait(r"admin requests on http://127.0.0.1:(\d+)").group(1)))

    def ask(self, target, method="GET", way=None):
        return fetch(way or self.proxy.admin_path, method, target, host="localhost")

    def spool(self, *arguments, **more):
        return self.good("spool", *arguments, "--admin", self.proxy.admin_path, **more)

    def numbers(self, query=""):
        return [row["number"] for row in self.ask("/-/spool" + query).json()["rows"]]


class TestPrograms(SpoolCase):
    def test_what_became_of_a_write(self):
        self.begin()
        for number, state, status, reason in ((2, "aside", 400, "the server refused it"), (3, "delivered", 200, None),
                                              (4, "dropped", None, "too old")):
            found = self.ask("/-/spool/%d" % number, way=self.proxy.unix_path).json()
            part, = found["parts"]
            self.assertEqual((found["number"], found["state"], found["more"]), (number, state, False))
            self.assertEqual((part["state"], part["status"], part["reason"]), (state, status, reason))
            self.assertNotIn("body", part)
            self.assertNotIn("target", part)
        self.assertEqual(self.ask("/-/spool/2", way=self.proxy.address).json()["parts"][0]["answer"], '{"message":"?[31m\u00e4"}')

    def test_a_write_in_parts_waits_until_none_does(self):
        self.begin()
        found = self.ask("/-/spool/5", way=self.proxy.address).json()
        self.assertEqual((found["state"], [part["state"] for part in found["parts"]]), ("waiting", ["aside", "waiting", "delivered"]))

    def test_there_is_no_such_write(self):
        self.begin()
        for name in ("6", "0", "x", "1x", "-1", "9" * 18, "9" * 30):
            for way in (self.proxy.admin_path, self.proxy.address, self.admin_tcp):
                self.assert_error(self.ask("/-/spool/" + name, way=way), 404, 32, "no such write")
        for way in (self.proxy.address, self.admin_tcp):
            for target in ("/-/spool", "/-/spool/retry?number=2", "/-/spool/drop?number=2"):
                method = "GET" if target == "/-/spool" else "POST"
                self.assert_error(self.ask(target, method, way), 404, 32, self.proxy.admin_path)
        self.assertEqual(self.numbers(), [1, 2, 5, 5])

    @needs_users
    def test_others_see_nothing(self):
        self.begin()
        for unix in (True, False):
            connection, = connect_as(self, ALICE, self.proxy, unix=unix)
            self.assertEqual(connection.request("GET", "/-/spool/1").json()["state"], "waiting")
            for number in (2, 3, 5, 6):
                self.assert_error(connection.request("GET", "/-/spool/%d" % number), 404, 32, "no such write")
        self.assertEqual(self.ask("/-/spool/1", way=self.proxy.address).status, 200 if ME == 0 else 404)

    def test_parts_beyond_the_bound(self):
        self.begin(lambda file: [file.end(7, part, user=ME) for part in range(101)])
        found = self.ask("/-/spool/7").json()
        self.assertEqual((len(found["parts"]), found["more"]), (100, True))

    def test_a_client_that_hangs_up(self):
        self.begin()
        for _ in range(20):
            for way in (self.proxy.admin_path, self.proxy.unix_path):
                connection = Connection(way)
                connection.send(b"GET /-/spool/2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
                connection.close()
        self.assertEqual(self.numbers(), [1, 2, 5, 5])


class TestAdministrator(SpoolCase):
    def test_pages(self):
        self.begin()
        first = self.ask("/-/spool?rows=3").json()
        self.assertEqual([row["number"] for row in first["rows"]], [1, 2, 5])
        rest = self.ask("/-/spool?rows=3&after=%d" % first["next"]).json()
        self.assertEqual(([row["state"] for row in rest["rows"]], rest["next"]), (["waiting"], None))
        for query, found in (("?state=aside", [2, 5]), ("?state=waiting", [1, 5]), ("?client=uid:%d" % ALICE, [1]),
                             ("?entity=ASSET/2", [5, 5]), ("?number=5&state=aside", [5]), ("?number=3", []), ("?entity=x", [])):
            self.assertEqual(self.numbers(query), found, query)
        for query in ("state=delivered", "rows=0", "rows=1001", "rows=", "number=0", "after=x", "client=", "bodies=1", "x=1",
                      "entity=" + "x" * 256, "client=" + "x" * 32):
            self.assert_error(self.ask("/-/spool?" + query), 400, 31, "the parameters are")

    def test_bodies(self):
        self.begin()
        rows = self.ask("/-/spool?bodies=true").json()["rows"]
        self.assertEqual([(row["body"], row["damaged"]) for row in rows], [
            ('{"t":1}', False), ('{"t":1}', False), (None, True),
            ('[{"t":"\\u00e4"},\n 1e400, 123456789012345678901234567890]', False)])
        self.assertNotIn("body", self.ask("/-/spool").json()["rows"][0])
        self.assertEqual(self.ask("/-/spool/2").json()["parts"][0]["body"], '{"t":1}')

    def test_what_was_set_aside_waits_again(self):
        self.begin()
        self.assertEqual(self.ask("/-/spool/retry?number=1", "POST").json(), {"retried": 0, "next": None})
        self.assertEqual(self.ask("/-/spool/retry?number=2", "POST").json(), {"retried": 1, "next": None})
        part = self.ask("/-/spool/2").json()["parts"][0]
        self.assertEqual((part["state"], part["attempts"], part["status"], part["answer"], part["reason"]),
                         ("waiting", 0, None, None, None))
        self.assertEqual(self.ask("/-/spool/retry?state=aside", "POST").json()["retried"], 1)
        self.restart()
        self.assertEqual(self.numbers("?state=waiting"), [1, 2, 5, 5])

    def test_what_is_dropped_stays_dropped(self):
        self.begin()
        for query in ("", "?rows=1", "?after=1"):
            self.assert_error(self.ask("/-/spool/drop" + query, "POST"), 400, 31, "say which rows")
        self.assertEqual(self.ask("/-/spool/drop?client=uid:%d&state=aside&rows=1" % ALICE, "POST").json()["dropped"], 0)
        self.assertEqual(self.ask("/-/spool/drop?number=5", "POST").json(), {"dropped": 2, "next": None})
        self.assertIn("tbproxyd_spool_dropped_total 2\n", self.ask("/-/metrics").body.decode())
        self.restart()
        self.assertEqual(self.numbers(), [1, 2])
        found = self.ask("/-/spool/5").json()
        self.assertEqual((found["state"], found["parts"][1]["reason"]), ("dropped", "dropped by uid:%d" % ME))

    def test_other_methods(self):
        self.begin()
        self.assert_error(self.ask("/-/spool/retry"), 405, 31, "allowed: POST")
        self.assert_error(self.ask("/-/spool", "POST"), 405, 31, "allowed: GET, HEAD")

    def test_no_spool(self):
        self.proxy = self.start_daemon(self.start_simulator())
        for target in ("/-/spool", "/-/spool/1"):
            self.assert_error(self.ask(target), 404, 32, "spool is off")
        self.assertEqual(self.refused("spool", "list", "--admin", self.proxy.admin_path, status=3),
                         "tbproxyctl: spool: the spool is off; spool.mode switches it on")


class TestWrites(CtlCase):
    """What is taken, delivered, refused, and tried again."""

    def begin(self, status):
        """The server answers writes with self.status."""
        self.status = status
        self.proxy = self.start_daemon(self.start_scripted(self.handle), {"spool.mode": "always"})

    def handle(self, peer, request):
        if "/timeseries/" not in request.target:
            return echo(peer, request)
        peer.send(answer(self.status, {"status": self.status, "message": "no"}))
        return True

    def write(self):
        """The place of the answer."""
        written = self.proxy.post("/api/plugins/telemetry/DEVICE/784f394c-42b6-435a-983c-b7beff2784f9/timeseries/ANY", {"t": 1})
        self.assertEqual(written.status, 202)
        return written.header("Location")

    def wait_for(self, place, state):
        wait_until(lambda: self.proxy.get(place).json()["state"] == state, state)
        return self.proxy.get(place).json()["parts"][0]

    def test_from_202_to_the_server(self):
        self.begin(503)
        place = self.write()
        self.assertEqual(self.proxy.get(place).json()["state"], "waiting")
        self.status = 200
        self.assertEqual(self.wait_for(place, "delivered")["status"], 200)
        status = self.proxy.ask_admin("GET", "/-/status").json()["spool"]
        self.assertEqual((status["rows"], status["left_ms"], status["cause"]), (0, 0, None))
        self.assertGreater(status["stored_per_s"], 0)
        self.assertGreater(status["delivered_per_s"], 0)
        text = self.proxy.ask_admin("GET", "/-/metrics").body.decode()
        self.assertIn("\ntbproxyd_spool_stored_total 1\n", text)
        self.assertIn("\ntbproxyd_spool_delivered_total 1\n", text)

    def test_what_the_server_refuses_is_set_aside_and_can_be_tried_again(self):
        self.begin(400)
        place = self.write()
        part = self.wait_for(place, "aside")
        self.assertEqual((part["status"], json.loads(part["answer"])["message"]), (400, "no"))
        self.status = 200
        self.assertEqual(self.good("spool", "retry", "--all", "--admin", self.proxy.admin_path), "1 row waits again\n")
        self.wait_for(place, "delivered")


class TestState(SpoolCase):
    def test_status(self):
        self.begin()
        status = self.ask("/-/status").json()["spool"]
        self.assertEqual((status["mode"], status["open"], status["rows"], status["aside"]), ("outage", True, 2, 2))
        self.assertEqual((status["max_rows"], status["max_bytes"], status["left_ms"]), (5000000, 1 << 30, None))
        self.assertEqual((status["stored_per_s"], status["delivered_per_s"]), (0, 0))
        self.assertTrue(3 * HOUR_MS <= status["oldest_ms"] < 4 * HOUR_MS, status)
        self.assertGreater(status["disk_bytes"], 0)
        self.assertEqual(status["cause"], "rows were set aside")
        self.assertIn("tbproxyctl spool list --state aside", status["remedy"])
        self.assertRegex(self.good("top", "--count", "1", "--admin", self.proxy.admin_path),
                         r"\nspool: 2 waiting, \d+ bytes, the oldest for 3 h; 0\.0/s stored, 0\.0/s delivered; 2 set aside\n")
        self.assertEqual(self.start_daemon(self.start_simulator()).ask_admin("GET", "/-/status").json()["spool"], None)

    def test_metrics(self):
        self.begin()
        text = self.ask("/-/metrics").body.decode()
        for line in ("tbproxyd_spool_up 1", 'tbproxyd_spool_rows{state="waiting"} 2', 'tbproxyd_spool_rows{state="aside"} 2',
                     'tbproxyd_spool_row_bytes{state="aside"} 174', "tbproxyd_spool_max_rows 5000000"):
            self.assertIn("\n%s\n" % line, text)
        self.assertRegex(text, r"\ntbproxyd_spool_oldest_seconds 1080\d\.")

    def test_the_service_manager_is_told_while_rows_are_set_aside(self):
        self.begin()
        self.proxy.notices.wait("^STATUS=.*; spool: rows were set aside; tbproxyctl spool list")
        mark = self.proxy.notices.mark()
        self.ask("/-/spool/drop?state=aside", "POST")
        self.assertNotIn("spool", self.proxy.notices.wait("^STATUS=", mark).group(0))

    def test_a_file_that_cannot_be_opened(self):
        self.begin()
        os.chmod(self.proxy.options["spool.directory"], 0o755)
        self.restart()
        status = self.ask("/-/status").json()["spool"]
        self.assertEqual((status["open"], status["rows"]), (False, 0))
        self.assertIn("the spool cannot be used: ", status["cause"])
        self.assert_error(self.ask("/-/spool/2"), 503, 2, "the spool cannot be used: ")
        self.assertIn("the spool cannot be used: ", self.refused("spool", "list", "--admin", self.proxy.admin_path, status=6))
        self.assertIn("\ntbproxyd_spool_up 0\n", self.ask("/-/metrics").body.decode())


    def switch(self, mode):
        self.proxy.options["spool.mode"] = mode
        self.proxy.write_config()
        self.restart()

    def test_the_spool_is_off_but_has_rows(self):
        self.begin(lambda file: file.add(1))
        for _ in range(2):
            self.switch("off")
            self.proxy.log.wait('spool: writes wait in .*/spool.db, and are not delivered, because spool.mode is "off"')
        self.switch("outage")
        self.assertEqual(self.spool("drop", "1"), "1 row dropped\n")
        self.switch("off")
        self.assertNotIn("spool", self.proxy.log.text())


class TestCommands(SpoolCase):
    def test_list(self):
        self.begin()
        self.assertEqual(self.spool("list").splitlines()[0].split(), ["number", "state", "arrived", "client", "attempts", "entity"])
        self.assertRegex(self.spool("list"), r"\n1 +waiting +3 h ago +uid:%d +2  DEVICE/1\n"
                                             r"2 +aside +\w.* +uid:%d .* 1  DEVICE/1: the server refused it: 400 \?\[31m\u00e4\n" % (ALICE, ME))
        self.assertEqual(len(self.spool("list", "--state", "aside", "--entity", "ASSET/2").splitlines()), 2)
        self.assertEqual(self.spool("list", "--entity", "x"), "the spool has no such rows\n")
        self.assertIn("there is no user nobody-at-all; ",
                      self.refused("spool", "list", "--client", "nobody-at-all", "--admin", self.proxy.admin_path))
        rows = [json.loads(line) for line in self.spool("list", "--client", "uid:%d" % ME, "--json").splitlines()]
        self.assertEqual([row["number"] for row in rows], [2, 5, 5])
        self.assertEqual(self.refused("spool", "list", "--state", "x", "--admin", self.proxy.admin_path, status=1)[:36],
                         "tbproxyctl: spool: tbproxyd refused ")

    def test_show(self):
        self.begin()
        text = self.spool("show", "2")
        self.assertRegex(text, r"^write      2, aside\nclient     uid:%d.*\narrived    .*\nentity     DEVICE/1\n" % ME)
        self.assertIn('\nanswer     400: {"message":"?[31m\u00e4"}\nreason     the server refused it\nbody       {"t":1}\n', text)
        text = self.spool("show", "5")
        self.assertIn("\npart       aside\nreason     the disk has changed it\nbody       damaged: the disk has changed it\n", text)
        self.assertIn('\npart       waiting\nbody       [{"t":"\\u00e4"},? 1e400, 123456789012345678901234567890]\n', text)
        self.assertEqual(json.loads(self.spool("show", "3", "--json"))["state"], "delivered")
        self.assertIn("no such write", self.refused("spool", "show", "9", "--admin", self.proxy.admin_path, status=3))

    def test_an_answer_that_is_not_json_and_none(self):
        self.begin(lambda file: [file.add(1, state=ASIDE, reason="no", status=404, answer="Not \x1bhere" + "x" * 300),
                                 file.add(2, state=ASIDE, reason="no", answer="y"),
                                 file.add(3, state=ASIDE, reason="no", status=413)])
        endings = [line.rpartition("  ")[2] for line in self.spool("list").splitlines()[1:]]
        self.assertEqual(endings, ["DEVICE/1: no: 404 Not ?here" + "x" * 190, "DEVICE/1: no", "DEVICE/1: no: 413"])

    def test_the_id_of_an_entity_is_enough(self):
        self.begin(lambda file: [file.add(number, entity=entity) for number, entity in
                                 ((1, "DEVICE:784f394c-42b6-435a-983c-b7beff2784f9"), (2, "ASSET:784f394c-42b6-435a-983c-b7beff2784f8"))])
        for entity in ("784f394c-42b6-435a-983c-b7beff2784f8", "ASSET:784f394c-42b6-435a-983c-b7beff2784f8"):
            self.assertEqual([json.loads(line)["number"] for line in self.spool("list", "--json", "--entity", entity).splitlines()], [2])
        for entity in ("784f394c", "DEVICE", ":784f394c-42b6-435a-983c-b7beff2784f8"):
            self.assertEqual(self.spool("list", "--json", "--entity", entity), "")

    def test_what_is_not_known_is_not_shown(self):
        """The body of what has ended, and the server of what was tried again, which goes to any."""
        self.begin()
        self.assertNotIn("body", self.spool("show", "3"))
        self.spool("retry", "2")
        self.assertIn("\nserver     any\n", self.spool("show", "2"))
        part, = json.loads(self.spool("show", "2", "--json"))["parts"]
        self.assertEqual((part["server"], part["tenant"]), (None, None))

    def test_retry_and_drop(self):
        self.begin()
        self.assertEqual(self.spool("retry", "2"), "1 row waits again\n")
        self.assertEqual(self.refused("spool", "retry", "2", "--admin", self.proxy.admin_path, status=3),
                         "tbproxyctl: spool: write 2 has no row that was set aside")
        self.assertEqual(self.spool("retry", "--all", "--entity", "DEVICE/1"), "0 rows wait again\n")
        self.assertEqual(json.loads(self.spool("drop", "--all", "--json")), {"dropped": 1})
        self.assertEqual(self.spool("drop", "--all", "--state", "waiting", "--client", "uid:%d" % ALICE), "1 row dropped\n")
        self.assertEqual(self.spool("drop", "5"), "1 row dropped\n")
        self.assertEqual(self.spool("drop", "2"), "1 row dropped\n")
        self.assertEqual(self.spool("list"), "the spool is empty\n")
        self.assertEqual(self.spool("export"), "")

    def test_wrong_command_lines(self):
        for words in ((), ("list", "3"), ("show",), ("show", "3", "--all"), ("retry",), ("retry", "3", "--all"),
                      ("retry", "--all", "--state", "waiting"), ("drop", "3", "--client", "x"), ("drop", "3", "--state", "aside"),
                      ("export", "--all"), ("x",), ("show", "x"), ("show", "../status"), ("show", "")):
            self.assertIn("expected list, export, show NUMBER", self.refused("spool", *words))

    def test_export_in_pages(self):
        """More rows than a page has, and bodies that fill one each."""
        bodies = {number: '"%s"' % ("\\t" * (300000 if number % 100 == 0 else 1)) for number in range(1, 502)}
        self.begin(lambda file: [file.add(number, body=body, state=ASIDE if number % 3 else 0) for number, body in bodies.items()])
        rows = [json.loads(line) for line in self.spool("export").splitlines()]
        self.assertEqual({row["number"]: row["body"] for row in rows}, bodies)
        self.assertEqual(len(rows), len(bodies))
        self.assertEqual(self.spool("drop", "--all"), "334 rows dropped\n")
        self.assertEqual(len(self.spool("list").splitlines()), 1 + len(bodies) - 334)

    def test_the_largest_body(self):
        body = '"%s"' % ("\\" * ((1 << 20) - 2))
        self.begin(lambda file: file.add(1, body=body))
        self.assertEqual(json.loads(self.spool("export"))["body"], body)

    def test_completion(self):
        self.assertEqual(self.good("complete", "--", "spool", "").split(), ["drop", "export", "list", "retry", "show"])
        self.assertEqual(self.good("complete", "--", "spool", "list", "--state", "").split(), ["aside", "waiting"])


if __name__ == "__main__":
    tap.main()
