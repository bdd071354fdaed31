# SPDX-License-Identifier: Apache-2.0
"""The daemon finds the server's edition and version, and nothing waits for that or fails with it."""
import tap
from harness import PATIENCE, Case, answer, wait_until
from scripted import API_DOCS, SIGN_UP, USER, WHITE_LABEL

NO_RESOURCE = {"status": 404, "message": "No static resource api/noauth/x.", "errorCode": 32, "timestamp": 1}
DETECTED = r"the server is ThingsBoard|the server does not report"


class TestEdition(Case):
    def found(self, proxy):
        proxy.log.wait(DETECTED)
        state = proxy.get("/-/ready").json()
        return state["edition"], state["version"]

    def scripted(self, answers, **options):
        """A server that answers {path: bytes}, and every other path with the user."""
        def handle(peer, request):
            peer.send(answers.get(request.target) or answer(body=USER))
            return True
        return self.start_scripted(handle, answers_probes=True, **options)

    def test_the_editions_and_versions_of_the_stand_in(self):
        for edition, version in (("ce", "4.4.0"), ("pe", "4.4.0"), ("paas", "4.4.0"), ("ce", "4.3.1.2"),
                                 ("pe", "4.3.1.2"), ("paas", "4.3.1.2")):
            with self.subTest(edition=edition, version=version):
                sim = self.start_simulator(edition=edition, api=version)
                proxy = self.start_daemon(sim)
                self.assertEqual(self.found(proxy), (edition.upper(), version))
                proxy.log.wait("the server is ThingsBoard %s %s$" % (edition.upper(), version.replace(".", r"\.")))
                self.assertEqual(sim.stats()["probes"], 2 if edition == "ce" else 3)
                self.assertEqual((sim.stats()["logins"], sim.stats()["statuses"].get("401", 0)), (1, 0))

    def test_the_questions_carry_no_credential(self):
        server = self.scripted({SIGN_UP: answer(404, NO_RESOURCE)})
        self.found(self.start_daemon(server))
        probes = [request for request in server.requests if request.target != "/api/auth/user"]
        self.assertEqual([request.target for request in probes], [WHITE_LABEL, SIGN_UP, API_DOCS])
        for request in probes:
            self.assertEqual([name for name, _ in request.headers if "authorization" in name.lower()], [])

    def test_a_large_description_is_not_read_to_its_end(self):
        sent = []

        def handle(peer, request):
            if request.target == API_DOCS:
                head = b'{"openapi":"3.1.0","info":{"title":"t","version":"4.3.1.3"},"paths":"'
                peer.send(b"HTTP/1.1 200 \r\nContent-Type: application/json\r\nContent-Length: 500000000\r\n\r\n" + head)
                while True:
                    peer.send(b"x" * 65536)
                    sent.append(65536)
            peer.send(answer(404, NO_RESOURCE))
            return True
        proxy = self.start_daemon(self.start_scripted(handle, answers_probes=True))
        self.assertEqual(self.found(proxy), ("CE", "4.3.1.3"))
        self.assertLess(sum(sent), 100000000)

    def test_what_is_cut_is_the_first_4_kib(self):
        head, tail = b'{"pad":"', b'","info":{"version":"4.4.0"'
        for over, version in ((0, "4.4.0"), (1, None)):
            with self.subTest(over=over):
                body = head + b"x" * (4096 - len(head) - len(tail) + over) + tail + b"}" + b" " * 9000
                proxy = self.start_daemon(self.scripted({WHITE_LABEL: answer(404, NO_RESOURCE),
                                                         API_DOCS: answer(200, body)}))
                self.assertEqual(self.found(proxy), ("CE", version))

    def test_unknown_stays_unknown(self):
        page = answer(200, b"<html></html>", [("Content-Type", "text/html")])
        refused = answer(401, {"status": 401, "message": "Authentication failed", "errorCode": 10})
        for name, reply in (("page", page), ("401", refused), ("404", answer(404)), ("503", answer(503)),
                            ("nonsense", b"nonsense\r\n\r\n")):
            with self.subTest(name):
                proxy = self.start_daemon(self.scripted({WHITE_LABEL: reply, SIGN_UP: reply, API_DOCS: reply}))
                self.assertEqual(self.found(proxy), (None, None))
                self.assertEqual(proxy.get("/api/auth/user").status, 200)

    def test_one_may_be_known_without_the_other(self):
        proxy = self.start_daemon(self.scripted({WHITE_LABEL: answer(404, NO_RESOURCE), API_DOCS: answer(404)}))
        self.assertEqual(self.found(proxy), ("CE", None))
        proxy.log.wait("the server is ThingsBoard CE of unknown version")
        docs = answer(200, {"info": {"version": "4.4.0"}})
        proxy = self.start_daemon(self.scripted({WHITE_LABEL: answer(404), API_DOCS: docs}))
        self.assertEqual(self.found(proxy), (None, "4.4.0"))
        proxy.log.wait("the server is ThingsBoard 4.4.0 of unknown edition")

    def test_no_request_waits_for_answers_that_do_not_come(self):
        def handle(peer, request):
            if request.target == WHITE_LABEL:
                server.release.wait(PATIENCE)
                return False
            peer.send(answer(body=USER))
            return True
        server = self.start_scripted(handle, answers_probes=True)
        proxy = self.start_daemon(server, {"upstream.max_connections": 1})
        wait_until(lambda: any(request.target == WHITE_LABEL for request in server.requests), "the question")
        self.assertEqual(proxy.get("/api/auth/user").status, 200)
        state = proxy.get("/-/ready").json()
        self.assertEqual((state["ready"], state["edition"], state["version"]), (True, None, None))
        proxy.stop()  # while the question is under way

    def test_it_is_asked_again_when_the_server_was_away(self):
        for options, credential in (({"token_life": 3}, "password"), ({}, "api_key")):
            with self.subTest(credential=credential):
                sim = self.start_simulator(own_password=True, edition="ce", **options)
                proxy = self.start_daemon(sim, credential=credential)
                self.assertEqual(self.found(proxy)[0], "CE")
                sim.stop()
                proxy.get("/api/auth/user")  # with a key, nothing else would notice it
                wait_until(lambda: proxy.get("/-/ready").json()["state"] == "unreachable", "the loss")
                sim.options["edition"] = "pe"
                sim.start()
                wait_until(lambda: proxy.get("/-/ready").json()["edition"] == "PE", "the other edition")

    def test_a_renewal_does_not_ask_again(self):
        sim = self.start_simulator(token_life=3)
        proxy = self.start_daemon(sim)
        self.found(proxy)
        wait_until(lambda: sim.stats()["refreshes"] >= 2, "two renewals")
        self.assertEqual(sim.stats()["probes"], 2)


if __name__ == "__main__":
    tap.main()
