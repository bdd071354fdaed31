# SPDX-License-Identifier: Apache-2.0
"""Web pages are kept out: Host, Origin, Referer and Sec-Fetch-Site, on both listeners."""
import tap
from harness import SharedCase, fetch


class TestBrowserGuard(SharedCase):
    def status(self, headers=(), host=None, unix=False, target="/api/auth/user", method="GET", body=None):
        host = host or "127.0.0.1:%d" % self.proxy.port
        address = self.proxy.unix_path if unix else self.proxy.address
        self.sim.forget()
        answer = fetch(address, method, target, headers, body, host=host)
        reached = len(self.sim.requests())
        if answer.status in (400, 403, 421):
            self.assert_error(answer, answer.status, 20 if answer.status == 403 else 31)
            self.assertIn("http_request_denied", answer.header("Proxy-Status"))
            self.assertEqual(reached, 0)
        self.assertIsNone(answer.header("Access-Control-Allow-Origin"))
        return answer.status

    def test_loopback_names_are_taken_with_any_port_and_without_one(self):
        """ssh -L 9999:localhost:8282"""
        for name in ("127.0.0.1", "localhost", "LocalHost", "localhost.", "[::1]"):
            for port in (":%d" % self.proxy.port, ":%d" % (self.proxy.port - 1), ":80", ":65535", ":", ""):
                self.assertEqual(self.status(host=name + port), 200, name + port)

    def test_other_hosts_are_refused_over_tcp(self):
        port = self.proxy.port
        for host in ("example.org", "example.org:%d" % port, "localhost.example.org:%d" % port,
                     "127.0.0.1.example.org:%d" % port, "localhost.example.org", "localhost..", "127.0.0.1.",
                     "0.0.0.0:%d" % port, "127.0.0.2:%d" % port, "localhost:65536", "localhost:0%05d" % port,
                     "user@localhost:%d" % port, "localhost:%d/" % port, "::1:%d" % port, " ", "localhost::"):
            self.assertIn(self.status(host=host), (400, 421), host)

    def test_any_host_is_taken_over_the_unix_socket(self):
        for host in ("localhost", "example.org", "unix", "127.0.0.1:1"):
            self.assertEqual(self.status(host=host, unix=True), 200, host)

    def test_two_hosts_are_refused(self):
        own = "127.0.0.1:%d" % self.proxy.port
        for other in ("example.org", own):
            for unix in (False, True):
                self.assertEqual(self.status([("Host", other)], unix=unix), 400)

    def test_the_listeners_own_origin_and_referer_are_taken(self):
        for name in ("127.0.0.1", "localhost", "[::1]"):
            own = "http://%s:%d" % (name, self.proxy.port)
            self.assertEqual(self.status([("Origin", own), ("Referer", own + "/swagger-ui/index.html?a#b")]), 200)

    def test_so_are_those_of_the_host_on_another_port(self):
        """A page through ssh -L 9999:localhost:8282: its own files and requests have its origin."""
        for name in ("127.0.0.1", "localhost", "[::1]"):
            host = "%s:%d" % (name, self.proxy.port + 1)
            self.assertEqual(self.status([("Origin", "http://" + host), ("Referer", "http://%s/?a" % host),
                                          ("Sec-Fetch-Site", "same-origin")], host=host), 200)
        host = "localhost:%d" % (self.proxy.port + 1)
        for name, value in (("Origin", "http://localhost:%d" % (self.proxy.port + 2)), ("Origin", "https://" + host),
                            ("Origin", "http://%s0" % host), ("Origin", "http://localhost"),
                            ("Referer", "http://127.0.0.1:%d/" % (self.proxy.port + 1)),
                            ("Referer", "http://%s@example.org/" % host), ("Referer", "http://%s:1/" % host)):
            self.assertEqual(self.status([(name, value)], host=host), 403, value)
        self.assertEqual(self.status([("Origin", "http://example.org")], host="example.org"), 421)

    def test_other_origins_are_refused(self):
        port = self.proxy.port
        for origin in ("http://example.org", "https://example.org", "null", "", "http://localhost",
                       "https://localhost:%d" % port, "http://localhost:%d" % (port + 1), "file://",
                       "http://localhost:%d.example.org" % port, "http://example.org:%d" % port,
                       "http://localhost:%d@example.org" % port, "chrome-extension://abc", "http://localhost.:%d" % port):
            self.assertEqual(self.status([("Origin", origin)]), 403, origin)

    def test_other_referers_are_refused(self):
        port = self.proxy.port
        for referer in ("http://example.org/", "https://localhost:%d/" % port, "http://localhost/", "about:blank",
                        "http://localhost:%d@example.org/" % port, "http://example.org/http://localhost:%d/" % port):
            self.assertEqual(self.status([("Referer", referer)]), 403, referer)

    def test_a_second_origin_does_not_hide_behind_a_good_one(self):
        own = "http://localhost:%d" % self.proxy.port
        for name in ("Origin", "Referer"):
            for values in ((own, "http://example.org"), ("http://example.org", own)):
                self.assertIn(self.status([(name, value) for value in values]), (400, 403), (name, values))
        for values in (("none", "cross-site"), ("cross-site", "none")):
            self.assertIn(self.status([("Sec-Fetch-Site", value) for value in values]), (400, 403), values)

    def test_cross_site_fetches_are_refused(self):
        for site in ("cross-site", "same-site", "anything", ""):
            self.assertEqual(self.status([("Sec-Fetch-Site", site)]), 403, site)
        for site in ("same-origin", "none"):
            self.assertEqual(self.status([("Sec-Fetch-Site", site)]), 200, site)

    def test_nothing_of_it_is_judged_on_the_unix_socket_or_forwarded(self):
        """No browser reaches the Unix socket, and websocket-client, for one, sends an Origin of its own accord."""
        headers = [("Origin", "http://localhost"), ("Referer", "http://example.org/"), ("Sec-Fetch-Site", "cross-site")]
        for header in headers:
            self.assertEqual(self.status([header], unix=True, host="example.org"), 200, header)
        self.assertEqual(self.status(headers, unix=True), 200)
        forwarded = {name.lower() for name, _ in self.sim.requests()[0]["headers"]}
        self.assertEqual(forwarded & {name.lower() for name, _ in headers}, set())

    def test_the_gate_stands_before_everything(self):
        foreign = [("Origin", "http://example.org")]
        for method, target in (("GET", "/-/live"), ("GET", "/-/ready"), ("POST", "/api/auth/login"),
                               ("POST", "/api/auth/logout"), ("GET", "/nothing"), ("OPTIONS", "/api/auth/user"),
                               ("HEAD", "/-/live"), ("POST", "/api/device"), ("GET", "/api/v1/abc/attributes")):
            body = {"username": "a", "password": "b"} if method == "POST" else None
            address = self.proxy.address
            host = "127.0.0.1:%d" % self.proxy.port
            self.assertEqual(fetch(address, method, target, foreign, body, host=host).status, 403, target)
            self.assertEqual(fetch(address, method, target, (), body, host="example.org").status, 421, target)

    def test_a_preflight_gets_no_permission(self):
        answer = self.proxy.call("OPTIONS", "/api/device", [
            ("Origin", "http://example.org"), ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type")])
        self.assertEqual(answer.status, 403)
        self.assertEqual([name for name, _ in answer.headers if name.lower().startswith("access-control")], [])

    def test_a_refused_body_is_read_so_that_the_client_sees_the_answer(self):
        with self.proxy.connect() as connection:
            for _ in range(2):
                refused = connection.request("POST", "/api/device", [("Origin", "http://example.org")], b"x" * 300000)
                self.assertEqual(refused.status, 403)


if __name__ == "__main__":
    tap.main()
