#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The include graph: base <- client <- proxy, ctl, and an arrow never points back (docs/architecture.md). One test for
each source file, as TAP."""

import os
import pathlib
import re
import sys

# A layer, what it may include of the project, and what it must not know.
LAYERS = {
    "base": ({"base"}, ("curl/", "microhttpd.h", "jansson.h", "libconfig.h")),
    "client": ({"base", "client"}, ("microhttpd.h", "libconfig.h", "systemd/")),
    "proxy": ({"base", "client", "proxy"}, ()),
    "ctl": ({"base", "client", "ctl"}, ("microhttpd.h", "libconfig.h", "systemd/")),
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]*)"|<([^>]*)>)', re.MULTILINE)


def problems(source, layer, path):
    allowed, unknown = LAYERS[layer]
    for own, system in INCLUDE.findall(path.read_text(encoding="utf-8")):
        if system.startswith(unknown) and system:
            yield f"<{system}>: src/{layer} knows nothing of that"
        elif own and own.split("/")[0] not in allowed:
            yield f'"{own}": src/{layer} may include {", ".join(sorted(allowed))} only'
        elif own and not (source / own).is_file():
            yield f'"{own}": there is no such file below src'


def main():
    source = pathlib.Path(os.environ["TB_SOURCE"]) / "src"
    failed = number = 0
    for directory in sorted(entry for entry in source.iterdir() if entry.is_dir()):
        if directory.name not in LAYERS:
            number += 1
            failed += 1
            print(f"not ok {number} - src/{directory.name} belongs to no layer")
            continue
        for path in sorted(directory.glob("**/*.[ch]")):
            found = list(problems(source, directory.name, path))
            number += 1
            failed += bool(found)
            print(f"{'not ' if found else ''}ok {number} - {path.relative_to(source)}")
            for problem in found:
                print(f"# {problem}")
    print(f"1..{number}")
    return 1 if failed or number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
