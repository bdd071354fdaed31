# SPDX-License-Identifier: Apache-2.0
"""Several servers of one cluster: the first healthy one is used, and a request moves on if that does no harm."""
import tempfile

import tap
from harness import Case, answer, wait_until
from listening import closed_port
from scripted import ScriptedServer
from tls import TlsServer, make_certificate

POST = ("POST", "/api/device", b'{"name":"x"}')


class TestFailover(Case):
    def say(self, text, status=200):
        """A server that answers TEXT."""
        def handle(peer, request):
            peer.send(answer(status, text))
            return True
        return self.start_scripted(handle, answers_probes=True)

    def begin(self, first, *others):
        self.proxy = self.start_daemon(first, {"upstream.fallback_urls": ", ".join(server.url for server in others)},
                                       "api_key")
        return self.proxy

    def servers(self):
        return self.proxy.get("/-/status").json()["servers"]

    def test_the_first_is_used_while_it_is_healthy(self):
        first, second = self.say(b"first"), self.say(b"second")
        self.begin(first, second)
        self.assertEqual(self.proxy.get("/api/x").body, b"first")
        self.assertEqual([(server["url"], server["in_use"], server["healthy"]) for server in self.servers()],
                         [(first.url, True, True), (second.url, False, True)])
        self.assertEqual(self.proxy.get("/-/ready").json()["upstream"], first.url)

    def test_one_that_refuses_connections_is_passed_over_unseen(self):
        taken, url = closed_port()
        second = self.say(b"second")
        with taken:
            self.begin(url, second)
            reply = self.proxy.call(*POST[:2], body=POST[2])
            self.assertEqual((reply.status, reply.body), (200, b"second"))
            self.assertEqual(self.proxy.get("/-/ready").json()["upstream"], second.url)
            self.proxy.log.wait("%s is ejected for 1 s: " % url)
            self.proxy.log.wait("the server in use is " + second.url)

    def test_one_whose_name_is_none_is_passed_over_unseen(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-failover-")
        self.addCleanup(directory.cleanup)
        make_certificate(directory.name, "server")
        url = "https://%s.test" % ("x" * 64)  # longer than a label of a name can be, so no resolver is asked
        second = TlsServer(directory.name + "/server", lambda peer, request: peer.send(answer(body=b"second")) or True)
        self.addCleanup(second.stop)
        with open(directory.name + "/server.pem", encoding="ascii") as file:
            certificate = file.read()
        for http2 in ("auto", "off"):
            proxy = self.start_daemon(url, {"upstream.fallback_urls": second.url, "upstream.ca_file": certificate,
                                            "upstream.http2": http2}, "api_key")
            for _ in range(3):
                reply = proxy.call(*POST[:2], body=POST[2])
                self.assertEqual((reply.status, reply.body), (200, b"second"))
            self.assertEqual([server["healthy"] for server in proxy.get("/-/status").json()["servers"]], [False, True])

    def test_one_that_goes_away_is_passed_over_unseen_and_used_again_later(self):
        second = self.say(b"second")
        first = ScriptedServer(self.say(b"first").handle, answers_probes=True)
        self.begin(first, second)
        self.assertEqual(self.proxy.call(*POST[:2], body=POST[2]).body, b"first")
        first.stop()
        # A request on a kept connection may have been executed; only the next one moves on for certain.
        self.proxy.get("/api/x")
        self.assertEqual(self.proxy.call(*POST[:2], body=POST[2]).body, b"second")
        again = ScriptedServer(first.handle, port=first.port, answers_probes=True)
        self.addCleanup(again.stop)
        self.proxy.log.wait(first.url + " can be used again")
        self.assertEqual(self.proxy.call(*POST[:2], body=POST[2]).body, b"first")

    def test_gateway_errors_three_times_in_a_row_eject_it(self):
        first, second = self.say(b"", 503), self.say(b"second")
        self.begin(first, second)
        self.assertEqual([self.proxy.call(*POST[:2], body=POST[2]).status for _ in range(3)], [503, 503, 503])
        self.assertEqual(self.proxy.call(*POST[:2], body=POST[2]).body, b"second")
        self.assertFalse(self.servers()[0]["healthy"])
        self.proxy.log.wait("%s is ejected for 1 s: it answers 503" % first.url)

    def test_a_get_that_meets_a_gateway_error_goes_to_the_next(self):
        self.begin(self.say(b"", 502), self.say(b"second"))
        self.assertEqual(self.proxy.get("/api/x").body, b"second")

    def test_a_devices_silence_is_not_the_servers(self):
        first, second = self.say(b"", 504), self.say(b"second")
        self.begin(first, second)
        for _ in range(5):
            reply = self.proxy.post("/api/rpc/twoway/784f394c-42b6-435a-983c-b7beff2784f9", {"method": "x"})
            self.assertEqual(reply.status, 504)
        self.assertEqual(second.requests, [])

    def test_a_post_that_may_have_been_executed_stays(self):
        def handle(peer, request):
            return False
        first, second = self.start_scripted(handle, answers_probes=True), self.say(b"second")
        self.begin(first, second)
        self.assert_error(self.proxy.call(*POST[:2], body=POST[2]), 502, 2)
        for server, count in ((first, 1), (second, 0)):
            self.assertEqual([request.target for request in server.requests].count(POST[1]), count)
        self.assertEqual(self.proxy.get("/api/x").body, b"second")  # a GET does no harm

    def test_where_all_are_away_the_last_error_is_answered(self):
        taken, url = closed_port()
        other, other_url = closed_port()
        with taken, other:
            self.proxy = self.start_daemon(url, {"upstream.fallback_urls": other_url}, "api_key")
            wait_until(lambda: not any(server["healthy"] for server in self.servers()), "both are ejected")
            self.assertIn(self.proxy.get("/api/x").status, (502, 503))

    def test_the_same_token_is_used_for_all(self):
        sim = self.start_simulator()
        taken, url = closed_port()
        with taken:
            self.proxy = self.start_daemon(sim, {"upstream.url": url, "upstream.fallback_urls": sim.url})
            self.assertEqual(self.proxy.get("/api/auth/user").status, 200)


if __name__ == "__main__":
    tap.main()
