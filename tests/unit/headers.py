#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public header compiles alone, and all of an edition together, as C and as C++. One TAP case for each set of headers
and compiler. And numbers without TB_SET do not compile.

Compiling each generated header alone takes a minute, so that is done for one edition of the configured version. For
the others it follows from two facts: each header includes what all of them need, and all together compile in both
orders, so none needs another."""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import build_tree  # noqa: E402

SOURCE = build_tree.SOURCE / "include"
GENERATED = build_tree.folder() / "gen" / "out"
CONFIGURED = re.search("^API_VERSION = (.*)$", (build_tree.folder() / "Makefile").read_text("utf-8"), re.MULTILINE)[1]
VERSIONS = ("4.4.0", "4.3.1.2")
EDITIONS = ("ce", "pe", "paas")
RUNTIME = "the runtime's headers"

# jansson.h has "long long" and inline functions, which C99 and C++11 have, too.
COMMON = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
QUIET = ["-fsyntax-only", "-w"]  # for each alone: all together give the warnings
COMPILERS = {
    "g++ -std=c++11": (".cc", ["g++", "-std=c++11"]),
    "g++ -std=c++20": (".cc", ["g++", "-std=c++20"]),
    "gcc -std=c99": (".c", ["gcc", "-std=c99"]),
}
ALONE = ("g++ -std=c++11", "gcc -std=c99")
BACKWARDS = ("g++ -std=c++20", "gcc -std=c99")


def include(names):
    """With a declaration at the end, because ISO C forbids a translation unit without one."""
    return "".join("#include <tbclient/%s>\n" % name for name in names) + "extern int after_the_headers;\n"


def compile_text(compiler, folders, options, text):
    """The compiler's messages about TEXT."""
    suffix, command = COMPILERS[compiler]
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as file:
        file.write(text)
        file.flush()
        search = [word for folder in folders for word in ("-I", str(folder))]
        done = subprocess.run([*command, *options, *search, file.name], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
    return "" if done.returncode == 0 else "\n".join(done.stderr.splitlines()[:20]) or "exit status %d" % done.returncode


def missing_includes(folder, edition):
    """The headers of operations that do not include the two headers that all of them need."""
    headers = set((folder / "tbclient" / edition).glob("*.h")) - {folder / "tbclient" / edition / "models.h"}
    for header in sorted(headers):
        text = header.read_text(encoding="utf-8")
        for name in ("client.h", edition + "/models.h"):
            if "#include <tbclient/%s>\n" % name not in text:
                yield "%s does not include tbclient/%s" % (header, name)


def sets_of_headers():
    """(name, folders, headers, umbrella, other problems)"""
    runtime = sorted(path.name for path in (SOURCE / "tbclient").glob("*.h"))
    yield RUNTIME, [SOURCE], runtime, "tbclient.h", []
    for version in VERSIONS:
        folder = GENERATED / version / "include"
        for edition in EDITIONS:
            headers = sorted("%s/%s" % (edition, path.name) for path in (folder / "tbclient" / edition).glob("*.h"))
            yield ("%s %s" % (edition, version), [SOURCE, folder], headers, edition + ".h",
                   list(missing_includes(folder, edition)))


def cases():
    """(name, compiler, folders, options, lists of headers to compile, other problems)"""
    for name, folders, headers, umbrella, others in sets_of_headers():
        few = ["there are too few headers"] if len(headers) < 5 else []
        configured = name == RUNTIME or name.endswith(" " + CONFIGURED)
        for compiler in COMPILERS if configured else ALONE:
            lists = [headers[::-1] + headers] if compiler in BACKWARDS else []
            lists += [[umbrella]] if compiler in ALONE else []
            yield "%s, %d headers" % (name, len(headers)), compiler, folders, COMMON, lists, few + others
        if name in (RUNTIME, "%s %s" % (EDITIONS[0], CONFIGURED)):
            for compiler in ALONE:
                lists = [[header] for header in headers]
                options = COMMON if name == RUNTIME else QUIET
                yield "%s, each of %d headers" % (name, len(headers)), compiler, folders, options, lists, few


def problems(compiler, folders, options, lists, others):
    """The problems of one set of headers."""
    if not shutil.which(COMPILERS[compiler][1][0]):
        return [COMPILERS[compiler][1][0] + " is missing"]
    said = (compile_text(compiler, folders, options, include(each)) for each in lists)
    return others + [problem for problem in said if problem]


INITIALIZERS = {".page_size = TB_SET(100)": True, ".ratio = TB_SET(0.5), .on = TB_SET(false)": True, "0": True, ".page_size = 100": False,
                ".page_size = 0": False, ".on = true": False, ".on = false": False, ".ratio = 0.5": False}
STRUCTURE = """#include <tbclient/value.h>
struct params { const void *reserved; tb_bool on; tb_int32 page_size; tb_double ratio; } params = {%s};
"""


def problems_of_initializers(compiler):
    """Initializers that compile and should not, or the reverse."""
    for text, is_good in INITIALIZERS.items():
        done = subprocess.run([compiler, "-std=c11", "-fsyntax-only", "-w", "-I", str(SOURCE), "-xc", "-"], input=STRUCTURE % text,
                              capture_output=True, text=True, check=False)
        if (done.returncode == 0) != is_good:
            yield "{%s} %s\n%s" % (text, "is refused" if is_good else "is accepted", done.stderr)


def main():
    wanted = list(cases())
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda case: problems(*case[1:]), wanted)
        for number, (case, found) in enumerate(zip(wanted, results), 1):
            failed += bool(found)
            print("%sok %d - %s: %s" % ("not " if found else "", number, case[1], case[0]), flush=True)
            for line in "\n".join(found[:5]).splitlines():
                print("# " + line)
    compilers = [compiler for compiler in ("gcc", "clang") if shutil.which(compiler)]
    for number, compiler in enumerate(compilers, len(wanted) + 1):
        found = list(problems_of_initializers(compiler))
        failed += bool(found)
        print("%sok %d - %s: numbers need TB_SET" % ("not " if found else "", number, compiler))
        print("".join("# %s\n" % line for line in "\n".join(found).splitlines()), end="")
    print("1..%d" % (len(wanted) + len(compilers)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
