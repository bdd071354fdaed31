# SPDX-License-Identifier: Apache-2.0
"""Compares what the programs asked and were told with what the servers executed.

Of a program: {"lane", "kind", "mark", "asked", "answered" (s, monotonic), "allowed", "lag" (s), "end", "status", "own", ...}.
Of a server, in the order of execution: {"did": kind, "mark", "t"}; of telemetry {"did", "device", "ts", "values", "t"}."""
import collections
import json

# How a request ended: with an answer; with a part of one; the connection ended without one; the program hung up; never.
ANSWER, CUT, CLOSED, LEFT, NEVER = "answer", "cut", "closed", "left", "never"

LATE_S = 1.0  # after the deadline
STATUSES = {200, 401, 429, 502, 503, 504}
TAKEN = (200, 202)  # the latter says that it is in the spool
SPOOLED = {"telemetry", "attributes"}
STREAMED = {"download"}  # their answers can be cut off: there is no other way to say that the rest is lost
ONCE = {"rpc", "device", "upload"}  # executed once at most, whatever becomes of them
ACKNOWLEDGED = ONCE | {"telemetry", "attributes", "delete"}  # executed, if the program was told so
PROBLEMS = ("wrong", "unanswered", "late", "lost", "doubled")


def read_lines(path):
    with open(path, encoding="ascii") as lines:
        return [json.loads(line) for line in lines]


class Execution:
    """What the server of one lane executed."""

    def __init__(self, done):
        self.done = done
        self.times = collections.Counter()  # (kind, mark)
        self.stamps = collections.defaultdict(set)  # value of telemetry: its timestamps
        self.points = collections.Counter()  # (device, ts, key, value): how often
        self.in_order = collections.defaultdict(list)  # device: (t, ts, key, value) of what was later than all before it
        latest = {}
        for entry in done:
            if entry.get("did") == "telemetry":
                self.add_telemetry(entry, latest)
            elif "did" in entry:
                self.times[entry["did"], entry["mark"]] += 1

    def add_telemetry(self, entry, latest):
        device, ts = entry["device"], entry["ts"]
        for key, value in entry["values"].items():
            self.stamps[value].add(ts)
            self.times["telemetry", value] += 1
            self.points[device, ts, key, value] += 1
            if ts > latest.get(device, 0):
                self.in_order[device].append((entry["t"], ts, key, value))
        latest[device] = max(ts, latest.get(device, 0))


class Comparison:
    """PROBLEMS: {problem: [text, ...]}."""

    def __init__(self):
        self.problems = {name: [] for name in PROBLEMS}
        self.statuses = collections.Counter()  # (kind, status or end)

    def find(self, problem, entry, words):
        shown = {name: value for name, value in entry.items() if name != "got"}
        self.problems[problem].append("%s: %s" % (words, json.dumps(shown)))

    def is_good(self):
        return not any(self.problems.values())

    # One request.

    def judge(self, entry, execution):
        self.statuses[entry["kind"], entry["status"] if entry["end"] in (ANSWER, CUT) else entry["end"]] += 1
        self.judge_end(entry)
        self.judge_answer(entry, execution)
        self.judge_effect(entry, execution)
        if "began" in entry:
            self.judge_events(entry, execution)

    def judge_end(self, entry):
        if entry["end"] == NEVER or entry["end"] == CLOSED:
            self.find("unanswered", entry, "no answer")
        elif entry["end"] == CUT and entry["kind"] not in STREAMED:
            self.find("wrong", entry, "a part of an answer")
        took = entry["answered"] - entry["asked"]
        if entry["end"] in (ANSWER, CUT) and took > entry["allowed"] + LATE_S + entry["lag"]:
            self.find("late", entry, "%.1f s, of %.1f" % (took, entry["allowed"]))
        elif entry.get("pause", 0) > entry.get("pause_allowed", 0) + LATE_S + entry["lag"]:
            self.find("late", entry, "a pause of %.1f s in the answer" % entry["pause"])

    def judge_answer(self, entry, execution):
        if entry.get("unasked"):
            self.find("wrong", entry, "bytes that nobody asked for")
        if not entry.get("own", True):
            self.find("wrong", entry, "not the answer to this request")
        if entry["end"] == ANSWER and not self.is_possible(entry, execution):
            self.find("wrong", entry, "status %d" % entry["status"])

    @staticmethod
    def is_possible(entry, execution):
        if entry["kind"] == "websocket" and entry["status"] == 101:
            return True
        if entry["kind"] == "delete" and entry["status"] == 404:  # the answer to an earlier sending was lost
            return execution.times["delete", entry["mark"]] > 0
        return entry["status"] in STATUSES or entry["status"] == 202 and entry["kind"] in SPOOLED

    def judge_effect(self, entry, execution):
        kind = entry["kind"]
        times = execution.times[kind, entry["mark"]]
        if kind in ACKNOWLEDGED and entry["status"] in TAKEN and entry["end"] == ANSWER and times == 0:
            self.find("lost", entry, "acknowledged, and not executed")
        if kind in ONCE and entry.get("refused") and times > 0:
            self.find("wrong", entry, "refused, and executed")
        if kind in ONCE and times > 1:
            self.find("doubled", entry, "executed %d times" % times)
        if kind == "telemetry" and len(execution.stamps[entry["mark"]]) > 1:
            self.find("doubled", entry, "stored at %s" % sorted(execution.stamps[entry["mark"]]))

    def judge_events(self, entry, execution):
        """A stream has each value once for each time that it was written. A value that is later than all before it is owed,
        if it was written after the stream had begun, and before the last one that was delivered."""
        got = collections.Counter((entry["device"], ts, key, value) for ts, key, value in entry["got"])
        for point, times in got.items():
            if times > execution.points[point]:
                written = execution.points[point]
                self.find("doubled" if written else "wrong", entry, "%s came %d times, of %d" % (point, times, written))
        last = max((ts for ts, _, _ in entry["got"]), default=0)
        for at, ts, key, value in execution.in_order[entry["device"]]:
            if at > entry["began"] and ts < last and (entry["device"], ts, key, value) not in got:
                self.find("lost", entry, "no event of %s at %d" % (value, ts))


def compare(asked, done):
    """ASKED: what all programs wrote; DONE: what the server of each lane wrote."""
    comparison = Comparison()
    executions = [Execution(lane) for lane in done]
    for entry in asked:
        comparison.judge(entry, executions[entry["lane"]])
    for execution in executions:
        for entry in execution.done:
            if entry.get("did") == "unstamped":
                comparison.find("wrong", entry, "telemetry without a timestamp")
    return comparison
