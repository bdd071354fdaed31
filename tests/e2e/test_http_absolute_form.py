# SPDX-License-Identifier: Apache-2.0
"""Targets in absolute-form, sent by programs that only know a proxy setting: accepted for the configured server, and for
nothing else."""
import os
import subprocess
import sys

import tap
from harness import SharedCase, build

USER = "/api/auth/user"

# Sends a request as its proxy setting makes it. Argument: the URL.
PROGRAM = """
import json, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Accept": "application/json"})
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["authority"])
"""


class TestAbsoluteForm(SharedCase):
    def setUp(self):
        self.sim.forget()

    def get(self, target, host=None, unix=False, **options):
        with self.proxy.connect(unix) as connection:
            return connection.request("GET", target, host=host or connection.host, **options)

    def assert_arrives(self, target, seen, **options):
        self.sim.forget()
        reply = self.get(target, **options)
        self.assertIsNone(reply.header("Proxy-Status"), reply)
        entries = self.sim.requests()
        self.assertEqual([entry["target"] for entry in entries], [seen])
        self.assertEqual([value for name, value in entries[0]["headers"] if name == "Host"],
                         ["127.0.0.1:%d" % self.sim.port])
        return reply

    def assert_refused(self, status, target, method="GET", **options):
        self.sim.forget()
        with self.proxy.connect(options.pop("unix", False)) as connection:
            reply = connection.request(method, target, host=options.pop("host", connection.host), **options)
            self.assert_error(reply, status, 31)
            self.assertIn("http_request_denied", reply.header("Proxy-Status"))
            self.assertEqual(connection.request("GET", "/-/live").status, 200)
        self.assertEqual(self.sim.requests(), [])

    def test_a_target_on_the_server_is_forwarded(self):
        for unix in (False, True):
            for url in (self.sim.url, self.sim.url.upper()):
                self.assertEqual(self.assert_arrives(url + USER, USER, unix=unix).status, 200)
                self.assert_arrives(url + "/api/x?a=b%20c&d", "/api/x?a=b%20c&d", unix=unix)

    def test_a_target_on_the_listener_is_forwarded(self):
        for name in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]"):
            self.assert_arrives("http://%s:%d%s" % (name, self.proxy.port, USER), USER)
        self.assertEqual(self.get("http://localhost:%d/-/live" % self.proxy.port).json(), {"live": True})

    def test_a_loopback_name_is_the_unix_socket(self):
        for authority in ("localhost", "localhost:", "LOCALHOST:1", "127.0.0.1", "[::1]:%d" % self.proxy.port):
            self.assertEqual(self.get("http://%s/-/live" % authority, unix=True).json(), {"live": True})
            self.assert_arrives("http://" + authority + USER, USER, unix=True)

    def test_without_a_path_it_is_the_root(self):
        for target in (self.sim.url, self.sim.url + "/", self.sim.url + "?a=b"):
            self.assert_error(self.get(target), 404, 32)

    def test_the_host_header_does_not_count(self):
        for host in ("example.org", "127.0.0.1:%d" % self.sim.port, "localhost"):
            self.assertEqual(self.assert_arrives(self.sim.url + USER, USER, host=host).status, 200)

    def test_the_host_header_must_be_there_and_only_once(self):
        with self.proxy.connect() as connection:
            self.assert_error(connection.request("GET", self.sim.url + USER, host=None), 400, 31, "Host")
        with self.proxy.connect() as connection:
            self.assertEqual(connection.request("GET", self.sim.url + USER, [("Host", "x")]).status, 400)
        self.assertEqual(self.get(self.sim.url + USER, version="HTTP/1.0").status, 200)
        with self.proxy.connect() as connection:  # HTTP/1.0 needs no Host
            self.assertEqual(connection.request("GET", self.sim.url + USER, host=None, version="HTTP/1.0").status, 200)

    def test_other_hosts_are_refused(self):
        port = self.sim.port
        for authority in ("127.0.0.1", "127.0.0.1:%d" % (port + 1), "localhost:%d" % port):
            self.assert_refused(421, "http://" + authority + USER)
        for unix in (False, True):
            for authority in ("example.org", "127.0.0.1:%d.example.org" % port, "127.0.0.1.example.org:%d" % port, "", ":%d" % port,
                              "example.org:%d" % port, "127.0.0.1:%d0" % port, "127.0.0.1:0%d" % port):
                for host in ("127.0.0.1:%d" % self.proxy.port, "127.0.0.1:%d" % port):
                    self.assert_refused(421, "http://" + authority + USER, host=host, unix=unix)

    def test_users_and_passwords_are_refused(self):
        for user in ("user", "user:password", "", ":", "127.0.0.1:%d" % self.sim.port):
            self.assert_refused(421, "http://%s@127.0.0.1:%d%s" % (user, self.sim.port, USER))
            self.assert_refused(421, "http://127.0.0.1:%d@%s%s" % (self.sim.port, user or "x", USER))

    def test_other_schemes_are_refused(self):
        authority = "127.0.0.1:%d" % self.sim.port
        self.assert_refused(421, "https://" + authority + USER)
        for scheme in ("ftp://", "ws://", "wss://", "file://", "http:", "http:/", "//", "httpx://", ""):
            self.assert_refused(400, scheme + authority + USER)

    def test_connect_opens_no_tunnel(self):
        for authority in ("127.0.0.1:%d" % self.sim.port, "127.0.0.1:%d" % self.proxy.port, "example.org:443"):
            self.assert_refused(400, authority, method="CONNECT")
            self.assert_refused(405, "/api/x", method="CONNECT")

    def test_the_path_is_judged_as_in_origin_form(self):
        for path in ("//api/x", "/api/../x", "/api/a%2fb", "/api/x#y", "/api/%zz", "/api/x;a"):
            self.assert_refused(400, self.sim.url + path)
        self.assertEqual(self.get(self.sim.url + "/sim/stats").status, 404)
        for target in ("/api/auth/changePassword", "/api/%61uth/changePassword"):
            with self.proxy.connect() as connection:
                self.assertEqual(connection.request("POST", self.sim.url + target, body=b"{}").status, 403)
        self.assertEqual(self.sim.requests(), [])

    def test_web_pages_do_not_get_in_this_way(self):
        for header in (("Origin", "http://example.org"), ("Referer", "http://example.org/"),
                       ("Sec-Fetch-Site", "cross-site"), ("Origin", self.sim.url)):
            with self.proxy.connect() as connection:
                self.assert_error(connection.request("GET", self.sim.url + USER, [header]), 403, 20)
        self.assertEqual(self.sim.requests(), [])

    def test_what_a_proxys_client_says_to_the_proxy_stays_here(self):
        headers = [("Proxy-Connection", "keep-alive"), ("Proxy-Authorization", "Basic cHJvZ3JhbQ==")]
        self.get(self.sim.url + USER, headers=headers)
        names = sorted(name.lower() for name, _ in self.sim.requests()[0]["headers"])
        self.assertEqual(names, ["host", "x-authorization"])

    def test_a_refused_target_does_not_hide_the_next_request(self):
        with self.proxy.connect() as connection:
            connection.send(build("POST", "http://example.org" + USER, body=b"x" * 1000, host="example.org") +
                            build("GET", self.sim.url + USER, host="example.org"))
            self.assertEqual([connection.response().status, connection.response().status], [421, 200])


class TestProxySetting(SharedCase):
    """Programs that know tbproxyd only as their proxy."""

    def run_program(self, *command):
        """Runs it without a token of its own. Returns its output."""
        environment = {"PATH": os.environ["PATH"], "http_proxy": "http://127.0.0.1:%d" % self.proxy.port}
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)

    def test_curl(self):
        done = self.run_program("curl", "-q", "-sS", self.sim.url + USER)
        self.assertIn('"TENANT_ADMIN"', done.stdout, done.stderr)

    def test_curl_to_another_server_is_refused(self):
        done = self.run_program("curl", "-q", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://example.org" + USER)
        self.assertEqual(done.stdout, "421")

    def test_curl_with_https_is_refused(self):
        done = self.run_program("curl", "-q", "-sS", "-x", "http://127.0.0.1:%d" % self.proxy.port,
                                "https://127.0.0.1:%d%s" % (self.sim.port, USER))
        self.assertIn("response 400", done.stderr)  # to CONNECT

    def test_curl_uploads_and_deletes(self):
        done = self.run_program("curl", "-q", "-sS", "-H", "Content-Type: application/json",
                                "-d", '{"name":"proxied","type":"default"}', self.sim.url + "/api/device")
        self.assertIn('"proxied"', done.stdout, done.stderr)

    def test_pythons_urllib(self):
        done = self.run_program(sys.executable, "-c", PROGRAM, self.sim.url + USER)
        self.assertEqual(done.stdout, "TENANT_ADMIN\n", done.stderr)


if __name__ == "__main__":
    tap.main()
