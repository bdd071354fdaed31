# SPDX-License-Identifier: Apache-2.0
"""The C names of the types, members and functions of an API."""

import re

from .document import refuse
from .names import macro, member, snake

SCALAR_SLOTS = {"bool": "tb_bool", "int32": "tb_int32", "int64": "tb_int64", "double": "tb_double"}
PLAIN = {"bool": "bool", "int32": "int32_t", "int64": "int64_t", "double": "double"}
READY_LISTS = ("string", "bool", "int32", "int64", "double", "json")  # in <tbclient/value.h>


def reserved_names(headers):
    """The names that the headers of the library use already."""
    names = set()
    for header in headers:
        with open(header, encoding="utf-8") as file:
            code = re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S)
            names |= set(re.findall(r"\b(?:tb|TB)_[A-Za-z0-9_]+", code))
    return names


class CTypes:
    """The names of one API, each of them unique."""

    def __init__(self, api, reserved):
        self.api, self.taken = api, set(reserved)
        self.taken |= {api.symbol, f"tb_{api.edition.lower()}"}
        self.types, self.macros, self.functions = {}, {}, {}
        for name, enumeration in api.enumerations.items():
            if not enumeration.anonymous:
                self.types[name] = self.take("tb_" + snake(name))
                self.take_macros(enumeration)
        for name, schema in api.schemas.items():
            if name in api.enumerations:
                refuse(schema.place, f"an enumeration is also called {name}")
            self.types[name] = self.take("tb_" + snake(name), ("_base", "_from", "_list", "_map", "_map_entry"))
        for operation in api.operations:
            self.functions[operation.id] = self.take("tb_" + snake(operation.id), ("_params", "_iterate"))

    def take(self, name, suffixes=()):
        """Reserves and returns NAME, with underscores at its end if it is taken."""
        while any(name + suffix in self.taken for suffix in ("", *suffixes)):
            name += "_"
        self.taken |= {name} | {name + suffix for suffix in suffixes}
        return name

    def take_macros(self, enumeration):
        prefix = self.types[enumeration.name].upper().rstrip("_")
        self.macros[enumeration.name] = [
            (self.take(f"{prefix}_{macro(value)}"), value) for value in enumeration.values
        ]

    def suffix(self, kind):
        """The name of a type as part of the name of a list or map: "device", "device_list"."""
        if kind[0] == "object":
            return self.types[kind[1]][3:]
        if kind[0] in ("list", "map"):
            return f"{self.suffix(kind[1])}_{kind[0]}"
        return kind[0]

    def slot(self, kind):
        """The C type of a member that holds such a value, including the space or the star."""
        if kind[0] == "string":
            name = self.types.get(kind[2])
            return f"{name} " if name else "const char *"
        if kind[0] == "object":
            return f"{self.types[kind[1]]} *"
        if kind[0] in ("list", "map"):
            return f"tb_{self.suffix(kind)} "
        return {"json": "json_t *", "part": "tb_part "}.get(kind[0]) or f"{SCALAR_SLOTS[kind[0]]} "

    def argument(self, kind):
        """The C type of an argument that passes such a value."""
        if kind[0] == "string":
            return "const char *"
        if kind[0] == "json":
            return "json_t *"
        if kind[0] == "object":
            return f"const {self.types[kind[1]]} *"
        if kind[0] in ("list", "map"):
            return f"const tb_{self.suffix(kind)} *"
        return f"{PLAIN[kind[0]]} "

    def answer(self, operation):
        """The argument that receives the response, or None."""
        if operation.answer in ("binary", "events"):
            return "const tb_sink *sink"
        if operation.answer == "bytes":
            return "tb_bytes **ret"
        if operation.answer == "none":
            return None
        kind = operation.answer_type
        if kind[0] in PLAIN:
            return f"{PLAIN[kind[0]]} *ret"
        return {"json": "json_t **ret", "object": f"{self.slot(kind)}*ret"}.get(kind[0]) or f"{self.slot(kind)}**ret"

    def arguments(self, operation):
        """(declaration, expression, parameter) of each required argument, in order. The parameter of the body is None."""
        taken = {"client", "params", "ret", "err", "sink", "arguments"}
        out = []
        for parameter in operation.required:
            name = self.unique(operation, member(parameter.name, taken), taken)
            reference = "&" if parameter.type[0] in PLAIN else ""
            out.append((self.argument(parameter.type) + name, reference + name, parameter))
        if operation.body != "none":
            kind = operation.body_type
            name = snake(kind[1]) if kind[0] == "object" else "body"
            if name in self.taken:  # a schema called TbResource
                name = "body"
            while member(name, taken) != name:
                name += "_"
            out.append((self.argument(kind) + name, name, None))
        return out

    @staticmethod
    def unique(operation, name, taken):
        if name in taken:
            refuse(operation.place, f"two arguments are called {name}")
        taken.add(name)
        return name

    def members(self, owner, fields):
        """(field, C name) of each of a structure's own members."""
        taken = {"object", "base", "reserved"}
        out = []
        for field in fields:
            name = member(field.name, ("object", "base", "reserved"))
            if name in taken:
                refuse(owner, f"two members are called {name}")
            taken.add(name)
            out.append((field, name))
        return out
