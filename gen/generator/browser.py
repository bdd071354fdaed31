# SPDX-License-Identifier: Apache-2.0
"""operations.json: the operations and structures of the newest version, for the status page (src/proxy/status/page.js)."""

import json

from .descriptions import key_of

EDITIONS = {"CE": "CE", "PE": "PE", "PAAS": "Cloud"}
PLAIN = {"bool": "true or false", "int32": "integer", "int64": "integer", "double": "number", "json": "any JSON",
         "part": "file"}


class Browser:
    def __init__(self, apis, words):
        newest = max(api.version.split(".") for api in apis)
        self.apis = [api for api in apis if api.version.split(".") == newest]
        self.words = words

    def text(self):
        operations, schemas = {}, {}
        for api in self.apis:
            for operation in api.operations:
                known = operations.setdefault(operation.id, self.operation(api, operation))
                known["in"].append(EDITIONS[api.edition])
            for schema in api.schemas.values():
                schemas.setdefault(schema.name, self.members(api, schema))
        found = {"operations": [operations[name] for name in sorted(operations)], "schemas": dict(sorted(schemas.items()))}
        return json.dumps(found, separators=(",", ":")) + "\n"

    def operation(self, api, operation):
        found = {"id": operation.id, "method": operation.method, "path": operation.path, "tag": operation.tag, "in": [],
                 "text": self.words.operations[operation.id],
                 "parameters": [self.parameter(api, operation, one) for one in operation.parameters]}
        if operation.body != "none":
            found["body"] = "text" if operation.body == "text" else type_text(operation.body_type)
        if operation.answer != "none":
            found["answer"] = type_text(operation.answer_type) if operation.answer == "json" else operation.answer_media
        return found

    def parameter(self, api, operation, parameter):
        kind = parameter.type[1] if parameter.type[0] == "list" else parameter.type
        found = {"name": parameter.name, "in": parameter.location, "required": parameter.required,
                 "type": type_text(parameter.type),
                 "text": self.words.parameters[key_of(self.words.parameters, operation.id, operation.tag, parameter.name)]}
        if kind[0] == "string" and kind[2] and parameter.type[0] != "list":
            found["values"] = api.enumerations[kind[2]].values
        return found

    def members(self, api, schema):
        """The members of a structure, those of its base first."""
        base = self.members(api, api.schemas[schema.base]) if schema.base else {}
        return {**base, **{one.name: type_text(one.type) for one in schema.fields}}


def type_text(kind):
    """A type in words."""
    if kind[0] in ("list", "map"):
        return f"{kind[0]} of {type_text(kind[1])}"
    if kind[0] == "object":
        return kind[1]
    if kind[0] == "string":
        return kind[1] or "text"
    return PLAIN[kind[0]]
