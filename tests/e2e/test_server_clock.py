# SPDX-License-Identifier: Apache-2.0
"""Values without a timestamp get the server's time, which no single odd response can change."""
import email.utils
import json
import time

import tap
from harness import PATIENCE, Case, answer, build, wait_until
from scripted import PROBES, USER

HOUR, DAY = 3600, 86400
WRITE = "/api/plugins/telemetry/DEVICE/11111111-1111-1111-1111-111111111111/timeseries/ANY"
NEAR_MS = 60000  # how far from the expected time a slow machine may be


def date(offset_s):
    return "Date", email.utils.formatdate(time.time() + offset_s, usegmt=True)


class TestServerClock(Case):
    def serve(self, login=0, question=0, page=0, page_headers=()):
        """A server whose Date headers are so many seconds off (None: no response). QUESTION: the same for its responses
        to tbproxyd's own questions."""
        def handle(peer, request):
            offset = (login if request.target == "/api/auth/user" else question if request.target in PROBES else
                      page if request.method == "GET" else None)
            if offset is None and request.method == "GET":
                server.release.wait(PATIENCE)
                return False
            headers = [] if offset is None else [date(offset)]
            more = list(page_headers) if request.target == "/api/page" else []
            peer.send(answer(body=USER, headers=headers + more))
            return True
        server = self.start_scripted(handle, authenticates=False, answers_probes=True)
        return server

    def questions(self, server):
        return [request for request in server.requests if request.header("Cache-Control") == "no-cache"]

    def assert_stamped(self, server, proxy, offset_s):
        """Checks that the next value gets a time OFFSET_S from the host's."""
        self.assertEqual(proxy.post(WRITE, b'{"a":1}').status, 200)
        self.assert_last_stamp(server, offset_s)

    def assert_last_stamp(self, server, offset_s):
        body = json.loads([request for request in server.requests if request.target == WRITE][-1].body)
        self.assertLess(abs(body["ts"] - (time.time() + offset_s) * 1000), NEAR_MS)

    def test_a_cached_answer_tells_no_time(self):
        server = self.serve(page=-2 * HOUR, page_headers=[("Age", "7200")])
        proxy = self.start_daemon(server)
        self.assertEqual(proxy.get("/api/page").status, 200)
        self.assert_stamped(server, proxy, 0)
        self.assertEqual(self.questions(server), [])

    def test_an_odd_answer_is_asked_about_and_not_believed(self):
        server = self.serve(page=-2 * HOUR)
        proxy = self.start_daemon(server)
        self.assertEqual(proxy.get("/api/page").status, 200)
        self.assert_stamped(server, proxy, 0)
        wait_until(lambda: len(self.questions(server)) == 1, "the question")
        self.assert_stamped(server, proxy, 0)

    def test_a_clock_that_was_set_is_followed_after_a_second_answer(self):
        server = self.serve(question=-2 * HOUR, page=-2 * HOUR)
        proxy = self.start_daemon(server)
        self.assert_stamped(server, proxy, 0)
        self.assertEqual(proxy.get("/api/page").status, 200)
        proxy.log.wait(r"the server's clock is 7[12]\d\d s behind this host's")
        self.assert_stamped(server, proxy, -2 * HOUR)
        self.assertEqual([request.header("X-Authorization") for request in self.questions(server)], [None])

    def test_the_first_value_waits_for_two_answers(self):
        server = self.serve(login=2 * DAY, question=2 * DAY)
        proxy = self.start_daemon(server)
        self.assert_stamped(server, proxy, 2 * DAY)
        self.assertEqual(len(self.questions(server)), 1)

    def test_a_value_that_comes_before_the_first_answer(self):
        server = self.serve(login=2 * DAY, question=2 * DAY)
        handle, begun = server.handle, []

        def slow_login(peer, request):
            if request.target == "/api/auth/user":
                begun.append(request)
                release.wait(PATIENCE)
            return handle(peer, request)
        release, server.handle = server.release, slow_login
        proxy = self.prepare_daemon(server).start(wait="")
        wait_until(lambda: begun, "the login")
        connection = proxy.connect()
        connection.send(build("POST", WRITE, body=b'{"a":1}', host="localhost:%d" % proxy.port))
        self.assertEqual(proxy.get("/-/live").status, 200)  # so the value has been read, too
        release.set()
        self.assertEqual(connection.response().status, 200)
        self.assert_last_stamp(server, 2 * DAY)

    def test_the_second_answer_is_waited_for_two_seconds(self):
        server = self.serve(login=2 * DAY, question=None)
        proxy = self.start_daemon(server)
        begun = time.monotonic()
        self.assert_stamped(server, proxy, 0)
        self.assertLess(time.monotonic() - begun, PATIENCE / 2)
        self.assertEqual(len(self.questions(server)), 1)

    def test_a_date_in_retry_after_is_meant_by_the_clock_of_its_answer(self):
        """The host is two hours behind or ahead; the login is to be retried after 2 s."""
        for offset in (2 * HOUR, -2 * HOUR):
            with self.subTest(offset=offset):
                logins = []

                def handle(peer, request):
                    logins.append(time.monotonic())
                    when = time.time() + offset
                    headers = [date(offset), ("Retry-After", email.utils.formatdate(when + 3, usegmt=True))]
                    peer.send(answer(503, headers=headers) if len(logins) == 1 else answer(body=USER))
                    return True
                proxy = self.prepare_daemon(self.start_scripted(handle, authenticates=False)).start(wait="")
                proxy.notices.wait("^STATUS=ready")
                self.assertGreater(logins[1] - logins[0], 1.5)


if __name__ == "__main__":
    tap.main()
