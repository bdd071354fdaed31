#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a C program that calls every typed function of an edition once, on a tb_invoke() that records: what arrives
must be what was passed, in the order of the document. Usage: typed.py DOCUMENT INCLUDE EDITION > FILE

The prototypes are read from the generated headers, because the compiler must accept the calls; which parameter each
argument has to be comes from the document and from the tables, which two mistakes alike would have to agree."""
import json
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import plan  # noqa: E402

PROTOTYPE = re.compile(r"TB_PUBLIC int (tb_\w+)\(([^;]*)\);", re.DOTALL)
PLAIN = {"int32_t": "INT32", "int64_t": "INT64", "double": "DOUBLE", "bool": "BOOL"}


def snake(name):
    """saveEntityAttributesV2 -> save_entity_attributes_v2"""
    name = re.sub(r"[^0-9A-Za-z]+", "_", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z])([A-Z][a-z])", r"\1_\2", name).lower()


def squeeze(name):
    """Names compared without what is a matter of taste: underscores and case."""
    return re.sub(r"[^0-9a-z]", "", name.lower())


def prototypes(include, edition):
    found = {}
    for path in sorted((include / "tbclient" / edition).glob("*.h")):
        for name, arguments in PROTOTYPE.findall(path.read_text(encoding="utf-8")):
            found[name] = [" ".join(argument.split()) for argument in arguments.split(",")]
    return found


def split(argument):
    """"const char *device_id" -> ("const char *", "device_id")"""
    match = re.fullmatch(r"(.*?[ *])(\w+)", argument)
    return match[1].strip(), match[2]


def expected(operation):
    """The names of a function's arguments between the client and the error, but for the last ones."""
    required = [parameter for parameter in operation.get("parameters", ())
                if parameter.get("required") and squeeze(parameter["name"]) != "xauthorization"]
    order = {"path": 0, "query": 1, "header": 2}
    return [parameter["name"] for parameter in sorted(required, key=lambda parameter: order[parameter["in"]])]


def call(name, arguments):
    """A block that prepares sentinels, calls NAME, and states what must arrive."""
    lines, passed = [], []
    for position, argument in enumerate(arguments):
        kind, label = split(argument)
        if position == 0:
            passed.append("client")
        elif label == "err":
            passed.append("&err")
        elif label in ("ret", "sink", "params"):
            lines.append("    expect_%s = sentinel(%d);" % ("ret" if label != "params" else "params", position))
            passed.append("(%s)sentinel(%d)" % (kind, position))
        elif kind in PLAIN:
            value = "true" if kind == "bool" else str(1000 + position)
            lines.append("    expect_plain(%d, TB_KIND_%s, %s);" % (position - 1, PLAIN[kind], value))
            passed.append(value)
        else:
            lines.append("    expect_pointer(%d, sentinel(%d));" % (position - 1, position))
            passed.append("(%s)sentinel(%d)" % (kind, position))
    return lines + ["    returned = %s(%s);" % (name, ", ".join(passed))]


def block(name, identifier, arguments, operation, number):
    names = expected(operation)
    labels = [split(argument)[1] for argument in arguments[1:]]
    # A name that C or C++ does not allow has an underscore more; the body's is the generator's to choose.
    fits = [squeeze(label) for label in labels[:len(names)]] == [squeeze(wanted) for wanted in names]
    lines = ["static void call_%d(void)" % number, "{", '    begin("%s");' % identifier]
    lines += call(name, arguments)
    lines += ['    finish("%s", %s);' % (name, "true" if fits else "false"), "}", ""]
    return "\n".join(lines)


def main():
    document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    include, edition = pathlib.Path(sys.argv[2]), sys.argv[3]
    functions = prototypes(include, edition)
    operations = {"tb_" + snake(row[0]): row for row in plan.operations(document)}
    by_squeezed = {squeeze(name): name for name in functions}
    print("/* Made by tests/conformance/typed.py. */")
    print("#include <tbclient/%s.h>\n" % edition)
    print("#define EDITION tb_%s\n" % edition)
    print('#include "typed.h"\n')
    count, missing = 0, []
    for wanted, (identifier, _, _, operation) in sorted(operations.items()):
        name = by_squeezed.get(squeeze(wanted))
        if name is None:
            missing.append(identifier)
            continue
        print(block(name, identifier, functions[name], operation, count))
        count += 1
    if missing:
        sys.exit("typed.py: no function for %s" % ", ".join(missing))
    print("int main(void)\n{")
    print("".join("    call_%d();\n" % number for number in range(count)) + "    return finish_all();\n}")


if __name__ == "__main__":
    main()
