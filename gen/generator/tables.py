# SPDX-License-Identifier: Apache-2.0
"""The tables of one API: the rows of <tbclient/table.h>."""

from bisect import bisect_left

from .document import refuse
from .names import literal
from .schemas import INT64_MAX, INT64_MIN, UINT32_MAX, Bounds

KINDS = {"string": "STRING", "bool": "BOOL", "int32": "INT32", "int64": "INT64", "double": "DOUBLE", "json": "JSON",
         "object": "OBJECT", "list": "LIST", "map": "MAP", "part": "PART"}
FORMATS = {"uuid": "TB_FORMAT_UUID", "base64": "TB_FORMAT_BASE64"}
ROWS_MAX = 0xFFFE  # a reference + 1 fits into 16 bits


def int64(value):
    """VALUE as a C constant. C has no literal for the smallest integer."""
    return {INT64_MIN: "INT64_MIN", INT64_MAX: "INT64_MAX"}.get(value) or f"INT64_C({value})"


class Texts:
    """The pool of texts. Each is stored once, or as the end of another one. Offsets are known after layout()."""

    def __init__(self):
        self.texts, self.offsets = {""}, {}

    def add(self, text):
        self.texts.add(text)

    def layout(self):
        """Places the texts, the empty one first. Returns the lines of C."""
        kept, last = [], None
        for text in sorted(self.texts, key=lambda one: one[::-1].encode(), reverse=True):
            if last is None or not last.endswith(text):
                kept.append(text)
                last = text
        kept.sort(key=str.encode)
        lines, offset = ['    "\\0"'], 1
        self.offsets[""] = 0
        owners = {}
        for text in kept:
            owners[text] = offset
            lines.append(f"    {literal(text)} \"\\0\"")
            offset += len(text.encode()) + 1
        ordered = sorted(kept, key=lambda one: one[::-1].encode())
        keys = [one[::-1].encode() for one in ordered]
        for text in self.texts - {""}:
            owner = ordered[bisect_left(keys, text[::-1].encode())]
            self.offsets[text] = owners[owner] + len(owner.encode()) - len(text.encode())
        self.size = offset
        return lines


class Tables:
    """EDITION_tables.c"""

    def __init__(self, api, names):
        self.api, self.names = api, names
        self.types, self.type_rows = {("none",): 0}, ["{TB_KIND_NONE, TB_FORMAT_NONE, 0}"]
        self.bounds = {Bounds(): 0}
        self.schema_index = {name: index for index, name in enumerate(api.schemas)}
        self.enum_index = {name: index for index, name in enumerate(api.enumerations)}
        self.texts = Texts()

    def type(self, kind):
        """The index of a type's row."""
        if not kind:
            return 0
        if kind not in self.types:
            of = self.of(kind)
            row_format = FORMATS.get(kind[1], "TB_FORMAT_NONE") if kind[0] == "string" else "TB_FORMAT_NONE"
            self.types[kind] = len(self.type_rows)
            self.type_rows.append(f"{{TB_KIND_{KINDS[kind[0]]}, {row_format}, {of}}}")
        return self.types[kind]

    def of(self, kind):
        if kind[0] in ("list", "map"):
            return self.type(kind[1])
        if kind[0] == "object":
            return self.schema_index[kind[1]]
        enumeration = kind[2] if kind[0] == "string" else kind[1] if kind[0] == "int32" else None
        return self.enum_index[enumeration] + 1 if enumeration else 0

    def bound(self, bounds):
        return self.bounds.setdefault(bounds, len(self.bounds))

    def text(self, text):
        """A placeholder, which write() replaces with the offset."""
        self.texts.add(text)
        return (text,)

    def build(self):
        schemas, fields, variants = [], [], []
        for schema in self.api.schemas.values():
            self.type(("object", schema.name))
            schemas.append(self.schema_row(schema, len(fields), len(variants)))
            fields += self.field_rows(schema)
            variants += [(self.text(value), self.schema_index[name]) for value, name in
                         sorted(schema.variants.items(), key=lambda item: item[0].encode())]
        enums, values = [], []
        for enumeration in self.api.enumerations.values():
            enums.append((self.text(enumeration.name), len(values), len(enumeration.values)))
            values += [(self.text(value),) for value in enumeration.values]
        operations, parameters = [], []
        for operation in self.api.operations:
            operations.append(self.operation_row(operation, len(parameters)))
            parameters += self.parameter_rows(operation)
        bounds = [self.bounds_row(bounds) for bounds in self.bounds]
        return {"operation": operations, "parameter": parameters, "type": [(row,) for row in self.type_rows],
                "schema": schemas, "field": fields, "variant": variants, "enum": enums, "enum_value": values,
                "bounds": bounds}

    def schema_row(self, schema, first_field, first_variant):
        count = len(self.api.source.all_fields(schema))
        return (self.text(schema.name), self.text(schema.value), first_field, count,
                        f"sizeof({self.names.types[schema.name]})",
                        self.schema_index[schema.base] + 1 if schema.base else 0, first_variant,
                        len(schema.variants), self.text(schema.discriminator))

    def field_rows(self, schema):
        own = dict((field.name, name) for field, name in self.names.members(schema.place, schema.fields))
        base = self.api.schemas[schema.base] if schema.base else None
        inherited = dict((field.name, name) for field, name in self.names.members(base.place, base.fields)) if base else {}
        alias = base and not schema.fields
        for field, of_base in sorted(self.api.source.all_fields(schema), key=lambda pair: pair[0].name.encode()):
            path = own[field.name] if not of_base else inherited[field.name] if alias else f"base.{inherited[field.name]}"
            flags = [flag for flag, on in (("TB_REQUIRED", field.required), ("TB_READ_ONLY", field.read_only),
                                           ("TB_WRITE_ONLY", field.write_only), ("TB_DEPRECATED", field.deprecated),
                                           ("TB_DISCRIMINATOR", field.name == schema.discriminator)) if on]
            yield (self.text(field.name), self.type(field.type),
                           f"offsetof({self.names.types[schema.name]}, {path})", self.bound(field.bounds),
                           " | ".join(flags) or "0")

    def operation_row(self, operation, first_parameter):
        flags = sorted(operation.flags) + (["TB_BODY_REQUIRED"] if operation.body_required else [])
        return (self.text(operation.id), self.text(operation.path), self.text(operation.tag),
                        self.text(operation.answer_media), first_parameter,
                        self.type(operation.body_type), self.type(operation.answer_type), " | ".join(flags) or "0",
                        len(operation.parameters),
                        f"TB_{operation.method}", f"TB_BODY_{operation.body.upper()}",
                        f"TB_ANSWER_{operation.answer.upper()}", f"TB_RETRY_{operation.retry.upper()}",
                        len(operation.required),
                        len(operation.required) + (operation.body != "none"))

    def parameter_rows(self, operation):
        slots = {parameter.name + parameter.location: index for index, parameter in enumerate(operation.required)}
        members = {field.name + field.location: name for field, name in
                   self.names.members(operation.place, operation.optional)}
        for parameter in operation.parameters:
            key = parameter.name + parameter.location
            slot = slots[key] if parameter.required else (
                f"offsetof({self.names.functions[operation.id]}_params, {members[key]})")
            flags = [flag for flag, on in (("TB_REQUIRED", parameter.required),
                                           ("TB_DEPRECATED", parameter.deprecated)) if on]
            yield (self.text(parameter.name), self.text(parameter.default), self.type(parameter.type), slot,
                           self.bound(parameter.bounds), f"TB_IN_{parameter.location.upper()}", " | ".join(flags) or "0")

    def bounds_row(self, bounds):
        longest = "UINT32_MAX" if bounds.max_length == UINT32_MAX else bounds.max_length
        return int64(bounds.minimum), int64(bounds.maximum), bounds.min_length, longest, self.text(bounds.pattern), int(bounds.unique)

    def write(self):
        """The text of the file."""
        rows = self.build()
        for what, lines in rows.items():
            if len(lines) > ROWS_MAX:
                refuse("/paths" if what in ("operation", "parameter") else "/components/schemas", f"more than {ROWS_MAX} rows of {what}")
        strings = self.texts.layout()
        edition = self.api.edition.lower()
        out = ["/* SPDX-License-Identifier: Apache-2.0 */", "/* Generated by gen/tbgen: do not edit. */",
               "#include <stddef.h>", "", f"#include <tbclient/{edition}.h>", ""]
        for what, lines in rows.items():
            if what == "enum_value":
                out += ["static const uint32_t enum_values[] = {", *(f"    {self.cell(*row)}," for row in lines), "    0};", ""]
                continue
            name = what if what == "bounds" else what + "s"
            out.append(f"static const struct tb_{what} {name}[] = {{")
            out += [f"    {row[0]}," if what == "type" else
                    "    {" + ", ".join(str(self.cell(cell)) for cell in row) + "}," + self.remark(what, row)
                    for row in lines]
            out += ["};" if lines else "    {0}};", ""]
        out += ["static const char strings[] =", *strings, "    ;", ""]
        out += self.api_lines({what: len(lines) for what, lines in rows.items()})
        return "\n".join(out)

    def cell(self, value):
        return self.texts.offsets[value[0]] if isinstance(value, tuple) else value

    @staticmethod
    def remark(what, row):
        first = row[0][0] if isinstance(row[0], tuple) else ""
        return f" /* {first} */" if what in ("operation", "schema", "enum") else ""

    def api_lines(self, counts):
        return [f"const tb_api {self.api.symbol} = {{",
                f"    .edition = {literal(self.api.edition)},", f"    .version = {literal(self.api.version)},",
                "    .strings = strings,",
                *(f"    .{name} = {name}," for name in ("operations", "parameters", "types", "schemas", "fields",
                                                        "variants", "enums", "enum_values", "bounds")),
                "    .strings_size = sizeof(strings),",
                *(f"    .{what}_count = {count}," for what, count in counts.items()), "};", ""]
