# SPDX-License-Identifier: Apache-2.0
"""Compares responses through tbproxyd with the server's. They may differ only in the headers listed in
docs/architecture/headers.md."""
import re


def documented(source):
    """Returns {name of a header: what happens to it}, from the table in docs/architecture/headers.md."""
    text = (source / "docs" / "architecture" / "headers.md").read_text(encoding="utf-8")
    table = text.split("| header of a response |")[1].split("\n\n")[0]
    found = {}
    for names, fate in re.findall(r"^\| (`[^|]*) \| (dropped|added|own|rewritten)\b", table, re.MULTILINE):
        found |= {name.lower(): fate for name in re.findall(r"`([^`]+)`", names)}
    return found


def fate_of(name, fates):
    name = name.lower()
    if name.startswith("access-control-"):
        name = "access-control-*"
    return fates.get(name)


def expected(headers, fates):
    """The server's headers that must arrive. The order of different names does not matter (RFC 9110, section 5.3)."""
    return sorted(((name.lower(), value) for name, value in headers if fate_of(name, fates) is None),
                  key=lambda pair: pair[0])


def differences(ours, servers, fates):
    """Describes how OURS differs from what SERVERS should have become, a line for each difference."""
    found = []
    if ours.status != servers.status:
        found.append("the status is %d; the server's is %d" % (ours.status, servers.status))
    if ours.body != servers.body:
        found.append("the body is %r...; the server's is %r..." % (ours.body[:200], servers.body[:200]))
    if expected(ours.headers, fates) != expected(servers.headers, fates):
        found.append("the headers are %r; the server's are %r" % (ours.headers, servers.headers))
    if left := [name for name, _ in ours.headers if fate_of(name, fates) == "dropped"]:
        found.append("%s should have been dropped" % left)
    return found


def compare_all(ours, servers, fates):
    """Returns [(method, target, differences)] from lists of (request, response). Requests that did not reach the server are
    left out, because tbproxyd answers them itself. Pairs are formed from the end, because tbproxyd may have sent requests
    of its own before."""
    waiting, found = {}, []
    for request, answer in servers:
        waiting.setdefault((request.method, request.target), []).append(answer)
    for request, answer in reversed(ours):
        answers = waiting.get((request.method, request.target))
        if answers:
            found.append((request.method, request.target, differences(answer, answers.pop(), fates)))
    return found
