# SPDX-License-Identifier: Apache-2.0
"""The sets that each operation belongs to, for the daemon's policies (src/proxy/policy), by the rules in
gen/classification.json. Each rule has a reason. An operation that no rule fits is an error, never a guess."""

import re

SETS = ("read", "write", "telemetry", "rpc", "credentials", "session", "account", "admin")  # enum operation_set
PRIVILEGED = ("session", "account")
CONDITIONS = ("always", "user_authority", "user_in_path", "user_in_body", "user_in_list", "email_in_body", "id_in_body",
              "key_in_path", "entity_type_in_path", "settings_in_path", "group_type")  # enum operation_condition
MATCHERS = ("tags", "ids", "methods", "id_verbs", "secrets")
TEXTS = ("string", "json")  # types of members that can hold a secret
SECRET = re.compile(r"(?i)token$|secret(key|accesskey)?$|password|apikey|credentialsvalue|signingkey|privatekey$")


def verb(name):
    """The first word of an operation id."""
    return re.match(r"[a-z]*", name)[0]


class Classes:
    """The rules, and which of them have been used."""

    def __init__(self, rules, acting_get):
        self.rules, self.acting_get = rules, acting_get
        self.used = set()

    def fits(self, rule, operation, secrets):
        """Whether everything that the rule asks for is so."""
        tests = {
            "tags": lambda names: operation.tag in names,
            "ids": lambda names: self.names(names, operation.id),
            "methods": lambda names: operation.method in names,
            "id_verbs": lambda names: verb(operation.id) in names,
            "secrets": lambda kind: kind in secrets,
        }
        asked = [name for name in MATCHERS if name in rule]
        fits = bool(asked) and all(tests[name](rule[name]) for name in asked)
        if fits:
            self.used.update((name, one) for name, one in (("tags", operation.tag), ("ids", operation.id),
                                                           ("id_verbs", verb(operation.id))) if name in asked)
        return fits

    def names(self, ids, name):
        return name in ids or ("@acting_get" in ids and name in self.acting_get)

    def secrets_of(self, operation, schemas):
        """The kinds of secrets in the answer and, unless the program has them already, in the request; and "destinations"
        if the request says where the server is to send one."""
        kinds = {kind: set(self.rules["secret_members"][kind]) for kind in ("session", "credentials", "destinations")}
        answer, body = members(operation.answer_type, schemas), members(operation.body_type, schemas)
        return {kind for kind, names in kinds.items()
                if (kind != "destinations" and answer & names) or (kind != "session" and body & names)}

    def classify(self, operation, schemas):
        """Sets operation.sets, condition and reasons; operation.unclassified says what is missing."""
        secrets = self.secrets_of(operation, schemas)
        effect = next((rule for rule in self.rules["effects"] if self.fits(rule, operation, secrets)), None)
        rules = [rule for rule in self.rules["rules"] if self.fits(rule, operation, secrets)]
        sets = {one for rule in rules for one in rule["sets"]} | ({effect["set"]} if effect else set())
        operation.sets = tuple(one for one in SETS if one in sets)
        operation.condition = next((rule["condition"] for rule in rules if "condition" in rule), "always")
        operation.reasons = {one: rule["reason"] for rule in rules for one in rule["sets"]}
        operation.unclassified = self.missing(operation, effect, rules)
        if sets & set(PRIVILEGED):
            operation.flags.add("TB_CREDENTIAL")

    def missing(self, operation, effect, rules):
        if not effect:
            return "neither a read nor a write"
        if not any("tags" in rule for rule in rules):
            return f"no rule names its tag {operation.tag}"
        if self.is_guarded(operation.path) and not any("ids" in rule or "secrets" in rule for rule in rules):
            return "below a guarded path, where a rule must name each operation"
        return ""

    def is_guarded(self, path):
        return any(path == one or path.startswith(one + "/") for one in self.rules["guarded_paths"])

    def problems(self, apis):
        """What is not classified in these documents, and rules that fit nothing."""
        for api in apis:
            for operation in api.operations:
                if operation.unclassified:
                    yield f"{api.edition} {api.version}: {operation.method} {operation.path} ({operation.id}) is not " \
                          f"classified: {operation.unclassified}"
        yield from self.unknown_secrets(apis)
        for rule in self.rules["effects"] + self.rules["rules"]:
            yield from self.stale(rule)

    def unknown_secrets(self, apis):
        known = {name for names in self.rules["secret_members"].values() for name in names}
        found = {f"{schema.name}.{field.name}" for api in apis for schema in api.schemas.values()
                 for field in schema.fields if field.type[0] in TEXTS}
        answers = {name for api in apis for operation in api.operations
                   for kind in (operation.answer_type, operation.body_type) for name in members(kind, api.schemas)}
        for name in sorted(one for one in answers - known if SECRET.search(one.split(".")[1])):
            yield f"{name} looks like a secret, and secret_members does not say whose"
        for name in sorted(known - found):
            yield f"secret_members: {name} is not in any document"

    def stale(self, rule):
        if not rule.get("reason"):
            yield f"a rule without a reason: {rule}"
        if rule.get("condition", "always") not in CONDITIONS or not set(rule.get("sets", ())) <= set(SETS):
            yield f"unknown set or condition: {rule}"
        for kind in ("tags", "ids", "id_verbs"):
            for name in rule.get(kind, ()):
                if not name.startswith("@") and (kind, name) not in self.used:
                    yield f"{kind}: {name} fits no operation"


def members(kind, schemas):
    """The members "Schema.member" of a type, of what it contains, and of the variants of that, which are strings or JSON
    of any kind."""
    out, waiting, seen = set(), [kind], set()
    while waiting:
        kind = waiting.pop()
        if not kind or kind[0] in ("list", "map"):
            waiting += kind[1:2]
        elif kind[0] == "object" and kind[1] not in seen:
            seen.add(kind[1])
            schema = schemas[kind[1]]
            out |= {f"{schema.name}.{field.name}" for field in schema.fields if field.type[0] in TEXTS}
            waiting += [field.type for field in schema.fields] + [("object", name) for name in schema.variants.values()]
            if schema.base:
                waiting.append(("object", schema.base))
    return out
