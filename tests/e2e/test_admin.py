# SPDX-License-Identifier: Apache-2.0
"""The admin socket and admin.address: who may use them, what is where, and that programs cannot keep the administrator out."""
import grp
import json
import os
import signal
import stat
import threading
import time

import tap
from client import Connection, fetch
from harness import PATIENCE, Case, Closed, answer, build, wait_until
from scripted import USER, echo
from users import ALICE, BOB, connect_as, needs_users, sockets_of

OF_ONE_USER = 24  # of 32 connections
EVENTS_OF_ONE_USER = 6  # of 8
EVERYWHERE = ("/-/live", "/-/ready", "/-/startup")


class AdminCase(Case):
    def begin(self, options=None, handle=echo, more=""):
        """MORE: text of the configuration beside the options."""
        self.server = self.start_scripted(handle)
        self.proxy = self.prepare_daemon(self.server, {"admin.address": "127.0.0.1:0", **(options or {})})
        with open(self.proxy.config_path, "a", encoding="utf-8") as file:
            file.write(more)
        self.proxy.start()
        self.admin_tcp = ("127.0.0.1", int(self.proxy.log.wait(r"admin requests on http://127.0.0.1:(\d+)").group(1)))
        self.api, self.admin = (self.proxy.unix_path, self.proxy.address), self.proxy.admin_path

    def status_of(self, way, target, method="GET"):
        return fetch(way, method, target, host="localhost").status


class TestSockets(AdminCase):
    def test_the_socket_is_for_owner_and_group(self):
        group = grp.getgrgid(os.getgid()).gr_name
        self.begin({"admin.unix_group": group})
        status = os.stat(self.admin)
        self.assertEqual((stat.S_IMODE(status.st_mode), status.st_gid), (0o660, os.getgid()))
        self.assertEqual(self.proxy.stop(), None)
        self.assertFalse(os.path.exists(self.admin))

    def test_without_options_there_is_none(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"admin.unix_path": ""})
        self.assertEqual(proxy.log.find("admin requests on"), [])
        reply = proxy.get("/-/")
        self.assert_error(reply, 404, 32, "there is none (admin.unix_path)")

    def test_programs_are_served_even_if_it_cannot_be_opened(self):
        proxy = self.start_daemon(self.start_scripted(echo), {"admin.unix_path": "/nonexistent/admin"})
        proxy.log.wait("cannot listen on /nonexistent/admin: its directory does not exist; .*admin.unix_path")
        self.assertEqual(proxy.get("/api/x").status, 200)


class TestPlaces(AdminCase):
    def test_what_is_where(self):
        self.begin()
        for target in EVERYWHERE + ("/-/status", "/-/metrics"):
            for way in (*self.api, self.admin, self.admin_tcp):
                for method in ("GET", "HEAD"):
                    self.assertEqual(self.status_of(way, target, method), 200, (way, target))
        for way, target in ((self.admin, "/"), (self.admin, "/-/"), (self.admin_tcp, "/-/")):
            listed = fetch(way, "GET", target, host="localhost").json()["paths"]
            self.assertIn({"method": "GET", "path": "/-/live", "about": "Whether tbproxyd runs."}, listed)
        for way in self.api:
            reply = fetch(way, "GET", "/-/", host="localhost")
            self.assert_error(reply, 404, 32, "the admin socket has this: " + self.admin)
        self.assert_error(fetch(self.admin, "GET", "/api/x"), 404, 32, "listen.unix_path")
        self.assert_error(fetch(self.admin, "GET", "/nothing"), 404, 32, "GET /-/ lists")

    def test_another_method_is_told_which_are_allowed(self):
        self.begin()
        for way in (*self.api, self.admin):
            reply = fetch(way, "POST", "/-/live", host="localhost")
            self.assert_error(reply, 405, 31, "allowed: GET, HEAD")
            self.assertEqual(reply.header("Allow"), "GET, HEAD")

    def test_status_can_be_left_to_the_admin_socket(self):
        self.begin({"status.on_api": False})
        for target in ("/-/status", "/-/metrics"):
            for way in self.api:
                self.assert_error(fetch(way, "GET", target, host="localhost"), 404, 32, "the admin socket has this")
            self.assertEqual(self.status_of(self.admin, target), 200)
            self.assertEqual(self.status_of(self.admin_tcp, target), 200)
        for target in EVERYWHERE:
            self.assertEqual(self.status_of(self.api[0], target), 200)

    def test_the_address_forwards_what_reads_as_its_policy_allows(self):
        self.begin()
        self.assertEqual(self.status_of(self.admin_tcp, "/api/x"), 200)
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            self.assert_error(fetch(self.admin_tcp, method, "/api/x", host="localhost"), 405, 31, "GET, HEAD")
        self.assert_error(fetch(self.admin_tcp, "GET", "/api/admin/jwtSettings", host="localhost"), 403, 20)

    def test_startup_is_done_once_there_was_a_session(self):
        self.begin()
        self.assertEqual(fetch(self.admin, "GET", "/-/startup").json()["started"], True)
        refused = self.start_scripted(lambda peer, request: peer.send(answer(401)) or True, authenticates=False)
        proxy = self.prepare_daemon(refused).start()
        for way in (proxy.unix_path, proxy.admin_path):
            self.assertEqual(fetch(way, "GET", "/-/startup").status, 503)


class TestStatus(AdminCase):
    def test_it_tells_what_runs(self):
        self.begin()
        for way in (self.admin, self.api[0]):
            status = fetch(way, "GET", "/-/status").json()
            self.assertEqual((status["pid"], status["draining"], status["log_level"]),
                             (self.proxy.process.pid, False, "debug"))
            self.assertRegex(status["version"], r"^\d+\.\d+")
            self.assertRegex(status["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertGreaterEqual(status["uptime_ms"], 0)

    def test_the_start_stays_the_same(self):
        """Who compares it, like the page, would take another one for a restart."""
        self.begin()
        self.assertEqual(len({fetch(self.admin, "GET", "/-/status").json()["started"] for _ in range(50)}), 1)

    def test_failures_have_their_kind_and_reason(self):
        self.begin({}, lambda peer, request: peer.send(answer(404)) if request.target == "/api/device/x" else None)
        for _ in range(2):
            self.assertEqual(self.proxy.get("/api/device/x").status, 404)
        self.assertEqual(self.proxy.get("/api/asset/x").status, 502)
        self.assertEqual(self.proxy.get("/-/startup").status, 200)
        found = fetch(self.admin, "GET", "/-/status").json()["failures"]
        uid = "uid:%d" % os.getuid()
        self.assertEqual([(row["operation"], row["client"], row["status"], row["count"]) for row in found],
                         [("getAssetById", uid, 502, 1), ("getDeviceById", uid, 404, 2)])
        self.assertIn("no answer from the server", found[0]["reason"])
        self.assertRegex(found[0]["at"], r"Z$")

    def test_a_user_whom_the_server_names_oddly(self):
        def handle(peer, request):
            peer.send(answer(body={**USER, "email": email}))
            return True
        server = self.start_scripted(handle, authenticates=False)
        for email, shown in (("a\u001b[31m\u009b\u202e\n<b>\u00e4", "a?[31m???<b>\u00e4"), ("a" * 254, "a" * 254), ("a" * 255, None)):
            proxy = self.start_daemon(server)
            self.assertEqual(fetch(proxy.admin_path, "GET", "/-/status").json()["session"]["user"], shown)

    @needs_users
    def test_a_program_sees_nothing_of_others(self):
        self.begin({"policy.unix_socket": "default, uid %d = few" % ALICE}, more='policies = { few = { allow = [ "read", "write" ]; max_requests = 3; }; };')
        for uid in (ALICE, BOB):
            connection, = connect_as(self, uid, self.proxy, unix=True)
            self.assertEqual(connection.request("TRACE", "/api/x").status, 405)
        connection, = connect_as(self, ALICE, self.proxy, unix=True)
        seen = connection.request("GET", "/-/status").json()
        self.assertEqual([row["client"] for row in seen["queue"]["clients"]], ["uid:%d" % ALICE])
        self.assertEqual({row["client"] for row in seen["failures"]}, {"uid:%d" % ALICE})
        everything = fetch(self.admin, "GET", "/-/status").json()
        both = {"uid:%d" % ALICE, "uid:%d" % BOB}
        bounds = {row["client"]: row["bounds"] for row in everything["queue"]["clients"]}
        self.assertLessEqual(both, set(bounds))
        self.assertEqual({row["client"] for row in everything["failures"]}, both)
        self.assertEqual(bounds["uid:%d" % ALICE], [{"bound": "policies.few.max_requests", "used": 0, "max": 3}])


class TestActions(AdminCase):
    def act(self, target, body=b"", way=None):
        return fetch(way or self.admin, "POST", target, body=body, host="localhost")

    def test_only_the_socket_has_them(self):
        self.begin()
        for target in ("/-/session/renew", "/-/reload", "/-/log-level"):
            for way in (*self.api, self.admin_tcp):
                self.assert_error(self.act(target, way=way), 404, 32, "the admin socket has this: " + self.admin)
            self.assert_error(fetch(self.admin, "GET", target), 405, 31, "allowed: POST")
        self.assertEqual(self.proxy.log.find("asked for it"), [])

    def test_the_level_of_the_log(self):
        self.begin({"log.level": "info"})
        who = "uid:%d asked for it" % os.getuid()
        self.assertEqual(self.act("/-/log-level", b'{"level":"debug"}').json(), {"log_level": "debug"})
        self.proxy.log.wait("the log has the level debug until the next reload or restart: " + who)
        self.assertEqual(fetch(self.admin, "GET", "/-/status").json()["log_level"], "debug")
        for body in (b"", b"[]", b"debug", b'{"level":"loud"}', b'{"level":1}', b'{"level":"debug","level":"info"}', b"{"):
            self.assert_error(self.act("/-/log-level", body), 400, 31, '{"level":"debug"}')
        self.assert_error(self.act("/-/log-level", b" " * 4097), 413, 31, "4 KiB")
        self.assert_error(self.act("/-/log-level", [b" " * 4000, b" " * 97]), 413, 31, "4 KiB")
        self.assertEqual(self.act("/-/log-level", b'{"level":"error"}' + b" " * 4079).status, 200)
        self.assertEqual(self.act("/-/reload").json()["changes"], [])
        self.assertEqual(fetch(self.admin, "GET", "/-/status").json()["log_level"], "info")

    def test_a_reload_tells_what_has_changed(self):
        self.begin()
        self.proxy.options.update({"merge.mode": "off", "listen.max_connections": 7})
        self.proxy.write_config()
        self.assertEqual(self.act("/-/reload").json(), {"reloaded": True, "message": "the configuration was reloaded", "changes": [
            "listen.max_connections has changed; restart tbproxyd to apply it", "merge.mode has changed and is in effect"]})
        self.proxy.log.wait("reloading the configuration: uid:%d asked for it" % os.getuid())
        self.proxy.write_config("nonsense")
        self.assert_error(self.act("/-/reload"), 400, 31, "the configuration was not reloaded: ", "tbproxyd.conf:1: syntax error")
        self.assertEqual(self.proxy.get("/api/x").status, 200)

    def test_a_renewal_ends_with_its_outcome(self):
        sim = self.start_simulator()
        self.proxy = self.start_daemon(sim)
        self.admin = self.proxy.admin_path
        before = sim.stats()["refreshes"]
        self.assertEqual(self.act("/-/session/renew").json(), {"renewed": True, "message": "the session was renewed"})
        self.assertEqual(sim.stats()["refreshes"], before + 1)
        self.proxy.log.wait("renewing the session: uid:%d asked for it" % os.getuid())
        sim.fault("status", "/api/auth/token", status=503, count=1)
        self.assert_error(self.act("/-/session/renew"), 502, 2, "the session was not renewed: ", "503")
        self.assertEqual(self.act("/-/session/renew").status, 200)
        sim.set(password="changed")
        self.assert_error(self.act("/-/session/renew"), 502, 2, "the session was not renewed: ", " is refused ",
                          "; correct the password in ")
        sim.stop()
        self.assert_error(self.act("/-/session/renew"), 502, 2, "the session was not renewed: ")

    def test_one_who_waits_for_a_renewal_gets_an_answer_when_it_stops(self):
        def handle(peer, request):
            if request.target == "/api/auth/user" and asked:
                renewing.set()
                self.server.release.wait()
            peer.send(answer(body=USER))
            return True
        asked, renewing = [], threading.Event()
        self.server = self.start_scripted(handle, authenticates=False)
        self.proxy = self.start_daemon(self.server)
        asked.append(True)
        with Connection(self.proxy.admin_path) as waiting, Connection(self.proxy.admin_path) as gone:
            for connection in (waiting, gone):
                connection.send(build("POST", "/-/session/renew", host="localhost"))
            renewing.wait()
            gone.close()
            self.proxy.signal(signal.SIGTERM)
            self.proxy.signal(signal.SIGTERM)
            self.assertEqual(waiting.response("POST").status, 503)
        self.assertEqual(self.proxy.ended(), 0)


class Events:
    """A stream of events that is read as it comes."""

    def __init__(self, case, way, target, host="localhost"):
        self.connection = Connection(way)
        case.addCleanup(self.connection.close)
        self.connection.send(build("GET", target, host=host))
        self.head = self.connection.final_head()

    def next(self):
        """The next event: its type, and the data as JSON."""
        while b"\n\n" not in self.text():
            self.buffer = self.text() + self.chunk()
        event, self.buffer = self.buffer.split(b"\n\n", 1)
        if event.startswith(b":"):
            return self.next()
        name, data = event.split(b"\n", 1)
        return name.decode().split(": ")[1], json.loads(data.split(b": ", 1)[1])

    def text(self):
        return self.__dict__.setdefault("buffer", b"")

    def chunk(self):
        length = int(self.connection.line(), 16)
        data = self.connection.take(length)
        self.connection.line()
        if length == 0:
            raise Closed("the end")
        return data


class TestEvents(AdminCase):
    def test_the_status_comes_at_once_and_then_every_second(self):
        self.begin()
        began = time.monotonic()
        streams = [Events(self, way, "/-/events") for way in (self.admin, self.admin_tcp)]
        for stream in streams:
            self.assertEqual(stream.head.header("Content-Type"), "text/event-stream")
            name, first = stream.next()
            self.assertEqual((name, first["pid"]), ("status", self.proxy.process.pid))
            second = stream.next()[1]
            self.assertGreater(second["uptime_ms"], first["uptime_ms"])
        self.assertLess(time.monotonic() - began, PATIENCE)
        self.assertEqual(fetch(self.admin, "HEAD", "/-/events").status, 200)

    def test_of_one_user_seven_listeners_are_one_too_many_on_each_listener(self):
        self.begin()
        for way in (self.admin, self.admin_tcp):
            streams = [Events(self, way, "/-/events") for _ in range(EVENTS_OF_ONE_USER)]
            for stream in streams:
                stream.next()
            self.assert_error(fetch(way, "GET", "/-/events", host="localhost"), 503, 2, "at most 8, of one user 6")
            streams[0].connection.close()
            wait_until(lambda way=way: Events(self, way, "/-/events").head.status == 200, "a free place")

    def test_they_end_when_it_stops(self):
        self.begin()
        streams = [Events(self, self.admin, target) for target in ("/-/events", "/-/trace")]
        streams[0].next()
        self.proxy.signal(signal.SIGTERM)
        for stream in streams:
            with self.assertRaises(Closed):
                while True:
                    stream.next()
        self.assertEqual(self.proxy.ended(), 0)


class TestTrace(AdminCase):
    def trace(self, query=""):
        return Events(self, self.admin, "/-/trace" + query)

    def test_an_event_has_what_became_of_a_request(self):
        self.begin({}, lambda peer, request: peer.send(answer(404 if "asset" in request.target else 200)) or True)
        trace = self.trace()
        self.proxy.get("/api/device/x?secret=0815", unix=True)
        name, event = trace.next()
        self.assertEqual(name, "request")
        self.assertRegex(event.pop("at"), r"Z$")
        for timing in ("queue_ms", "upstream_ms", "total_ms"):
            self.assertGreaterEqual(event.pop(timing), 0)
        self.assertEqual(event, {"client": "uid:%d" % os.getuid(), "listener": "unix", "method": "GET", "path": "/api/device/x",
                                 "operation": "getDeviceById", "status": 200, "reason": None})
        self.proxy.post("/api/v1/TOKEN-4711/telemetry", b"{}")
        fetch(self.admin_tcp, "GET", "/api/asset/y", host="localhost")
        fetch(self.admin, "GET", "/-/status")
        self.proxy.call("TRACE", "/nothing")
        rows = [trace.next()[1] for _ in range(3)]
        self.assertEqual([(row["listener"], row["path"], row["status"]) for row in rows],
                         [("tcp", "/api/v1/", 200), ("admin-tcp", "/api/asset/y", 404), ("tcp", "/nothing", 405)])
        self.assertIn("not allowed", rows[2]["reason"])
        self.assertIsNone(rows[2]["queue_ms"])

    def test_filters(self):
        self.begin({}, lambda peer, request: peer.send(answer(500 if "asset" in request.target else 200)) or True)
        uid = os.getuid()
        filters = ("?client=uid:%d&method=POST" % uid, "?client=uid%%3A%d&status=5xx" % uid, "?operation=saveDevice", "?status=200")
        traces = [self.trace(query) for query in filters]
        self.assert_error(fetch(self.admin, "GET", "/-/trace"), 503, 2, "at most 4")
        for method, target in (("GET", "/api/device/x"), ("POST", "/api/asset"), ("POST", "/api/device")):
            self.proxy.call(method, target, body=b"{}" if method == "POST" else None)
        self.assertEqual([trace.next()[1]["operation"] for trace in traces],
                         ["saveAsset", "saveAsset", "saveDevice", "getDeviceById"])
        for trace in traces:
            trace.connection.close()

    def test_a_filter_that_is_none_is_refused(self):
        self.begin()
        for query in ("client=root", "client=uid:", "client=uid:1x", "client=uid:12345678901", "operation=nothing", "status=x",
                      "status=600", "status=4xxx", "method=get", "colour=red", "method=GET&method=PUT", "status"):
            self.assert_error(fetch(self.admin, "GET", "/-/trace?" + query), 400, 31)
        self.assertEqual(self.status_of(self.admin_tcp, "/-/trace"), 404)

    def test_a_slow_reader_is_told_how_many_it_missed(self):
        self.begin()
        trace = self.trace()
        with self.proxy.connect(unix=True) as connection:
            many = 12000
            for _ in range(many // 100):
                connection.send(build("GET", "/nothing", host="localhost") * 100)
                for _ in range(100):
                    self.assertEqual(connection.response().status, 404)
        counts = {"request": 0, "lost": 0}
        while sum(counts.values()) < many:
            name, data = trace.next()
            counts[name] += data.get("lost", 1)
        self.assertEqual(sum(counts.values()), many)
        self.assertGreater(counts["lost"], 0)


class TestGuard(AdminCase):
    def test_pages_of_other_sites_get_nothing(self):
        self.begin({"listen.origins": "http://listed.example"})
        for headers in ([("Origin", "http://evil.example")], [("Origin", "http://listed.example")],
                        [("Sec-Fetch-Site", "cross-site")], [("Referer", "http://evil.example/")]):
            self.assertEqual(fetch(self.admin_tcp, "GET", "/-/status", headers, host="localhost").status, 403, headers)
            for target in ("/-/reload", "/api/device"):
                self.assertEqual(fetch(self.admin_tcp, "POST", target, headers, b"{}", host="localhost").status, 403, headers)
        self.assertEqual(self.server.requests, [])
        self.assertEqual(fetch(self.admin_tcp, "GET", "/-/status", host="rebound.example").status, 421)
        own = [("Origin", "http://localhost:%d" % self.admin_tcp[1]), ("Sec-Fetch-Site", "same-origin")]
        reply = fetch(self.admin_tcp, "GET", "/-/status", own, host="localhost:%d" % self.admin_tcp[1])
        self.assertEqual((reply.status, reply.header("Access-Control-Allow-Origin")), (200, None))


class TestNeighbours(AdminCase):
    def take(self, way, number, target="/api/waiting"):
        """Connections with requests that are not answered."""
        taken = []
        for _ in range(number):
            connection = Connection(way)
            self.addCleanup(connection.close)
            connection.send(build("GET", target, host="localhost"))
            taken.append(connection)
        return taken

    def test_a_program_that_takes_all_connections_does_not_keep_the_administrator_out(self):
        self.begin({"listen.max_connections": 20}, lambda peer, request: self.server.release.wait())
        self.addCleanup(self.server.release.set)
        taken = self.take(self.proxy.address, 20)
        wait_until(lambda: len(self.server.requests) == len(taken), "the requests")
        for way in (self.admin, self.admin_tcp):
            self.assertEqual(self.status_of(way, "/-/status"), 200)
        self.assertEqual(fetch(self.admin, "GET", "/-/status").json()["queue"]["clients"][0]["connections"], 20)

    def of_alice(self, count):
        connections = [Connection(self.admin_tcp, sock=sock) for sock in sockets_of(ALICE, self.admin_tcp, count)]
        for connection in connections:
            self.addCleanup(connection.close)
        return connections

    @needs_users
    def test_a_user_with_all_connections_of_the_address_does_not_keep_others_out(self):
        self.begin({}, lambda peer, request: self.server.release.wait())
        self.addCleanup(self.server.release.set)
        taken = self.of_alice(OF_ONE_USER)
        for connection in taken[:EVENTS_OF_ONE_USER]:
            connection.send(build("GET", "/-/events", host="localhost"))
            self.assertEqual(connection.final_head().status, 200)
        for connection in taken[EVENTS_OF_ONE_USER:OF_ONE_USER]:
            connection.send(build("GET", "/api/waiting", host="localhost"))
        wait_until(lambda: len(self.server.requests) == OF_ONE_USER - EVENTS_OF_ONE_USER, "the requests")
        self.assert_error(self.of_alice(1)[0].response(), 503, 2, "an admin listener has 32 for all users")
        self.assertEqual(self.status_of(self.admin_tcp, "/-/status"), 200)
        self.assertEqual(Events(self, self.admin_tcp, "/-/events").next()[0], "status")
        for _ in range(8):  # the last ones close earlier ones
            connection = Connection(self.admin_tcp)
            self.addCleanup(connection.close)
            self.assertEqual(connection.request("GET", "/-/live").status, 200)

    def test_admin_connections_are_bounded_and_idle_ones_give_way(self):
        self.begin()
        idle = [Connection(self.admin) for _ in range(OF_ONE_USER)]
        for connection in idle:
            self.assertEqual(connection.request("GET", "/-/live").status, 200)
        self.assertEqual(self.status_of(self.admin, "/-/live"), 200)
        self.assertEqual(idle[0].rest(), b"")  # it was idle longest
        self.assertEqual(idle[-1].request("GET", "/-/live").status, 200)
        self.assertEqual(self.status_of(self.api[0], "/api/x"), 200)
        for connection in idle:
            connection.close()


if __name__ == "__main__":
    tap.main()
