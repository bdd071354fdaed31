# SPDX-License-Identifier: Apache-2.0
"""Web pages that may ask (listen.origins), further names of the listener (listen.hosts), and containers."""
import os
import shutil
import signal
import tempfile

import tap
from harness import Case, build, fetch
from test_websocket_handshake import PLAIN

PAGE = "http://localhost:3000"
OTHER = "https://grafana.example.org"
FOREIGN = "http://localhost:3001"


class TestOrigins(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon({"listen.origins": "%s, %s" % (PAGE, OTHER), "limits.max_body_bytes": 1000})

    def ask(self, origin, method="GET", target="/api/auth/user", headers=(), body=None, **options):
        return self.proxy.call(method, target, [("Origin", origin), ("Sec-Fetch-Site", "same-site"), *headers], body, **options)

    def preflight(self, origin, target="/api/device", method="POST"):
        return self.ask(origin, "OPTIONS", target, [("Access-Control-Request-Method", method),
                                                    ("Access-Control-Request-Headers", "content-type,x-authorization")])

    def permission(self, reply):
        """What CORS says, in all its headers."""
        return {name.lower(): value for name, value in reply.headers if name.lower().startswith("access-control-")}

    def assert_permitted(self, reply, origin):
        self.assertEqual(self.permission(reply), {"access-control-allow-origin": origin, "access-control-expose-headers": "*"})
        self.assertIn("Origin", [value for name, value in reply.headers if name == "Vary"])

    def test_a_page_of_the_list_is_answered(self):
        for origin in (PAGE, OTHER):
            reply = self.ask(origin, headers=[("Referer", origin + "/"), ("Sec-Fetch-Mode", "cors")])
            self.assertEqual((reply.status, reply.json()["authority"]), (200, "TENANT_ADMIN"))
            self.assert_permitted(reply, origin)

    def test_it_may_read_every_answer_and_every_error(self):
        for method, target, body, status in (
                ("GET", "/-/status", None, 200), ("GET", "/nothing", None, 404), ("GET", "/api/nothing", None, 404),
                ("PUT", "/-/live", b"", 405), ("POST", "/api/auth/login", {"username": "another", "password": "b"}, 401),
                ("GET", "/api/user/x/token", None, 403), ("POST", "/api/device", b"x" * 1001, 413),
                ("GET", "/api//x", None, 400), ("HEAD", "/-/live", None, 200)):
            reply = self.ask(PAGE, method, target, body=body)
            self.assertEqual(reply.status, status, target)
            self.assert_permitted(reply, PAGE)

    def test_it_may_stream(self):
        with self.proxy.connect() as connection:
            connection.send(b"GET /-/subscribe/DEVICE/784f394c-42b6-435a-983c-b7beff2784f9 HTTP/1.1\r\nHost: localhost\r\n"
                            b"Origin: %s\r\n\r\n" % PAGE.encode())
            self.assert_permitted(connection.head(), PAGE)

    def test_it_may_open_a_websocket(self):
        for origin, status in ((PAGE, 101), (FOREIGN, 403)):
            with self.proxy.connect() as connection:
                connection.send(build("GET", "/api/ws", [*PLAIN, ("Origin", origin)], host="localhost"))
                self.assertEqual(connection.head().status, status)

    def test_a_preflight_is_answered_here(self):
        self.sim.forget()
        for target, method in (("/api/device", "POST"), ("/api/device/x", "DELETE"), ("/-/status", "GET"), ("/nothing", "PUT")):
            reply = self.preflight(PAGE, target, method)
            self.assertEqual((reply.status, reply.body), (204, b""))
            self.assertEqual(self.permission(reply), {
                "access-control-allow-origin": PAGE, "access-control-expose-headers": "*",
                "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
                "access-control-allow-headers": "*, Authorization", "access-control-max-age": "600"})
        self.assertEqual(self.sim.requests(), [])

    def test_no_other_page_gets_anything(self):
        self.sim.forget()
        for origin in (FOREIGN, "http://localhost", "https://localhost:3000", PAGE + ".example.org", PAGE + "/", "null",
                       "http://grafana.example.org", "https://x.grafana.example.org", "%s, %s" % (PAGE, OTHER), ""):
            for reply in (self.ask(origin), self.preflight(origin), self.ask(origin, "POST", "/api/device", body=b"{}")):
                self.assertEqual((reply.status, self.permission(reply)), (403, {}), origin)
        self.assertEqual(self.sim.requests(), [])

    def test_a_program_is_told_that_answers_differ(self):
        reply = self.proxy.get("/api/auth/user")
        self.assertEqual(self.permission(reply), {})
        self.assertIn(("Vary", "Origin"), reply.headers)

    def test_on_the_unix_socket_there_is_no_cors(self):
        reply = self.ask(PAGE, unix=True)
        self.assertEqual((reply.status, self.permission(reply)), (200, {}))

    def test_what_a_page_sends_without_origin_is_refused(self):
        for headers in ([("Referer", PAGE + "/")], [("Sec-Fetch-Site", "same-site")]):
            self.assertEqual(self.proxy.get("/api/auth/user", headers=headers).status, 403)

    def test_a_rebound_name_does_not_help_it(self):
        reply = self.ask(PAGE, host="rebound.example.org:%d" % self.proxy.port)
        self.assertEqual(reply.status, 421)


class TestReload(Case):
    def test_a_reload_changes_names_and_origins(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)

        def status(host="localhost", headers=()):
            return fetch(proxy.address, "GET", "/api/auth/user", headers, host=host).status
        page = [("Origin", PAGE)]
        self.assertEqual((status(headers=page), status("host.docker.internal:8282")), (403, 421))
        proxy.options |= {"listen.origins": PAGE, "listen.hosts": "host.docker.internal"}
        proxy.write_config()
        proxy.signal(signal.SIGHUP)
        proxy.log.wait("listen.origins has changed and is in effect")
        proxy.log.wait("listen.hosts has changed and is in effect")
        self.assertEqual((status(headers=page), status("host.docker.internal:8282")), (200, 200))


class TestHosts(Case):
    LONG = ".".join(["a" * 63] * 3 + ["b" * 61])  # 253 bytes

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon({"listen.hosts": "host.docker.internal, " + cls.LONG})

    def status(self, host, headers=()):
        return fetch(self.proxy.address, "GET", "/api/auth/user", headers, host=host).status

    def test_a_name_of_the_list_is_taken_with_any_port(self):
        for name in ("host.docker.internal", "Host.Docker.Internal", self.LONG, "localhost"):
            for port in ("", ":%d" % self.proxy.port, ":80"):
                self.assertEqual(self.status(name + port), 200, name)

    def test_no_other_name_is(self):
        for name in ("docker.internal", "x.host.docker.internal", "host.docker.internal.example.org", "a" * 253):
            self.assertEqual(self.status(name), 421, name)

    def test_a_page_under_that_name_is_the_listeners_own(self):
        own = "host.docker.internal:%d" % self.proxy.port
        self.assertEqual(self.status(own, [("Origin", "http://" + own), ("Sec-Fetch-Site", "same-origin")]), 200)
        self.assertEqual(self.status(own, [("Origin", "http://host.docker.internal")]), 403)

    def test_a_long_name_reaches_the_pages_of_the_api_browser(self):
        self.sim.forget()
        host = "%s:%d" % (self.LONG, self.proxy.port)
        self.assertEqual(fetch(self.proxy.address, "GET", "/v3/api-docs", host=host).status, 200)
        entry, = self.sim.requests()
        self.assertIn(["Forwarded", 'host="%s";proto=http' % host], entry["headers"])


class TestContainers(Case):
    def test_a_mounted_directory_leads_to_the_new_socket_after_a_restart(self):
        """docs/containers.md: whoever has the directory, like a container that mounts it, finds the socket in it."""
        sim = self.start_simulator()
        directory = tempfile.mkdtemp(prefix="tb-")
        self.addCleanup(shutil.rmtree, directory)
        mounted = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        self.addCleanup(os.close, mounted)
        for _ in range(2):
            proxy = self.start_daemon(sim, {"listen.unix_path": os.path.join(directory, "socket")})
            path = "/proc/self/fd/%d/socket" % mounted
            self.assertEqual(fetch(path, "GET", "/api/auth/user", host="localhost").status, 200)
            proxy.stop()
            self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    tap.main()
