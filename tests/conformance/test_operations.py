#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls every operation of every edition and version, with all parameters, directly and through tbproxyd. The request
conforms to the specification, the response is decoded, and the server saw exactly that operation. Through tbproxyd, the
response is the server's, byte for byte. One TAP case for each operation, document and way. Arguments select the cases
whose names contain all of them: test_operations.py "ce 4.4.0" saveDevice"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import build_tree  # noqa: E402
import compare  # noqa: E402
import plan  # noqa: E402
from daemon import Daemon  # noqa: E402
from relay import Relay  # noqa: E402
from simulator import Simulator  # noqa: E402
from waiting import PATIENCE  # noqa: E402

SOURCE = build_tree.SOURCE
DOCUMENTS = [(edition, version) for version in ("4.4.0", "4.3.1.2") for edition in ("ce", "pe", "paas")]
OPERATIONS = 4156  # of all documents


class Report:
    """Prints the cases whose names contain all of WANTED."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.number = self.failed = 0

    def case(self, name, problem):
        if not all(text in name for text in self.wanted):
            return
        self.number += 1
        self.failed += bool(problem)
        print("%sok %d - %s" % ("not " if problem else "", self.number, name))
        for line in (problem or "").splitlines():
            print("# " + line)


def refused_operations():
    """The operations that tbproxyd's default policy refuses."""
    text = (build_tree.folder() / "gen" / "out" / "routes.c").read_text(encoding="utf-8")
    return set(re.findall(r"SET_(?:SESSION|ACCOUNT).*CONDITION_ALWAYS.*: (\w+) \*/", text)) - set(plan.LOCAL) | plan.OWN_ACCOUNT


def run_program(edition, version, document, world, url, key, refused):
    """Runs the program. Returns {operation id: "ok" or "failed: why"}."""
    world.sim.set(strict=False, checkAnswers=False)  # entities are created with less than the documents require
    wanted = {"edition": edition.upper(), "version": version, "url": url,
              "operations": plan.make(world, document, refused)}
    if key:
        wanted["apiKey"] = key
    world.sim.set(strict=True, checkAnswers=True)
    world.sim.forget()
    world.sim.control("DELETE", "/sim/violations")
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(wanted, file)
        file.flush()
        done = subprocess.run([build_tree.program("tests/conformance/operations"), file.name], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=10 * PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError("%s\nexit status %d" % (done.stderr, done.returncode))
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def without_questions(entries):
    """ENTRIES without the question of which type a group is, which tbproxyd asks before one is deleted."""
    return [entry for entry, after in zip(entries, [*entries[1:], None])
            if not (after and (entry["method"], after["method"]) == ("GET", "DELETE") and entry["target"] == after["target"])]


def requests_by_operation(operations, entries):
    """Returns {operation id: problem}. The program calls one operation after the other, so requests are in their order."""
    problems, position = {}, 0
    for identifier, method, path, _ in operations:
        pattern, start = plan.template(path), position
        while position < len(entries) and entries[position]["method"] == method and \
                pattern.match(entries[position]["target"].split("?")[0]):
            position += 1
            if position - start == 1 and entries[position - 1]["status"] < 400:
                break
        if position == start:
            problems[identifier] = "the server saw no such request; the next one was %s" % (
                [entries[position][name] for name in ("method", "target")] if position < len(entries) else "none")
    if position < len(entries):
        problems[""] = "the server saw more requests: %s" % [entry["target"] for entry in entries[position:position + 5]]
    return problems


def violations_by_operation(sim):
    """Returns {operation id: violations of the document}, in requests and in the stand-in's responses."""
    found = {}
    for path, prefix in (("/sim/violations", ""), ("/sim/answer-violations", "the stand-in's response: ")):
        for violation in sim.control("GET", path):
            found.setdefault(violation["operation"], []).append(prefix + violation["what"])
    return found


class Relays:
    """One relay in front of tbproxyd and one behind it: what the program received, and what the server sent."""

    def __init__(self, sim):
        self.behind = Relay(sim.address)
        self.daemon = Daemon({"upstream.url": self.behind.url, "upstream.api_key_file": sim.api_key,
                              "local.accept_any_login": True, "upstream.check_interval_ms": 0}).start()
        self.before = Relay(self.daemon.unix_path)
        self.fates = compare.documented(SOURCE)

    def compare(self):
        return compare.compare_all(self.before.exchanges(), self.behind.exchanges(), self.fates)

    def stop(self):
        self.before.stop()
        self.daemon.stop()
        self.behind.stop()


def differences_by_operation(operations, compared):
    """Returns {operation id: differences}; "" is the key of a wrong total. COMPARED: the result of Relays.compare(), or None
    if nothing was compared. OPERATIONS: those that reach the server."""
    if compared is None:
        return {}
    found = {}
    for identifier, method, path, _ in operations:
        pattern = plan.template(path)
        for asked, target, lines in compared:
            if asked == method and pattern.match(target.split("?")[0]):
                found.setdefault(identifier, []).extend(lines)
    if len(compared) != len(operations):
        found[""] = ["%d responses were compared" % len(compared)]
    return found


def test_way(report, name, document, world, url, key, refused, not_seen, compare_answers=lambda: None):
    """Tests all operations of a document, directly or through tbproxyd. REFUSED: {operation id: status}. NOT_SEEN: those that
    do not reach the server. COMPARE_ANSWERS: compares the responses afterwards."""
    operations = plan.operations(document)
    results = run_program(*name.split()[:2], document, world, url, key, refused)
    ignored = ("/api/auth/login", "/api/auth/token") if not key else ()
    entries = [entry for entry in world.sim.requests() if entry["target"] not in ignored]
    if key and entries and entries[0]["target"] == "/api/auth/user":
        del entries[0]  # the session asks for the user of its key
    entries = without_questions(entries)
    reaching = [row for row in operations if row[0] not in not_seen]
    seen = requests_by_operation(reaching, entries)
    differing = differences_by_operation(reaching, compare_answers())
    violations = violations_by_operation(world.sim)
    for identifier, method, path, _ in operations:
        result = results.get(identifier, "failed: the program did not call it")
        problems = [result] if result != "ok" else []
        problems += [seen[identifier]] if identifier in seen else []
        problems += violations.get(identifier, [])
        problems += differing.get(identifier, [])
        report.case("%s: %s" % (name, identifier), "\n".join(problems))
    if "" in seen:
        report.case(name + ": nothing else was sent", seen[""])
    if "" in differing:
        report.case(name + ": all responses were compared", differing[""][0])
    return len(operations)


def test_document(report, edition, version, refused_by_proxy):
    document = plan.read_document(SOURCE, edition, version)
    sim = Simulator(edition=edition, api=version)
    relays = None
    try:
        relays = Relays(sim)
        name = "%s %s" % (edition, version)
        known = {row[0] for row in plan.operations(document)}
        refused = dict.fromkeys(refused_by_proxy & known, 403)
        count = test_way(report, name + " directly", document, plan.World(sim), sim.url, sim.api_key,
                         dict.fromkeys(plan.SYSTEM_ADMINISTRATOR & known, 403), set())
        test_way(report, name + " through tbproxyd", document, plan.World(sim), relays.before.url, None,
                 {**refused, **dict.fromkeys(plan.SYSTEM_ADMINISTRATOR & known, 403)},
                 set(refused) | set(plan.LOCAL), relays.compare)
        return count
    finally:
        if relays:
            relays.stop()
        sim.stop()


def main():
    report, count = Report(sys.argv[1:]), 0
    refused = refused_operations()
    for edition, version in DOCUMENTS:
        try:
            count += test_document(report, edition, version, refused)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            report.case("%s %s" % (edition, version), str(error))
    report.case("%d operations" % count, None if count == OPERATIONS else "%d were expected" % OPERATIONS)
    print("1..%d" % report.number)
    return 1 if report.failed or report.number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
