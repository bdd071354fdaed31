# SPDX-License-Identifier: Apache-2.0
"""tbproxyctl, directly and through tbproxyd: output, exit status, and what it refuses."""
import json
import os
import random
import re
import shlex
import subprocess

import tap
from ctl_case import CtlCase
from harness import PATIENCE, TENANT, Connection, answer, wait_until
from scripted import echo

NULL_ID = "13814000-1dd2-11b2-8080-808080808080"


class CallCase(CtlCase):
    """Calls, over each connection to the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_server()
        cls.way = cls.open_way()

    @classmethod
    def open_way(cls):
        raise NotImplementedError

    def tearDown(self):
        self.assertEqual(self.sim.control("GET", "/sim/violations"), [])

    def call(self, *arguments, **more):
        return self.good("call", *self.way, *arguments, **more)

    def json(self, *arguments, **more):
        return json.loads(self.call(*arguments, **more))

    def failed(self, *arguments, status=1, **more):
        return self.refused("call", *self.way, *arguments, status=status, **more)

    def create(self, name):
        device = self.json("saveDevice", "--body", json.dumps({"name": name, "type": "default"}))["id"]["id"]
        self.addCleanup(self.run_ctl, "call", *self.way, "deleteDevice", "--device-id", device)
        return device

    def test_a_device_is_saved_and_read(self):
        device = self.json("saveDevice", "--body", '{"name":"x","type":"default"}')
        self.assertEqual((device["name"], device["type"]), ("x", "default"))
        again = self.json("getDeviceById", "--device-id", device["id"]["id"])
        self.assertEqual(again, device)
        self.assertEqual(self.json("getDeviceById", "--deviceId=" + device["id"]["id"]), device)
        self.assertEqual(self.call("deleteDevice", "--device-id", device["id"]["id"]), "")
        self.assertRegex(self.failed("getDeviceById", "--device-id", device["id"]["id"], status=3),
                         r"^tbproxyctl: getDeviceById: the server answered HTTP 404: ")

    def test_all_pages_are_one_array(self):
        names = ["page %02d" % i for i in range(25)]
        for name in names:
            self.create(name)
        before = len(self.sim.requests("/api/tenant/devices"))
        text = self.call("getTenantDevices", "--page-size", "10", "--all", "--sort-property", "name", "--sort-order",
                         "ASC")
        self.assertEqual([device["name"] for device in json.loads(text)], names)
        targets = [entry["target"] for entry in self.sim.requests("/api/tenant/devices")[before:]]
        self.assertEqual([target.split("page=")[1].split("&")[0] for target in targets], ["0", "1", "2"])
        one = self.json("getTenantDevices", "--page-size", "10", "--page", "2")
        self.assertEqual((len(one["data"]), one["totalElements"], one["hasNext"]), (5, 25, False))
        compact = self.call("getTenantDevices", "--all", "--compact")
        self.assertEqual((compact.count("\n"), len(json.loads(compact))), (1, 25))
        self.assertEqual(self.call("getTenantDevices", "--all", "--text-search", "none of this name"), "[]\n")

    def test_a_body_from_a_file_and_from_standard_input(self):
        body = json.dumps({"name": "from a file", "type": "default"}).encode()
        path = self.write("body.json", body)
        first = self.json("saveDevice", "--body", "@" + path)
        self.assertEqual(first["name"], "from a file")
        self.call("deleteDevice", "--device-id", first["id"]["id"])
        second = self.json("saveDevice", "--body", "-", stdin=body)
        self.call("deleteDevice", "--device-id", second["id"]["id"])

    def test_the_example_of_describe_stores_telemetry(self):
        device = self.create("with telemetry")
        words = shlex.split(self.good("describe", "saveEntityTelemetry").splitlines()[-1])[2:]
        words[words.index("--entity-id") + 1] = device
        self.assertEqual(self.call(*words), "")
        values = self.json("getLatestTimeseries", "--entity-type", "DEVICE", "--entity-id", device)
        self.assertEqual(values["temperature"][0]["value"], "26.5")

    def test_a_text_is_printed_as_it_comes(self):
        self.assertRegex(self.call("getHelpBaseUrl"), r"^text \d+ of getHelpBaseUrl$")

    def test_an_answer_goes_to_a_file(self):
        path = self.path("answer")
        self.assertEqual(self.call("getUser", "--output", path), "")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["email"], TENANT)
        self.failed("getDeviceById", "--device-id", NULL_ID, "--output", path, status=3)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file)["email"], TENANT)
        self.assertEqual([name for name in os.listdir(self.directory) if name.startswith("answer")], ["answer"])
        self.assertIn("/nonexistent/x", self.failed("getUser", "--output", "/nonexistent/x"))

    def test_a_download_is_kept_byte_for_byte(self):
        data = random.Random(2).randbytes(3000)
        key = self.json("uploadImage", "--part", "file=@" + self.write("kept.png", data))["resourceKey"]
        path = self.path("image")
        self.call("downloadImage", "--type", "tenant", "--key", key, "--output", path)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), data)
        printed = self.run_ctl("call", *self.way, "downloadImage", "--type", "tenant", "--key", key).stdout
        self.assertEqual(printed, data)

    def test_parts_are_uploaded(self):
        data = random.Random(1).randbytes(70000)
        path = self.write("upload.png", data)
        answer = self.json("uploadImage", "--part", "file=@" + path, "--part", "title=a title")
        self.assertEqual((answer["title"], answer["descriptor"]["size"]), ("a title", len(data)))
        self.assertIn("multipart", dict(self.sim.requests("/api/image")[-1]["headers"])["Content-Type"])
        self.assertIn("--part", self.failed("uploadImage", status=2))
        self.assertIn("did you mean file?", self.failed("uploadImage", "--part", "fil=x", status=2))
        self.assertIn("/nonexistent", self.failed("uploadImage", "--part", "file=@/nonexistent"))

    def test_wrong_calls_are_refused_before_anything_is_sent(self):
        self.sim.forget()
        for words, message in (
                (("saveDevcie",), "unknown operation saveDevcie; did you mean saveDevice?"),
                (("zzz",), "unknown operation zzz; tbproxyctl operations WORD finds those with WORD"),
                (("getUser", "--id", "1"), "getUser has no parameter --id; see tbproxyctl describe getUser"),
                (("getTenantDevices", "--page-siz", "1"), "did you mean --page-size?"),
                (("getTenantDevices",), "getTenantDevices requires --page-size, --page"),
                (("getTenantDevices", "--page-size", "x", "--page", "0"), "--page-size: expected a 32-bit integer"),
                (("getTenantDevices", "--page-size", "4294967297", "--page", "0"), "--page-size: "),
                (("getTenantDevices", "--page-size", "1", "--page", "0", "--sort-order", "ASK"), "did you mean ASC?"),
                (("getTenantDevices", "--page", "0", "--page", "1"), "--page is given twice"),
                (("getUser", "--all"), "is not paged"),
                (("getUser", "--body", "{}"), "takes no body"),
                (("saveDevice", "--body", "{"), "--body: not JSON: line 1"),
                (("saveDevice", "--body", '{"name":"x","type":[]}'), "saveDevice: body: type"),
                (("saveDevice",), "saveDevice requires --body"),
                (("saveDevice", "--body", "@/nonexistent"), "/nonexistent"),
                (("getUser", "--password", "a"), "--password-file FILE"),
                (("getUser", "--edition", "xe"), "--edition: expected ce, pe or paas"),
                (("getUser", "--timeout", "0"), "--timeout: "),
                (("getUser", "more"), "unexpected argument more"),
                (("saveRole", "--edition", "ce", "--body", "{}"), "saveRole is not in CE; it is in PE"),
                ((), "the operation is missing")):
            with self.subTest(words=words):
                line = self.failed(*words, status=2)
                self.assertIn(message, line)
                self.assertNotIn("saveDevice: saveDevice", line)
        self.assertEqual([entry for entry in self.sim.requests() if "/api/auth/" not in entry["target"]], [])

    def test_a_body_that_is_not_json_is_not_quoted(self):
        for body in ('{"password": "Secret1" "Secret2"}', '{"password": Secret1}'):
            line = self.failed("saveDevice", "--body", body, status=2)
            self.assertIn("--body: not JSON: line 1, column ", line)
            self.assertNotIn("Secret", line)

    def test_a_device_that_was_read_can_be_sent_back(self):
        """The server sends the member "type" of its configuration twice."""
        device = self.sim.call("GET", "/api/device/" + self.create("read and written"),
                               [("X-Authorization", "ApiKey " + self.sim.api_key)]).body.decode()
        self.assertIn('"type":"DEFAULT","type":"DEFAULT"', device)
        self.assertEqual(self.json("saveDevice", "--body", device, "--set", "label=changed")["label"], "changed")

    def test_a_server_that_refuses(self):
        self.sim.fault("status", "/api/auth/user", status=500, count=1)
        self.assertRegex(self.failed("getUser", status=6), r"^tbproxyctl: getUser: .*HTTP 500")

    def test_a_closed_pipe_is_not_an_error(self):
        for i in range(3):
            self.create("for a pipe %d" % i)
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as pipe:
            done = subprocess.run(self.command("call", *self.way, "getTenantDevices", "--all"), stdin=subprocess.DEVNULL,
                                  stdout=pipe, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stderr), (-13, b""))


class TestWarnings(CtlCase):
    def test_the_server_decides(self):
        server = self.start_scripted(echo)
        done = self.run_ctl("call", "--url", server.url, "saveDevice", "--body", '{"type":5}')
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(json.loads(done.stdout)["body"], '{"type":5}')
        self.assertEqual(done.stderr.decode().splitlines(), [
            "tbproxyctl: warning: saveDevice: body: name: required, but not set",
            "tbproxyctl: warning: saveDevice: body: type: a string was expected, not a number"])


class CallsThroughTbproxyd(CallCase):
    @classmethod
    def open_way(cls):
        cls.share_daemon()
        return ["--url", "http://127.0.0.1:%d" % cls.proxy.port]

    def test_the_url_from_the_environment(self):
        url = self.way[1]
        self.assertEqual(json.loads(self.good("call", "getUser", TBPROXY_URL=url))["email"], TENANT)


class CallsThroughTheUnixSocket(CallCase):
    @classmethod
    def open_way(cls):
        cls.share_daemon()
        return ["--unix-socket", cls.proxy.unix_path]


class CallsWithAnApiKey(CallCase):
    @classmethod
    def open_way(cls):
        return ["--url", cls.sim.url, "--api-key-file", cls.key_file]

    def test_a_name_without_a_slash_is_a_file_here(self):
        with open(self.key_file, encoding="ascii") as file:
            self.write("key", file.read())
        self.assertEqual(json.loads(self.good("call", "--url", self.sim.url, "--api-key-file", "key", "getUser"))["email"],
                         TENANT)

    def test_a_wrong_key_is_not_quoted(self):
        path = self.write("wrong", "tb_a-key-that-is-wrong\n")
        line = self.refused("call", "--url", self.sim.url, "--api-key-file", path, "getUser", status=4)
        self.assertIn("(HTTP 401)", line)
        self.assertNotIn("a-key-that", line)

    def test_a_key_file_that_is_missing_or_empty(self):
        for path in ("/nonexistent", self.write("empty", "")):
            self.assertIn("--api-key-file: ", self.refused("call", "--url", self.sim.url, "--api-key-file", path,
                                                           "getUser", status=1))


class CallsWithAPassword(CallCase):
    @classmethod
    def open_way(cls):
        return ["--url", cls.sim.url, "--username", TENANT, "--password-file", cls.password_file]

    def test_half_a_credential_or_two(self):
        for words, message in ((("--username", "a"), "must be given together"),
                               (("--password-file", "a"), "must be given together"),
                               (("--username", "a", "--password-file", "a", "--token-file", "a"), "more than one")):
            self.assertIn(message, self.refused("call", *words, "getUser"))

    def test_a_wrong_password_is_not_quoted(self):
        path = self.write("wrong", "a-password-that-is-wrong\n")
        line = self.refused("call", "--url", self.sim.url, "--username", TENANT, "--password-file", path, "getUser",
                            status=4)
        self.assertIn("(HTTP 401)", line)
        self.assertNotIn("a-password-that", line)


del CallCase  # only its subclasses are run


class TestProfessionalEdition(CtlCase):
    edition = "pe"

    def test_the_edition_is_that_of_tbproxyd(self):
        self.share_server()
        proxy = self.start_daemon(self.sim)
        role = json.loads(self.good("call", "--unix-socket", proxy.unix_path, "saveRole", "--body",
                                    '{"name":"Readers","type":"GENERIC","permissions":{"ALL":["READ"]}}'))
        self.assertEqual(role["name"], "Readers")


class TestNoServer(CtlCase):
    def test_a_refused_connection(self):
        none = self.path("none")
        for words, reason in ((("--url", "http://127.0.0.1:1"), "Failed to connect to 127.0.0.1 port 1: Connection refused"),
                              (("--unix-socket", none), none + ": No such file or directory")):
            self.assertEqual(self.refused("call", *words, "getUser", status=7),
                             "tbproxyctl: getUser: no answer from the server: %s; is tbproxyd running? "
                             "systemctl status tbproxyd" % reason)
        self.write("key", "a-key")
        line = self.refused("call", "--url", "http://127.0.0.1:1", "--api-key-file", "key", "getUser", status=7)
        self.assertNotIn("tbproxyd running", line)

    def test_no_answer_in_time(self):
        """tbproxyd may hold the request for a server that is away."""
        server = self.start_scripted(lambda peer, request: server.release.wait())
        words = ("get", "--url", server.url, "/api/x", "--timeout", "0.2")
        self.assertRegex(self.refused(*words, status=7), r"\d+ ms; is the server away\? tbproxyctl status$")
        self.write("key", "a-key")
        self.assertNotIn("tbproxyctl status", self.refused(*words, "--api-key-file", "key", status=7))


class TestExitStatus(CtlCase):
    def test_each_kind_of_failure(self):
        server = self.start_scripted(lambda peer, request: peer.send(self.answer))
        words = ("call", "--url", server.url, "--edition", "ce", "getDeviceById", "--device-id", NULL_ID)
        for status, expected in ((400, 1), (401, 4), (403, 4), (404, 3), (409, 1), (429, 5), (500, 6), (503, 6), (302, 1)):
            self.answer = answer(status, {"status": status, "message": "no", "errorCode": 2})
            line = self.refused(*words, status=expected)
            self.assertRegex(line, "the server answered HTTP %d: no" % status)
        self.answer = answer(503, {"message": "no"}, [("Proxy-Status", "tbproxyd; error=destination_unavailable")])
        self.assertIn(": tbproxyd answered HTTP 503: no", self.refused(*words, status=6))
        self.answer = answer(429, b"", [("Proxy-Status", "tbproxyd; received-status=429; details=\"x\"")])
        self.assertIn(": the server answered HTTP 429", self.refused(*words, status=5))


LIMITS = {"source": "configured", "limit": "100:1,2000:60",
          "buckets": [{"capacity": 100, "seconds": 1, "tokens": 57.3}, {"capacity": 2000, "seconds": 60, "tokens": 1890}],
          "learn": True, "pace": 12.5, "closed_for_ms": 250,
          "operations": [{"operation": "exportDevices", "closed_for_ms": 900, "pace": None},
                         {"operation": "unknown", "closed_for_ms": 0, "pace": 0.5}],
          "in_flight": 3, "max_in_flight": 64}
LIMITS_TEXT = """\
limit      100:1,2000:60 (configured)
bucket     57.3 of 100 tokens, 100 more in 1 s
bucket     1890 of 2000 tokens, 2000 more in 60 s
learned    12.5 tokens a second
closed     for 250 ms; until then, requests wait
operation  exportDevices: closed for 900 ms
operation  unknown: open, learned 0.5 tokens a second
in flight  3 of at most 64
"""
QUEUE = {"requests": 6, "bytes": 1234, "max_requests": 10000, "max_bytes": 67108864, "oldest_ms": 120,
         "max_wait_ms": 30000, "merge": "pressure",
         "clients": [{"client": "uid:0", "requests": 5, "in_flight": 2, "connections": 7, "waiting_ports": [41234, 5]},
                     {"client": "uid:4000000000", "requests": 0, "in_flight": 0, "connections": 1, "waiting_ports": []},
                     {"client": "unknown", "requests": 1, "in_flight": 0, "connections": 1, "waiting_ports": [7]}]}
QUEUE_TEXT = """\
requests   6 of at most 10000
bytes      1234 of at most 67108864
oldest     120 of at most 30000 ms
merge      pressure
client     uid:0 (root): 5 waiting, 2 at the server, 7 connections; waiting at TCP ports 41234, 5
client     uid:4000000000: 0 waiting, 0 at the server, 1 connections
client     unknown: 1 waiting, 0 at the server, 1 connections; waiting at TCP ports 7
"""
PAGE_MAX = 4 << 20
TEXT_MAX = 1024


class TestStatus(CtlCase):
    """"limits" and "queue", with the answer that a test gives."""

    def setUp(self):
        self.answer = answer(body={"limits": LIMITS, "queue": QUEUE})
        self.server = self.start_scripted(self.handle)

    def handle(self, peer, request):
        self.assertEqual((request.method, request.target, request.body), ("GET", "/-/status", b""))
        peer.send(self.answer)
        return False

    def ask(self, name, *arguments, **parts):
        """What is printed if the answer has PARTS."""
        if parts:
            self.answer = answer(body=parts)
        return self.good(name, "--url", self.server.url, *arguments)

    def fails(self, name, *arguments, status=1):
        return self.refused(name, "--url", self.server.url, *arguments, status=status)

    def test_for_people(self):
        self.assertEqual(self.ask("limits"), LIMITS_TEXT)
        self.assertEqual(self.ask("queue"), QUEUE_TEXT)
        self.assertEqual(self.ask("queue", queue={**QUEUE, "requests": 0, "clients": []}),
                         QUEUE_TEXT.replace("6 of", "0 of").split("client")[0])

    def test_no_limits(self):
        for source, limit in (("none", None), ("none", "")):
            text = self.ask("limits", limits={**LIMITS, "source": source, "limit": limit, "buckets": [], "pace": None,
                                              "closed_for_ms": 0, "operations": []})
            self.assertEqual(text, "limit      not known; set rate.limits\nlearned    nothing yet\nclosed     no\nin flight  3 of at most 64\n")
        self.assertIn("learned    off\n", self.ask("limits", limits={**LIMITS, "learn": False, "pace": None}))
        self.assertIn(" (auto)\n", self.ask("limits", limits={**LIMITS, "source": "auto"}))

    def test_as_json(self):
        more = {**LIMITS, "a newer member": ["\u009b31m", {"x": None}]}
        text = self.ask("limits", "--json", limits=more, queue=QUEUE)
        self.assertEqual(json.loads(text), more)
        self.assertIn("\\u009b", text)
        self.assertEqual(json.loads(self.ask("queue", "--json")), QUEUE)

    def test_connections_to_tbproxyd(self):
        self.assertEqual(self.good("limits", TBPROXY_URL=self.server.url + "/"), LIMITS_TEXT)
        self.assertIn("limits: no answer from tbproxyd at %s: " % self.path("none"),
                      self.refused("limits", "--unix-socket", self.path("none"), TBPROXY_URL=self.server.url, status=7))
        self.assertIn("queue: no answer from tbproxyd at http://127.0.0.1:1: ",
                      self.refused("queue", "--url", "http://127.0.0.1:1", status=7))
        self.assertIn("limits: no answer from tbproxyd at ", self.refused("limits", "--url", "file:///etc/passwd", status=7))
        self.assertIn("limits: the URL has more than 2047 bytes",
                      self.refused("limits", "--url", "http://" + "a" * 2038))

    def test_answers_without_a_status(self):
        too_old = "tbproxyd is too old or does not offer this here, or this is not tbproxyd"
        for given, status, message in (
                (answer(404, {"status": 404, "message": "there is nothing here"}), 3, "there is nothing here"),
                (answer(404), 3, too_old),
                (answer(200, b"<html>"), 1, too_old),
                (answer(200), 1, too_old),
                (answer(200, b"[]"), 1, too_old),
                (answer(200, {"limit": LIMITS}), 1, too_old),
                (answer(403, {"message": "the Host is \x1b[31mnot\u009b31m mine\n"}), 4,
                 "the Host is ?[31mnot?31m mine?"),
                (answer(503, b"x"), 6, "this is not tbproxyd (HTTP 503)"),
                (answer(302, b"", [("Location", "/x")]), 1, "this is not tbproxyd (HTTP 302)"),
                (b"SSH-2.0\r\n", 7, "no answer from tbproxyd at "),
                (b"", 7, "no answer from tbproxyd at ")):
            with self.subTest(given=given):
                self.answer = given
                self.assertIn("tbproxyctl: limits: " + message, self.fails("limits", status=status))

    def test_an_invalid_status(self):
        bucket = LIMITS["buckets"][0]
        for name, part, wrong in (
                ("limits", [], "limits.source"),
                ("limits", None, "limits.source"),
                ("limits", {**LIMITS, "source": "a\x1b"}, "limits.source"),
                ("limits", {**LIMITS, "source": "a\u00e9"}, "limits.source"),
                ("limits", {**LIMITS, "limit": "a\n"}, "limits.limit"),
                ("limits", {**LIMITS, "limit": "1" * (TEXT_MAX + 1)}, "limits.limit"),
                ("limits", {**LIMITS, "buckets": {}}, "limits.buckets"),
                ("limits", {**LIMITS, "buckets": [bucket, 1]}, "limits.buckets.capacity"),
                ("limits", {**LIMITS, "buckets": [{**bucket, "seconds": 1.5}]}, "limits.buckets.seconds"),
                ("limits", {**LIMITS, "buckets": [{**bucket, "tokens": "1"}]}, "limits.buckets.tokens"),
                ("limits", {**LIMITS, "operations": None}, "limits.operations"),
                ("limits", {**LIMITS, "operations": [{"operation": "a\x1b", "closed_for_ms": 1, "pace": None}]},
                 "limits.operations.operation"),
                ("limits", {**LIMITS, "learn": None}, "limits.learn"),
                ("limits", {**LIMITS, "pace": -1}, "limits.pace"),
                ("limits", {**LIMITS, "in_flight": -1}, "limits.in_flight"),
                ("limits", {name: value for name, value in LIMITS.items() if name != "pace"}, "limits.pace"),
                ("queue", {**QUEUE, "requests": True}, "queue.requests"),
                ("queue", {**QUEUE, "merge": 1}, "queue.merge"),
                ("queue", {**QUEUE, "clients": [{"client": "\x7f", "requests": 5}]}, "queue.clients.client"),
                ("queue", {**QUEUE, "clients": [{"client": "x"}]}, "queue.clients.requests")):
            with self.subTest(part=part):
                self.answer = answer(body={name: part})
                for arguments in ((), ("--json",)):
                    self.assertEqual(self.fails(name, *arguments),
                                     "tbproxyctl: %s: the answer has no valid %s" % (name, wrong))

    def test_bounds(self):
        self.assertIn("1" * TEXT_MAX, self.ask("limits", limits={**LIMITS, "limit": "1" * TEXT_MAX}))
        body = json.dumps({"limits": LIMITS}).encode()
        self.answer = answer(body=body.ljust(PAGE_MAX))
        self.assertEqual(self.ask("limits"), LIMITS_TEXT)
        self.answer = answer(body=body.ljust(PAGE_MAX + 1))
        self.assertEqual(self.fails("limits"), "tbproxyctl: limits: the answer has more than 4194304 bytes")
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"
        self.assertIn("limits: no answer from tbproxyd at ", self.fails("limits", status=7))
        self.answer = answer(body=b'{"limits":' + b"[" * 100000)
        self.assertIn("limits: tbproxyd is too old", self.fails("limits"))

    def test_no_answer_in_time(self):
        self.server.handle = lambda peer, request: self.server.release.wait()
        self.assertIn("limits: no answer from tbproxyd at ", self.fails("limits", status=7))

    def test_the_command_line(self):
        for words, message in ((("x",), "unexpected argument x"), (("-x",), "unexpected argument -x"),
                               (("--ur", "x"), "unknown option --ur; did you mean --url?"),
                               (("--all",), "unknown option --all; did you mean --url?"),
                               (("--json=1",), "--json takes no value"),
                               (("--api-key-file", "x"), "unknown option --api-key-file"),
                               (("--password", "x"), "unknown option --password"),
                               (("--url",), "--url: the value is missing"), (("--url", ""), "--url: the value is empty"),
                               (("--url", "a", "--url", "b"), "--url is given twice")):
            for name in ("limits", "queue"):
                self.assertEqual(self.refused(name, *words), "tbproxyctl: " + message)
        self.assertIn("unknown option --json", self.refused("call", "--json", "getUser"))

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command("queue", "--url", self.server.url), stdout=full, stderr=subprocess.PIPE,
                                  check=False, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), "^tbproxyctl: standard output: ")


class TestStatusOfTbproxyd(CtlCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_server()
        cls.share_daemon({"rate.limits": "100:1,2000:60", "queue.max_wait_ms": 12000})

    def test_both_subcommands_over_both_connections(self):
        url = "http://127.0.0.1:%d" % self.proxy.port
        for where in (("--url", url), ("--unix-socket", self.proxy.unix_path)):
            limits = json.loads(self.good("limits", "--json", *where))
            self.assertEqual((limits["source"], limits["limit"], limits["max_in_flight"]),
                             ("configured", "100:1,2000:60", 64))
            self.assertEqual(json.loads(self.good("queue", "--json", *where))["max_wait_ms"], 12000)
            self.assertIn("100:1,2000:60", self.good("limits", *where))
            self.assertIn("12", self.good("queue", *where))
            self.assertIn("uid:%d" % os.getuid(), self.good("clients", *where))

    def test_the_requests_of_a_client_are_counted(self):
        counts = []
        with Connection(("127.0.0.1", self.proxy.port)) as connection:
            for _ in range(2):
                connection.request("GET", "/-/live")
                counts.append(connection.request("GET", "/-/status").json()["queue"]["clients"][0]["answered"])
        self.assertEqual(counts[1] - counts[0], 2)
        # Also after it has gone, so that programs of one request each can be seen.
        wait_until(lambda: self.proxy.ask_admin("GET", "/-/status").json()["queue"]["clients"][0]["connections"] == 0,
                   "the connection to be closed")
        self.assertGreaterEqual(self.proxy.ask_admin("GET", "/-/status").json()["queue"]["clients"][0]["answered"], counts[1])


class TestHelp(CtlCase):
    def test_help(self):
        text = self.good("--help")
        for name in ("status", "top", "wait", "limits", "queue", "clients", "trace", "reload", "session", "log-level",
                     "policy", "check-config", "call", "operations", "describe", "help"):
            self.assertIn("\n  %s " % name, text)
            usage = self.good("help", name)
            self.assertTrue(usage.startswith("Usage: tbproxyctl %s" % name))
            self.assertEqual(self.good(name, "--help"), usage)
        self.assertRegex(self.good("--version"), r"^tbproxyctl \d")
        self.assertIn("a subcommand is missing", self.refused())
        self.assertIn("unknown subcommand cal; did you mean call?", self.refused("cal"))
        self.assertIn("unknown subcommand zzz\n", self.refused("help", "zzz") + "\n")
        self.assertIn("unknown option --url; options come after the subcommand", self.refused("--url", "x", "status"))

    def test_the_help_fits_into_80_columns(self):
        names = re.findall(r"^  ([a-z-]+) ", self.good("help"), re.MULTILINE)
        for usage in [self.good("help")] + [self.good("help", name) for name in names]:
            for line in usage.splitlines():
                if not line.endswith("/tbproxyd.conf"): # configure decides how long it is
                    self.assertLessEqual(len(line), 80)

    def test_a_large_output_into_a_closed_pipe(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        with os.fdopen(write_end, "wb") as pipe:
            done = subprocess.run(self.command("operations"), stdout=pipe, stderr=subprocess.PIPE, check=False,
                                  timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (-13, b""))

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command("operations"), stdout=full, stderr=subprocess.PIPE, check=False,
                                  timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), "^tbproxyctl: standard output: ")


del CtlCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
