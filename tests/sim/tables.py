#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of all six documents for tbsim: the values of tbclient/table.h without structures in memory
(offsets, sizes and slots are 0). It goes once gen/tbgen builds gen/libtables.la."""
import json
import sys

NONE, STRING, BOOL, INT32, INT64, DOUBLE, JSON, OBJECT, LIST, MAP, PART = range(11)
METHODS = ["get", "post", "put", "patch", "delete", "head", "options"]
WIDEST = (-2**63, 2**63 - 1, 0, 2**32 - 1, 0, 0)


class Pool:
    """Rows in the order of their first use."""

    def __init__(self, *rows):
        self.rows, self.index = list(rows), {row: i for i, row in enumerate(rows)}

    def add(self, row):
        if row not in self.index:
            self.index[row] = len(self.rows)
            self.rows.append(row)
        return self.index[row]


class Tables:
    def __init__(self, document):
        self.document = document
        self.strings, self.size = {"": 0}, 1
        self.types, self.bounds, self.enums = Pool((NONE, 0, 0)), Pool(WIDEST), Pool()
        self.fields, self.variants, self.parameters, self.operations = [], [], [], []
        self.components = document["components"]["schemas"]
        self.names = sorted((n for n in self.components if self.is_object(n)), key=str.encode)
        self.bases = {ref.split("/")[-1]: (base, schema["discriminator"]["propertyName"])
                      for base, schema in self.components.items()
                      for ref in schema.get("discriminator", {}).get("mapping", {}).values()}
        self.schemas = [self.schema(name) for name in self.names]
        for path, item in document["paths"].items():
            for method, operation in item.items():
                self.operations.append((operation["operationId"], path, method, operation))
        self.operations.sort(key=lambda row: row[0].encode())
        self.operations = [self.operation(*row) for row in self.operations]

    def is_object(self, name):
        schema = self.components[name]
        return bool("allOf" in schema or "discriminator" in schema or schema.get("properties"))

    def text(self, string):
        if string not in self.strings:
            self.strings[string] = self.size
            self.size += len(string.encode()) + 1
        return self.strings[string]

    def enum(self, values):
        return self.enums.add(tuple(str(value) for value in values)) + 1

    def type(self, schema):
        if "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            if self.is_object(name):
                return self.types.add((OBJECT, 0, self.names.index(name)))
            return self.type(self.components[name])
        kind = schema.get("type")
        if kind == "array":
            return self.types.add((LIST, 0, self.type(schema.get("items", {}))))
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            return self.types.add((MAP, 0, self.type(schema["additionalProperties"])))
        of = self.enum(schema["enum"]) if "enum" in schema and kind in ("string", "integer") else 0
        if kind == "string" and schema.get("format") == "binary":
            return self.types.add((PART, 0, 0))
        if kind == "string" and schema.get("format") == "byte" and schema.get("x-wire-type"):
            return self.types.add((JSON, 0, 0))
        if kind == "string":
            return self.types.add((STRING, {"uuid": 1, "byte": 2}.get(schema.get("format"), 0), of))
        if kind == "integer":
            return self.types.add((INT32 if schema.get("format") == "int32" or of else INT64, 0, of))
        return self.types.add(({"boolean": BOOL, "number": DOUBLE}.get(kind, JSON), 0, 0))

    def bound(self, schema):
        lengths = [schema.get(least + what, default) for least, default in (("min", 0), ("max", 2**32 - 1))
                   for what in ("Length",)]
        for what in ("Items", "Properties"):
            lengths = [schema.get("min" + what, lengths[0]), schema.get("max" + what, lengths[1])]
        return self.bounds.add((int(schema.get("minimum", -2**63)), int(schema.get("maximum", 2**63 - 1)), *lengths, 0,
                                int(schema.get("uniqueItems", False))))

    def members(self, schema):
        """Of the schema and of what it extends: name -> (schema, required)."""
        if "$ref" in schema:
            return self.members(self.components[schema["$ref"].split("/")[-1]])
        found = {}
        for part in schema.get("allOf", []):
            found.update(self.members(part))
        for name, member in schema.get("properties", {}).items():
            found[name] = (member, found.get(name, (0, False))[1])
        for name in schema.get("required", []):
            if name in found:
                found[name] = (found[name][0], True)
        return found

    def add_fields(self, schema, discriminator):
        first = len(self.fields)
        rows = []
        for name, (member, required) in sorted(self.members(schema).items(), key=lambda item: item[0].encode()):
            flags = required | member.get("readOnly", False) << 1 | member.get("writeOnly", False) << 2 | \
                (name == discriminator) << 4
            rows.append((self.text(name), self.type(member), 0, self.bound(member), int(flags)))
        self.fields += rows
        return first, len(rows)

    def schema(self, name):
        schema = self.components[name]
        base, discriminator = self.bases.get(name, (None, ""))
        mapping = schema.get("discriminator", {}).get("mapping", {})
        discriminator = schema.get("discriminator", {}).get("propertyName", discriminator)
        first, count = self.add_fields(schema, discriminator)
        variant = len(self.variants)
        for value, ref in sorted(mapping.items(), key=lambda item: item[0].encode()):
            self.variants.append((self.text(value), self.names.index(ref.split("/")[-1])))
        values = [value for value, ref in (self.components[base]["discriminator"]["mapping"] if base else {}).items()
                  if ref.endswith("/" + name)]
        return (self.text(name), self.text(values[0] if values else ""), first, count, 0,
                self.names.index(base) + 1 if base else 0, variant, len(mapping), self.text(discriminator))

    def body(self, operation, name):
        content = (operation.get("requestBody") or {}).get("content", {})
        if not content:
            return 0, 0, 0
        media, value = next(iter(content.items()))
        if media == "multipart/form-data":
            first, count = self.add_fields(value["schema"], "")
            self.schemas_extra.append((self.text(name + "Parts"), 0, first, count, 0, 0, 0, 0, 0))
            return 3, self.types.add((OBJECT, 0, len(self.names) + len(self.schemas_extra) - 1)), 0
        return (2 if media == "text/plain" else 1), self.type(value.get("schema", {})), 0

    schemas_extra = ()

    def answer(self, operation):
        for status, response in operation["responses"].items():
            for media, value in response.get("content", {}).items() if status.startswith("2") else ():
                schema = value.get("schema", {})
                if media == "text/event-stream":
                    return 4, 0, media
                if schema.get("format") == "binary":
                    return 3, 0, media
                if media != "application/json" or (schema.get("type") == "string" and "enum" not in schema):
                    return 2, 0, media
                return 1, self.type(schema), media
        return 0, 0, ""

    def operation(self, name, path, method, operation):
        if not self.schemas_extra:
            self.schemas_extra = []
        first, names = len(self.parameters), set()
        for row in operation.get("parameters", []):
            if row["name"] == "X-Authorization":
                continue
            schema = {"type": "integer", "format": "int32"} if row.get("x-wire-type") == "integer" else row["schema"]
            names.add(row["name"])
            self.parameters.append((self.text(row["name"]), 0, self.type(schema), 0, self.bound(row["schema"]),
                                    ["path", "query", "header"].index(row["in"]), int(row.get("required", False))))
        body, body_type, _ = self.body(operation, name)
        answer, answer_type, media = self.answer(operation)
        paged = {"page", "pageSize"} <= names and answer == 1
        flags = (operation.get("security") == []) | paged << 2 | \
            bool((operation.get("requestBody") or {}).get("required")) << 3
        return (self.text(name), self.text(path), self.text(operation["tags"][0]), self.text(media), first, body_type,
                answer_type, len(self.parameters) - first, METHODS.index(method), body, answer, 0, int(flags), 0, 0)

    def write(self, out):
        info = self.document["info"]
        symbol = "tb_%s_%s" % (info["x-edition"].lower(), info["version"].replace(".", "_"))
        values, enums = [], []
        for row in self.enums.rows:
            enums.append((0, len(values), len(row)))
            values += [self.text(value) for value in row]
        schemas = self.schemas + list(self.schemas_extra)
        rows = {"operation": self.operations, "parameter": self.parameters, "type": self.types.rows, "schema": schemas,
                "field": self.fields, "variant": self.variants or [(0, 0)], "enum": enums, "bounds": self.bounds.rows}
        for name, table in rows.items():
            out.write("static const struct tb_%s %s_%s[] = {\n" % (name, symbol, name))
            for row in table:
                out.write("{%s},\n" % ", ".join("INT64_MIN" if v == -2**63 else str(v) for v in row))
            out.write("};\n")
        out.write("static const uint32_t %s_values[] = {%s};\n" % (symbol, ", ".join(map(str, values))))
        out.write("static const char %s_strings[] =\n" % symbol)
        for string in self.strings:
            out.write("%s \"\\0\"\n" % json.dumps(string))
        out.write(";\nconst tb_api %s = {\n" % symbol)
        out.write('.edition = "%s", .version = "%s", .strings = %s_strings,\n'
                  % (info["x-edition"], info["version"], symbol))
        for name, table in rows.items():
            out.write(".%s = %s_%s, .%s_count = %d,\n"
                      % (name if name == "bounds" else name + "s", symbol, name, name, len(table)))
        out.write(".enum_values = %s_values, .enum_value_count = %d, .strings_size = %d};\n"
                  % (symbol, len(values), self.size))


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write("#include <tbclient/table.h>\n")
        for name in sys.argv[2:]:
            with open(name, encoding="utf-8") as source:
                document = json.load(source)
            symbol = "tb_%s_%s" % (document["info"]["x-edition"].lower(), document["info"]["version"].replace(".", "_"))
            out.write("extern const tb_api %s;\n" % symbol)
            Tables(document).write(out)


main()
