# SPDX-License-Identifier: Apache-2.0
"""The admin socket and admin.address: who may use them, what is where, and that programs cannot keep the administrator out."""
import grp
import os
import socket
import stat

import tap
from client import Connection, fetch
from harness import Case, answer, build, wait_until
from scripted import echo

ADMIN_CONNECTIONS = 32
EVERYWHERE = ("/-/live", "/-/ready", "/-/startup")


class AdminCase(Case):
    def begin(self, options=None, handle=echo):
        self.server = self.start_scripted(handle)
        self.proxy = self.start_daemon(self.server, {"admin.address": "127.0.0.1:0", **(options or {})})
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
        for target in ("/", "/-/"):
            for way in (self.admin, self.admin_tcp):
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


class TestGuard(AdminCase):
    def test_pages_of_other_sites_get_nothing(self):
        self.begin({"listen.origins": "http://listed.example"})
        for headers in ([("Origin", "http://evil.example")], [("Origin", "http://listed.example")],
                        [("Sec-Fetch-Site", "cross-site")], [("Referer", "http://evil.example/")]):
            self.assertEqual(fetch(self.admin_tcp, "GET", "/-/status", headers, host="localhost").status, 403, headers)
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

    def test_admin_connections_are_bounded_and_idle_ones_give_way(self):
        self.begin()
        idle = [Connection(self.admin) for _ in range(ADMIN_CONNECTIONS)]
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
