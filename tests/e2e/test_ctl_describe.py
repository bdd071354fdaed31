# SPDX-License-Identifier: Apache-2.0
"""tbproxyctl operations and describe: what they say about the API."""
import fcntl
import json
import os
import pty
import random
import re
import shlex
import struct
import subprocess
import tempfile
import termios

import tap
from ctl_case import CtlCase
from harness import PATIENCE, SLOW, answer

SAMPLE_ID = "784f394c-42b6-435a-983c-b7beff2784f9"


def read_some(terminal):
    """What a terminal shows next; nothing at its end, which Linux reports as an error."""
    try:
        return terminal.read(65536)
    except OSError:
        return b""


class TestOperations(CtlCase):
    def test_telemetry(self):
        rows = self.tabs("operations", "telemetry")
        self.assertIn(["saveEntityTelemetry", "POST",
                       "/api/plugins/telemetry/{entityType}/{entityId}/timeseries/{scope}", "telemetry-controller"], rows)
        self.assertEqual(rows, sorted(rows))
        self.assertTrue(all("telemetry" in " ".join(row).lower() for row in rows))

    def test_words_and_editions(self):
        self.assertEqual([row[0] for row in self.tabs("operations", "saveRole", "role")], ["saveRole"])
        self.assertEqual(self.run_ctl("operations", "--edition", "ce", "saveRole").returncode, 3)
        self.assertGreater(len(self.tabs("operations")), len(self.tabs("operations", "--edition=ce")))
        self.assertIn("--edition", self.refused("operations", "--edition", "xe"))

    def test_each_has_a_sentence(self):
        rows = self.tabs("operations", "--long")
        self.assertGreater(len(rows), 700)
        for row in rows:
            self.assertEqual(len(row), 5, row)
            self.assertRegex(row[4], r"^[A-Z][a-z]+ .*[^.]\.$")
        self.assertIn(["getDeviceById", "GET", "/api/device/{deviceId}", "device-controller",
                       "Returns the device with this id."], rows)

    def columns(self, width, *words):
        """Standard output on a terminal with this number of columns."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        with open(ours, "rb", buffering=0) as reader:
            with subprocess.Popen(self.command("operations", *words), stdout=theirs, env=self.environment()) as process:
                os.close(theirs)
                text = b"".join(iter(lambda: read_some(reader), b""))
                self.assertEqual(process.wait(PATIENCE), 0)
        return text.decode().replace("\r\n", "\n")

    def test_a_wide_terminal_shows_the_sentences(self):
        line = "ackAlarm  POST    /api/alarm/{alarmId}/ack  alarm-controller"
        whole = line + "  Acknowledges an alarm."
        self.assertEqual(self.columns(len(whole), "ackAlarm"), whole + "\n")
        self.assertEqual(self.columns(len(whole) - 1, "ackAlarm"), line + "\n")
        self.assertEqual(self.columns(40, "ackAlarm", "--long"), whole + "\n")

    def test_what_the_server_lacks_is_marked(self):
        self.share_server()
        proxy = self.start_daemon(self.sim)
        where = ("--unix-socket", proxy.unix_path)
        proxy.log.wait("the server is ThingsBoard CE")
        self.assertEqual(self.tabs("operations", *where, "saveRole")[0][4], "(not in CE)")
        self.assertEqual(self.tabs("operations", *where, "--long", "saveRole")[0][4],
                         "Creates a role, or updates it if the body has an id. (not in CE)")
        self.assertEqual(len(self.tabs("operations", *where, "getDeviceById")[0]), 4)
        self.assertEqual(len(self.tabs("operations", *where, "--edition", "pe", "saveRole")[0]), 4)


class TestDescribe(CtlCase):
    def test_save_entity_telemetry(self):
        text = self.good("describe", "saveEntityTelemetry")
        for line in ("saveEntityTelemetry: POST /api/plugins/telemetry/{entityType}/{entityId}/timeseries/{scope}",
                     "  Saves telemetry of an entity: {\"key\": value}, {\"ts\": ms, \"values\": {...}}, or a list of them.",
                     "      type of the entity, such as DEVICE",
                     "      values: ANY",
                     "  asynchronous: takes two tokens of the server's rate limit"):
            self.assertIn(line, text.splitlines())
        self.assertRegex(text, r"\n  telemetry-controller; in CE, PE, PaaS; as in CE \d[.\d]+\n")
        self.assertRegex(text, r"--entity-id +text; path, required\n")
        self.assertIn("retry class stamped", text)

    def test_defaults_flags_and_values(self):
        text = self.good("describe", "saveDevice")
        self.assertRegex(text, r"--name-conflict-policy +NameConflictPolicy; query, default FAIL\n"
                               r" +what to do if .*\n +values: FAIL, UNI")
        self.assertRegex(self.good("describe", "getDevicesByIds"), r"repeat it for more\n +ids of devices\n")
        self.assertRegex(text, r"\n  name +text; required\n")
        self.assertIn("paged: --all gets all pages", self.good("describe", "getTenantDevices"))
        self.assertIn("in PE, PaaS; as in PE", self.good("describe", "saveRole"))

    def test_schemas_and_enumerations(self):
        self.assertIn("the variant of EntityId with entityType DEVICE", self.good("describe", "DeviceId"))
        self.assertIn("    DEVICE: DeviceId\n", self.good("describe", "EntityId"))
        self.assertRegex(self.good("describe", "EntityType"), r"^EntityType: enumeration\n.*\n  values: TENANT, ")

    def test_unknown_names(self):
        for words, message in ((("Devic",), "did you mean Device?"), (("saveDevcie",), "did you mean saveDevice?"),
                               ((), "one operation or schema"), (("a", "b"), "one operation or schema"),
                               (("--edition", "ce", "saveRole"), "saveRole is not in CE; it is in PE"),
                               (("--x", "Device"), "unknown option --x")):
            self.assertIn(message, self.refused("describe", *words))


class TestExamples(CtlCase):
    """The examples of describe, run as they are printed, except for the ids."""

    TAGS = ("alarm", "api-key", "asset", "customer", "dashboard", "device", "entity-query", "entity-relation", "image",
            "ota-package", "rpc-v-1", "rpc-v-2", "rule-engine", "telemetry", "user")
    # What it knows, too.
    OTHER_TAGS = ("auth", "entity-group", "group-permission", "login-endpoint", "owner", "role", "tenant")
    FIRST = ("saveDevice", "saveAsset", "saveCustomer", "saveDashboard", "uploadImage", "saveOtaPackageInfo",
             "saveOtaPackageData", "saveApiKey", "saveAlarm", "saveRelation")  # what the other examples need
    LAST = ("deleteAlarm", "deleteDashboard", "deleteCustomer", "deleteAsset", "deleteDevice")

    def example(self, name, edition="ce"):
        words = shlex.split(self.good("describe", "--edition", edition, name).splitlines()[-1])
        self.assertEqual(words[:2], ["tbproxyctl", "call"])
        return words[2:]

    def run_example(self, words):
        """What it prints."""
        return self.good("call", "--url", self.sim.url, "--api-key-file", self.key_file, *words)

    def with_real_ids(self, words):
        """WORDS, in which the ids are those of entities that exist."""
        types = {word[2:-5]: words[index + 1].lower() for index, word in enumerate(words[:-1]) if word.endswith("-type")}
        for index, word in enumerate(words):
            name = word[2:-3] if word[3:].endswith("-id") else word[2:]
            words[index + 1:index + 2] = [self.ids.get(types.get(name, name), one) for one in words[index + 1:index + 2]]
        words[-1] = re.sub('"entityType":"([A-Z_]+)","id":"%s"' % SAMPLE_ID, lambda found: '"entityType":"%s","id":"%s"' % (
            found[1], self.ids.get(found[1].lower(), SAMPLE_ID)), words[-1])
        return words

    def keep_ids(self, name, text):
        """Those in what the example of the operation NAME has printed."""
        entity = json.loads(text) if text else {}
        if "id" in entity:
            kind = "id" if name == "saveApiKey" else entity["id"]["entityType"].lower().replace("_", "-")
            self.ids[kind] = entity["id"]["id"]
        if "publicResourceKey" in entity:
            self.ids["public-resource-key"] = entity["publicResourceKey"]

    def test_of_all_that_the_simulator_knows(self):
        self.share_server()
        self.write("FILE", "firmware")
        self.write("logo.svg", "<svg/>")
        own = json.loads(self.run_example(["getUser"]))
        self.ids = {"user": own["id"]["id"], "assignee": own["id"]["id"], "tenant": own["tenantId"]["id"]}
        rows = [row for row in self.tabs("operations", "--edition", "ce") if row[3][:-len("-controller")] in self.TAGS]
        self.assertGreater(len(rows), 150)
        for name in self.FIRST:
            self.keep_ids(name, self.run_example(self.with_real_ids(self.example(name))))
        names = {row[0] for row in rows} - {*self.FIRST, *self.LAST, "deleteUser"}  # nobody can delete himself
        for name in [*sorted(names, key=lambda name: (name.startswith("delete"), name)), *self.LAST]:
            with self.subTest(name=name):
                self.run_example(self.with_real_ids(self.example(name)))

    def test_some_of_the_others(self):
        """The simulator checks what they send, and answers something."""
        self.share_simulator(edition="pe")
        self.key_file = self.write("key", self.sim.api_key + "\n")
        self.write("FILE", "x")
        known = [tag + "-controller" for tag in (*self.TAGS, *self.OTHER_TAGS)]
        names = [row[0] for row in self.tabs("operations", "--edition", "pe") if row[3] not in known]
        self.assertGreater(len(names), 400)
        for name in random.Random(2).sample(names, 10 if SLOW else 100):
            with self.subTest(name=name):
                self.run_example(self.example(name, "pe"))


class TestServerText(CtlCase):
    """describe --server-text, with the documents that a test gives."""

    ASKING = "tbproxyctl: asking the server for its description of the API; the first time can take half a minute\n"
    MAX_TEXT, MAX_DOCUMENT = 16384, 16 * 1024 * 1024  # src/ctl/server_text.h, server_document.h

    def setUp(self):
        self.ready = {"edition": "CE", "version": "4.4.0"}
        self.operation = {"operationId": "getDeviceById", "summary": "Get Device (getDeviceById)",
                          "description": "One.\n\nTwo.",
                          "parameters": [{"name": "deviceId", "description": "A UUID."}, {"name": "x", "description": "y"}]}
        self.document = None  # the whole answer instead
        self.asked = 0
        self.server = self.start_scripted(self.handle, answers_probes=True)
        self.cache = tempfile.mkdtemp(dir=self.directory)

    def handle(self, peer, request):
        if request.target == "/-/ready":
            peer.send(answer(body=self.ready))
            return True
        self.asked += 1
        self.assertEqual(request.target, "/v3/api-docs/thingsboard")
        body = {"paths": {"/api/device/{deviceId}": {"get": self.operation}}}
        peer.send(answer(body=body) if self.document is None else self.document)
        return True

    def describe(self, *words, status=0, name="getDeviceById", **environment):
        """What standard output says after our own text, and standard error."""
        done = self.run_ctl("describe", "--url", self.server.url, "--server-text", *words, name,
                            **{"XDG_CACHE_HOME": self.cache, **environment})
        self.assertEqual(done.returncode, status, done)
        return done.stdout.decode().partition("\nThe server's own text:\n")[2], done.stderr.decode()

    def files(self):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(self.cache) for name in names)

    def test_it_is_asked_for_once(self):
        text = "  Get Device (getDeviceById)\n  One.\n\n  Two.\n  --device-id\n      A UUID.\n"
        self.assertEqual(self.describe(), (text, self.ASKING))
        self.assertEqual(self.describe(), (text, ""))
        self.assertEqual(self.asked, 1)
        [path] = self.files()
        self.assertEqual((os.stat(path).st_mode & 0o077, os.stat(os.path.dirname(path)).st_mode & 0o777), (0o044, 0o700))
        self.assertRegex(path, r"/tbproxyctl/CE-4\.4\.0-http---127\.0\.0\.1-\d+\.json$")

    def test_without_the_option_nothing_is_asked(self):
        self.assertNotIn("own text", self.good("describe", "--url", self.server.url, "getDeviceById"))
        self.assertEqual(self.asked, 0)

    def test_a_new_version_is_asked_for(self):
        self.describe()
        self.ready["version"] = "4.4.1/../x"
        self.assertEqual(self.describe()[1], self.ASKING)
        self.assertEqual((self.asked, len(self.files())), (2, 2))

    def test_what_is_not_kept(self):
        del self.ready["version"]
        for _ in range(2):
            self.assertEqual(self.describe()[1], self.ASKING)
        self.ready["version"] = "4" * 300
        self.assertEqual(self.describe()[1], self.ASKING)
        self.assertEqual(self.files(), [])
        self.ready["version"] = "4.4.0"
        self.assertEqual(self.describe(XDG_CACHE_HOME="relative", HOME="")[1], self.ASKING)
        self.assertEqual(self.describe(XDG_CACHE_HOME="/proc/none")[1], self.ASKING)

    def test_a_folder_that_others_can_write_is_not_used(self):
        folder = os.path.join(self.cache, "tbproxyctl")
        os.mkdir(folder)
        for mode in (0o720, 0o702):
            os.chmod(folder, mode)
            self.assertEqual(self.describe()[1], self.ASKING)
        os.rmdir(folder)
        os.symlink(self.directory, folder)
        self.assertEqual(self.describe()[1], self.ASKING)
        self.assertEqual([name for name in os.listdir(self.directory) if name.endswith(".json")], [])

    def test_a_broken_file_is_replaced(self):
        self.describe()
        with open(self.files()[0], "w", encoding="utf-8") as file:
            file.write("[]")
        self.assertEqual(self.describe()[1], self.ASKING)
        self.assertEqual(self.describe()[1], "")

    def test_hostile_texts(self):
        self.operation["summary"] = "a\x1b[31mb\x9bc\x07\td\r\ne\u00e9"
        self.operation["parameters"] = [{"name": "\x1b", "description": "x"}, {"name": ["deviceId"], "description": "x"}, 7,
                                        {"name": "deviceId", "description": {"x": 1}}]
        self.operation["description"] = "\u00e9" * (self.MAX_TEXT // 2) + "!"
        self.assertEqual(self.describe()[0], "  a?[31mb?c? d\n  e\u00e9\n  " + "\u00e9" * (self.MAX_TEXT // 2) + "...\n")

    def test_no_text(self):
        self.operation = {}
        self.assertEqual(self.describe()[0], "  none\n")
        self.assertEqual(self.describe(name="getUser")[0], "  none: the server does not know this operation\n")
        self.assertIn("--server-text: Device is not an operation", self.describe(name="Device", status=2)[1])

    def test_answers_that_are_no_document(self):
        for document, message, status in ((answer(body=b"[]"), "it is not a JSON object", 1), (answer(404), "404", 3),
                                          (answer(body=b"{" + b" " * self.MAX_DOCUMENT), "it has more than 16777216 bytes", 1)):
            self.document = document
            with self.subTest(message=message):
                self.assertIn(message, self.describe(status=status)[1])
        self.document = answer(body=b"{" + b" " * (self.MAX_DOCUMENT - 2) + b"}")
        self.describe()

    def test_of_tbproxyd(self):
        self.share_server()
        done = self.run_ctl("describe", "--unix-socket", self.start_daemon(self.sim).unix_path, "--server-text", "getUser",
                            XDG_CACHE_HOME=self.cache)
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue(done.stdout.endswith(b"\nThe server's own text:\n  none\n"), done)


del CtlCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
