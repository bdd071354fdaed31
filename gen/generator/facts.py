# SPDX-License-Identifier: Apache-2.0
"""What the reference pages and the manual pages say about an API, as plain text."""

from .descriptions import key_of
from .headers import bounds_text, declarations, member_notes
from .names import literal

NOTES = (("TB_ANONYMOUS", "Needs no authentication."), ("TB_OPERATION_DEPRECATED", "Deprecated."),
         ("TB_ASYNCHRONOUS", "Takes two tokens of the server's rate limit."),
         ("TB_CREDENTIAL", "Reveals a credential or changes tbproxyd's own: refused unless a policy allows it."),
         ("TB_ACTS", "Changes something although it is a GET."),
         ("TB_ATTRIBUTE_WRITE", "Writes attributes: members of the body replace those of the same key."))


def type_text(names, kind):
    """A type in words."""
    if kind[0] in ("list", "map"):
        return f"{kind[0]} of {type_text(names, kind[1])}"
    if kind[0] == "object":
        return names.types[kind[1]]
    if kind[0] == "string":
        return names.types.get(kind[2]) or kind[1] or "string"
    return {"json": "any JSON", "part": "file"}.get(kind[0], kind[0])


class Facts:
    """The facts of one API. WORDS are the texts of gen/descriptions.json."""

    def __init__(self, api, names, words):
        self.api, self.names, self.words = api, names, words

    def sentence(self, operation):
        """What it does; "" if nobody has written it."""
        return self.words.operations.get(operation.id, "")

    def parameter(self, operation, parameter):
        """What it means, and what it may be."""
        key = key_of(self.words.parameters, operation.id, operation.tag, parameter.name)
        out = [self.words.parameters[key]] if key else []
        out += ["required"] if parameter.required else []
        out += ["deprecated"] if parameter.deprecated else []
        out += [f"default {parameter.default}"] if parameter.default else []
        return "; ".join(out + bounds_text(parameter.bounds) + self.values(parameter.type))

    def values(self, kind):
        """The values of an enumeration that has no type of its own."""
        scalar = kind[1] if kind[0] == "list" else kind
        name = scalar[2] if scalar[0] == "string" else None
        if not name or not self.api.enumerations[name].anonymous:
            return []
        return ["one of " + ", ".join(self.api.enumerations[name].values)]

    def notes(self, operation):
        """Sentences about its body, its answer, and how it behaves."""
        out = []
        if operation.body != "none":
            wanted = "required" if operation.body_required else "optional"
            out.append(f"Body ({operation.body}, {wanted}): {type_text(self.names, operation.body_type)}.")
        if operation.answer == "json":
            out.append(f"Answer: {type_text(self.names, operation.answer_type)}.")
        elif operation.answer != "none":
            out.append(f"Answer: {operation.answer} ({operation.answer_media}).")
        out += [text for flag, text in NOTES if flag in operation.flags]
        return out + (["Not retried after a 429."] if operation.retry == "never" else [])

    def structures(self):
        """(name, what it is, [(declaration of a member, notes)]) of each structure, by name."""
        for schema in sorted(self.api.schemas.values(), key=lambda one: self.names.types[one.name]):
            name, base = self.names.types[schema.name], self.names.types.get(schema.base)
            variants = [self.names.types[one] for one in dict.fromkeys(schema.variants.values())]
            what = (f"A variant of {base}, if {schema.discriminator} is {schema.value}." if base
                    else "The parts of a multipart body." if schema.parts
                    else f"A base; {schema.discriminator} says which variant it is: {', '.join(variants)}." if variants
                    else "")
            if base and not schema.fields:
                what += f" A typedef of {base}, because it has no members of its own."
            yield name, what, [(text, ", ".join(member_notes(field, member)))
                               for field, member, text in declarations(self.names, schema)]

    def enumerations(self):
        """(type or "", [(macro, value)]) of each enumeration that has macros, by name. Integers have no type."""
        for name, enumeration in self.api.enumerations.items():
            if not enumeration.anonymous:
                yield self.names.types[name], [(macro, value if enumeration.integer else literal(value))
                                               for macro, value in self.names.macros[name]]
