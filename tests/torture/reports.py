# SPDX-License-Identifier: Apache-2.0
"""Whose fault a report of the sanitizer is: a crash is that of the innermost function, below which are only functions of the C
library and the sanitizer."""
import re

CRASHES = ("libconfig",)  # in a child that reads the configuration; see docs/architecture/testing.md

FRAME = re.compile(r"^\s*#(\d+) 0x[0-9a-f]+ (?:in )?(\S*)(.*)")
LIBRARY = re.compile(r"/(lib\w+)(?:-[\d.]+)?\.so")
CRASH = "ERROR: AddressSanitizer"
BEGIN = re.compile(CRASH + r"|^(Direct|Indirect) leak of|runtime error:", re.MULTILINE)
BELOW = re.compile(r"(__interceptor_|__asan|__sanitizer|__GI_|__str|__mem)\w+$|mem(cpy|move|set|cmp|chr)$|str(len|cpy|cat|cmp|chr)$")


def library_of(report):
    """The library that is at fault; "": the program, or it is not known."""
    for line in report.split("\n"):
        found = FRAME.match(line)
        library = LIBRARY.search(found[3]) if found else None
        if found and not BELOW.match(found[2]) and not (library and library[1] == "libc"):
            return library[1] if library else ""
    return ""


def split(log):
    text = "\n".join(log)
    begins = [found.start() for found in BEGIN.finditer(text)] + [len(text)]
    return [text[begin:end] for begin, end in zip(begins, begins[1:])]


def is_listed(report):
    return report.startswith(CRASH) and library_of(report) in CRASHES


def all_listed(log):
    """Whether LOG has reports, and all are of what a library does by itself."""
    found = split(log)
    return bool(found) and all(is_listed(report) for report in found)
