# SPDX-License-Identifier: Apache-2.0
"""Whether an answer through tbproxyd is the server's, except for the headers that docs/architecture/headers.md names."""
import re


def documented(source):
    """{name of a header: what becomes of it}, from the table in docs/architecture/headers.md."""
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
    """What is left of the server's; the order of different names says nothing (RFC 9110, section 5.3)."""
    return sorted(((name.lower(), value) for name, value in headers if fate_of(name, fates) is None),
                  key=lambda pair: pair[0])


def differences(ours, servers, fates):
    """Lines that say how OURS is not what SERVERS should have become."""
    found = []
    if ours.status != servers.status:
        found.append("the status is %d, the server's %d" % (ours.status, servers.status))
    if ours.body != servers.body:
        found.append("the body is %r..., the server's %r..." % (ours.body[:200], servers.body[:200]))
    if expected(ours.headers, fates) != expected(servers.headers, fates):
        found.append("the headers are %r, the server's %r" % (ours.headers, servers.headers))
    if left := [name for name, _ in ours.headers if fate_of(name, fates) == "dropped"]:
        found.append("%s should have been dropped" % left)
    return found


def compare_all(ours, servers, fates):
    """[(method, target, differences)] of lists of (request, answer). What the server was not asked is left out: those
    answers are tbproxyd's own. The last of one target belong together: before them tbproxyd may have asked itself."""
    waiting, found = {}, []
    for request, answer in servers:
        waiting.setdefault((request.method, request.target), []).append(answer)
    for request, answer in reversed(ours):
        answers = waiting.get((request.method, request.target))
        if answers:
            found.append((request.method, request.target, differences(answer, answers.pop(), fates)))
    return found
