# SPDX-License-Identifier: Apache-2.0
"""The reference page of one API, in Markdown."""

from .headers import bounds_text, iterate_prototype, prototype
from .names import snake


def cell(text):
    """TEXT for a cell of a Markdown table."""
    return "".join(char if char.isprintable() else " " for char in text).replace("|", "\\|").replace("<", "&lt;")


def type_text(names, kind):
    """A type in words."""
    if kind[0] in ("list", "map"):
        return f"{kind[0]} of {type_text(names, kind[1])}"
    if kind[0] == "object":
        return f"`{names.types[kind[1]]}`"
    if kind[0] == "string" and kind[1]:
        return kind[1]
    return {"json": "any JSON", "part": "file"}.get(kind[0], kind[0])


class Reference:
    """EDITION-VERSION.md"""

    def __init__(self, api, names, tags):
        self.api, self.names, self.tags = api, names, tags

    def text(self):
        lines = [f"# ThingsBoard {self.api.edition} {self.api.version}: the functions of libtbclient-"
                 f"{self.api.edition.lower()}", "",
                 f"{len(self.api.operations)} operations by controller. `#include <tbclient/"
                 f"{self.api.edition.lower()}.h>`; structures are in `models.h`.", ""]
        lines += [f"* [{tag}](#{tag.lower()}) ({len(operations)})" for tag, operations in self.tags.items()] + [""]
        for tag, operations in self.tags.items():
            lines += [f"## {cell(tag)}", ""]
            for operation in operations:
                lines += self.operation(operation)
        return "\n".join(lines)

    def operation(self, operation):
        lines = [f"### {operation.id}", "", f"`{operation.method} {cell(operation.path)}`", "", "```c",
                 prototype(self.names, operation) + ";"]
        if operation.is_paged:
            lines.append(iterate_prototype(self.names, operation) + ";")
        lines += ["```", ""]
        if operation.parameters:
            lines += ["| parameter | in | type | |", "|---|---|---|---|"]
            lines += [self.parameter(parameter) for parameter in operation.parameters] + [""]
        notes = self.notes(operation)
        return lines + ([" ".join(notes), ""] if notes else [])

    def parameter(self, parameter):
        notes = ["required"] if parameter.required else []
        notes += ["deprecated"] if parameter.deprecated else []
        notes += [f"default `{cell(parameter.default)}`"] if parameter.default else []
        notes += bounds_text(parameter.bounds)
        notes += self.values(parameter.type[1] if parameter.type[0] == "list" else parameter.type)
        return (f"| {cell(parameter.name)} | {parameter.location} | {type_text(self.names, parameter.type)} |"
                f" {', '.join(notes)} |")

    def values(self, kind):
        name = kind[2] if kind[0] == "string" else None
        if not name:
            return []
        if not self.api.enumerations[name].anonymous:
            return [f"`{self.names.types[name]}`"]
        return ["one of " + ", ".join(cell(value) for value in self.api.enumerations[name].values)]

    def notes(self, operation):
        out = []
        if operation.body != "none":
            wanted = "required" if operation.body_required else "optional"
            out.append(f"Body ({operation.body}, {wanted}): {type_text(self.names, operation.body_type)}.")
        if operation.answer == "json":
            out.append(f"Answer: {type_text(self.names, operation.answer_type)}.")
        elif operation.answer != "none":
            out.append(f"Answer: {operation.answer} ({cell(operation.answer_media)}).")
        for flag, text in (("TB_ANONYMOUS", "Needs no authentication."), ("TB_OPERATION_DEPRECATED", "Deprecated."),
                           ("TB_ASYNCHRONOUS", "Takes two tokens of the server's rate limit."),
                           ("TB_CREDENTIAL", "Reveals a credential or changes tbproxyd's own: refused unless a policy allows it."),
                           ("TB_ACTS", "Changes something although it is a GET."),
                           ("TB_ATTRIBUTE_WRITE", "Writes attributes: members of the body replace those of the same key.")):
            out += [text] if flag in operation.flags else []
        if operation.retry == "never":
            out.append("Not retried after a 429.")
        return out


def by_tag(api):
    """Returns {controller: operations}, sorted by name, and the lists of controllers whose C names are the same."""
    tags = {}
    for operation in api.operations:
        tags.setdefault(operation.tag, []).append(operation)
    names = {}
    for tag in tags:
        names.setdefault(snake(tag), []).append(tag)
    return dict(sorted(tags.items(), key=lambda item: item[0].encode())), [both for both in names.values() if len(both) > 1]
