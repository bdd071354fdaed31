# SPDX-License-Identifier: Apache-2.0
"""tbproxyctl call, get, post, put and delete: what is sent, what is selected of the answer, and what is shown."""
import json
import os
import pty
import subprocess

import tap
from ctl_case import CtlCase
from harness import PATIENCE, SLOW, TENANT, answer

ID = "784f394c-42b6-435a-983c-b7beff2784f9"
LARGE = b'{"id":{"id":"a"},"n":12345678901234567890,"d":1.10,"s":"\\u00e4\\n","list":[{"a.b":true},null]}'


class CallCase(CtlCase):
    """With a server, and WAY to it."""

    def call(self, *arguments, **more):
        return self.good("call", *self.way, *arguments, **more)

    def failed(self, *arguments, status, **more):
        return self.refused("call", *self.way, *arguments, status=status, **more)

    def warned(self, name, *arguments, status=0):
        """Standard output, and the lines of standard error."""
        done = self.run_ctl(name, *self.way, *arguments)
        self.assertEqual(done.returncode, status, done)
        return done.stdout.decode(), done.stderr.decode().splitlines()


class TestTasksOfTheManual(CallCase):
    """The tasks of the official Python client's manual, through tbproxyd."""
    edition = "pe"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_server()
        cls.share_daemon()
        cls.way = ["--unix-socket", cls.proxy.unix_path]

    def tearDown(self):
        self.assertEqual(self.sim.control("GET", "/sim/violations"), [])

    def create(self, name):
        device = self.call("saveDevice", "--set", "name=" + name, "--set", "type=default", "--field", "id.id").strip()
        self.addCleanup(self.run_ctl, "delete", *self.way, "/api/device/" + device)
        return device

    def test_a_device_is_created_and_used(self):
        device = self.create("Quickstart Device")
        entity = ["--entity-type", "DEVICE", "--entity-id", device]
        self.call("saveEntityTelemetry", *entity, "--scope", "ANY", "--set", "temperature=26.5", "--set", "humidity=87",
                  "--set", "text=x")
        path = "/api/plugins/telemetry/DEVICE/" + device
        body = json.loads(self.sim.requests(path + "/timeseries/ANY")[-1]["body"])
        self.assertEqual(body["values"], {"temperature": 26.5, "humidity": 87, "text": "x"})
        values = self.call("getLatestTimeseries", *entity, "--keys", "temperature", "--keys", "humidity", "--jq",
                           ".[][0].value")
        self.assertEqual(values, "26.5\n87\n")
        self.assertEqual(self.sim.requests(path + "/values/timeseries")[-1]["target"].split("?")[1],
                         "keys=temperature%2Chumidity")
        self.assertEqual(self.call("getDeviceById", "--device-id", device, "--field", "name"), "Quickstart Device\n")

    def test_an_attribute_is_read_modified_and_written(self):
        attribute = ["--entity-type", "DEVICE", "--entity-id", self.create("counted"), "--scope", "SERVER_SCOPE"]
        self.call("saveEntityAttributesV2", *attribute, "--set", "deviceCount=1")
        count = self.call("getAttributesByScope", *attribute, "--keys", "deviceCount", "--jq", ".[0].value + 1").strip()
        self.call("saveEntityAttributesV2", *attribute, "--set", "deviceCount=" + count)
        self.assertEqual(self.call("getAttributesByScope", *attribute, "--keys", "deviceCount", "--field", "0.value"),
                         "2\n")

    def test_devices_are_listed_and_queried(self):
        names = ["listed %d" % i for i in range(5)]
        devices = [self.create(name) for name in names]
        pages = ["--all", "--page-size", "2", "--text-search", "listed"]
        self.assertEqual(sorted(self.call("getTenantDevices", *pages, "--field", "name").splitlines()), names)
        found = self.call("getTenantDevices", *pages, "--jq", 'select(.name != "listed 0") | .id.id, .type').splitlines()
        self.assertEqual((sorted(found[::2]), found[1::2]), (sorted(devices[1:]), ["default"] * 4))
        query = ["--set", "entityFilter.type=entityType", "--set", "entityFilter.entityType=DEVICE"]
        self.assertEqual(self.call("countEntitiesByQuery", *query), "5\n")
        self.sim.forget()
        found = json.loads(self.call("findEntityDataByQuery", *query, "--set", "pageLink.pageSize=2", "--set",
                                     "entityFields.0.type=ENTITY_FIELD", "--set", "entityFields.0.key=name", "--all"))
        self.assertEqual(sorted(entity["entityId"]["id"] for entity in found), sorted(devices))
        bodies = [json.loads(entry["body"]) for entry in self.sim.requests("/api/entitiesQuery/find")]
        self.assertEqual([body["pageLink"] for body in bodies], [{"pageSize": 2, "page": i} for i in range(3)])
        self.assertEqual(bodies[0]["entityFields"], [{"type": "ENTITY_FIELD", "key": "name"}])

    def test_a_group_is_shared(self):
        """The role lacks "permissions", which the document requires."""
        text, lines = self.warned("call", "saveRole", "--body", '{"name":"Acme Device Readers","type":"GROUP"}', "--field",
                                  "id.id")
        self.assertEqual(lines, ["tbproxyctl: warning: saveRole: body: permissions: required, but not set"])
        # The stand-in reports what differs from the document, too.
        self.sim.control("DELETE", "/sim/violations")
        customer = self.call("saveCustomer", "--set", "title=Acme", "--field", "id.id").strip()
        group = self.call("saveEntityGroup", "--set", "name=Acme Devices", "--set", "type=DEVICE", "--field", "id.id").strip()
        self.call("addEntitiesToEntityGroup", "--entity-group-id", group, "--set", "0=" + self.create("shared"))
        users = self.call("getEntityGroupAllByOwnerAndType", "--owner-type", "CUSTOMER", "--owner-id", customer,
                          "--group-type", "USER", "--field", "id.id").strip()
        self.call("shareEntityGroupToChildOwnerUserGroup", "--entity-group-id", group, "--user-group-id", users,
                  "--role-id", text.strip())

    def test_requests_to_a_path(self):
        path = "/api/device"
        device = self.good("post", *self.way, path, "--set", "name=raw", "--set", "type=default", "--field", "id.id").strip()
        self.assertEqual(json.loads(self.good("get", *self.way, path + "/" + device))["name"], "raw")
        self.assertEqual(self.good("delete", *self.way, path + "/" + device), "")
        self.assertRegex(self.refused("get", *self.way, path + "/" + device, status=3),
                         r"^tbproxyctl: GET: the server answered HTTP 404: ")
        self.assertEqual(self.good("get", *self.way, "/api/auth/user", "--jq", ".email"), TENANT + "\n")


class TestRefusals(CallCase):
    def test_of_tbproxyd_and_of_the_server(self):
        self.share_server()
        proxy = self.start_daemon(self.sim)
        way = ["--unix-socket", proxy.unix_path]
        self.assertIn("tbproxyd answered HTTP 403", self.refused("post", *way, "/api/auth/changePassword", status=4))
        for status, exit_status in ((500, 6), (429, 5)):
            self.sim.fault("status", "/api/auth/user", status=status, count=99)
            self.assertIn("the server answered HTTP %d" % status, self.refused("get", *way, "/api/auth/user",
                                                                             status=exit_status))
            self.sim.control("DELETE", "/sim/fault")


class TestRequests(CallCase):
    """What is sent, to a server that answers what a test says."""

    def setUp(self):
        self.answer = answer(body={})
        self.requests = []
        self.server = self.start_scripted(self.handle)
        self.way = ["--url", self.server.url]

    def handle(self, peer, request):
        if request.target == "/-/ready":
            peer.send(answer(404))
        else:
            self.requests.append(request)
            peer.send(self.answer)
        return True

    def sent(self, *arguments, name="call"):
        """The target and the body of the request."""
        self.requests.clear()
        self.run_ctl(name, *self.way, *arguments)
        request, = self.requests
        return request.target, request.body.decode()

    def test_members(self):
        device = ["saveDevice", "--body", '{"name":"a","type":"b","additionalInfo":{"x":1.10}}']
        for words, body in (
                (("name=boiler", "label=1.0", "label2=1.0"),
                 '{"name":"boiler","type":"b","additionalInfo":{"x":1.10},"label":"1.0","label2":1.0}'),
                (("additionalInfo.gateway=true", "additionalInfo.text=yes"),
                 '{"name":"a","type":"b","additionalInfo":{"x":1.10,"gateway":true,"text":"yes"}}'),
                (("additionalInfo.a\\.b=", "additionalInfo.c.d=12345678901234567890"),
                 '{"name":"a","type":"b","additionalInfo":{"x":1.10,"a.b":"","c":{"d":12345678901234567890}}}'),
                (('additionalInfo=["\\u00e4"]', "additionalInfo.1=null", "additionalInfo.0=\"1\""),
                 '{"name":"a","type":"b","additionalInfo":["1",null]}')):
            with self.subTest(words=words):
                self.assertEqual(self.sent(*device, *(word for pair in words for word in ("--set", pair)))[1], body)
        self.assertEqual(self.sent("/x?y=%20", "--body", "[]", "--set", "0.a=1", name="put"), ("/x?y=%20", '[{"a":1}]'))
        self.assertEqual(self.sent("/x", "--body", "no JSON", name="post")[1], "no JSON")
        self.assertEqual(self.sent("/x", name="post")[1], "")
        self.assertEqual(self.requests[0].header("Content-Type"), None)

    def test_members_that_are_refused(self):
        for words, message in ((("a",), "--set: expected NAME=VALUE"), (("=a",), "--set: expected NAME=VALUE"),
                               (("a..b=1",), "--set a..b: expected names and indexes"),
                               (("version=x",), "--set version: expected integer"),
                               (("id=x",), "--set id: expected DeviceId, as JSON"),
                               (("name=a", "name.b=1"), "--set name.b: name is neither an object nor an array"),
                               (("additionalInfo=[]", "additionalInfo.1=1"), "expected the index of one of 0 elements, or 0"),
                               (("additionalInfo=[]", "additionalInfo.x=1"), "expected the index of one of 0 elements, or 0"),
                               (("a" * 128 + "=1",), "longer than 127 bytes")):
            with self.subTest(words=words):
                self.assertIn(message, self.failed("saveDevice", *(word for pair in words for word in ("--set", pair)),
                                                   status=2))
        self.assertIn("the body is neither", self.failed("saveDevice", "--body", "1", "--set", "a=1", status=2))
        self.assertIn("takes no body", self.failed("getUser", "--set", "a=1", status=2))
        self.assertEqual(self.requests, [])

    def test_the_document_is_advice(self):
        text, lines = self.warned("call", "saveDevice", "--set", "nmae=x", "--body", '{"id":{"id":"%s"}}' % ID)
        self.assertEqual(text, "{}\n")
        self.assertEqual(lines, ["tbproxyctl: --set nmae: warning: Device has no member nmae; did you mean name?",
                                 "tbproxyctl: warning: saveDevice: body: name: required, but not set"])
        chain = {"ruleChainId": {"entityType": "RULE_CHAIN", "id": ID}, "firstNodeIndex": None, "nodes": [],
                 "connections": [], "ruleChainConnections": None}
        self.assertEqual(json.loads(self.sent("saveRuleChainMetaData", "--body", json.dumps(chain))[1]), chain)
        self.assertIn("body: name: ", self.failed("saveDevice", "--body", '{"name":[]}', status=2))
        for body in ('{"name":[]}', '"x"', "{", ""):
            self.assertEqual(self.sent("saveDevice", "--no-check", "--body=-" if not body else "--body=" + body)[1], body)
        target, _ = self.sent("getTenantDevices", "--no-check", "--page", "x")
        self.assertEqual(target, "/api/tenant/devices?page=x")
        self.assertEqual(self.sent("saveDevice", "--no-check"), ("/api/device", ""))
        self.assertIn("requires --device-id", self.failed("getDeviceById", "--no-check", status=2))

    def test_a_misspelt_operation_with_parameters(self):
        self.assertEqual(self.failed("getDeviceByID", "--device-id", ID, status=2),
                         "tbproxyctl: unknown operation getDeviceByID; did you mean getDeviceById?")

    def test_a_dry_run_sends_nothing(self):
        words = ["saveDevice", "--set", "name=a", "--set", "additionalInfo.password=b", "--dry-run"]
        text, lines = self.warned("call", *words)
        self.assertEqual(lines, [])
        self.assertRegex(text, r"^POST %s/api/device\nAccept: application/json\nUser-Agent: libtbclient/\S+\n"
                               r"Content-Type: application/json\n\n" % self.server.url)
        self.assertEqual(json.loads(text.split("\n\n", 1)[1]), {"name": "a", "additionalInfo": {"password": "***"}})
        text, _ = self.warned("get", "/x?resetToken=abc&a=1&TOKEN=x", "--dry-run")
        self.assertTrue(text.startswith("GET %s/x?resetToken=***&a=1&TOKEN=***\n" % self.server.url), text)
        text, _ = self.warned("post", "/api/v1/secret/attributes?a=1", "--set", "privacyPassphrase=secret", "--dry-run")
        self.assertTrue(text.startswith("POST %s/api/v1/***/attributes?a=1\n" % self.server.url), text)
        self.assertNotIn("secret", text)
        text, _ = self.warned("call", "getTenantDevices", "--all", "--dry-run")
        self.assertIn("?pageSize=100&page=0\n", text)
        text, _ = self.warned("call", "changePassword", "--set", "currentPassword=a", "--set", "newPassword=b", "--dry-run")
        self.assertEqual(json.loads(text.split("\n\n", 1)[1]), {"currentPassword": "***", "newPassword": "***"})
        self.assertEqual(self.requests, [])

    def test_verbose(self):
        self.answer = answer(400, {"message": "no", "token": "secret"}, [("Set-Cookie", "secret"), ("X-A", "b\xa0")])
        _, lines = self.warned("call", "saveDevice", "--set", "name=a", "-v", status=1)
        self.assertEqual(lines[0], "> POST %s/api/device" % self.server.url)
        self.assertIn('  "name": "a"', lines)
        start = lines.index("< HTTP 400")
        self.assertEqual(lines[start + 1:],
                         ["< Content-Type: application/json", "< Set-Cookie: ***", "< X-A: b?", "< Content-Length: 36",
                          "< ", "{", '  "message": "no",', '  "token": "***"', "}",
                          "tbproxyctl: saveDevice: the server answered HTTP 400: no"])
        self.answer = answer(502, b"<b>\x1b[31m\xff</b>")
        self.assertIn("<b>?[31m?</b>", self.warned("get", "/x", "--verbose", status=6)[1])
        self.answer = answer(200, {"a": 1})
        text, lines = self.warned("get", "/x", "-v")
        self.assertEqual((text, lines[-1]), ('{\n  "a": 1\n}\n', "< "))

    def test_paths_that_are_refused(self):
        for words, message in ((("x",), "must begin with /"), (("/a b",), "printable ASCII"), (("/\u00e4",), "printable ASCII"),
                               (("/a\r\nX: y",), "printable ASCII"), (("/" + "a" * 8192,), "longer than 8192 bytes"),
                               ((), "the path is missing"), (("/a", "/b"), "unexpected argument /b"),
                               (("/a", "--body", "{}"), "unknown option --body")):
            self.assertIn(message, self.refused("get", *self.way, *words))
        self.assertEqual(self.requests, [])


class TestAnswers(CallCase):
    """What is printed of an answer."""

    def setUp(self):
        self.answer = answer(200, LARGE, [("Content-Type", "application/json")])
        self.server = self.start_scripted(self.handle)
        self.way = ["--url", self.server.url]

    def handle(self, peer, request):
        answers = self.answer if isinstance(self.answer, list) else [self.answer]
        peer.send(answer(404) if request.target == "/-/ready" else answers[min(peer.requests - 1, len(answers) - 1)])
        return True

    def get(self, *words):
        return self.good("get", *self.way, "/x", *words)

    def test_a_field(self):
        for name, text in (("id.id", "a"), ("n", "12345678901234567890"), ("d", "1.10"), ("s", "\u00e4\n"),
                           ("list.0.a\\.b", "true"), ("list.1", "null"), ("id", '{\n  "id": "a"\n}')):
            self.assertEqual(self.get("--field", name), text + "\n")
            self.assertEqual(self.call("getDeviceById", "--device-id", ID, "--field", name), text + "\n")
        self.assertEqual(self.get("--field", "list", "--compact"), '[{"a.b":true},null]\n')

    def test_a_field_that_is_missing(self):
        for name, missing in (("x", "x"), ("id.x.y", "id.x"), ("id.id.x", "id.id.x"), ("list.2", "list.2"),
                              ("list.x", "list.x"), ("list.-1", "list.-1"), ("n.0", "n.0")):
            self.assertEqual(self.failed("getDeviceById", "--device-id", ID, "--field", name, status=3),
                             "tbproxyctl: getDeviceById: --field %s: the answer has no %s" % (name, missing))
        for name in (".", "a.", ".a", "a..b", "a" * 128):
            self.assertIn("--field: expected names and indexes", self.failed("getDeviceById", "--device-id", ID, "--field", name, status=2))
        self.answer = answer(200, b"<html>", [("Content-Type", "text/html")])
        self.assertIn("the answer is not JSON",
                      self.refused("get", *self.way, "/x", "--field", "a", status=1))

    def test_jq(self):
        for expression, text in ((".id.id", "a\n"), (".s", "\u00e4\n\n"), (".list", '[\n  {\n    "a.b": true\n  },\n  null\n]\n'),
                                 ("empty", ""), (".id, .d", '{\n  "id": "a"\n}\n1.1\n'), ('"\u009b"|[.]', '[\n  "\\u009b"\n]\n')):
            text_found, lines = self.warned("get", "/x", "--jq", expression)
            self.assertEqual(text_found, text)
            self.assertEqual(lines, ["tbproxyctl: --jq: warning: a number in the answer has more digits than jq keeps; "
                                     "--field prints all of them"])
        for number, warned in ((b"9007199254740993", True), (b"9007199254740992", False), (b"1.10", False), (b"-0", False),
                               (b"0.1234567890123456789", True)):
            self.answer = answer(200, b'[%s, "x"]' % number, [("Content-Type", "application/json")])
            self.assertEqual(self.warned("get", "/x", "--jq", ".[1]")[1] != [], warned, number)

    def test_jq_that_fails(self):
        self.answer = answer(200, b'{"a":[1]}', [("Content-Type", "application/json")])
        for expression, status, message in (
                (".[", 2, "--jq: syntax error"), ("x", 2, "--jq: x/0 is not defined"), ('import "a" as a; .', 2, "not found: a"),
                (".a.b", 1, 'GET: --jq: Cannot index array with string "b"'), ('error("\x1b[31m")', 1, "GET: --jq: ?[31m"),
                ('"x" | halt_error', 1, "GET: --jq: x"), ("input", 1, "GET: --jq: break"),
                # A sanitizer would report this first.
                *([] if SLOW else [("reduce range(300000) as $i (0; [.])", 1, "GET: --jq: jq has crashed; perhaps a value")])):
            with self.subTest(expression=expression):
                self.assertIn(message, self.refused("get", *self.way, "/x", "--jq", expression, status=status))
        self.assertEqual(self.get("--jq", "error(null)"), "")
        self.assertEqual(self.warned("get", "/x", "--jq", "debug | .a[0]"), ("1\n", ['tbproxyctl: --jq: debug: {"a":[1]}']))
        self.answer = answer(200, b"[" * 2000 + b"]" * 2000, [("Content-Type", "application/json")])
        self.assertIn("--jq: Exceeds depth limit", self.refused("get", *self.way, "/x", "--jq", ".", status=1))
        self.assertIn("--field and --jq exclude each other",
                      self.refused("get", *self.way, "/x", "--jq", ".", "--field", "a"))

    def test_jq_into_a_file_and_a_closed_pipe(self):
        path = self.path("answer")
        self.warned("get", "/x", "--jq", ".id.id, .id.id", "--output", path)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "a\na\n")
        for words in (("--jq", ".id"), ("--field", "id")):
            read_end, write_end = os.pipe()
            os.close(read_end)
            with os.fdopen(write_end, "wb") as pipe:
                done = subprocess.run(self.command("get", *self.way, "/x", *words), stdin=subprocess.DEVNULL, stdout=pipe,
                                      stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode, -13, done)

    def test_answers_of_other_types(self):
        for body, content_type, text in ((b"plain", "text/plain", "plain"), (b'"quoted"', "application/json", "quoted"),
                                         (b"{", "application/json", "{"), (b"data: 1\n\n", "text/event-stream", "data: 1\n\n"),
                                         (b"", "text/plain", "")):
            self.answer = answer(200, body, [("Content-Type", content_type)])
            self.assertEqual(self.get(), text)

    def test_pages_that_end_early(self):
        page = {"data": [{"a": 1}, {"a": "x"}], "totalElements": 4, "hasNext": True}
        self.answer = [answer(200, page), answer(500)]
        done = self.run_ctl("call", *self.way, "getTenantDevices", "--all", "--field", "a")
        self.assertEqual((done.returncode, done.stdout), (6, b"1\nx\n"))
        self.answer = [answer(200, page), answer(200, {**page, "data": [{}]})]
        done = self.run_ctl("call", *self.way, "getTenantDevices", "--all", "--field", "a")
        self.assertEqual((done.returncode, done.stdout), (3, b"1\nx\n"))
        self.answer = answer(200, {"data": [], "hasNext": True})
        self.assertIn("is not a page", self.run_ctl("call", *self.way, "getTenantDevices", "--all").stderr.decode())

    def on_a_terminal(self, *words, stdout=None, status=0):
        """What a terminal on standard error shows, and standard output if that is none, too."""
        leader, follower = pty.openpty()
        with subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=follower if stdout else subprocess.PIPE,
                              stderr=follower, cwd=self.directory, env=self.environment()) as process:
            os.close(follower)
            output = process.stdout.read() if process.stdout else None
            self.assertEqual(process.wait(PATIENCE), status)
        shown = b""
        try:
            while part := os.read(leader, 65536):
                shown += part
        except OSError:  # EIO is the end
            pass
        os.close(leader)
        return shown.decode(), output

    def test_nothing_in_an_answer_controls_the_terminal(self):
        evil = "a\u009b31m\u202e"
        message = "the answer is not text; write it to a file with --output\r\n"
        for given, words in ((None, ()), ({"a": evil}, ("--field", "a")), ({"a": evil}, ("--jq", ".a"))):
            self.answer = answer(200, evil.encode(), [("Content-Type", "text/html")]) if not words else answer(200, given)
            shown, _ = self.on_a_terminal("get", *self.way, "/x", *words, stdout=True, status=1)
            self.assertTrue(shown.endswith(message), shown)
            self.assertNotIn("\u009b", shown)
        self.answer = answer(200, json.dumps({"a": evil}, ensure_ascii=False).encode(), [("Content-Type", "application/json")])
        self.assertEqual(self.good("get", *self.way, "/x", "--compact"), '{"a":"a\\u009b31m\\u202e"}\n')

    def test_a_terminal_shows_how_far_it_is(self):
        page = {"data": [1, 2], "totalElements": 4, "hasNext": True}
        self.answer = [answer(200, page), answer(200, {**page, "hasNext": False})]
        words = ("call", *self.way, "getTenantDevices", "--all", "--compact")
        shown, output = self.on_a_terminal(*words)
        self.assertEqual(output, b"[1,2,1,2]\n")
        self.assertTrue(shown.startswith("\rreceived 2 of 4 elements (50 %)\x1b[K"), shown)
        self.assertTrue(shown.endswith("\r\x1b[K"), shown)
        self.assertEqual(self.run_ctl(*words).stderr, b"")
        data = b"x" * 100000
        self.answer = answer(200, data, [("Content-Type", "image/png")])
        shown, output = self.on_a_terminal("get", *self.way, "/x")
        self.assertEqual(output, data)
        self.assertRegex(shown, r"^\rreceived \d+ of 100000 bytes \(\d+ %\)\x1b\[K")
        self.answer = answer(200, {})
        shown, _ = self.on_a_terminal("call", *self.way, "uploadImage", "--part", "file=@" + self.write("file", data))
        self.assertRegex(shown, r"^\rsent \d+ of 100\d\d\d bytes \(\d+ %\)\x1b\[K")


del CtlCase, CallCase  # have no tests of their own

if __name__ == "__main__":
    tap.main()
