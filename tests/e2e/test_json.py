# SPDX-License-Identifier: Apache-2.0
"""JSON that jansson does not accept (RFC 8259 allows any number and any escape): every program understands it, and it
comes back unchanged."""
import json
import os
import subprocess
import tempfile

import build_tree
import tap
from harness import PATIENCE, Case, answer
from scripted import USER as USER_JSON
from waiting import WRAPPER

MARK = "\ufdd0"  # TB_VERBATIM
NUMBERS = '{"iccid":89010303310033979663,"a":[1E400,-0,1e5,0.1000000000000000055],"b":{"c":1.10,"d":1.0E7}}'
TEXTS = '{"nul":"\\u0000\\u00e9","half":"\\ud83d","\\u0000":{"\\udc00":null}}'
DEVICE = '{"id":{"n":1.50,"id":"1"},"name":"%s","createdTime":1.795415109E12,"additionalInfo":' + NUMBERS + \
    ',"texts":' + TEXTS + '}'
TELEMETRY = "/api/plugins/telemetry/DEVICE/1/timeseries/ANY"


def json_answer(text, status=200):
    return answer(status, text.encode(), [("Content-Type", "application/json")])


class JsonCase(Case):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-json-")
        self.addCleanup(directory.cleanup)
        self.key_file = os.path.join(directory.name, "key")
        with open(os.open(self.key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write("tb_key-for-a-scripted-server\n")

    def serve(self, texts, **options):
        """A server that returns TEXTS, by path and query."""
        return self.start_scripted(lambda peer, request: peer.send(json_answer(texts.get(request.target, "{}"))) or True,
                                   **options)

    def run_program(self, *words):
        environment = {name: value for name, value in os.environ.items()
                       if not name.lower().endswith("_proxy") and name != "TBPROXY_URL"}
        return subprocess.run(WRAPPER + list(words), capture_output=True, timeout=PATIENCE, check=False, env=environment)


class TestLibrary(JsonCase):
    def call(self, server, *words):
        done = self.run_program(build_tree.program("tests/e2e/caller"), "url=" + server.url, "api_key=scripted", *words)
        line = json.loads(done.stdout)
        self.assertEqual((line["code"], done.stderr), (0, b""), line)
        return line["result"]

    def test_read_and_saved_with_one_change(self):
        server = self.serve({"/api/device/1": DEVICE % "boiler"})
        self.call(server, "rename", "1", "pump")
        saved = server.requests[-1].body.decode()
        # The members of the structure come first.
        self.assertEqual(saved, '{"createdTime":1.795415109E12,"id":{"n":1.50,"id":"1"},"name":"pump","additionalInfo":'
                         + NUMBERS + ',"texts":' + TEXTS + "}")

    def test_as_json(self):
        server = self.serve({"/api/device/1": DEVICE % "boiler"})
        device = self.call(server, "call", "getDeviceById", '{"deviceId":"1"}')
        self.assertEqual(device["additionalInfo"], {
            "iccid": MARK + "89010303310033979663", "a": [MARK + "1E400", MARK + "-0", 1e5, MARK + "0.1000000000000000055"],
            "b": {"c": 1.1, "d": 1e7}})
        self.assertEqual(device["texts"], {"nul": "\0\u00e9", "half": MARK + '"\\ud83d"',
                                           MARK + '"\\u0000"': {MARK + '"\\udc00"': None}})
        body = {"name": "x", "info": device["additionalInfo"], "texts": device["texts"]}
        self.call(server, "call", "saveDevice", "{}", json.dumps(body))
        self.assertEqual(server.requests[-1].body.decode(),
                         '{"name":"x","info":{"iccid":89010303310033979663,"a":[1E400,-0,100000.0,0.1000000000000000055],'
                         '"b":{"c":1.1,"d":1.0E7}},"texts":%s}' % TEXTS.replace("\\u00e9", "\u00e9"))

    def test_lists(self):
        page = '{"data":[%s,%s],"hasNext":false,"totalElements":1E400}' % (DEVICE % "a", DEVICE % "b")
        server = self.serve({"/api/tenant/devices?pageSize=10&page=0": page})
        self.assertEqual(self.call(server, "devices", "10"), ["a", "b"])


class TestControl(JsonCase):
    def ctl(self, server, *words):
        return self.run_program(build_tree.program("src/ctl/tbproxyctl"), "call", "--url", server.url, "--api-key-file", self.key_file,
                                *words)

    def good(self, server, *words):
        done = self.ctl(server, *words)
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        return done.stdout.decode()

    def test_the_servers_characters(self):
        device = '{"a":[ ],"b":{},"c":[{"d":"\\u00e9\\/\\"}\u20ac"},1E400 ,-0,1.10],\r\n"name":89010303310033979663}'
        server = self.serve({"/api/device/" + "1" * 8 + "-0000-0000-0000-000000000000": device})
        words = ("getDeviceById", "--device-id", "1" * 8 + "-0000-0000-0000-000000000000")
        self.assertEqual(self.good(server, "--compact", *words),
                         '{"a":[],"b":{},"c":[{"d":"\\u00e9\\/\\"}\u20ac"},1E400,-0,1.10],"name":89010303310033979663}\n')
        self.assertEqual(self.good(server, *words), """{
  "a": [],
  "b": {},
  "c": [
    {
      "d": "\\u00e9\\/\\"}\u20ac"
    },
    1E400,
    -0,
    1.10
  ],
  "name": 89010303310033979663
}
""")

    def test_nothing_moves_the_cursor(self):
        server = self.serve({"/api/auth/user": '{"a\x7f":"\u009b31m\u00a0\u00e9","id":1}'}, authenticates=False)
        self.assertEqual(self.good(server, "--compact", "getUser"), '{"a\\u007f":"\\u009b31m\u00a0\u00e9","id":1}\n')

    def test_all_pages(self):
        target = "/api/tenant/devices?pageSize=%d&page=%d"
        first = '{"data":[1],"d\\u0061ta":[%s, %s],"hasNext":true,"x":1E400}' % (DEVICE % "a", DEVICE % "b")
        server = self.serve({target % (2, 0): first, target % (2, 1): '{"data": [{"x":1.10}] ,"hasNext":false}',
                             target % (1, 0): '{"hasNext":false,"data":[ ]}'})
        self.assertEqual(self.good(server, "getTenantDevices", "--all", "--page-size", "2", "--compact"),
                         '[%s,%s,{"x":1.10}]\n' % (DEVICE % "a", DEVICE % "b"))
        text = self.good(server, "getTenantDevices", "--all", "--page-size", "2")
        self.assertEqual(text.count("\n  {\n"), 3)
        self.assertEqual("".join(text.split()), "[%s,%s,{\"x\":1.10}]" % (DEVICE % "a", DEVICE % "b"))
        self.assertEqual(self.good(server, "getTenantDevices", "--all", "--page-size", "1"), "[]\n")

    def test_bodies_are_sent_as_they_are(self):
        server = self.serve({})
        self.good(server, "saveDevice", "--body", '{"name":"x", "additionalInfo":%s,"x":%s}' % (NUMBERS, TEXTS))
        self.assertEqual(server.requests[-1].body.decode(),
                         '{"name":"x","additionalInfo":%s,"x":%s}' % (NUMBERS, TEXTS))

    def test_what_is_no_json_is_a_failure(self):
        for text in ("<html>Sign in</html>", '{"name":1E400', '{"a":1E400 "b":2}', "", "1E400 1"):
            server = self.serve({"/api/tenant/devices?pageSize=10&page=0": text})
            words = ("getTenantDevices", "--page-size", "10", "--page", "0")
            if text:
                done = self.ctl(server, *words)
                self.assertEqual((done.returncode, done.stdout), (1, b""), text)
                self.assertIn(b"the answer is not JSON: line 1", done.stderr)
            done = self.ctl(server, *words[:3], "--all")
            self.assertEqual((done.returncode, done.stdout), (1, b""), text)
            self.assertIn(b"is not a page", done.stderr)


class TestDaemon(JsonCase):
    def test_the_users_own_additional_info(self):
        user = json.dumps(USER_JSON)[:-1] + ',"additionalInfo":%s,"x":%s}' % (NUMBERS, TEXTS)
        server = self.serve({"/api/auth/user": user}, authenticates=False)
        proxy = self.start_daemon(server)
        proxy.notices.wait("^STATUS=ready")
        self.assertEqual(proxy.get("/api/auth/user").body, user.encode())

    def test_telemetry_gets_its_time(self):
        server = self.serve({})
        proxy = self.start_daemon(server)
        for body in (NUMBERS, TEXTS):
            self.assertEqual(proxy.post(TELEMETRY, body=body.encode()).status, 200)
            sent = server.requests[-1].body.decode()
            self.assertRegex(sent, r'^\{"ts":\d+,"values":')
            self.assertTrue(sent.endswith(',"values":%s}' % body), sent)


if __name__ == "__main__":
    tap.main()
