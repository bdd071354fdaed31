# SPDX-License-Identifier: Apache-2.0
"""The client library, through a program that uses it (caller.c)."""
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time

import build_tree
import tap
from daemon import REPORT
from harness import PATIENCE, TENANT, Case, ScriptedServer, answer, wait_until
from scripted import echo
from tls import TlsServer, make_certificate
from waiting import WRAPPER

CALLER = build_tree.program("tests/e2e/caller")
USER = "/api/auth/user"
DEVICE = "/api/device/1"
TELEMETRY = "/api/plugins/telemetry/DEVICE/1/timeseries/ANY"


class Caller:
    """A running caller; for ARGUMENTS see caller.c."""

    def __init__(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        self.process = subprocess.Popen([*WRAPPER, CALLER, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=environment)

    def tell(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def read(self):
        return json.loads(self.process.stdout.readline())

    def end(self):
        """All remaining lines."""
        output, errors = self.process.communicate(timeout=2 * PATIENCE)
        if self.process.returncode not in (0, 1) or REPORT.search(errors):
            raise AssertionError("ended with %d: %s" % (self.process.returncode, errors))
        return [json.loads(line) for line in output.splitlines()]


class LibraryCase(Case):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="tb-")
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def call(self, server, *arguments, credential=None):
        """The last line."""
        return self.lines(server, *arguments, credential=credential)[-1]

    def arguments(self, server, arguments, credential):
        if credential is None:
            credential = (["username=" + TENANT, "password=" + server.password] if hasattr(server, "password")
                          else ["api_key=scripted"])
        return ["url=" + server.url, *credential, *arguments]

    def lines(self, server, *arguments, credential=None):
        return Caller(*self.arguments(server, arguments, credential)).end()

    def assert_error_of(self, line, kind, *words):
        self.assertLess(line["code"], 0, line)
        self.assertEqual((line["kind"], line["same"]), (kind, 1), line)
        for word in words:
            self.assertIn(word, line["message"])


class TestOpening(LibraryCase):
    def test_each_credential_authenticates_at_once(self):
        sim = self.start_simulator()
        pair = sim.login()
        sim.forget()
        for credential in (["username=" + TENANT, "password=" + sim.password], ["api_key=" + sim.api_key],
                           ["token=" + pair["token"]],
                           ["token=" + pair["token"], "refresh_token=" + pair["refreshToken"]]):
            self.assertEqual(self.call(sim, "open", credential=credential), {"code": 0})
            self.assertEqual(len(sim.requests()), 1)
            self.assertEqual(self.call(sim, "call", "getUser", credential=credential)["result"]["email"], TENANT)
            sim.forget()

    def test_a_dead_token_is_renewed(self):
        sim = self.start_simulator()
        pair = sim.login()
        sim.set(outdateAccessTokens=True)
        line = self.call(sim, "call", "getUser",
                         credential=["token=" + pair["token"], "refresh_token=" + pair["refreshToken"]])
        self.assertEqual(line["result"]["email"], TENANT)
        line = self.call(sim, "open", credential=["token=" + pair["token"]])
        self.assert_error_of(line, "unauthorized", "Token has expired")

    def test_a_refused_credential_gives_the_servers_message(self):
        sim = self.start_simulator()
        for credential in (["username=" + TENANT, "password=wrong-password"], ["api_key=wrong-key"],
                           ["token=wrong.token.x"]):
            sim.forget()
            line = self.call(sim, "open", credential=credential)
            self.assert_error_of(line, "unauthorized", "401")
            self.assertEqual(line["status"], 401)
            self.assertEqual(json.loads(line["body"])["errorCode"], line["errorCode"])
            self.assertGreater(line["errorCode"], 0)
            self.assertEqual(len(sim.requests()), 1)
            self.assertNotIn("wrong", line["message"])
        self.assert_error_of(self.call(sim, "open", credential=["api_key=wrong-key"]), "unauthorized",
                             "the API key is refused (HTTP 401)")

    def test_an_unreachable_server_is_an_error_at_once(self):
        server = ScriptedServer(echo)
        server.stop()
        began = time.monotonic()
        self.assert_error_of(self.call(server, "open"), "transport", server.url, "cannot be reached")
        self.assertLess(time.monotonic() - began, PATIENCE / 2)
        sim = self.start_simulator()
        sim.fault("status", "/api/auth/login", status=503)
        self.assert_error_of(self.call(sim, "open"), "service", "503")
        sim.fault("status", "/api/auth/login", status=429)
        self.assert_error_of(self.call(sim, "open"), "rate limited", "429")

    def test_a_server_that_is_not_thingsboard(self):
        server = self.start_scripted(lambda peer, request: peer.send(answer(200, b"hello")) or True,
                                     authenticates=False)
        for credential in (["api_key=k"], ["username=u", "password=p"]):
            line = self.call(server, "open", credential=credential)
            self.assert_error_of(line, "decode", "check that url is a ThingsBoard server")
            self.assertNotIn("body", line)  # an answer that is not a refusal may contain tokens

    def test_without_a_credential_none_is_sent(self):
        sim = self.start_simulator()
        self.assertEqual(self.call(sim, "open", credential=[]), {"code": 0})
        self.assertEqual(sim.requests(), [])
        self.assert_error_of(self.call(sim, "call", "getUser", credential=[]), "unauthorized", "HTTP 401")
        self.assertFalse([1 for name, _ in sim.requests()[0]["headers"] if "authorization" in name.lower()])

    def test_anonymous_operations_carry_no_credential(self):
        server = self.start_scripted(echo)
        line = self.call(server, "call", "noauthInfo")
        self.assertNotIn("X-Authorization", dict(line["result"]["headers"]))
        line = self.call(server, "call", "getText")
        self.assertIn("X-Authorization", dict(line["result"]["headers"]))

    def test_invalid_options(self):
        sim = self.start_simulator()
        for credential in (["username=u"], ["api_key="], ["api_key=k", "token=t"]):
            self.assert_error_of(self.call(sim, "open", credential=credential), "usage")


class TestCalls(LibraryCase):
    def test_typed_functions_keep_unknown_members(self):
        sim = self.start_simulator()
        self.assertEqual(self.call(sim, "save", "boiler")["result"], {"name": "changed", "timed": True})
        saves = sim.requests("/api/device")
        self.assertNotIn("version", json.loads(saves[0]["body"]))
        self.assertEqual(json.loads(saves[1]["body"])["version"], 1)

    def test_requests_are_complete(self):
        server = self.start_scripted(echo)
        line = self.call(server, "call", "search", '{"ids":["a b","c"],"limit":7,"X-Trace":"t"}')["result"]
        self.assertEqual((line["method"], line["target"]), ("GET", "/api/search?ids=a%20b&ids=c&limit=7"))
        headers = dict(line["headers"])
        self.assertEqual((headers["X-Trace"], headers["Accept"]), ("t", "application/json"))
        self.assertTrue(headers["User-Agent"].startswith("libtbclient/"))
        self.assertNotIn("Content-Type", headers)
        line = self.call(server, "call", "saveDevice", "{}", '{"name":"x","new":[9007199254740993,0.1]}')["result"]
        self.assertEqual(line["body"], '{"name":"x","new":[9007199254740993,0.1]}')
        self.assertEqual(dict(line["headers"])["Content-Type"], "application/json")

    def test_text_bodies_are_sent_as_they_are(self):
        server = self.start_scripted(echo)
        for body, sent in (('"{\\"a\\": 1}"', '{"a": 1}'), ('{"a": 1}', '{"a":1}')):
            line = self.call(server, "call", "twoWayRpc", '{"deviceId":"1"}', body)["result"]
            self.assertEqual(line["body"], sent)
            self.assertEqual(dict(line["headers"])["Content-Type"], "application/json")

    def test_what_does_not_fit_is_not_sent(self):
        server = self.start_scripted(echo)
        for arguments, word in ((["saveDevice", "{}", '{"name":{}}'], "saveDevice: body: name"),
                                (["saveDevice", "{}", "[]"], "saveDevice: body"),
                                (["getUser", "{}", "{}"], "getUser: body"),
                                (["getDeviceById", "{}"], "getDeviceById: deviceId"),
                                (["getDeviceById", '{"deviceId":".."}'], "getDeviceById: deviceId"),
                                (["search", '{"limit":[]}'], "search: limit"),
                                (["unknownOperation"], "unknownOperation")):
            self.assert_error_of(self.call(server, "call", *arguments), "usage", word)
        self.assertEqual(server.requests, [])

    def test_what_may_not_fit_is_sent_with_a_warning(self):
        server = self.start_scripted(echo)
        for arguments, warnings in ((["saveDevice", "{}", '{"name":3}'], ["saveDevice: body: name: a string was expected, not a number"]),
                                    (["saveDevice", "{}", "{}"], ["saveDevice: body: name: required, but not set"]),
                                    (["saveDevice", "{}"], ["saveDevice: body: required, but not set"]),
                                    (["search", '{"limit":101}'], ["search: limit: the number is not between 1 and 100"])):
            lines = self.lines(server, "call", *arguments)
            self.assertEqual([line["warning"] for line in lines[:-1]], warnings)
            self.assertEqual(lines[-1]["code"], 0)
        self.assertEqual(len(server.requests), 4)
        lines = self.lines(server, "no_check=1", "call", "saveDevice", "{}", '{"name":{}}')
        self.assertEqual([line.get("code") for line in lines], [0])
        self.assertEqual(server.requests[-1].body, b'{"name":{}}')

    def test_answers_of_all_kinds(self):
        answers = {"/api/count": b"9007199254740993", "/api/text": b"plain \xc3\xa4"}
        server = self.start_scripted(lambda peer, request: peer.send(
            answer(200, answers[request.target], [("Content-Type", "text/plain")])) or True)
        self.assertEqual(self.call(server, "count")["result"], 9007199254740993)
        self.assertEqual(self.call(server, "text")["result"],
                         {"data": "plain \u00e4", "length": 8, "type": "text/plain"})
        self.assertEqual(self.call(server, "call", "getText")["result"], "plain \u00e4")
        answers["/api/text"] = b"Ger\xe4t"
        self.assertEqual(self.call(server, "call", "getText")["result"], "Ger\u00e4t")

    def test_an_answer_that_does_not_fit_is_kept(self):
        answers = {}
        server = self.start_scripted(lambda peer, request: peer.send(answer(200, answers["body"])) or True)
        for body in (b'"many"', b"1.5", b"null", b"", b"{"):
            answers["body"] = body
            line = self.call(server, "count")
            self.assert_error_of(line, "decode", "count: the answer does not fit")
            self.assertEqual((line.get("body", ""), line["status"]), (body.decode(), 200))
        answers["body"] = b'{"data":[{"name":"a"},{"name":7}],"hasNext":false}'
        line = self.call(server, "devices", "10")
        self.assert_error_of(line, "decode", "data[1].name")
        self.assertEqual(line["body"], answers["body"].decode())

    def test_errors_have_the_servers_message(self):
        sim = self.start_simulator()
        line = self.call(sim, "call", "getDeviceById", '{"deviceId":"5c000000-0000-11f1-8000-000000000000"}')
        self.assert_error_of(line, "not found", "getDeviceById: the server answered HTTP 404: ")
        self.assertEqual((line["status"], line["errorCode"]), (404, 32))
        self.assertEqual(json.loads(line["body"])["errorCode"], 32)

    def test_http2_can_be_switched_off(self):
        sim = self.start_simulator()
        for options, protocol in ((), "HTTP/2.0"), (("no_http2=1",), "HTTP/1.1"):
            front = self.start_front(sim, "h2")
            line = self.call(front, "no_verify=1", *options, "call", "getUser", credential=["api_key=x"])
            self.assert_error_of(line, "unauthorized")
            wait_until(front.requests, "a line in the log")  # nginx answers before it writes its log
            self.assertEqual({one for one, _ in front.requests()}, {protocol})

    def test_redirects_are_not_followed(self):
        server = self.start_scripted(lambda peer, request: peer.send(
            answer(302, b"", [("Location", "/elsewhere")])) or True)
        line = self.call(server, "call", "getText")
        self.assert_error_of(line, "HTTP", "302")
        self.assertEqual(len(server.requests), 1)

    def test_created_and_no_content_are_successes(self):
        for status in (201, 202, 204):
            server = self.start_scripted(lambda peer, request, s=status: peer.send(
                b"HTTP/1.1 204 \r\n\r\n" if s == 204 else answer(s, b"{}")) or True)
            self.assertEqual(self.call(server, "call", "saveDevice", "{}", '{"name":"x"}')["code"], 0)

    def test_large_answers_are_bounded(self):
        server = self.start_scripted(lambda peer, request: peer.send(answer(200, b"x" * 1000)) or True)
        self.assertEqual(self.call(server, "max_response_bytes=1000", "text")["code"], 0)
        self.assert_error_of(self.call(server, "max_response_bytes=999", "text"), "transport", "limit")

    def test_a_timeout_has_its_kind(self):
        server = self.start_scripted(lambda peer, request: server.release.wait() and False)
        began = time.monotonic()
        self.assert_error_of(self.call(server, "timeout_ms=300", "call", "getText"), "timeout")
        self.assertLess(time.monotonic() - began, PATIENCE)

    def test_all_pages(self):
        sim = self.start_simulator()
        names = ["page-%02d" % i for i in range(7)]
        token = sim.login()["token"]
        for name in names:
            sim.call("POST", "/api/device", [("X-Authorization", "Bearer " + token)], {"name": name, "type": "default"})
        expected = None
        for size in (1, 3, 7, 100):
            sim.forget()
            line = self.call(sim, "devices", str(size))
            self.assertTrue(set(names) <= set(line["result"]))
            expected = expected or sorted(line["result"])
            self.assertEqual(sorted(line["result"]), expected)
            self.assertEqual(len(sim.requests("/api/tenant/devices")), -(-len(expected) // size))

    def test_pages_that_are_counted_in_the_body(self):
        pages = [b'{"data":[{"name":"a"},{"name":"b"}],"hasNext":true}', b'{"data":[{"name":"c"}],"hasNext":false}']
        for query, link in (('{"x":1,"pageLink":{"pageSize":2,"page":7}}', '"pageSize":2,"page":%d'), (None, '"pageSize":100,"page":%d'),
                            ('{"pageLink":null}', '"pageSize":100,"page":%d')):
            left = list(pages)
            server = self.start_scripted(lambda peer, request, left=left: peer.send(answer(200, left.pop(0))) or True)
            self.assertEqual(self.call(server, "find", *([query] if query else []))["result"], ["a", "b", "c"])
            bodies = [request.body.decode() for request in server.requests]
            self.assertEqual([json.loads(body)["pageLink"] for body in bodies], [json.loads("{" + link % n + "}") for n in (0, 1)])

    def test_an_empty_page_is_the_last(self):
        pages = [b'{"data":[{"name":"a"},null],"hasNext":true}', b'{"data":[],"hasNext":true}']
        server = self.start_scripted(lambda peer, request: peer.send(
            answer(200, pages[min(len(server.requests), 2) - 1])) or True)
        self.assertEqual(self.call(server, "devices", "2")["result"], ["a"])
        self.assertEqual([request.target for request in server.requests],
                         ["/api/tenant/devices?pageSize=2&page=%d" % page for page in (0, 1)])

    def test_a_failed_page_ends_the_iteration(self):
        answers = [answer(200, b'{"data":[{"name":"a"}],"hasNext":true}'), answer(500, b'{"message":"broken"}')]
        server = self.start_scripted(lambda peer, request: peer.send(answers[len(server.requests) - 1]) or True)
        self.assert_error_of(self.call(server, "devices", "1"), "service", "broken")


class TestSession(LibraryCase):
    def test_eight_threads_on_tokens_of_three_seconds(self):
        sim = self.start_simulator(token_life=3)
        program = Caller(*self.arguments(sim, ["threads", "0", "getUser"], None))
        wait_until(lambda: sim.stats()["refreshes"] + sim.stats()["logins"] >= 4, "three renewals")
        sim.fault("status", USER, status=404, count=0)
        for line in program.end():
            self.assert_error_of(line, "not found")
        stats = sim.stats()
        self.assertEqual((stats["logins"], stats["login_failures"], stats["refresh_failures"]), (1, 0, 0))
        # On a busy machine, a token may expire on the way; then the call is replayed.
        self.assertLess(stats["statuses"].get("401", 0), stats["statuses"]["200"] / 100)

    def test_a_401_is_renewed_and_replayed_once(self):
        sim = self.start_simulator()
        program = Caller(*self.arguments(sim, ["repeat", "getUser"], None))
        for _ in range(3):
            program.tell()
            self.assertEqual(program.read()["code"], 0)
            sim.set(outdateAccessTokens=True)
        program.tell()
        self.assertEqual(program.read()["result"]["email"], TENANT)
        self.assertEqual(program.end(), [])
        self.assertEqual((sim.stats()["logins"], sim.stats()["refreshes"]), (1, 3))

    def test_eight_threads_share_one_renewal(self):
        sim = self.start_simulator()
        program = Caller(*self.arguments(sim, ["threads", "50", "getUser"], None))
        sim.fault("status", USER, status=401, skip=20)
        lines = program.end()
        self.assertEqual([line["result"] for line in lines], [50] * 8)
        self.assertLessEqual(sim.stats()["refreshes"], 1)

    def test_a_second_401_is_the_answer(self):
        sim = self.start_simulator()
        program = Caller(*self.arguments(sim, ["repeat", "getUser"], None))
        program.tell()
        self.assertEqual(program.read()["code"], 0)
        sim.forget()
        sim.fault("status", USER, status=401, count=0)
        program.tell()
        line = program.read()
        self.assert_error_of(line, "unauthorized", "HTTP 401")
        self.assertEqual(len(sim.requests(USER)), 2)
        program.end()

    def test_a_changed_password_locks_out(self):
        sim = self.start_simulator()
        program = Caller(*self.arguments(sim, ["repeat", "getUser"], None))
        program.tell()
        self.assertEqual(program.read()["code"], 0)
        sim.set(outdateTokens=True, password="another-password")
        program.tell()
        line = program.read()
        self.assert_error_of(line, "unauthorized", "Invalid username or password")
        self.assertEqual(line["status"], 401)
        program.tell()
        self.assert_error_of(program.read(), "unauthorized")
        self.assertEqual(program.end(), [])

    def test_a_redirect_to_the_login_page_is_a_401(self):
        sim = self.start_simulator()
        sim.fault("status", "/api/device", status=302, location="http://x/oauth2Login")
        line = self.call(sim, "call", "getDeviceById", '{"deviceId":"1"}')
        self.assertNotEqual(line["kind"], "HTTP")
        self.assertEqual(sim.stats()["refreshes"], 1)


class TestRateLimit(LibraryCase):
    def begin(self, count, **fault):
        self.sim = self.start_simulator()
        self.sim.fault("status", "/api/", **{"status": 429, "count": count, "skip": 1, **fault})

    def sent(self, path):
        return len(self.sim.requests(path))

    def test_a_429_is_retried(self):
        self.begin(3)
        self.assertEqual(self.call(self.sim, "initial_retry_delay_ms=20", "call", "getUser")["code"], 0)
        self.assertEqual(self.sent(USER), 4)

    def test_a_permanent_429_is_the_answer(self):
        self.begin(0)
        line = self.call(self.sim, "initial_retry_delay_ms=10", "max_retries=2", "call", "getUser")
        self.assert_error_of(line, "rate limited", "max_retries")
        self.assertEqual((line["status"], self.sent(USER)), (429, 3))

    def test_the_retry_can_be_turned_off(self):
        self.begin(1)
        line = self.call(self.sim, "no_retry_on_rate_limit=1", "call", "getUser")
        self.assert_error_of(line, "rate limited")
        self.assertEqual(self.sent(USER), 1)

    def test_retry_after_wins(self):
        self.begin(1, retryAfter="1")
        began = time.monotonic()
        self.assertEqual(self.call(self.sim, "initial_retry_delay_ms=10", "call", "getUser")["code"], 0)
        self.assertGreaterEqual(time.monotonic() - began, 1)
        self.begin(1, retryAfter="40")
        self.assert_error_of(self.call(self.sim, "call", "getUser"), "rate limited", "Retry-After")

    def test_unsafe_calls_are_not_retried(self):
        self.begin(0)
        arguments = ["call", "twoWayRpc", '{"deviceId":"1"}', '{"method":"x"}']
        self.assert_error_of(self.call(self.sim, "initial_retry_delay_ms=10", *arguments), "rate limited",
                             "may have executed")
        self.assertEqual(self.sent("/api/rpc/twoway/1"), 1)
        self.sim.forget()
        self.begin(0)
        self.call(self.sim, "initial_retry_delay_ms=10", "max_retries=1", "retry_unsafe=1", *arguments)
        self.assertEqual(self.sent("/api/rpc/twoway/1"), 2)

    def test_telemetry_is_sent_with_a_timestamp(self):
        self.begin(2)
        self.call(self.sim, "initial_retry_delay_ms=10", "call", "saveEntityTelemetry",
                  '{"entityType":"DEVICE","entityId":"1","scope":"ANY"}', '{"temperature":1}')
        bodies = [entry["body"] for entry in self.sim.requests(TELEMETRY)]
        self.assertEqual((len(bodies), len(set(bodies))), (3, 1))
        self.assertEqual(json.loads(bodies[0])["values"], {"temperature": 1})


class TestClosing(LibraryCase):
    def close_during(self, server, *arguments):
        program = Caller(*self.arguments(server, ["close", *arguments], None))
        return program

    def test_close_cancels_calls_in_progress(self):
        server = self.start_scripted(lambda peer, request: server.release.wait() and False)
        program = self.close_during(server, "getText")
        wait_until(lambda: len(server.requests) == 8, "eight requests")
        program.tell()
        lines = program.end()
        self.assertEqual(len(lines), 8)
        for line in lines:
            self.assert_error_of(line, "transport", "closed")

    def test_close_cancels_calls_that_wait_for_a_retry(self):
        sim = self.start_simulator()
        sim.fault("status", DEVICE, status=429, count=0)
        program = Caller(*self.arguments(sim, ["initial_retry_delay_ms=20000", "close", "getDeviceById",
                                               '{"deviceId":"1"}'], None))
        wait_until(lambda: len(sim.requests(DEVICE)) == 8, "eight requests")
        program.tell()
        for line in program.end():
            self.assert_error_of(line, "transport")


class TestSinks(LibraryCase):
    def serve(self, body, headers=(), status=200):
        return self.start_scripted(lambda peer, request: peer.send(answer(status, body, headers)) or True)

    def test_a_download_to_memory(self):
        server = self.serve(b"x" * 300000, [("Content-Type", "image/png"),
                                            ("Content-Disposition", 'attachment; filename="a b.png"')])
        self.assertEqual(self.call(server, "download", "k/1", "300000")["result"],
                         {"length": 300000, "type": "image/png", "name": "a b.png"})
        self.assertEqual(server.requests[0].target, "/api/files/k%2F1")
        self.assert_error_of(self.call(server, "download", "k", "299999"), "system", "sink")

    def test_an_empty_download_begins(self):
        server = self.serve(b"", [("Content-Type", "image/png")])
        self.assertEqual(self.call(server, "download", "k", "10")["result"],
                         {"length": 0, "type": "image/png", "name": ""})

    def test_a_download_to_a_file(self):
        body = os.urandom(3 << 20)
        server = self.serve(body)
        self.assertEqual(self.call(server, "file", "k", self.path("out"))["code"], 0)
        with open(self.path("out"), "rb") as file:
            self.assertEqual(file.read(), body)
        self.assert_error_of(self.call(server, "file", "k", "/dev/full"), "system", "No space left")

    def test_a_slow_sink_gets_everything(self):
        """Even one that is slower than the timeout, which is for the server."""
        body = os.urandom(600000)
        server = self.serve(body)
        line = self.call(server, "timeout_ms=800", "slow", "k", "1200000")
        self.assertEqual(line["result"], {"length": len(body), "sum": sum(body) % 256})

    def test_close_while_a_sink_works(self):
        """When the sink returns, the cancelled call must not be posted to the client again."""
        server = self.serve(b"x" * (4 << 20))
        for _ in range(5):
            self.assert_error_of(self.call(server, "outlive", "k"), "transport", "closed")

    def test_an_error_does_not_reach_the_sink(self):
        server = self.serve(b'{"message":"no such file","errorCode":32}', status=404)
        line = self.call(server, "download", "k", "10")
        self.assert_error_of(line, "not found", "no such file")
        server = self.serve(b"", status=304)
        line = self.call(server, "file", "k", self.path("out"), '"etag"')
        self.assertEqual(line["status"], 304)
        self.assertEqual(server.requests[0].header("If-None-Match"), '"etag"')

    def test_a_download_that_stalls_times_out(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n12345")
            server.release.wait()
        server = self.start_scripted(handle)
        self.assert_error_of(self.call(server, "timeout_ms=300", "download", "k", "10"), "timeout")

    def test_a_download_may_take_longer_than_the_timeout(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n")
            for _ in range(10):
                server.release.wait(0.2)
                peer.send(b"x")
            return True
        server = self.start_scripted(handle)
        self.assertEqual(self.call(server, "timeout_ms=1500", "download", "k", "10")["result"]["length"], 10)

    def test_half_a_download_is_an_error(self):
        server = self.start_scripted(lambda peer, request: peer.send(
            b"HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n12345"))
        self.assert_error_of(self.call(server, "download", "k", "10"), "transport")

    def test_events_arrive_one_by_one(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            for part in (b"data: one\n", b"\nid: 7\nevent: add\ndata: tw", b"o\n\n"):
                peer.send(part)
                server.release.wait(0.05)
        server = self.start_scripted(handle)
        lines = self.lines(server, "events")
        self.assertEqual(lines[0], [["message", "one", ""], ["add", "two", "7"]])
        self.assertEqual(lines[1]["code"], 0)
        self.assertEqual(server.requests[0].header("Accept"), "text/event-stream")

    def test_an_event_can_end_the_stream(self):
        def handle(peer, request):
            peer.send(b"HTTP/1.1 200 \r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
            peer.send(b"data: one\n\ndata: stop\n\n")
            server.release.wait()
        server = self.start_scripted(handle)
        lines = self.lines(server, "events")
        self.assertEqual([event[1] for event in lines[0]], ["one", "stop"])
        self.assert_error_of(lines[1], "system")

    def test_an_upload_is_sent_again_after_a_401(self):
        statuses = [401, 429, 200]
        server = self.start_scripted(lambda peer, request: peer.send(
            answer(statuses[len(server.requests) - 1], {"n": 1})) or True)
        png = os.urandom(200000)
        line = self.call(server, "initial_retry_delay_ms=10", "upload", self.write("a.png", png), "Title \u00e4")
        self.assertEqual(line["result"], {"n": 1})
        self.assertEqual(len(server.requests), 3)
        for request in server.requests:
            boundary = request.header("Content-Type").split("boundary=")[1].encode()
            self.assertEqual(request.body.count(b"--" + boundary), 3)
            self.assertIn(b'name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + png, request.body)
            self.assertIn(b'name="title"\r\n\r\n' + "Title \u00e4".encode(), request.body)
            self.assertIsNone(request.header("Expect"))

    def test_a_file_that_cannot_be_read_is_not_sent(self):
        server = self.start_scripted(echo)
        self.assert_error_of(self.call(server, "upload", self.path("none"), "t"), "system", "No such file")
        self.assert_error_of(self.call(server, "upload", self.directory, "t"), "system", "not a regular file")
        os.mkfifo(self.path("fifo"))
        self.assert_error_of(self.call(server, "upload", self.path("fifo"), "t"), "system", "not a regular file")
        line = self.call(server, "call", "upload", "{}", json.dumps({"file": {"file": self.write("f", b"123")}}))
        self.assertIn('filename="f"', line["result"]["body"])
        self.assertEqual(self.lines(server, "call", "upload", "{}", "{}")[0], {"warning": "upload: file: required, but not set"})
        self.assert_error_of(self.call(server, "call", "upload", "{}", '{"file":"x","y":"z"}'), "usage", "y:")
        for title in ('{"a":1}', "[]"):
            line = self.call(server, "call", "upload", "{}", '{"file":"x","title":%s}' % title)
            self.assert_error_of(line, "usage", "upload: body: title: a string was expected")
        self.assertEqual(len(server.requests), 2)

    def test_a_large_upload_waits_for_the_server(self):
        content = os.urandom(3 << 20)

        def handle(peer, request):
            self.assertEqual(request.header("Expect"), "100-continue")
            if len(server.requests) == 1:
                peer.send(answer(401))
                return False
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.body = peer.file.read(int(request.header("Content-Length")))
            peer.send(answer(body={"n": 1}))
            return True
        server = self.start_scripted(handle, reads_bodies=False)
        line = self.call(server, "upload", self.write("large", content), "t")
        self.assertEqual(line["result"], {"n": 1})
        self.assertEqual(len(server.requests), 2)
        self.assertIn(content, server.requests[1].body)
        self.assertTrue(server.requests[1].body.endswith(b"--\r\n"))

    def test_a_file_that_changes_is_not_sent_as_another(self):
        path = self.path("changing")
        for size in (0, (4 << 20) - 1, (4 << 20) + 1):
            def handle(peer, request, size=size):
                os.truncate(path, size)
                peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.body = peer.file.read()
                return False
            self.write("changing", bytes(4 << 20))
            server = self.start_scripted(handle, reads_bodies=False)
            with self.subTest(size=size):
                self.assert_error_of(self.call(server, "upload", path, "t"), "system", "upload: body: file: " + path,
                                     "its size changed while it was sent")
                self.assertEqual(len(server.requests), 1)
                self.assertLess(len(server.requests[0].body), int(server.requests[0].header("Content-Length")))
                self.assertNotIn(b"title", server.requests[0].body)

    def test_the_time_limit_of_an_upload_begins_anew_with_its_bytes(self):
        pieces = 8

        def handle(peer, request):
            length = int(request.header("Content-Length"))
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            for _ in range(pieces):
                time.sleep(0.25)
                request.body += peer.file.read(length // pieces)
            request.body += peer.file.read(length - len(request.body))
            peer.send(answer(body={"n": 1}))
            return True
        server = self.start_scripted(handle, reads_bodies=False)
        line = self.call(server, "timeout_ms=1500", "upload", self.write("long", bytes(64 << 20)), "t")
        self.assertEqual(line["result"], {"n": 1})


class TestConnections(LibraryCase):
    def start_tls(self, client_ca=None, version=None):
        if not os.path.exists(self.path("server.pem")):
            make_certificate(self.directory, "server")
            make_certificate(self.directory, "other")
        server = TlsServer(self.path("server"), echo, self.path(client_ca + ".pem") if client_ca else None, version)
        self.addCleanup(server.stop)
        return server

    def test_a_certificate_is_verified(self):
        server = self.start_tls()
        self.assert_error_of(self.call(server, "call", "getText"), "TLS", "certificate")
        self.assert_error_of(self.call(server, "ca_file=" + self.path("other.pem"), "open"), "TLS")
        self.assert_error_of(self.call(server, "ca_file=" + self.path("missing.pem"), "open"), "TLS")
        self.assertEqual(self.call(server, "ca_file=" + self.path("server.pem"), "call", "getText")["code"], 0)
        self.assertEqual(self.call(server, "no_verify=1", "call", "getText")["code"], 0)

    def test_the_name_is_verified(self):
        server = self.start_tls()
        server.url = server.url.replace("localhost", "127.0.0.1")
        self.assert_error_of(self.call(server, "ca_file=" + self.path("server.pem"), "open"), "TLS")

    def test_old_tls_is_refused(self):
        with_tls11 = self.start_tls(version=ssl.TLSVersion.TLSv1_1)
        self.assertLess(self.call(with_tls11, "no_verify=1", "open")["code"], 0)
        with_tls12 = self.start_tls(version=ssl.TLSVersion.TLSv1_2)
        self.assertEqual(self.call(with_tls12, "no_verify=1", "open")["code"], 0)

    def test_a_client_certificate(self):
        self.start_tls()
        server = self.start_tls(client_ca="other")
        trusted = "ca_file=" + self.path("server.pem")
        line = self.call(server, trusted, "certificate_file=" + self.path("other.pem"),
                         "key_file=" + self.path("other.key"), "call", "getText")
        self.assertEqual(line["code"], 0, line)
        self.assertLess(self.call(server, trusted, "open")["code"], 0)
        self.assert_error_of(self.call(server, trusted, "certificate_file=" + self.path("missing.pem"),
                                       "key_file=" + self.path("other.key"), "open"), "TLS")

    def test_through_tbproxyd_on_its_unix_socket(self):
        sim = self.start_simulator()
        proxy = self.start_daemon(sim)
        line = Caller("url=http://localhost", "unix_socket=" + proxy.unix_path, "call", "getUser").end()[-1]
        self.assertEqual(line["result"]["email"], TENANT)
        line = Caller("url=http://localhost", "unix_socket=" + self.path("none"), "call", "getUser").end()[-1]
        self.assert_error_of(line, "transport")

    def test_a_prefix_in_the_url(self):
        server = self.start_scripted(echo)
        line = Caller("url=" + server.url + "/tb/", "call", "getText").end()[-1]
        self.assertEqual(line["result"]["target"], "/tb/api/text")

    def test_connections_are_shared_and_bounded(self):
        counts = []

        def handle(peer, request):
            counts.append(len(server.peers))
            server.release.wait(0.01)
            peer.send(answer(200, b"x"))
            return True
        server = self.start_scripted(handle)
        lines = self.lines(server, "max_connections=2", "threads", "5", "getText")
        self.assertEqual([line["result"] for line in lines], [5] * 8)
        self.assertEqual(max(counts), 3)  # one of them is the session's


if __name__ == "__main__":
    tap.main()
