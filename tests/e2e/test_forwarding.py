# SPDX-License-Identifier: Apache-2.0
"""Requests reach the server unchanged, and its responses come back unchanged."""
import re

import tap
from harness import Case, answer, fetch
from scripted import USER, echo

ID = "784f394c-42b6-435a-983c-b7beff2784f9"  # no entity has it

# Made for each connection, dependent on the time, or added by tbproxyd.
OF_ONE_CONNECTION = ("connection", "content-length", "date", "keep-alive", "server-timing", "transfer-encoding")


def without_time(body):
    return re.sub(rb'"(timestamp|ts)":\d+', rb'"\1":0', body)


class TestServersAnswers(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator()
        cls.share_daemon()
        cls.token = cls.sim.login()["token"]
        cls.device = cls.proxy.post("/api/device", {"name": "boiler", "type": "default"}).json()["id"]["id"]

    def assert_same(self, method, target, body=None, headers=()):
        direct = self.sim.call(method, target, [("X-Authorization", "Bearer " + self.token), *headers], body)
        for unix in (False, True):
            with self.subTest(method=method, target=target, unix=unix):
                ours = self.proxy.call(method, target, headers, body, unix=unix)
                self.assertEqual(ours.status, direct.status)
                self.assertEqual(without_time(ours.body), without_time(direct.body))
                self.assertEqual(self.lasting(ours), self.lasting(direct))
                self.assertEqual(len(ours.all("Date")), 1)
        return direct

    @staticmethod
    def lasting(reply):
        return sorted((name.lower(), value) for name, value in reply.headers
                      if name.lower() not in OF_ONE_CONNECTION)

    def test_good_answers_are_the_servers_byte_for_byte(self):
        for target in ("/api/auth/user", "/api/tenant/devices?pageSize=10&page=0", "/api/device/" + self.device,
                       "/api/device/info/" + self.device, "/api/noauth/userPasswordPolicy"):
            direct = self.assert_same("GET", target)
            self.assertEqual(direct.status, 200)
            self.assertGreater(len(direct.body), 20)

    def test_errors_are_the_servers_byte_for_byte(self):
        statuses = set()
        for method, target, body in (
                ("GET", "/api/device/" + ID, None), ("GET", "/api/device/nonexistent-id", None),
                ("GET", "/api/tenant/devices", None), ("DELETE", "/api/device/" + ID, None),
                ("POST", "/api/device", {}), ("PATCH", "/api/device", {"name": "x"}),
                ("PUT", "/api/tenant/devices", {"name": "x"}), ("GET", "/api/tenants?pageSize=1&page=0", None),
                ("POST", "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % self.device, {})):
            statuses.add(self.assert_same(method, target, body).status)
        self.assertTrue({400, 403, 404, 405, 500} <= statuses, statuses)

    def test_a_malformed_body_is_judged_by_the_server(self):
        direct = self.assert_same("POST", "/api/device", b'{"name":', [("Content-Type", "application/json")])
        self.assertEqual(direct.status, 500)

    def test_an_unknown_path_gets_the_servers_404(self):
        direct = self.assert_same("GET", "/api/no/such/thing")
        self.assertEqual(direct.status, 404)
        self.assertIsNone(self.proxy.get("/api/no/such/thing").header("Proxy-Status"))

    def test_the_api_browser_is_forwarded(self):
        self.sim.forget()
        targets = ["/v3/api-docs", "/v3/api-docs/thingsboard", "/swagger-ui.html", "/swagger-ui/index.html",
                   "/swagger-resources", "/swagger-resources/configuration/ui", "/webjars/x/y.js"]
        for target in targets:
            self.proxy.get(target)
        self.assertEqual([entry["target"] for entry in self.sim.requests()], targets)

    def test_other_paths_are_not_forwarded(self):
        self.sim.forget()
        for target in ("/", "/apix", "/login", "/v3", "/v3/api-docsx", "/sim/stats", "/-/", "/-/nothing"):
            self.assert_error(self.proxy.get(target), 404, 32)
        self.assertEqual([entry["target"] for entry in self.sim.requests()], [])

    def test_the_device_api_is_forwarded_without_the_credential(self):
        token = self.proxy.get("/api/device/%s/credentials" % self.device).json()["credentialsId"]
        self.sim.forget()
        self.assertEqual(self.proxy.post("/api/v1/%s/telemetry" % token, {"t": 20.5}).status, 200)
        names = [name.lower() for name, _ in self.sim.requests()[0]["headers"]]
        self.assertNotIn("x-authorization", names)
        self.assertNotIn("authorization", names)
        self.assertNotIn(token, self.proxy.log.text())


class TestUpstreamUrl(Case):
    def test_a_prefix_in_the_url_goes_in_front_of_every_target(self):
        def handle(peer, request):
            if request.target != "/tb/api/auth/user":
                return echo(peer, request)
            peer.send(answer(body=USER))
            return True
        server = self.start_scripted(handle, authenticates=False)
        proxy = self.start_daemon(server, {"upstream.url": server.url + "/tb/"}, credential="api_key")
        self.assertEqual(server.requests[0].target, "/tb/api/auth/user")
        self.assertEqual(proxy.get("/api/x?y=z").json()["target"], "/tb/api/x?y=z")

    def test_the_prefix_is_taken_off_a_location_that_then_leads_here(self):
        def handle(peer, request):
            peer.send(answer(body=USER) if request.target == "/tb/api/auth/user" else
                      answer(302, b"", [("Location", location)]))
            return True
        location = None
        server = self.start_scripted(handle, authenticates=False)
        proxy = self.start_daemon(server, {"upstream.url": server.url + "/tb/"}, credential="api_key")
        for path, seen in (("/tb/api/x", "/api/x"), ("/tb/", "/"), ("/tb/x//y", "/x//y"), ("/tb", None), ("/tbx/y", None),
                           ("/x", None), ("/tb//evil.example", None), ("/tb/\\evil.example", None),
                           ("/tb/\t/evil.example", None)):
            for location in (path, server.url + path):
                with self.subTest(location=location):
                    self.assertEqual(proxy.get("/api/x").header("Location"), seen or location)

    def test_the_host_header_is_the_servers(self):
        server = self.start_scripted(echo)
        proxy = self.start_daemon(server)
        for unix in (False, True):
            hosts = [value for name, value in proxy.get("/api/x", unix=unix).json()["headers"] if name == "Host"]
            self.assertEqual(hosts, ["127.0.0.1:%d" % server.port])

    def test_a_second_program_gets_its_own_answer(self):
        def handle(peer, request):
            peer.send(answer(body=request.target.encode()))
            return True
        proxy = self.start_daemon(self.start_scripted(handle))
        self.assertEqual(fetch(proxy.address, "GET", "/api/one", host="localhost:%d" % proxy.port).body, b"/api/one")
        self.assertEqual(fetch(proxy.unix_path, "GET", "/api/two").body, b"/api/two")


if __name__ == "__main__":
    tap.main()
