# SPDX-License-Identifier: Apache-2.0
"""The programs of docs/examples, directly and through tbproxyd: what they print, what they do to the server, and that
their requests follow the specification."""
import json
import os
import subprocess
import unittest

import build_tree
import tap
from example_case import ExampleCase, clean_environment
from harness import PATIENCE, Case
from scripted import ScriptedServer, answer
from waiting import WRAPPER

SOURCE = build_tree.SOURCE / "docs" / "examples"
NULL_ID = "13814000-1dd2-11b2-8080-808080808080"


class ProgramCase(ExampleCase):
    through_proxy = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_simulator(edition=cls.edition)
        if cls.through_proxy:
            cls.share_proxy({"join.reads": False, "retry.initial_retry_delay_ms": 100})
        cls.key_path = cls.secret_file(cls.sim.api_key)

    def setUp(self):
        self.before = len(self.sim.requests())

    def tearDown(self):
        self.assertEqual(self.sim.control("GET", "/sim/violations"), [])

    def environment(self):
        keep = clean_environment()
        if self.through_proxy:
            return {**keep, "TB_URL": "http://127.0.0.1:%d" % self.proxy.port}
        return {**keep, "TB_URL": self.sim.url, "TB_API_KEY_FILE": self.key_path}

    def start(self, name, *arguments, **environment):
        return subprocess.run(WRAPPER + [build_tree.program("docs/examples/" + name), *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env={**self.environment(), **environment})

    def example(self, name, *arguments):
        """The lines that the example prints."""
        done = self.start(name, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertNotIn(self.sim.api_key, done.stdout)
        return done.stdout.splitlines()

    def seen(self, method, path):
        """How many requests with METHOD and PATH the server has received in this test."""
        return sum(entry["method"] == method and entry["target"].split("?")[0] == path
                   for entry in self.sim.requests()[self.before:])

    def api(self, method, target, body=None, status=200):
        answer = self.sim.call(method, target, [("X-Authorization", "ApiKey " + self.sim.api_key)], body)
        self.assertEqual(answer.status, status, answer)
        return answer.json() if answer.body else None

    def create(self, path, **body):
        """The id of a new entity, which is deleted after the test if it still exists."""
        entity = self.api("POST", path, body)["id"]["id"]
        self.addCleanup(self.sim.call, "DELETE", "%s/%s" % (path, entity),
                        [("X-Authorization", "ApiKey " + self.sim.api_key)])
        return entity

    def device(self, name):
        return self.create("/api/device", name=name, type="default")


class CommunityEdition(ProgramCase):
    edition = "ce"

    def test_quickstart(self):
        self.assertEqual(self.example("quickstart"), ["Pushed telemetry to Quickstart Device"])
        self.assertEqual(self.api("GET", "/api/tenant/devices?pageSize=10&page=0&textSearch=Quickstart")["data"], [])
        self.assertEqual(self.seen("POST", "/api/device"), 1)

    def test_errors(self):
        lines = self.example("errors")
        kinds = [line for line in lines if not line.startswith(" ")]
        self.assertRegex(kinds[0], "^not found: status 404, errorCode 32: ")
        self.assertRegex(kinds[1], "^bad request: status 400, errorCode 31: ")
        self.assertRegex(kinds[2], "^usage: status 0, errorCode 0: .*deviceId")
        self.assertEqual(len(kinds), 3)
        self.assertEqual(self.seen("POST", "/api/device"), 0)

    def test_threads(self):
        self.assertEqual(self.example("threads"), ["80 of 80 calls answered in 8 threads"])
        self.assertGreaterEqual(self.seen("GET", "/api/auth/user"), 80)

    def test_save_device(self):
        lines = self.example("save_device", "a boiler")
        device = lines[0].split()[-1]
        self.assertEqual(lines, ["created a boiler with id " + device,
                                 "a boiler is in the cellar now, version 2", "deleted a boiler"])
        self.api("GET", "/api/device/" + device, status=404)

    def test_get_device_by_id(self):
        lines = self.example("get_device_by_id", self.device("to be read"))
        self.assertEqual(lines[:3], ["name: to be read", "type: default", "label: (none)"])
        self.assertRegex(lines[3], r"^created: \d{13} ms after 1970$")

    def test_get_device_by_id_of_an_unknown_device(self):
        done = self.start("get_device_by_id", NULL_ID)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("404", done.stderr)

    def test_get_device_info_by_id(self):
        lines = self.example("get_device_info_by_id", self.device("with a profile"))
        self.assertEqual(lines, ["with a profile has the profile default", "it is not active"])

    def test_delete_device(self):
        device = self.device("to be deleted")
        self.assertEqual(self.example("delete_device", device), ["deleted device " + device])
        self.api("GET", "/api/device/" + device, status=404)
        self.assertEqual(self.example("delete_device", device), ["there is no device " + device])

    def test_get_tenant_devices(self):
        devices = {name: self.device(name) for name in ("page %03d" % i for i in range(205))}
        lines = self.example("get_tenant_devices")
        self.assertEqual(lines, ["%s %s" % (devices[name], name) for name in sorted(devices)] + ["205 devices"])
        self.assertEqual(self.seen("GET", "/api/tenant/devices"), 3)

    def test_save_entity_telemetry(self):
        device = self.device("with telemetry")
        self.assertEqual(self.example("save_entity_telemetry", device), ["stored temperature and humidity"])
        path = "/api/plugins/telemetry/DEVICE/%s/values/timeseries" % device
        self.assertEqual({key: value[0]["value"] for key, value in self.api("GET", path).items()},
                         {"temperature": "26.5", "humidity": "87"})
        old = self.api("GET", path + "?keys=temperature&startTs=1767225600000&endTs=1767225600001")
        self.assertEqual([value["value"] for value in old["temperature"]], ["22.4"])

    def test_save_entity_attributes_v2(self):
        device = self.device("with attributes")
        self.assertEqual(self.example("save_entity_attributes_v2", device), ["set 3 attributes"])
        values = self.api("GET", "/api/plugins/telemetry/DEVICE/%s/values/attributes/SERVER_SCOPE" % device)
        values = {value["key"]: value["value"] for value in values}
        self.assertEqual((values["floor"], values["vendor"], values["inspected"]), (-1, "Acme", True))

    def test_get_attributes_by_scope(self):
        asset = self.create("/api/asset", name="with a count", type="default")
        self.assertEqual(self.example("get_attributes_by_scope", asset), ["deviceCount was 0, is 1"])
        self.assertEqual(self.example("get_attributes_by_scope", asset), ["deviceCount was 1, is 2"])

    def test_get_user(self):
        self.assertEqual(self.example("get_user"), ["logged in as tenant@thingsboard.org",
                                                    "this is an administrator of the tenant"])

    def test_credentials(self):
        tokens = self.sim.login()
        files = [self.secret_file(secret) for secret in (self.sim.password, tokens["token"], tokens["refreshToken"])]
        logins = self.sim.stats()["logins"]
        lines = self.example("credentials", self.key_path, "tenant@thingsboard.org", *files)
        self.assertEqual(lines, ["with %s: tenant@thingsboard.org" % what for what in ("an API key", "a password", "tokens")])
        self.assertEqual(self.sim.stats()["logins"] - logins, 0 if self.through_proxy else 1)

    def test_retry_options(self):
        self.device("counted")
        self.sim.fault("status", "/api/tenant/devices", status=429, count=2)
        self.addCleanup(self.sim.clear_faults)
        self.assertEqual(self.example("retry_options"), ["1 devices"])
        self.assertEqual(self.seen("GET", "/api/tenant/devices"), 3)

    def test_users(self):
        customer = self.create("/api/customer", title="with a user")
        self.assertEqual(self.example("users", customer, "jane@acme.example", "Jane"),
                         ["Jane is jane@acme.example", "deleted jane@acme.example"])
        self.assertEqual(self.api("GET", "/api/customer/%s/users?pageSize=1&page=0" % customer)["totalElements"], 0)

    def test_count_entities_by_query(self):
        for name, active in (("one", True), ("two", False), ("three", True)):
            self.api("POST", "/api/plugins/telemetry/DEVICE/%s/attributes/SERVER_SCOPE" % self.device(name),
                     {"active": active})
        self.assertEqual(self.example("count_entities_by_query"), ["3 devices, 2 of them active"])

    def test_find_entity_data_by_query(self):
        for i in range(12):
            device = self.device("found %02d" % i)
            if i % 2:
                self.api("POST", "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % device, {"temperature": i})
        lines = self.example("find_entity_data_by_query")
        self.assertEqual([line.split()[1] for line in lines[:10]], ["%02d" % i for i in range(10)])
        self.assertEqual([lines[i] for i in (1, 3, 10)], ["found 01 1", "found 03 3", "10 of 12 devices"])

    def test_assets(self):
        self.assertEqual(self.example("assets", "a building"), [
            "created a building", "a building is of type default, with the profile default", "deleted a building"])
        self.assertEqual(self.api("GET", "/api/tenant/assets?pageSize=1&page=0")["totalElements"], 0)

    def test_dashboards(self):
        self.assertEqual(self.example("dashboards", "overview"), ["created overview", "overview: all boilers",
                                                                  "deleted overview"])
        self.assertEqual(self.seen("POST", "/api/dashboard"), 1)

    def test_customers(self):
        before = self.api("GET", "/api/customers?pageSize=1&page=0")["totalElements"]
        self.assertEqual(self.example("customers", "Acme"), ["created Acme", "Acme is in Berlin and is not public",
                                                             "deleted Acme"])
        self.assertEqual(self.api("GET", "/api/customers?pageSize=1&page=0")["totalElements"], before)

    def test_alarms(self):
        self.assertEqual(self.example("alarms", self.device("too hot")), [
            "raised High temperature", "High temperature of too hot: MAJOR, ACTIVE_UNACK",
            "deleted High temperature"])
        self.assertEqual(self.api("GET", "/api/alarms?pageSize=1&page=0")["totalElements"], 0)

    def test_relations(self):
        asset, device = self.create("/api/asset", name="room", type="default"), self.device("in the room")
        self.assertEqual(self.example("relations", asset, device), [
            "asset %s Contains device %s" % (asset, device), "it Contains in the room", "deleted the relation"])
        self.assertEqual(self.api("GET", "/api/relations/from/ASSET/" + asset), [])

    def test_wrong_number_of_arguments(self):
        done = self.start("get_device_by_id")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, "^usage: .*get_device_by_id DEVICE_ID\n$")

    def test_a_missing_key_file(self):
        done = self.start("get_user", TB_API_KEY_FILE="/nonexistent")
        self.assertEqual((done.returncode, done.stderr), (1, "/nonexistent: no secret in this file\n"))


class ProfessionalEdition(ProgramCase):
    edition = "pe"

    def group(self, name):
        return self.create("/api/entityGroup", name=name, type="DEVICE")

    def test_save_entity_group(self):
        self.assertEqual(self.example("save_entity_group", "Acme Devices"),
                         ["created Acme Devices, a group of type DEVICE", "deleted Acme Devices"])
        self.assertEqual(self.seen("POST", "/api/entityGroup"), 1)

    def test_add_entities_to_entity_group(self):
        group, devices = self.group("boilers"), [self.device("first"), self.device("second")]
        self.assertEqual(self.example("add_entities_to_entity_group", group, *devices),
                         ["2 devices are in the group now"])
        entry = self.sim.requests("/api/entityGroup/%s/addEntities" % group)[-1]
        self.assertEqual(json.loads(entry["body"]), devices)

    def test_get_entity_group_all_by_owner_and_type(self):
        customer = self.create("/api/customer", title="with users")
        lines = self.example("get_entity_group_all_by_owner_and_type", customer)
        group = self.api("GET", "/api/entityGroup/all/CUSTOMER/%s/USER" % customer)
        self.assertEqual(lines, ["%s %s" % (group["id"]["id"], group["name"])])

    def test_save_role(self):
        self.assertEqual(self.example("save_role", "Readers"), ["created Readers with 2 permissions",
                                                               "deleted Readers"])
        self.assertEqual(self.seen("POST", "/api/role"), 1)

    def test_share_entity_group_to_child_owner_user_group(self):
        group, customer = self.group("shared boilers"), self.create("/api/customer", title="shared with")
        role = self.create("/api/role", name="shared readers", type="GROUP", permissions=["READ"])
        lines = self.example("share_entity_group_to_child_owner_user_group", group, customer, role)
        users = self.api("GET", "/api/entityGroup/all/CUSTOMER/%s/USER" % customer)
        self.assertEqual(lines, ["shared with the users in " + users["name"]])
        self.assertEqual(self.seen("POST", "/api/entityGroup/%s/%s/%s/share" % (group, users["id"]["id"], role)), 1)


    def test_find_or_create_entity_group(self):
        created = self.example("find_or_create_entity_group", "Pumps")[0].split()
        self.addCleanup(self.sim.call, "DELETE", "/api/entityGroup/" + created[1],
                        [("X-Authorization", "ApiKey " + self.sim.api_key)])
        self.assertEqual(created, ["created", created[1], "Pumps"])
        self.assertEqual(self.example("find_or_create_entity_group", "Pumps"), ["found %s Pumps" % created[1]])
        self.assertEqual(self.seen("POST", "/api/entityGroup"), 1)

    def test_group_permissions(self):
        group, customer = self.group("permitted boilers"), self.create("/api/customer", title="permitted")
        role = self.create("/api/role", name="permitted readers", type="GROUP", permissions=["READ"])
        users = self.api("GET", "/api/entityGroup/all/CUSTOMER/%s/USER" % customer)
        lines = self.example("group_permissions", group, users["id"]["id"], role)
        self.assertEqual(lines, ["the users of %s have the role permitted readers" % users["name"], "deleted the permission"])
        self.assertEqual(self.api("GET", "/api/entityGroup/%s/groupPermissions" % group), [])

    def test_change_owner(self):
        device, customer = self.device("owned"), self.create("/api/customer", title="owner")
        self.assertEqual(self.example("change_owner", device, customer),
                         ["owned is owned by a CUSTOMER", "owned is owned by a TENANT"])
        self.assertEqual(self.seen("POST", "/api/owner/CUSTOMER/%s/DEVICE/%s" % (customer, device)), 1)

    def test_customer_hierarchy(self):
        before = self.api("GET", "/api/customers?pageSize=1&page=0")["totalElements"]
        self.assertEqual(self.example("customer_hierarchy", "North", "North West"), ["North West is a customer of North"])
        self.assertEqual(self.api("GET", "/api/customers?pageSize=1&page=0")["totalElements"], before)

    def test_onboarding(self):
        lists = ("/api/customers", "/api/tenant/devices", "/api/roles")
        before = [self.api("GET", path + "?pageSize=1&page=0")["totalElements"] for path in lists]
        self.assertEqual(self.example("onboarding"), [
            "1. customer Acme", "2. user jane@acme.example", "3. device Acme Boiler in the group Acme Devices",
            "4. the users in All may read Acme Devices", "and all deleted again"])
        self.assertEqual([self.api("GET", path + "?pageSize=1&page=0")["totalElements"] for path in lists], before)
        requests = ["%s %s" % (entry["method"], entry["target"].split("/")[2]) for entry in self.sim.requests()[self.before:]]
        self.assertEqual([request for request in requests if request.startswith("DELETE")],
                         ["DELETE " + what for what in ("role", "device", "entityGroup", "user", "customer")])


class WithoutTbproxyd(ProgramCase):
    """What tbproxyd, which retries by itself, would hide."""
    edition = "ce"

    def test_retries_have_an_end(self):
        self.sim.fault("status", "/api/tenant/devices", status=429, count=3)
        done = self.start("retry_options")
        self.assertEqual((done.returncode, done.stdout), (1, "still refused after the last retry\n"))
        self.assertIn("429", done.stderr)


class CommunityEditionThroughTbproxyd(CommunityEdition):
    through_proxy = True


class ProfessionalEditionThroughTbproxyd(ProfessionalEdition):
    through_proxy = True


class TestAnswersWithoutValues(Case):
    """An answer other than the documented one must not crash a program."""

    def run_all(self, body, content_type):
        def handle(peer, _request):
            peer.send(answer(body=body, headers=[("Content-Type", content_type)]))
            return True

        server = ScriptedServer(handle, authenticates=False)
        self.addCleanup(server.stop)
        environment = clean_environment()
        programs = sorted(name for name in os.listdir(SOURCE) if name.endswith(".c"))
        for name in (program[:-2] for program in programs):
            for count in range(6):  # until the program accepts the number of arguments
                done = subprocess.run(WRAPPER + [build_tree.program("docs/examples/" + name), *[NULL_ID] * count],
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                                      check=False, env={**environment, "TB_URL": server.url})
                if done.returncode != 2:
                    break
            with self.subTest(name):
                self.assertIn(done.returncode, (0, 1), done.stderr)
                self.assertNotIn("(null)", done.stdout + done.stderr)
        self.assertGreater(len(server.requests), len(programs))

    def test_no_body(self):
        self.run_all(b"", "application/json")

    def test_null(self):
        self.run_all(b"null", "application/json")

    def test_an_object_without_members(self):
        self.run_all(b"{}", "application/json")

    def test_a_list_of_null(self):
        self.run_all(b"[null]", "application/json")


class TestTheListOfExamples(unittest.TestCase):
    def test_names_every_program_once(self):
        with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
            text = file.read()
        programs = sorted(name for name in os.listdir(SOURCE) if name.endswith(".c"))
        self.assertGreater(len(programs), 20)
        for name in programs:
            self.assertEqual(text.count("[%s](%s)" % (name, name)), 1, name)


del ExampleCase, ProgramCase  # hold no tests of their own

if __name__ == "__main__":
    tap.main()
