#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gen/tbgen: what it writes for the project's documents, what it accepts with a warning, and what it refuses."""

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
import unittest

sys.dont_write_bytecode = True
TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "e2e"), str(TOP / "gen")]

import tap  # noqa: E402
from build_tree import SOURCE  # noqa: E402
from generator import classes, descriptions, document, model, routes  # noqa: E402

SPECIFICATIONS = sorted((SOURCE / "gen" / "spec").glob("*.json"))
ALL = ("--routes", "--edition", "ce", *SPECIFICATIONS)
OF_A_SERVER = SOURCE / "gen" / "spec" / "server-ce-4.3.1.3.json"
TEXT = {"type": "string"}
SCHEMAS = "#/components/schemas/"

SMALL = {
    "openapi": "3.1.0",
    "info": {"title": "API", "version": "4.4.0", "x-edition": "CE"},
    "paths": {
        "/api/thing/{id}": {
            "get": {
                "operationId": "getThing",
                "tags": ["thing-controller"],
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": TEXT}],
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": SCHEMAS + "Thing"}}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {"type": "object", "properties": {"name": TEXT, "count": {"type": "integer"}}},
            "Base": {
                "type": "object",
                "discriminator": {"propertyName": "type", "mapping": {"X": SCHEMAS + "Variant"}},
                "properties": {"type": TEXT},
            },
            "Variant": {"allOf": [{"$ref": SCHEMAS + "Base"}, {"type": "object", "properties": {"n": TEXT}}]},
        }
    },
}


def run(output, *specifications, seed="0"):
    """Runs tbgen on these documents."""
    return subprocess.run(
        [sys.executable, SOURCE / "gen" / "tbgen", "--output", output, *specifications],
        env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=120, check=False)


def files(folder):
    """The content of all files below FOLDER."""
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Documents(unittest.TestCase):
    """The project's documents."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.output = pathlib.Path(cls.folder.name) / "one"
        cls.result = run(cls.output, *ALL)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def header(self, edition, name, version="4.4.0"):
        return (self.output / version / "include" / "tbclient" / edition / name).read_text()

    def prototype(self, name, edition="ce", version="4.4.0"):
        """The declaration of a function, on one line."""
        text = (self.output / f"reference-{edition}-{version}.md").read_text()
        return re.sub(r"\s+", " ", re.search(rf"^int {name}\([^;]*;", text, re.M).group())

    def test_is_the_same_every_time(self):
        other = pathlib.Path(self.folder.name) / "two"
        self.assertEqual(run(other, *ALL, seed="7").returncode, 0)
        self.assertEqual(files(self.output), files(other))

    def test_writes_only_what_changed(self):
        before = {path: path.stat().st_mtime_ns for path in self.output.rglob("*") if path.is_file()}
        run(self.output, *ALL)
        self.assertEqual(before, {path: path.stat().st_mtime_ns for path in before})

    def test_has_every_operation(self):
        for path in SPECIFICATIONS:
            document = json.loads(path.read_text())
            wanted = sum(len(item) for item in document["paths"].values())
            edition, version = path.stem.split("-")[-2:]
            text = (self.output / version / "src" / f"{edition}_tables.c").read_text()
            self.assertIn(f".operation_count = {wanted},", text)

    def test_known_warnings_are_not_printed(self):
        self.assertEqual((self.result.returncode, self.result.stderr), (0, ""))

    def test_only_a_servers_own_document_is_loose(self):
        own = "taken as a structure of its own, with the members of"
        bootstrap = "LwM2MBootstrapServerCredential"
        warnings = {"ThingsboardErrorCode/enum": "integers without a type: taken as integers",
                    **{child: f"is allOf {base}, whose discriminator does not name it: {own} {base}"
                       for base, children in (
                           ("TaskResult", ["DummyTaskResult"]),
                           (bootstrap, [kind + bootstrap for kind in ("NoSec", "PSK", "RPK", "X509")]))
                       for child in children}}
        known = json.loads((SOURCE / "gen" / "annotations.json").read_text())["known_warnings"]
        self.assertEqual(known, {"CE 4.3.1.3": {"/components/schemas/" + name: text for name, text in warnings.items()}})
        document = json.loads(OF_A_SERVER.read_text())
        document["info"]["version"] = "4.3.1.99"  # of which nothing is known
        path = pathlib.Path(self.folder.name) / "other.json"
        path.write_text(json.dumps(document))
        result = run(pathlib.Path(self.folder.name) / "other", "--edition", "ce", path)
        self.assertEqual((result.returncode, result.stderr.splitlines()), (0, [
            f"tbgen: {path}#/components/schemas/{name}: warning: {text}" for name, text in warnings.items()]))

    def test_known_warnings_must_occur(self):
        document = json.loads(OF_A_SERVER.read_text())
        document["components"]["schemas"]["ThingsboardErrorCode"]["type"] = "integer"
        path = pathlib.Path(self.folder.name) / "mended.json"
        path.write_text(json.dumps(document))
        result = run(pathlib.Path(self.folder.name) / "mended", "--routes", "--edition", "ce", path, *SPECIFICATIONS[:-1])
        self.assertEqual(result.returncode, 1)
        self.assertIn("ThingsboardErrorCode/enum", result.stderr)
        self.assertIn("does not occur", result.stderr)

    def test_a_variant_without_a_value_has_the_members_of_its_base(self):
        text = self.header("ce", "models.h", "4.3.1.3")
        structure = re.search(r"struct tb_dummy_task_result \{.*?\};", text, re.S).group()
        self.assertEqual(re.findall(r"(\w+);", structure),
                         ["object", "key", "success", "discarded", "finish_ts", "error", "job_type", "failure"])
        self.assertNotIn("tb_dummy_task_result_base", text)

    def test_the_device_api(self):
        rows = [line for line in (self.output / "routes.c").read_text().splitlines() if " /api/v1/" in line]
        self.assertEqual(len(rows), 11)
        for row in rows:
            self.assertIn("TB_RETRY_NEVER" if "TB_POST" in row else "TB_RETRY_FREE", row)
            self.assertIn("TB_ANONYMOUS", row)

    def test_arguments_come_in_order(self):
        self.assertEqual(
            self.prototype("tb_save_device"),
            "int tb_save_device(tb_client *client, const tb_device *device, const tb_save_device_params *params,"
            " tb_device **ret, tb_error *err);")
        self.assertEqual(
            self.prototype("tb_save_entity_telemetry"),
            "int tb_save_entity_telemetry(tb_client *client, const char *entity_type, const char *entity_id,"
            " const char *scope, const char *body, tb_bytes **ret, tb_error *err);")

    def test_pages_are_numbers_where_the_document_says_strings(self):
        self.assertIn("int32_t page_size, int32_t page,", self.prototype("tb_get_reports", "pe"))

    def test_pages_may_be_counted_in_the_body(self):
        self.assertEqual(self.prototype("tb_find_entity_data_by_query_iterate"), "int tb_find_entity_data_by_query_iterate("
                         "tb_client *client, const tb_entity_data_query *entity_data_query, tb_iterator **ret, tb_error *err);")
        self.assertIn("tb_find_alarm_data_by_query_iterate(", self.header("pe", "entity_query_controller.h"))
        self.assertNotIn("keys_by_query_iterate", self.header("pe", "entity_query_controller.h"))

    def test_the_session_has_its_own_header(self):
        self.assertNotIn("authorization", self.prototype("tb_send_chat_message", "pe"))

    def test_downloads_and_streams_go_to_a_sink(self):
        self.assertIn("const tb_sink *sink", self.prototype("tb_download_ota_package"))
        self.assertIn("const tb_sink *sink", self.prototype("tb_send_chat_message", "pe"))

    def test_strings_declared_as_json_are_bytes(self):
        self.assertIn("tb_bytes **ret", self.prototype("tb_get_mail_processing_url"))

    def test_a_plain_string_is_a_body(self):
        self.assertIn("const char *body", self.prototype("tb_update_api_key_description"))

    def test_keywords_get_an_underscore(self):
        text = self.header("ce", "models.h")
        self.assertTrue(re.search(r"tb_bool default_;", text))
        self.assertFalse(re.search(r"[ *](default|public|template);", text))

    def test_values_of_any_shape_have_macros(self):
        text = self.header("paas", "models.h")
        for pattern in (r'TB_\w+ "application/pdf"', r'TB_\w+ "DELETE"', r'TB_\w+ "DOMAIN"', r"TB_THINGSBOARD_ERROR_CODE_\w+ 32\n"):
            self.assertTrue(re.search("#define " + pattern, text), pattern)

    def test_a_member_declared_again_is_the_variants(self):
        wanted = "struct tb_attributes_output {\n    tb_output base;\n    tb_attributes_output_strategy *strategy;"
        self.assertTrue(wanted in self.header("ce", "models.h"))

    def test_bytes_that_are_numbers_on_the_wire(self):
        self.assertTrue("tb_int32 source_ton;" in self.header("ce", "models.h"))

    def test_a_path_differs_between_editions(self):
        for edition, path in (("ce", "/api/dashboards"), ("pe", "/api/entityGroup")):
            document = json.loads((SOURCE / "gen" / "spec" / f"{edition}-4.4.0.json").read_text())
            wanted = next(path for path, item in document["paths"].items() for node in item.values()
                          if node["operationId"] == "getDashboardsByIds")
            text = (self.output / f"reference-{edition}-4.4.0.md").read_text()
            self.assertRegex(text, rf"### getDashboardsByIds\n\n[^`\n]+\n\n`GET {wanted}`")

    def test_writes_of_attributes(self):
        wanted = ["saveDeviceAttributes", "saveEntityAttributesV1", "saveEntityAttributesV2"]
        for path in [self.output / "routes.c", *self.output.glob("*/src/*_tables.c")]:
            rows = [line for line in path.read_text().splitlines() if "TB_ATTRIBUTE_WRITE" in line]
            self.assertEqual([re.search(r"(\w+) \*/$", row).group(1) for row in rows], wanted, path)
        for path in self.output.glob("reference-*.md"):
            self.assertEqual(path.read_text().count("Writes attributes: "), len(wanted), path)

    def test_gets_that_act(self):
        rows = [line for line in (self.output / "routes.c").read_text().splitlines() if "TB_ACTS" in line]
        self.assertIn("reportUserDashboardAction", "".join(rows))
        self.assertEqual(len(rows), 7)

    def test_the_list_of_what_the_default_policy_refuses_is_current(self):
        page = (SOURCE / "docs" / "policy.md").read_text().split("## What the default policy refuses\n\n")[1]
        self.assertEqual(page, (self.output / "refused.md").read_text(), "run make update-policy")
        self.assertIn("| `getUserToken` | `GET /api/user/{userId}/token` | session | always |", page)
        self.assertNotIn("/api/auth/login", page)

    def test_the_trailing_slash_stays(self):
        self.assertTrue('"/api/rule-engine/"' in (self.output / "4.4.0" / "src" / "ce_tables.c").read_text())


class Classification(unittest.TestCase):
    """The sets that operations belong to, by the rules in classification.json."""

    known = {}  # operations by the name of their document

    @classmethod
    def setUpClass(cls):
        cls.annotations = json.loads((SOURCE / "gen" / "annotations.json").read_text())
        cls.text = (SOURCE / "gen" / "classification.json").read_text()

    def classify(self, change=lambda root: None, rules=None, name="ce-4.4.0"):
        """(operations, problems) of a document that CHANGE has changed."""
        rules = classes.Classes(rules or json.loads(self.text), self.annotations["acting_get"])
        root = json.loads((SOURCE / "gen" / "spec" / f"{name}.json").read_text())
        change(root)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "document.json"
            path.write_text(json.dumps(root))
            api = model.Api(document.Document(path), self.annotations, rules)
        problems = [one for one in rules.problems([api]) if "fits no operation" not in one and "in any document" not in one]
        return {one.id: one for one in api.operations}, problems

    def test_sets(self):
        operations = self.operations_of("ce-4.4.0")
        for name, sets, condition in (
                ("getDeviceById", ("read",), "always"), ("saveDevice", ("write",), "always"),
                ("findEntityDataByQuery", ("read",), "always"), ("reportUserDashboardAction", ("write",), "always"),
                ("saveEntityTelemetry", ("write", "telemetry"), "always"), ("getLatestTimeseries", ("read", "telemetry"), "always"),
                ("handleTwoWayDeviceRPCRequestV2", ("write", "rpc"), "always"), ("deleteRpc", ("write", "rpc"), "always"),
                ("getDeviceCredentialsByDeviceId", ("read", "credentials"), "always"),
                ("getEdgeById", ("read", "credentials"), "always"), ("getEdges", ("read", "credentials"), "always"),
                ("saveOAuth2Client", ("write", "credentials", "account", "admin"), "always"),
                ("getUserToken", ("read", "session", "admin"), "always"),
                ("getJwtSettings", ("read", "session", "admin"), "always"),
                ("saveTrendzSettings", ("write", "credentials", "session"), "always"),
                ("saveJwtSettings", ("write", "session", "account", "admin"), "always"),
                ("getAdminSettings", ("read", "credentials", "session", "admin"), "settings_in_path"),
                ("saveApiKey", ("write", "session", "admin"), "always"),
                ("enableApiKey", ("write", "account", "admin"), "key_in_path"),
                ("getActivationLink", ("read", "session", "admin"), "user_authority"),
                ("saveUser", ("write", "session", "account", "admin"), "user_in_body"),
                ("setUserCredentialsEnabled", ("write", "account", "admin"), "user_in_path"),
                ("verifyAndSaveTwoFaAccountConfig", ("write", "account", "admin"), "always"),
                ("saveAdminSettings", ("write", "credentials", "account", "admin"), "always"),
                ("sendTestMail", ("write", "credentials", "account", "admin"), "always"),
                ("requestResetPasswordByEmail", ("write", "account"), "email_in_body"),
                ("updateDomainOauth2Clients", ("write", "account", "admin"), "always"),
                ("getRuleChainMetaData", ("read", "credentials"), "always"),
                ("getAuditLogs", ("read", "credentials", "admin"), "always"),
                ("getTenants", ("read", "admin"), "always")):
            self.assertEqual((operations[name].sets, operations[name].condition), (sets, condition), name)

    def test_sets_in_other_editions(self):
        for document_name, name, sets, condition in (
                ("pe-4.4.0", "changeOwnerToTenant", ("write", "account", "admin"), "entity_type_in_path"),
                ("pe-4.4.0", "changeOwnerToCustomer", ("write", "account", "admin"), "user_in_path"),
                ("pe-4.4.0", "removeEntitiesFromEntityGroup", ("write", "account"), "user_in_list"),
                ("pe-4.4.0", "addEntitiesToEntityGroup", ("write", "account"), "user_in_list"),
                ("pe-4.4.0", "deleteEntityGroup", ("write", "account"), "group_type"),
                ("pe-4.4.0", "saveRole", ("write", "account", "admin"), "id_in_body"),
                ("pe-4.4.0", "deleteRole", ("write", "account", "admin"), "always"),
                ("pe-4.4.0", "saveGroupPermission", ("write", "account", "admin"), "always"),
                ("pe-4.4.0", "saveLoginWhiteLabelParams", ("write", "account", "admin"), "always"),
                ("pe-4.4.0", "connectToTrendz", ("write", "session"), "always"),
                ("pe-4.4.0", "performTrendzHealthcheck", ("read",), "always"),
                ("pe-4.4.0", "downloadTestReport", ("read", "session"), "always"),
                ("pe-4.4.0", "testReportAndDownload", ("read", "session"), "always"),
                ("pe-4.4.0", "requestReport", ("write", "credentials", "session"), "always"),
                ("pe-4.4.0", "saveReportTemplate", ("write", "session"), "always"),
                ("pe-4.4.0", "getReportTemplateById", ("read",), "always"),
                ("paas-4.4.0", "saveTrendzConfig", ("write", "session"), "always"),
                ("paas-4.4.0", "sendResetPasswordEmail", ("write", "account", "admin"), "always")):
            operations = self.operations_of(document_name)
            self.assertEqual((operations[name].sets, operations[name].condition), (sets, condition), name)

    def operations_of(self, name):
        if name not in self.known:
            self.known[name], problems = self.classify(name=name)
            self.assertEqual(problems, [])
        return self.known[name]

    def test_settings_that_let_somebody_in_are_never_just_written(self):
        """Each write below these paths, in each document, is refused by default, or known to let nobody in."""
        harmless = next(rule["ids"] for rule in json.loads(self.text)["rules"] if rule["reason"].endswith("a key depends on"))
        for path in SPECIFICATIONS:
            for operation in self.operations_of(path.stem).values() if path != OF_A_SERVER else ():
                if operation.path.startswith(("/api/oauth2", "/api/domain", "/api/mobile/app", "/api/mobile/bundle", "/api/mobile/qr",
                                              "/api/admin/settings", "/api/groupPermission", "/api/role", "/api/whiteLabel")):
                    self.assertTrue("read" in operation.sets or {"session", "account"} & set(operation.sets)
                                    or operation.id in harmless or operation.id == "sendTestSms", operation.id)

    def test_each_is_a_read_or_a_write_and_each_set_has_a_reason(self):
        for path in SPECIFICATIONS:
            if path != OF_A_SERVER:
                for operation in self.operations_of(path.stem).values():
                    self.assertEqual(len({"read", "write"} & set(operation.sets)), 1, operation.id)
                    self.assertTrue(set(operation.sets[1:]) <= set(operation.reasons), operation.id)

    def new_operation(self, path="/api/thing/{id}", method="get", tag="device-controller", name="getThing"):
        node = copy.deepcopy(SMALL["paths"]["/api/thing/{id}"]["get"])
        node.update(tags=[tag], operationId=name, responses={})

        def change(root):
            root["paths"][path] = {method: node}
        return self.classify(change)[1]

    def test_what_is_new_and_not_classified_is_refused(self):
        self.assertEqual(self.new_operation(), [])
        for words, change in (("no rule names its tag", {"tag": "new-controller"}),
                              ("neither a read nor a write", {"method": "post", "name": "fooThing"}),
                              ("neither a read nor a write", {"method": "post", "name": "getThing"}),
                              ("below a guarded path", {"path": "/api/user/{id}/x"}),
                              ("below a guarded path", {"path": "/api/apiKey/{id}/x", "tag": "api-key-controller"})):
            problems = self.new_operation(**change)
            self.assertEqual(len(problems), 1, problems)
            self.assertIn(words, problems[0])
            self.assertIn("CE 4.4.0: ", problems[0])

    def test_a_new_member_that_looks_like_a_secret_is_refused(self):
        for name in ("password", "accessToken", "clientSecret", "apiKey"):
            def change(root, name=name):
                root["components"]["schemas"]["Asset"]["properties"][name] = TEXT
            self.assertEqual(self.classify(change)[1], [f"Asset.{name} looks like a secret, and secret_members does not say whose"])

    def test_rules_that_are_wrong_are_refused(self):
        for words, change in (("fits no operation", {"ids": ["noSuchOperation"], "sets": ["rpc"], "reason": "x"}),
                              ("without a reason", {"ids": ["getUser"], "sets": ["rpc"]}),
                              ("unknown set", {"ids": ["getUser"], "sets": ["new"], "reason": "x"}),
                              ("unknown set or condition", {"ids": ["getUser"], "sets": [], "condition": "new", "reason": "x"})):
            rules = json.loads(self.text)
            rules["rules"].append(change)
            used = classes.Classes(rules, [])
            self.assertTrue(any(words in one for one in used.stale(change)), words)

    def test_tbgen_says_what_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "new.json"
            root = json.loads(SPECIFICATIONS[0].read_text())
            root["info"]["version"] = "9.9.9"
            root["paths"]["/api/new"] = {"post": {"operationId": "fooThing", "tags": ["new-controller"]}}
            path.write_text(json.dumps(root))
            result = run(pathlib.Path(folder) / "out", *ALL, path)
        self.assertEqual(result.returncode, 1)
        self.assertIn("POST /api/new (fooThing) is not classified: neither a read nor a write", result.stderr)


class Words(unittest.TestCase):
    """The sentences of operations and the words of parameters."""

    @classmethod
    def setUpClass(cls):
        texts = json.loads((SOURCE / "gen" / "descriptions.json").read_text())
        cls.words = descriptions.Descriptions(texts)
        cls.operations, cls.parameters = texts["operations"], texts["parameters"]
        rules = classes.Classes(json.loads((SOURCE / "gen" / "classification.json").read_text()), [])
        annotations = json.loads((SOURCE / "gen" / "annotations.json").read_text())
        cls.apis = [model.Api(document.Document(path, "ce", annotations["known_warnings"]), annotations, rules)
                    for path in SPECIFICATIONS]

    def problems(self):
        return list(self.words.problems(self.apis))

    def test_all_are_there(self):
        self.assertEqual(self.problems(), [])

    def test_what_is_missing_or_stale_is_refused(self):
        for texts, old, new, messages in (
                (self.operations, "saveRole", "saveRule", ["saveRole has no sentence", "saveRule is not in any document"]),
                (self.parameters, "roleId", "ruleId", ["the parameter roleId of deleteRole has no words",
                                                       "the parameter ruleId is not in any document"]),
                (self.parameters, "user-controller.type", "user.type", ["the parameter type of getUserSettings has no words",
                                                                        "the parameter user.type is not in any document"])):
            texts[new] = texts.pop(old)
            found = self.problems()
            texts[old] = texts.pop(new)
            for message in messages:
                self.assertIn(message, found)

    def test_a_parameter_may_mean_something_else(self):
        key = descriptions.key_of
        self.assertEqual(key(self.parameters, "getAttributes", "telemetry-controller", "key"), "telemetry-controller.key")
        self.assertEqual(key(self.parameters, "getAdminSettings", "admin-controller", "key"), "getAdminSettings.key")
        self.assertEqual(key(self.parameters, "getTenantDevices", "device-controller", "page"), "page")
        self.assertIsNone(key(self.parameters, "getTenantDevices", "device-controller", "new"))

    def test_examples(self):
        self.assertEqual(self.words.examples["saveCustomer.body"], '{"title":"Acme"}')
        self.assertEqual(self.words.examples["relationType"], "Contains")
        for stale in ("saveCustomer.new", "getUser.body", "new"):
            self.words.examples[stale] = "x"
            self.assertEqual(self.problems(), [f"the example {stale} is not in any document"])
            del self.words.examples[stale]

    def test_how_they_are_written(self):
        for name, text in self.operations.items():
            self.assertRegex(text, r"^[A-Z][ -~]{9,119}[^.]\.$", name)
        for name, text in self.parameters.items():
            self.assertRegex(text, r"^[a-z][ -~]{2,118}[^.]$|^[A-Z]", name)


class SmallDocuments(unittest.TestCase):
    """What is accepted and what is refused, one thing at a time."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.output = pathlib.Path(self.folder.name) / "out"
        self.document = copy.deepcopy(SMALL)
        self.schemas = self.document["components"]["schemas"]
        self.thing = self.schemas["Thing"]["properties"]
        self.operation = self.document["paths"]["/api/thing/{id}"]["get"]

    def run_text(self, text, *options):
        path = pathlib.Path(self.folder.name) / "document.json"
        path.write_text(text)
        return run(self.output, *options, path)

    def accepted(self, *options, warnings=()):
        """Returns models.h, after the compiler has accepted all files. WARNINGS: (place, text) of each."""
        result = self.run_text(json.dumps(self.document), *options)
        path = pathlib.Path(self.folder.name) / "document.json"
        self.assertEqual((result.returncode, result.stderr), (0, "".join(
            f"tbgen: {path}#{place}: warning: {text}\n" for place, text in warnings)))
        for source in (self.output / "4.4.0" / "src").iterdir():
            subprocess.run(["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{SOURCE}/include",
                            f"-I{self.output}/4.4.0/include", source], check=True, timeout=60)
        return (self.output / "4.4.0/include/tbclient/ce/models.h").read_text()

    def refused(self, place, reason=""):
        """The document is refused with a message that names the place."""
        result = self.run_text(json.dumps(self.document))
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"#{place}: ", result.stderr)
        self.assertIn(reason, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def parameter(self, **changes):
        self.operation["parameters"].append({"name": "q", "in": "query", "schema": TEXT, **changes})

    # accepted

    def test_openapi_3_0(self):
        self.document["openapi"] = "3.0.1"
        self.thing["name"]["nullable"] = True
        self.assertIn("const char *name;", self.accepted())

    def test_null_as_a_type(self):
        self.thing["name"] = {"type": ["string", "null"]}
        self.thing["base"] = {"anyOf": [{"$ref": SCHEMAS + "Base"}, {"type": "null"}]}
        self.assertIn("tb_base *base_;", self.accepted())

    def test_references_to_parameters_and_answers(self):
        components = self.document["components"]
        components["parameters"] = {"p": {"name": "q", "in": "query", "schema": TEXT}}
        components["responses"] = {"r": self.operation["responses"]["200"]}
        self.operation["parameters"].append({"$ref": "#/components/parameters/p"})
        self.operation["responses"]["200"] = {"$ref": "#/components/responses/r"}
        self.accepted()

    def test_the_edition_may_be_given(self):
        del self.document["info"]["x-edition"]
        self.refused("/info/x-edition")
        self.accepted("--edition", "ce")

    def test_the_edition_of_the_document_goes_first(self):
        self.accepted("--edition", "pe")

    # accepted with a warning

    def test_integers_without_a_type(self):
        self.thing["code"] = {"enum": [2, 10]}
        models = self.accepted(warnings=[("/components/schemas/Thing/properties/code/enum",
                                          "integers without a type: taken as integers")])
        self.assertIn("tb_int32 code;", models)
        self.assertIn("#define TB_THING_CODE_10 10\n", models)

    def test_integers_or_null(self):
        self.thing["code"] = {"type": ["integer", "null"], "enum": [2, 10, None]}
        self.assertIn("tb_int32 code;", self.accepted())

    def unnamed(self, child="Variant", base="Base"):
        return (f"/components/schemas/{child}", f"is allOf {base}, whose discriminator does not name it: taken as a"
                f" structure of its own, with the members of {base}")

    def test_a_variant_that_its_base_does_not_name(self):
        for discriminator in ({"propertyName": "type"}, {"propertyName": "type", "mapping": {}},
                              {"propertyName": "type", "mapping": {"B": SCHEMAS + "Base"}}):
            self.schemas["Base"]["discriminator"] = discriminator
            self.assertIn("struct tb_variant_ {\n    tb_object object;\n    const char *type;\n    const char *n;\n};",
                          self.accepted(warnings=[self.unnamed()]))

    def test_a_member_that_such_a_variant_declares_again(self):
        del self.schemas["Base"]["discriminator"]["mapping"]
        self.schemas["Variant"]["allOf"][1]["properties"]["type"] = {"type": "string", "enum": ["A"]}
        self.assertIn("struct tb_variant_ {\n    tb_object object;\n    const char *n;\n    tb_variant_type type;\n};",
                      self.accepted(warnings=[self.unnamed()]))

    def test_a_choice_between_such_variants(self):
        del self.schemas["Base"]["discriminator"]["mapping"]
        self.thing["base"] = {"oneOf": [{"$ref": SCHEMAS + "Variant"}]}
        self.thing["bases"] = {"oneOf": [{"$ref": SCHEMAS + "Variant"}, {"$ref": SCHEMAS + "Base"}]}
        models = self.accepted(warnings=[self.unnamed()])
        self.assertIn("tb_variant_ *base_;", models)
        self.assertIn("tb_base *bases;", models)

    def test_a_discriminator_that_is_not_declared(self):
        for properties in ({}, {"m": TEXT}, None):
            self.schemas["Base"]["properties"] = properties
            if properties is None:
                del self.schemas["Base"]["properties"]
            models = self.accepted(warnings=[("/components/schemas/Base/discriminator",
                                              "'type' is not a property of the schema: taken as a string")])
            self.assertIn("    const char *type;\n};", models)
            self.assertIn("tb_variant__from(tb_base *object)", models)

    def test_a_base_that_is_only_a_choice(self):
        self.schemas["Base"] = {"oneOf": [{"$ref": SCHEMAS + "Variant"}, {"$ref": SCHEMAS + "Thing"}],
                                "discriminator": {"propertyName": "type", "mapping": {"X": SCHEMAS + "Variant"}}}
        self.thing["base"] = {"$ref": SCHEMAS + "Base"}
        self.assertIn("json_t *base_;", self.accepted())

    def test_a_version_with_a_word(self):
        for version in ("4.4.0-SNAPSHOT", "4.4.0PE", "4.4.0.RC1"):
            self.document["info"]["version"] = version
            self.accepted(warnings=[("/info/version", f"is {version!r}: taken as 4.4.0")])

    def test_a_parameter_in_the_path_is_required(self):
        del self.operation["parameters"][0]["required"]
        self.accepted(warnings=[("/paths/~1api~1thing~1{id}/get/parameters/0",
                                 "the parameter 'id' in the path is not required: taken as required")])
        self.assertIn("const char *id,", (self.output / "4.4.0/include/tbclient/ce/thing_controller.h").read_text())

    def test_an_integer_of_a_new_format(self):
        self.thing["count"] = {"type": "integer", "format": "uint64"}
        self.assertIn("tb_int64 count;", self.accepted(warnings=[
            ("/components/schemas/Thing/properties/count/format", "the format 'uint64' is not known: taken as int64")]))

    def test_bounds_that_the_tables_do_not_hold(self):
        for keyword, value, left in (("minimum", 5.5, "is not an integer of 64 bits: "),
                                     ("maximum", 2**63, "is not an integer of 64 bits: "),
                                     ("minimum", -(2**63) - 1, "is not an integer of 64 bits: "),
                                     ("exclusiveMinimum", 0, ""), ("exclusiveMaximum", True, "")):
            self.thing["count"] = {"type": "number", keyword: value}
            models = self.accepted(warnings=[(f"/components/schemas/Thing/properties/count/{keyword}",
                                              left + "left to the server to check")])
            self.assertIn("tb_double count;\n", models)

    def test_hostile_texts(self):
        self.thing["e"] = {"type": "string", "enum": ["a*/b", 'q"x', "n\nl", "t??/r", "back\\"]}
        self.thing["x*/; int y; /*"] = {"type": "string", "pattern": "*/ \\ \n ??/"}
        self.operation["tags"] = ["../../etc/*/x"]
        self.parameter(schema={"type": "string", "default": '*/ x \n" ??/ \\'})
        self.accepted()
        self.assertEqual([path for path in files(self.output) if ".." in path.parts], [])

    def test_names_that_are_taken(self):
        for name in ("Client", "Part", "Error", "ThingList"):
            self.schemas[name] = {"type": "object", "properties": {"default": TEXT, "object": TEXT, "errno": TEXT}}
        self.thing["list"] = {"type": "array", "items": {"$ref": SCHEMAS + "Thing"}}
        for name in ("client", "params", "ret", "err", "class"):
            self.parameter(name=name, required=True)
        self.assertIn("struct tb_client_ {", self.accepted())

    # refused

    def test_not_json(self):
        self.assertIn("is not JSON", self.run_text('{"openapi": ').stderr)
        self.assertIn("NaN", self.run_text('{"openapi": NaN}').stderr)
        self.assertIn("'a' twice", self.run_text('{"a": 1, "a": 2}').stderr)

    def test_files_that_cannot_be_used(self):
        path = pathlib.Path(self.folder.name) / "nothing.json"
        self.assertEqual(run(self.output, path).stderr, f"tbgen: {path}: No such file or directory\n")
        self.output.write_text("a file where the folder goes")
        path.write_text(json.dumps(self.document))
        result = run(self.output, path)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, f"^tbgen: {self.output}.*: Not a directory\n$")

    def test_too_deep(self):
        for depth in (300, 100000):
            result = self.run_text("[" * depth + "]" * depth)
            self.assertEqual(result.returncode, 1)
            self.assertNotIn("Traceback", result.stderr)
        self.thing["deep"] = {"type": "string"}
        for _ in range(60):
            self.thing["deep"] = {"type": "array", "items": self.thing["deep"]}
        self.refused("/components/schemas/Thing/properties/deep" + "/items" * 33)

    def test_other_versions(self):
        self.document["openapi"] = "2.0"
        self.refused("/openapi", "only OpenAPI 3.0 and 3.1")

    def test_versions_are_folders(self):
        self.document["info"]["version"] = "../4"
        self.refused("/info/version")

    def test_half_characters(self):
        self.thing["e"] = {"type": "string", "enum": ["a\ud800"]}
        self.refused("/components/schemas/Thing/properties/e/enum/0")
        self.thing["e"] = {"type": "string", "enum": ["a\0b"]}
        self.refused("/components/schemas/Thing/properties/e/enum/0")

    def test_unknown_keyword(self):
        self.thing["name"] = {"type": "string", "not": {}}
        self.refused("/components/schemas/Thing/properties/name/not")

    def test_references(self):
        for reference in (SCHEMAS + "Nope", "other.json#/A", "#/info/title/x"):
            self.thing["name"] = {"$ref": reference}
            self.refused("/components/schemas/Thing/properties/name", reference)
        self.schemas["L"], self.schemas["M"] = {"$ref": SCHEMAS + "M"}, {"$ref": SCHEMAS + "L"}
        self.thing["name"] = {"$ref": SCHEMAS + "L"}
        self.refused("/components/schemas/L", "circle")

    def test_parameters(self):
        at = "/paths/~1api~1thing~1{id}/get/parameters/1"
        for changes, place in (({"in": "cookie"}, "/in"), ({"style": "pipeDelimited"}, "/style"),
                               ({"schema": {"$ref": SCHEMAS + "Thing"}}, "/schema"), ({"name": ""}, ""),
                               ({"schema": {"type": "string"}, "x-wire-type": "number"}, "/x-wire-type")):
            self.operation["parameters"] = self.operation["parameters"][:1]
            self.parameter(**changes)
            self.refused(at + place)

    def test_path_and_parameters_agree(self):
        self.parameter(name="other", **{"in": "path", "required": True})
        self.refused("/paths/~1api~1thing~1{id}/get", "variables")
        self.operation["parameters"] = []
        self.refused("/paths/~1api~1thing~1{id}/get", "variables")

    def test_operation_ids(self):
        self.document["paths"]["/api/other/{id}"] = copy.deepcopy(self.document["paths"]["/api/thing/{id}"])
        self.refused("/paths/~1api~1other~1{id}/get", "getThing")
        del self.document["paths"]["/api/other/{id}"]
        self.operation["operationId"] = "get thing();"
        self.refused("/paths/~1api~1thing~1{id}/get", "not an identifier")

    def test_variants(self):
        variant, base = self.schemas["Variant"], self.schemas["Base"]
        self.schemas["Other"] = copy.deepcopy(base)
        self.schemas["Other"]["discriminator"]["mapping"] = {}
        variant["allOf"].append({"$ref": SCHEMAS + "Other"})
        self.refused("/components/schemas/Variant/allOf/2", "only one")
        variant["allOf"] = [{"$ref": SCHEMAS + "Variant"}]
        self.refused("/components/schemas/Variant/allOf/0", "itself")
        self.schemas["Variant"] = {"type": "object", "properties": {"n": TEXT}}
        self.refused("/components/schemas/Base", "Variant")
        base["properties"]["type"] = {"type": "integer"}
        self.refused("/components/schemas/Base/discriminator", "not a string")
        base["discriminator"] = {}
        self.refused("/components/schemas/Base/discriminator", "names no property")

    def test_names_collide(self):
        self.thing["fooBar"], self.thing["foo_bar"] = TEXT, TEXT
        self.refused("/components/schemas/Thing", "foo_bar")

    def test_numbers(self):
        at = "/components/schemas/Thing/properties/count"
        for changes, place in (({"minimum": "5"}, "/minimum"), ({"minimum": 2, "maximum": 1}, "/minimum"),
                               ({"maxLength": -1}, "/maxLength"), ({"enum": [1, "a"]}, "/enum"), ({"enum": [1.5]}, "/enum")):
            self.thing["count"] = {"type": "integer", **changes}
            self.refused(at + place)

    def test_hostile_texts_in_routes(self):
        path, tag = '/api/{a"b\n*\\}', 'x"; int y; /*\n\\'
        operation = types.SimpleNamespace(id="getThing", tag=tag, method="GET", path=path, retry="free", flags=(),
                                          sets=("read",), condition="always", body="none")
        text = routes.text_of_routes([types.SimpleNamespace(edition="CE", version="4.4.0", operations=[operation])])
        source = pathlib.Path(self.folder.name) / "routes.c"
        source.write_text(text)
        subprocess.run(["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{SOURCE}/include",
                        f"-I{SOURCE}/src", source], check=True, timeout=60)
        self.assertIn(r'"x\"; int y; /*\012\\\0"', text)

    def test_names_that_the_generator_needs(self):
        self.operation["tags"] = ["models"]
        self.refused("/tags", "models")
        self.operation["tags"] = [7]
        self.refused("/paths/~1api~1thing~1{id}/get/tags/0", "a string")
        self.operation["tags"] = ["thing-controller"]
        self.schemas["StringMap"] = {"type": "object", "properties": {"a": TEXT}}
        self.thing["map"] = {"type": "object", "additionalProperties": TEXT}
        self.refused("/components/schemas", "tb_string_map")
        del self.thing["map"]
        self.schemas["ThingKind"] = {"type": "object", "properties": {"a": TEXT}}
        self.thing["kind"] = {"type": "string", "enum": ["A"]}
        self.refused("/components/schemas/ThingKind", "an enumeration")

    def test_bases_and_choices_have_names(self):
        base, at = {"$ref": SCHEMAS + "Base"}, "/paths/~1api~1thing~1{id}/get/requestBody/content/application~1json/schema"
        schema = {"allOf": [base], "properties": {"z": TEXT}}
        self.operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
        self.refused(at + "/allOf", "components/schemas only")
        self.schemas["Thing"]["oneOf"] = [base]
        self.refused("/components/schemas/Thing/oneOf", "beside members")

    def test_nodes_of_the_wrong_kind(self):
        self.thing["p"] = {"anyOf": [{"$ref": SCHEMAS + "A"}, {"$ref": SCHEMAS + "Base"}]}
        self.schemas["Bad"], self.schemas["A"] = 5, {"allOf": [{"$ref": SCHEMAS + "Bad"}]}
        self.refused("/components/schemas/Bad", "an object")
        self.schemas["A"] = {"allOf": [5]}
        self.refused("/components/schemas/A/allOf", "an object")
        del self.thing["p"]
        self.schemas["Thing"]["required"] = [{}]
        self.refused("/components/schemas/Thing/required/0", "a string")

    def test_the_smallest_number_is_a_constant(self):
        self.thing["count"] = {"type": "integer", "maximum": -(2**63)}
        self.accepted()

    def test_what_the_tables_hold(self):
        for index in range(1001):
            self.thing[f"m{index}"] = TEXT
        self.refused("/components/schemas/Thing", "1000")
        self.schemas["Thing"]["properties"] = {}
        for index in range(250):
            self.parameter(name=f"p{index}")
        self.refused("/paths/~1api~1thing~1{id}/get", "250")


if __name__ == "__main__":
    tap.main()
