# SPDX-License-Identifier: Apache-2.0
"""The API of one document (an edition and a version): its schemas, enumerations and operations."""

import dataclasses
import json
import re

from .document import child, expect, member, refuse
from .names import OPERATION_ID
from .schemas import JSON, PART, STRING, Bounds, Schemas, pascal

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")  # enum tb_method
PATH_ITEM = frozenset(METHODS) | {"parameters", "summary", "description"}
OPERATION = frozenset(
    "tags operationId parameters requestBody responses security deprecated summary description externalDocs".split()
)
LOCATIONS = ("path", "query", "header")  # enum tb_location
SCALARS = ("string", "bool", "int32", "int64", "double")
PARAMETERS_MAX = 250  # of one operation: their number has 8 bits
PAGE = {("page", ("int32", None)), ("pageSize", ("int32", None))}
SESSION_HEADERS = ("x-authorization", "authorization")  # set by the session


@dataclasses.dataclass
class Parameter:
    name: str
    location: str
    type: tuple
    bounds: Bounds
    required: bool
    deprecated: bool
    default: str


@dataclasses.dataclass
class Operation:
    id: str
    tag: str
    method: str  # "GET"
    path: str
    place: str
    parameters: list
    body: str = "none"  # "json", "text", "multipart"
    body_type: tuple = ()
    body_required: bool = False
    answer: str = "none"  # "json", "bytes", "binary", "events"
    answer_type: tuple = ()
    answer_media: str = ""
    retry: str = "free"
    flags: set = dataclasses.field(default_factory=set)
    sets: tuple = ()  # classes.SETS, in their order
    condition: str = "always"
    reasons: dict = dataclasses.field(default_factory=dict)  # set -> why
    unclassified: str = ""  # why it is not classified

    @property
    def required(self):
        """The required parameters, in the order of the arguments."""
        wanted = [one for one in self.parameters if one.required]
        return sorted(wanted, key=lambda one: LOCATIONS.index(one.location))

    @property
    def is_paged(self):
        return bool(self.flags & {"TB_PAGED", "TB_PAGED_IN_BODY"})

    @property
    def optional(self):
        return [one for one in self.parameters if not one.required]


class Api:
    """The API of one document."""

    def __init__(self, document, annotations, classes):
        self.document = document
        self.edition, self.version = document.edition, document.version
        self.source = Schemas(document, annotations["wire_types"])
        self.security = member(document.root, "security", list, "", [])
        self.operations = sorted(self.read_operations(), key=lambda one: one.id.encode())
        self.annotate(annotations)
        for operation in self.operations:
            classes.classify(operation, self.source.schemas)
        self.schemas = dict(sorted(self.source.schemas.items(), key=lambda item: item[0].encode()))
        self.enumerations = dict(sorted(self.source.enumerations.items(), key=lambda item: item[0].encode()))

    @property
    def symbol(self):
        return f"tb_{self.edition.lower()}_{self.version.replace('.', '_')}"

    def read_operations(self):
        places = {}
        for path, item in self.document.paths.items():
            place = child("/paths", path)
            if not re.fullmatch(r"(/([A-Za-z0-9._~-]+|\{[^{}/]+\})?)+", path):
                refuse(place, "expected a path of plain segments and {variables}")
            item, place = self.document.resolve(item, place)
            for name, node in item.items():
                if name not in PATH_ITEM and not name.startswith("x-"):
                    refuse(child(place, name), "this member of a path is not supported")
                if name not in METHODS:
                    continue
                operation = self.read_operation(path, name, node, child(place, name), item)
                if operation.id in places:
                    refuse(operation.place, f"{operation.id} is also the operation at #{places[operation.id]}")
                places[operation.id] = operation.place
                yield operation

    def read_operation(self, path, method, node, place, item):
        expect(node, dict, place)
        for keyword in node:
            if keyword not in OPERATION and not keyword.startswith("x-"):
                refuse(child(place, keyword), "this member of an operation is not supported")
        name = member(node, "operationId", str, place, "")
        if not OPERATION_ID.fullmatch(name):
            refuse(place, f"the operation's id {name!r} is not an identifier")
        tags = member(node, "tags", list, place, [])
        tag = expect(tags[0], str, child(child(place, "tags"), 0)) if tags else "default"
        operation = Operation(name, tag, method.upper(), path, place, self.read_parameters(name, node, place, item))
        self.check_path(operation)
        self.read_body(operation, node, place)
        self.read_answer(operation, node, place)
        if not member(node, "security", list, place, self.security):
            operation.flags.add("TB_ANONYMOUS")
        if member(node, "deprecated", bool, place, False):
            operation.flags.add("TB_OPERATION_DEPRECATED")
        if self.is_paged(operation):
            operation.flags.add("TB_PAGED")
        elif self.is_paged_in_body(operation):
            operation.flags.add("TB_PAGED_IN_BODY")
        return operation

    # parameters

    def read_parameters(self, name, node, place, item):
        own = self.parameter_nodes(node, place)
        common = self.parameter_nodes(item, place.rsplit("/", 1)[0])
        known = {key for key, _, _ in own}
        parameters = []
        for (parameter, location), value, at in [one for one in common if one[0] not in known] + own:
            if location == "header" and parameter.lower() in SESSION_HEADERS:
                continue
            parameters.append(self.read_parameter(name, parameter, location, value, at))
        if len(parameters) > PARAMETERS_MAX:
            refuse(place, f"more than {PARAMETERS_MAX} parameters")
        return parameters

    def parameter_nodes(self, node, place):
        out, seen = [], set()
        for index, value in enumerate(member(node, "parameters", list, place, [])):
            value, at = self.document.resolve(value, child(child(place, "parameters"), index))
            key = member(value, "name", str, at, ""), member(value, "in", str, at, "")
            if not key[0]:
                refuse(at, "a parameter without a name")
            if key[1] not in LOCATIONS:
                refuse(child(at, "in"), f"a parameter in {key[1]!r} is not supported")
            if key in seen:
                refuse(at, f"the parameter {key[0]!r} is there twice")
            if key[1] == "header" and not re.fullmatch(r"[A-Za-z0-9-]+", key[0]):
                refuse(at, f"{key[0]!r} is not a header name")
            seen.add(key)
            out.append((key, value, at))
        return out

    def read_parameter(self, operation, name, location, node, place):
        style = member(node, "style", str, place, "")
        explode = member(node, "explode", bool, place, location == "query")
        if style and style != ("form" if location == "query" else "simple"):
            refuse(child(place, "style"), f"the style {style!r} is not supported")
        schema = member(node, "schema", dict, place)
        at = child(place, "schema")
        if schema is None:
            refuse(place, "a parameter without a schema is not supported")
        context = f"{operation}.{name}"
        kind = self.source.type_of(schema, at, context)
        enumeration = pascal(context)
        if enumeration in self.source.enumerations:
            self.source.enumerations[enumeration].anonymous = True
        if node.get("x-wire-type", "integer") != "integer":
            refuse(child(place, "x-wire-type"), "only integer is supported")
        if "x-wire-type" in node:
            kind = ("int32", None)
        scalar = kind[1] if kind[0] == "list" else kind
        if scalar[0] not in SCALARS or (kind[0] == "list" and (location != "query" or not explode)):
            refuse(at, "expected a scalar or, in a query, a list of scalars whose key is repeated")
        required = member(node, "required", bool, place, False)
        if location == "path" and not required:
            self.document.warn(place, f"the parameter {name!r} in the path is not required: taken as required")
            required = True
        default = schema.get("default", "")
        default = default if isinstance(default, str) else json.dumps(default)
        return Parameter(name, location, kind, self.source.bounds(schema, at), required,
                         member(node, "deprecated", bool, place, False), default)

    @staticmethod
    def check_path(operation):
        variables = re.findall(r"\{([^{}]+)\}", operation.path)
        declared = [one.name for one in operation.parameters if one.location == "path"]
        if sorted(variables) != sorted(declared):
            refuse(operation.place, f"the path has the variables {variables}, but the parameters {declared}")

    # bodies and answers

    def read_body(self, operation, node, place):
        if "requestBody" not in node:
            return
        body, at = self.document.resolve(node["requestBody"], child(place, "requestBody"))
        content = member(body, "content", dict, at, {})
        operation.body_required = member(body, "required", bool, at, False)
        media = next((one for one in content if one.split(";")[0] in ("application/json", "*/*")), None)
        media = media or next(iter(content), None)
        if media is None:
            refuse(at, "a body without a media type")
        at = child(child(at, "content"), media)
        schema = member(expect(content[media], dict, at), "schema", dict, at, {})
        if media.startswith("multipart/form-data"):
            operation.body, operation.body_type = "multipart", self.read_parts(operation, schema, child(at, "schema"))
        elif media.startswith("text/plain"):
            operation.body, operation.body_type = "text", STRING
        elif media.split(";")[0] in ("application/json", "*/*"):
            operation.body = "json"
            operation.body_type = self.source.type_of(schema, child(at, "schema"), operation.id + ".body")
            if operation.body_type[0] in ("bool", "int32", "int64", "double"):
                refuse(at, "a body that is a number or a boolean is not supported")
            if operation.body_type[0] == "string":
                operation.body_type = STRING
        else:
            refuse(at, "a body of this media type is not supported")

    def read_parts(self, operation, schema, place):
        kind = self.source.type_of(schema, place, operation.id + ".parts")
        if kind[0] != "object" or "$ref" in schema:
            refuse(place, "expected an object of parts, in the operation itself")
        parts = self.source.schemas[kind[1]]
        parts.parts = True
        for field in parts.fields:
            if field.type == ("string", "binary", None):
                field.type = PART
            elif field.type[0] not in SCALARS:
                refuse(place, f"the part {field.name!r} is neither binary nor a scalar")
        return kind

    def read_answer(self, operation, node, place):
        at = child(place, "responses")
        responses = member(node, "responses", dict, place, {})
        for status in sorted(code for code in responses if re.fullmatch(r"2([0-9][0-9]|XX)", code)):
            response, where = self.document.resolve(responses[status], child(at, status))
            content = member(response, "content", dict, where, {})
            if content:
                self.judge_answer(operation, content, child(where, "content"))
                return

    def judge_answer(self, operation, content, place):
        media = next(iter(content))
        at = child(place, media)
        schema = member(expect(content[media], dict, at), "schema", dict, at, {})
        kind = self.source.type_of(schema, child(at, "schema"), operation.id + ".answer")
        operation.answer_media = media
        if media.startswith("text/event-stream"):
            operation.answer = "events"
        elif kind == ("string", "binary", None):
            operation.answer, operation.answer_media = "binary", ", ".join(content)
        elif kind[0] == "string" or media.split(";")[0] not in ("application/json", "*/*"):
            operation.answer = "bytes"  # a string that is declared as JSON need not be JSON on the wire
        else:
            operation.answer, operation.answer_type = "json", kind

    def is_paged(self, operation):
        return PAGE <= {(one.name, one.type) for one in operation.parameters} and self.answers_page(operation)

    def is_paged_in_body(self, operation):
        link = self.fields_of(operation.body_type).get("pageLink", JSON)
        return PAGE <= self.fields_of(link).items() and self.answers_page(operation)

    def answers_page(self, operation):
        fields = self.fields_of(operation.answer_type)
        return fields.get("hasNext") == ("bool",) and fields.get("data", JSON)[0] == "list"

    def fields_of(self, kind):
        """{name: type} of the members of an object; nothing for other types."""
        if kind[:1] != ("object",):
            return {}
        return {field.name: field.type for field, _ in self.source.all_fields(self.source.schemas[kind[1]])}

    def annotate(self, annotations):
        for operation in self.operations:
            operation.retry = annotations["retry"].get(operation.id, "free")
            if operation.id in annotations["asynchronous"]:
                operation.flags.add("TB_ASYNCHRONOUS")
            if operation.id in annotations["acting_get"]:
                operation.flags.add("TB_ACTS")
            if operation.id in annotations["attribute_write"]:
                operation.flags.add("TB_ATTRIBUTE_WRITE")
