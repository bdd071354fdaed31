# SPDX-License-Identifier: Apache-2.0
"""Reads an OpenAPI document and follows its references. A document that cannot be used is refused. Something that is not
exactly as specified, but clear, is accepted with a warning. Both name the place in the document."""

import json
import re
import sys


DEPTH_MAX = 200  # of the JSON; a document of the server has about 12


class Refusal(Exception):
    """The document cannot be used. The text names the place as a JSON pointer."""


def refuse(place, reason):
    raise Refusal(f"#{place}: {reason}")


def child(place, name):
    """The place of the member NAME (RFC 6901)."""
    return f"{place}/{str(name).replace('~', '~0').replace('/', '~1')}"


def expect(value, kind, place):
    """VALUE, which must be a KIND of JSON."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false", int: "an integer"}
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        refuse(place, f"must be {names[kind]}")
    return value


def member(node, name, kind, place, default=None):
    """The member NAME of NODE, which must be a KIND; DEFAULT if it is missing."""
    return expect(node[name], kind, child(place, name)) if name in node else default


def unique_members(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        names = [name for name, _ in pairs]
        refuse("", f"an object has the member {next(n for n in names if names.count(n) > 1)!r} twice")
    return out


def refuse_constant(name):
    refuse("", f"{name} is not a JSON number")


def check_texts(node, place, depth=0):
    """Refuses text that a C string cannot hold, and values that are nested too deep."""
    if depth > DEPTH_MAX:
        refuse(place, f"values are nested more than {DEPTH_MAX} deep")
    if isinstance(node, str) and any(char == "\0" or "\ud800" <= char <= "\udfff" for char in node):
        refuse(place, "a string contains a NUL or half of a surrogate pair")
    for name, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if isinstance(node, dict):
            check_texts(name, place, depth + 1)
        if isinstance(value, (str, dict, list)):
            check_texts(value, child(place, name), depth + 1)


class Document:
    """The parsed document, its edition and its version."""

    EDITIONS = ("CE", "PE", "PAAS")

    def __init__(self, path, edition=None, known_warnings=None):
        """KNOWN_WARNINGS: {"CE 4.4.0": {place: reason}}, warnings that are not printed."""
        self.path, self.warned, self.known_warnings, self.version = path, set(), known_warnings or {}, ""
        with open(path, encoding="utf-8") as file:
            try:
                self.root = json.load(file, object_pairs_hook=unique_members, parse_constant=refuse_constant)
            except (ValueError, RecursionError) as error:
                refuse("", f"is not JSON: {error}")
        expect(self.root, dict, "")
        check_texts(self.root, "")
        openapi = member(self.root, "openapi", str, "", "")
        if not re.fullmatch(r"3\.[01]\.[0-9]+", openapi):
            refuse("/openapi", f"is {openapi!r}: only OpenAPI 3.0 and 3.1 are understood")
        info = member(self.root, "info", dict, "", {})
        self.edition = (member(info, "x-edition", str, "/info", "") or edition or "").upper()
        if self.edition not in self.EDITIONS:
            refuse("/info/x-edition", "does not name an edition (CE, PE or PAAS); use --edition")
        self.version = self.read_version(member(info, "version", str, "/info", ""))
        self.paths = member(self.root, "paths", dict, "", {})
        components = member(self.root, "components", dict, "", {})
        self.schemas = member(components, "schemas", dict, "/components", {})

    def warn(self, place, reason):
        """Prints once what was accepted, and as what, unless that is known of this document."""
        if (place, reason) not in self.warned:
            self.warned.add((place, reason))
            known = self.known_warnings.get(f"{self.edition} {self.version}", {})
            if known.get(place) != reason:
                print(f"tbgen: {self.path}#{place}: warning: {reason}", file=sys.stderr)

    def read_version(self, text):
        """The digits and dots of a version, which is part of folder names and of C names."""
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+){1,4})([A-Za-z0-9.+_-]*)", text)
        if not match:
            refuse("/info/version", f"is {text!r}: expected digits and dots")
        if match[2]:
            self.warn("/info/version", f"is {text!r}: taken as {match[1]}")
        return match[1]

    def resolve(self, node, place):
        """NODE, or what it refers to, and the place of that. Not for schemas, whose names matter."""
        for _ in range(8):
            expect(node, dict, place)
            if "$ref" not in node:
                return node, place
            node, place = self.follow(node["$ref"], place)
        refuse(place, "is a chain of more than 8 references")

    def follow(self, reference, place):
        """What a reference inside the document points to, and its place."""
        if not isinstance(reference, str) or not reference.startswith("#/"):
            refuse(place, f"refers to {reference!r}: only references into the document itself are understood")
        node = self.root
        for part in reference[2:].split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or part not in node:
                refuse(place, f"refers to {reference}, which does not exist")
            node = node[part]
        return node, reference[1:]

    def schema_name(self, reference, place):
        """The name of the schema that a reference points to."""
        prefix = "#/components/schemas/"
        self.follow(reference, place)
        if not reference.startswith(prefix) or "/" in reference[len(prefix):]:
            refuse(place, f"refers to {reference}: only references to components/schemas are understood here")
        return reference[len(prefix):].replace("~1", "/").replace("~0", "~")
