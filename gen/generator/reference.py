# SPDX-License-Identifier: Apache-2.0
"""The reference page of one API, in Markdown."""

from .facts import type_text
from .headers import iterate_prototype, prototype
from .names import snake


def cell(text):
    """TEXT for Markdown, also for a cell of a table."""
    return "".join(char if char.isprintable() else " " for char in text).replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_")


def code(text):
    return "`" + "".join(char if char.isprintable() else " " for char in text).replace("`", "'").replace("|", "\\|") + "`"


class Reference:
    """reference-EDITION-VERSION.md"""

    def __init__(self, facts, tags):
        self.facts, self.api, self.names, self.tags = facts, facts.api, facts.names, tags

    def text(self):
        edition = self.api.edition.lower()
        lines = [f"# ThingsBoard {self.api.edition} {self.api.version}: libtbclient-{edition}", "",
                 f"{len(self.api.operations)} operations by controller, then [structures](#structures) and "
                 f"[enumerations](#enumerations). `#include <tbclient/{edition}.h>`. libtbclient(3) has the rest.", ""]
        lines += [f"* [{tag}](#{tag.lower()}) ({len(operations)})" for tag, operations in self.tags.items()] + [""]
        for tag, operations in self.tags.items():
            lines += [f"## {cell(tag)}", ""]
            for operation in operations:
                lines += self.operation(operation)
        return "\n".join(lines + self.structures() + self.enumerations())

    def operation(self, operation):
        sentence = self.facts.sentence(operation)
        lines = [f"### {operation.id}", "", *([cell(sentence), ""] if sentence else []),
                 code(f"{operation.method} {operation.path}"), "", "```c", prototype(self.names, operation) + ";"]
        if operation.is_paged:
            lines.append(iterate_prototype(self.names, operation) + ";")
        lines += ["```", ""]
        if operation.parameters:
            lines += ["| parameter | in | type | |", "|---|---|---|---|"]
            lines += [f"| {cell(one.name)} | {one.location} | {cell(type_text(self.names, one.type))} |"
                      f" {cell(self.facts.parameter(operation, one))} |" for one in operation.parameters] + [""]
        notes = self.facts.notes(operation)
        return lines + ([cell(" ".join(notes)), ""] if notes else [])

    def structures(self):
        lines = ["## Structures", ""]
        for name, what, members in self.facts.structures():
            lines += [f"### {name}", ""] + ([cell(what), ""] if what else [])
            if members:
                lines += ["| member | |", "|---|---|", *(f"| {code(text)} | {cell(notes)} |" for text, notes in members), ""]
        return lines

    def enumerations(self):
        lines = ["## Enumerations", ""]
        for name, values in self.facts.enumerations():
            lines += [f"### {name}", "", "| macro | value |", "|---|---|",
                      *(f"| `{macro}` | {code(value)} |" for macro, value in values), ""]
        return lines


def by_tag(api):
    """Returns {controller: operations}, sorted by name, and the lists of controllers whose C names are the same."""
    tags = {}
    for operation in api.operations:
        tags.setdefault(operation.tag, []).append(operation)
    names = {}
    for tag in tags:
        names.setdefault(snake(tag), []).append(tag)
    return dict(sorted(tags.items(), key=lambda item: item[0].encode())), [both for both in names.values() if len(both) > 1]
