#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public header compiles alone, and all of an edition together, as C++ and as C: programs outside are written in
either. One TAP case for each edition, version and compiler. TB_GENERATED names the generator's output folder."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(os.environ["TB_SOURCE"]) / "include"
GENERATED = pathlib.Path(os.environ["TB_GENERATED"])
VERSIONS = ("4.4.0", "4.3.1.2")
EDITIONS = ("ce", "pe", "paas")

# jansson.h has "long long" and inline functions, which C99 and C++11 have, too.
COMMON = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
COMPILERS = {
    "g++ -std=c++11": (".cc", ["g++", "-std=c++11", "-Wpedantic", *COMMON]),
    "g++ -std=c++20": (".cc", ["g++", "-std=c++20", "-Wpedantic", *COMMON]),
    "gcc -std=c99": (".c", ["gcc", "-std=c99", "-Wpedantic", *COMMON]),
}


def include(names):
    return "".join("#include <tbclient/%s>\n" % name for name in names)


def compile_text(compiler, folders, text):
    """What the compiler says against TEXT."""
    suffix, command = COMPILERS[compiler]
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as file:
        file.write(text)
        file.flush()
        search = [word for folder in folders for word in ("-I", str(folder))]
        done = subprocess.run([*command, *search, file.name], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
    return "" if done.returncode == 0 else "\n".join(done.stderr.splitlines()[:20]) or "exit status %d" % done.returncode


def cases():
    """(name, folders, headers)"""
    yield "the runtime's headers", [SOURCE], sorted(path.name for path in (SOURCE / "tbclient").glob("*.h"))
    for version in VERSIONS:
        folder = GENERATED / version / "include"
        for edition in EDITIONS:
            headers = [edition + ".h"] + sorted(
                "%s/%s" % (edition, path.name) for path in (folder / "tbclient" / edition).glob("*.h"))
            yield "%s %s" % (edition, version), [SOURCE, folder], headers


def problems(compiler, folders, headers):
    """Each header alone and twice, then all together."""
    found = ["there are too few headers"] if len(headers) < 5 else []
    texts = [include([header, header]) for header in headers] + [include(headers), include(reversed(headers))]
    return found + [problem for problem in (compile_text(compiler, folders, text) for text in texts) if problem]


def main():
    wanted = [(name, compiler, folders, headers) for name, folders, headers in cases() for compiler in COMPILERS
              if shutil.which(COMPILERS[compiler][1][0])]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda case: problems(*case[1:]), wanted)
        for number, (case, found) in enumerate(zip(wanted, results), 1):
            failed += bool(found)
            print("%sok %d - %s: %s, %d headers" % ("not " if found else "", number, case[1], case[0], len(case[3])))
            for line in "\n".join(found[:5]).splitlines():
                print("# " + line)
    print("1..%d" % len(wanted))
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
