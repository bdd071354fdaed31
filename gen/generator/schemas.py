# SPDX-License-Identifier: Apache-2.0
"""Schemas as types. A type is a tuple, so that equal types compare equal: ("string", format, enumeration or None),
("bool",), ("int32", enumeration or None), ("int64",), ("double",), ("json",), ("part",), ("object", schema name),
("list", type), ("map", type)."""

import dataclasses
import re

from .document import child, expect, member, refuse

STRING, JSON, PART = ("string", "", None), ("json",), ("part",)

# Documentation, and what JSON Schema calls annotations.
IGNORED = frozenset("description title example examples externalDocs xml nullable default $comment".split())
BOUNDS = frozenset(
    "minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems minProperties"
    " maxProperties pattern uniqueItems".split()
)
UNDERSTOOD = BOUNDS | frozenset(
    "$ref type format enum const items additionalProperties properties required allOf oneOf anyOf discriminator"
    " readOnly writeOnly deprecated".split()
)
INT64_MIN, INT64_MAX, UINT32_MAX = -(2**63), 2**63 - 1, 2**32 - 1
MEMBERS_MAX = 1000  # of one structure: their offsets have 16 bits
DEPTH_MAX = 32  # of nested lists, maps and references


@dataclasses.dataclass(frozen=True)
class Bounds:
    minimum: int = INT64_MIN
    maximum: int = INT64_MAX
    min_length: int = 0
    max_length: int = UINT32_MAX
    pattern: str = ""
    unique: bool = False


@dataclasses.dataclass
class Field:
    name: str
    type: tuple
    bounds: Bounds = Bounds()
    required: bool = False
    read_only: bool = False
    write_only: bool = False
    deprecated: bool = False


@dataclasses.dataclass
class Enumeration:
    name: str
    values: list
    integer: bool = False
    anonymous: bool = False  # of a parameter: without a typedef and macros


@dataclasses.dataclass
class Schema:
    name: str
    place: str
    fields: list  # its own, in the order of the document
    base: str = ""
    value: str = ""
    discriminator: str = ""
    variants: dict = dataclasses.field(default_factory=dict)  # discriminator's value -> schema name
    parts: bool = False  # the parts of a multipart body


class Schemas:
    """All named schemas of a document, and those defined inside operations."""

    def __init__(self, document, wire_types):
        self.document = document
        self.wire_types = wire_types  # "Schema.property" -> "int32", if the document is known to be wrong
        self.schemas, self.enumerations = {}, {}
        for name in document.schemas:
            self.read_named(name)
        for schema in self.schemas.values():
            self.link(schema)

    # named schemas

    def node(self, name):
        place = child("/components/schemas", name)
        return expect(self.document.schemas[name], dict, place), place

    def read_named(self, name):
        node, place = self.node(name)
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
            refuse(place, "invalid schema name; letters, digits, '.', '_' and '-' are valid")
        self.check_keywords(node, place)
        if "enum" in node:
            self.enumeration(name, node, place)
        elif self.is_structure(node):
            self.schemas[name] = self.read_structure(name, node, place)

    @staticmethod
    def is_structure(node):
        """Whether the schema becomes a structure. A base may have only the discriminator, which it need not declare."""
        bare_base = "discriminator" in node and "oneOf" not in node and "anyOf" not in node
        return "properties" in node or "allOf" in node or bare_base

    def is_base(self, node):
        return "discriminator" in node and self.is_structure(node)

    def read_structure(self, name, node, place):
        schema = Schema(name, place, [])
        nodes = [(node, place)]
        for index, part in enumerate(member(node, "allOf", list, place, [])):
            part_place = child(child(place, "allOf"), index)
            expect(part, dict, part_place)
            if "$ref" not in part:
                nodes.append((part, part_place))
                continue
            parent = self.document.schema_name(part["$ref"], part_place)
            parent_node, parent_place = self.node(parent)
            if parent == name:
                refuse(part_place, "is allOf itself")
            if not self.is_base(parent_node):
                nodes.append((parent_node, parent_place))
            elif schema.base:
                refuse(part_place, f"a second base, {parent}, beside {schema.base}: only one is supported")
            else:
                schema.base = parent
        for part, part_place in nodes:
            self.check_keywords(part, part_place)
            if "allOf" in part and part is not node:
                refuse(part_place, "allOf inside allOf is not supported")
            self.add_fields(schema, part, part_place)
        if len(schema.fields) > MEMBERS_MAX:
            refuse(place, f"more than {MEMBERS_MAX} members")
        if "discriminator" in node:
            self.read_discriminator(schema, node, place)
        return schema

    def add_fields(self, schema, node, place):
        required = member(node, "required", list, place, [])
        for index, name in enumerate(required):
            expect(name, str, child(child(place, "required"), index))
        for keyword in ("oneOf", "anyOf"):
            if keyword in node and "discriminator" not in node:  # a base may list its variants again
                refuse(child(place, keyword), "a choice beside members is not supported")
        properties = member(node, "properties", dict, place, {})
        for name, value in properties.items():
            at = child(child(place, "properties"), name)
            field = self.field(name, value, at, f"{schema.name}.{name}")
            schema.fields = [other for other in schema.fields if other.name != name] + [field]
        for field in schema.fields:
            field.required = field.required or field.name in required

    def field(self, name, node, place, context):
        expect(node, dict, place)
        wire = self.wire_types.get(context)
        return Field(
            name,
            (wire, None) if wire == "int32" else self.type_of(node, place, context),
            Bounds() if wire else self.bounds(node, place),
            False,
            member(node, "readOnly", bool, place, False),
            member(node, "writeOnly", bool, place, False),
            member(node, "deprecated", bool, place, False),
        )

    def read_discriminator(self, schema, node, place):
        at = child(place, "discriminator")
        discriminator = member(node, "discriminator", dict, place)
        schema.discriminator = member(discriminator, "propertyName", str, at, "")
        if schema.base:
            refuse(at, f"a base that is itself a variant of {schema.base} is not supported")
        if schema.discriminator not in [field.name for field in schema.fields]:
            self.declare_discriminator(schema, node, at)
        named = next(field for field in schema.fields if field.name == schema.discriminator)
        if named.type[0] != "string":
            refuse(at, f"{schema.discriminator!r} is not a string, so it cannot name a variant")
        for value, reference in member(discriminator, "mapping", dict, at, {}).items():
            where = child(child(at, "mapping"), value)
            schema.variants[value] = self.document.schema_name(expect(reference, str, where), where)

    def declare_discriminator(self, schema, node, place):
        if not schema.discriminator:
            refuse(place, "names no property")
        self.document.warn(place, f"{schema.discriminator!r} is not a property of the schema: taken as a string")
        required = schema.discriminator in member(node, "required", list, place, [])
        schema.fields.append(Field(schema.discriminator, STRING, required=required))

    def link(self, schema):
        """Gives each variant the discriminator value that names it."""
        for value, name in schema.variants.items():
            variant = self.schemas.get(name)
            if variant is schema:
                continue
            if variant is None or variant.base not in ("", schema.name):
                refuse(schema.place, f"{value!r} is mapped to {name}, which is not allOf {schema.name}")
            if not variant.base:
                self.adopt(schema, variant)
            variant.value = variant.value or value
            variant.discriminator = schema.discriminator
        schema.variants = {value: name for value, name in schema.variants.items() if name != schema.name}
        if schema.base and schema.name not in self.schemas[schema.base].variants.values():
            self.detach(schema)

    def detach(self, schema):
        """Makes a variant that its base does not name a structure of its own, because its discriminator value is not known."""
        base = schema.base
        self.document.warn(schema.place, f"is allOf {base}, whose discriminator does not name it: taken as a structure"
                           f" of its own, with the members of {base}")
        schema.fields = [field for field, _ in self.all_fields(schema)]
        schema.base = ""

    @staticmethod
    def adopt(schema, variant):
        """Accepts a variant that repeats the members of its base instead of using allOf."""
        inherited = {field.name: field.type for field in schema.fields}
        if not inherited.keys() <= {field.name for field in variant.fields} or variant.variants:
            refuse(schema.place, f"{variant.name} is one of its variants, but does not have all of its members")
        variant.base = schema.name
        variant.fields = [field for field in variant.fields if inherited.get(field.name) != field.type]

    # types

    def check_keywords(self, node, place):
        for keyword in node:
            if keyword not in UNDERSTOOD and keyword not in IGNORED and not keyword.startswith("x-"):
                refuse(child(place, keyword), "this keyword is not supported")

    def type_of(self, node, place, context, depth=0):
        """The type of a schema. CONTEXT is the name for schemas inside it: "Device.name"."""
        expect(node, dict, place)
        self.check_keywords(node, place)
        if depth > DEPTH_MAX:
            refuse(place, f"schemas are nested more than {DEPTH_MAX} deep, or refer to each other in a circle")
        if "$ref" in node:
            return self.type_of_reference(node["$ref"], place, depth)
        if "enum" in node or "const" in node:
            return self.enumeration(pascal(context), node, place)
        for keyword in ("oneOf", "anyOf", "allOf"):
            if keyword in node and "properties" not in node:
                return self.type_of_choice(node, keyword, place, context, depth)
        return self.type_of_plain(node, place, context, depth)

    def type_of_reference(self, reference, place, depth):
        name = self.document.schema_name(reference, place)
        node, place = self.node(name)
        if "enum" in node:
            return self.enumeration(name, node, place)
        if self.is_structure(node):
            return ("object", name)
        return self.type_of(node, place, name, depth + 1)

    def type_of_choice(self, node, keyword, place, context, depth):
        """The type of allOf with one reference is that type; of a choice between variants of one base, the base; otherwise,
        any JSON."""
        at = child(place, keyword)
        parts = [part for part in member(node, keyword, list, place) if part != {"type": "null"}]
        types = [self.type_of(part, child(at, i), context, depth + 1) for i, part in enumerate(parts)]
        if len(set(types)) == 1:
            return types[0]
        if keyword == "allOf":
            refuse(at, "allOf of several schemas is supported in components/schemas only")
        bases = {self.base_of(kind[1]) if kind[0] == "object" else "" for kind in types}
        base = bases.pop() if len(bases) == 1 else ""
        return ("object", base) if base else JSON

    def base_of(self, name):
        node, place = self.node(name)
        for part in member(node, "allOf", list, place, []):
            if "$ref" in expect(part, dict, child(place, "allOf")):
                parent = self.document.schema_name(part["$ref"], place)
                if self.is_base(self.node(parent)[0]):
                    return parent
        return name if self.is_base(node) else ""

    @staticmethod
    def plain_type(node):
        """The type that a schema names, apart from "null" (OpenAPI 3.1). None if it names none or several."""
        kind = node.get("type")
        if isinstance(kind, list):
            kinds = [one for one in kind if one != "null"]
            kind = kinds[0] if len(kinds) == 1 else None
        return kind

    def type_of_plain(self, node, place, context, depth):
        kind = self.plain_type(node)
        if kind is None and "properties" not in node:
            return JSON
        if kind == "array":
            items = node.get("items", {})
            return ("list", self.type_of(items, child(place, "items"), context, depth + 1))
        if kind == "object" or "properties" in node:
            return self.type_of_object(node, place, context, depth)
        name_format = member(node, "format", str, place, "")
        if kind == "string":
            return ("string", {"uuid": "uuid", "byte": "base64", "binary": "binary"}.get(name_format, ""), None)
        if kind == "integer" and name_format not in ("", "int32", "int64"):
            self.document.warn(child(place, "format"), f"the format {name_format!r} is not known: taken as int64")
        if kind == "integer":
            return ("int32", None) if name_format == "int32" else ("int64",)
        if kind == "number":
            return ("double",)
        if kind == "boolean":
            return ("bool",)
        refuse(child(place, "type"), f"the type {kind!r} is not supported")

    def type_of_object(self, node, place, context, depth):
        if "properties" in node:
            for keyword in ("allOf", "discriminator"):
                if keyword in node:
                    refuse(child(place, keyword), "is supported in components/schemas only")
            name = pascal(context)
            if name in self.schemas and self.schemas[name].place != place:
                refuse(place, f"a nested object would be called {name}, which exists")
            self.schemas[name] = self.read_structure(name, node, place)
            return ("object", name)
        values = node.get("additionalProperties")
        if isinstance(values, dict) and values:
            return ("map", self.type_of(values, child(place, "additionalProperties"), context, depth + 1))
        return JSON

    def enumeration(self, name, node, place, anonymous=False):
        """The type of an enumeration, which is stored under NAME."""
        values = node["enum"] if "enum" in node else [node["const"]]
        values = [value for value in expect(values, list, child(place, "enum")) if value is not None]
        if not values:
            refuse(child(place, "enum"), "an enumeration without values")
        kind = self.plain_type(node)
        if kind in ("integer", None) and all(type(value) is int for value in values):
            if kind is None:
                self.document.warn(child(place, "enum"), "integers without a type: taken as integers")
            if not all(-(2**31) <= value < 2**31 for value in values):
                refuse(child(place, "enum"), "an integer enumeration beyond 32 bits")
            integer = True
        elif all(isinstance(value, str) for value in values):
            integer = False
        else:
            refuse(child(place, "enum"), "expected an enumeration of strings, or of integers with that type")
        texts = list(dict.fromkeys(str(value) for value in values))
        known = self.enumerations.get(name)
        if known and known.values != texts:
            refuse(place, f"another enumeration is called {name}")
        if not known:
            self.enumerations[name] = Enumeration(name, texts, integer, anonymous)
        return ("int32", name) if integer else ("string", "", name)

    def bounds(self, node, place):
        """The bounds of a schema's values. A reference has none of its own."""
        if "$ref" in node:
            return Bounds()
        minimum, maximum = self.bound(node, place, "minimum", INT64_MIN), self.bound(node, place, "maximum", INT64_MAX)
        if minimum > maximum:
            refuse(child(place, "minimum"), "is greater than the maximum")
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            if keyword in node:
                self.document.warn(child(place, keyword), "left to the server to check")
        lengths = [self.length(node, place, end) for end in ("min", "max")]
        return Bounds(
            minimum,
            maximum,
            lengths[0],
            lengths[1],
            member(node, "pattern", str, place, ""),
            member(node, "uniqueItems", bool, place, False),
        )

    def bound(self, node, place, keyword, default):
        """A bound as a 64-bit integer. The tables have no other ones, so those are not checked here."""
        value = node.get(keyword, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            refuse(child(place, keyword), "must be a number")
        if INT64_MIN <= value <= INT64_MAX and value == value // 1:
            return int(value)
        self.document.warn(child(place, keyword), "is not an integer of 64 bits: left to the server to check")
        return default

    @staticmethod
    def length(node, place, end):
        for what in ("Length", "Items", "Properties"):
            if end + what in node:
                value = expect(node[end + what], int, child(place, end + what))
                if not 0 <= value <= INT64_MAX:
                    refuse(child(place, end + what), "must be a number from 0")
                return min(value, UINT32_MAX)
        return 0 if end == "min" else UINT32_MAX

    def all_fields(self, schema):
        """(field, whether it is the base's) of the own fields, and of those of the base that are not declared again."""
        own = {field.name for field in schema.fields}
        base = self.schemas[schema.base].fields if schema.base else []
        return [(field, True) for field in base if field.name not in own] + [
            (field, False) for field in schema.fields
        ]


def pascal(context):
    """"Device.name": DeviceName."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", context))
