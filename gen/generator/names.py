# SPDX-License-Identifier: Apache-2.0
"""Turns names and texts of a document into C: identifiers, string literals, comments."""

import re

C_KEYWORDS = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long"
    " register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while"
    # C11 and C++, and what <stdbool.h> and the headers of the C library define
    " alignas alignof and and_eq asm bitand bitor bool catch char8_t char16_t char32_t class co_await co_return"
    " co_yield compl concept const_cast consteval constexpr constinit decltype delete dynamic_cast explicit export"
    " false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public"
    " reinterpret_cast requires static_assert static_cast template this thread_local throw true try typeid typename"
    " using virtual wchar_t xor xor_eq unix linux errno stdin stdout stderr".split()
)

WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
OPERATION_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def snake(name):
    """deviceProfileId, DeviceProfileId and device-profile-id: device_profile_id. An acronym is one word."""
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()
    return text if text and not text[0].isdigit() else "n" + text


def member(name, taken=()):
    """NAME as the name of a member or an argument, which is neither a keyword nor one of TAKEN."""
    text = snake(name)
    return text + "_" if text in C_KEYWORDS or text in taken else text


def macro(text):
    """A value of an enumeration as part of a macro's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)).strip("_").upper() or "EMPTY"


def literal(text):
    """TEXT as a string literal of C."""
    out = []
    for byte in text.encode("utf-8"):
        char = chr(byte)
        if char in '"\\?':  # the question mark: trigraphs
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"' + "".join(out) + '"'


def comment(text):
    """TEXT for a comment, which it cannot end."""
    text = "".join(char if char.isprintable() else " " for char in text)
    return text.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?")
