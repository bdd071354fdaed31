#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The comparison of the soak's ledgers finds each thing that can be wrong."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import tap  # noqa: E402
from ledger import ANSWER, CLOSED, CUT, LATE_S, LEFT, NEVER, compare  # noqa: E402

DEVICE = "d"


def asked(kind, mark="m", **more):
    return {"lane": 0, "program": 0, "kind": kind, "mark": mark, "asked": 100.0, "answered": 100.1, "allowed": 4, "lag": 0.0,
            "end": ANSWER, "status": 200, "own": True, **more}


def did(kind, mark="m", at=100.05):
    return {"did": kind, "mark": mark, "t": at}


def wrote(ts, value, at=100.05, key="k"):
    return {"did": "telemetry", "device": DEVICE, "ts": ts, "values": {key: value}, "t": at}


def stream(*got, **more):
    return asked("events", device=DEVICE, began=100.0, got=[[ts, "k", value] for ts, value in got], end=LEFT, **more)


class TestComparison(unittest.TestCase):
    def assert_finds(self, entries, done, **expected):
        """EXPECTED: how many problems of each name; there are no others."""
        found = compare(entries, [done]).problems
        self.assertEqual({name: len(texts) for name, texts in found.items() if texts}, expected)

    def test_all_is_well(self):
        self.assert_finds([asked("read"), asked("rpc", "r"), asked("telemetry", "v"), asked("websocket", status=101),
                           asked("telemetry", "w", status=502), asked("device", "x", end=LEFT, status=0)],
                          [did("read"), did("rpc", "r"), wrote(1, "v"), wrote(1, "v")])

    def test_no_answer(self):
        self.assert_finds([asked("read", end=NEVER, status=0)], [], unanswered=1)
        self.assert_finds([asked("read", end=CLOSED, status=0)], [], unanswered=1)

    def test_a_late_answer(self):
        self.assert_finds([asked("read", answered=104 + LATE_S - 0.01)], [])
        self.assert_finds([asked("read", answered=104 + LATE_S + 0.01)], [], late=1)
        self.assert_finds([asked("read", answered=104 + LATE_S + 0.01, lag=0.5)], [])

    def test_a_pause_in_an_answer(self):
        self.assert_finds([asked("download", pause=2 + LATE_S - 0.01, pause_allowed=2)], [])
        self.assert_finds([asked("download", pause=2 + LATE_S + 0.01, pause_allowed=2)], [], late=1)

    def test_a_part_of_an_answer(self):
        self.assert_finds([asked("download", end=CUT)], [])
        self.assert_finds([asked("read", end=CUT)], [], wrong=1)

    def test_the_answer_to_another_request(self):
        self.assert_finds([asked("read", own=False)], [], wrong=1)
        self.assert_finds([asked("read", unasked="HTTP/1.1 200")], [], wrong=1)

    def test_an_impossible_status(self):
        for status in (500, 404, 400, 403, 101):
            self.assert_finds([asked("read", status=status)], [], wrong=1)

    def test_the_second_delete_finds_nothing(self):
        self.assert_finds([asked("delete", status=404)], [did("delete")])
        self.assert_finds([asked("delete", status=404)], [], wrong=1)

    def test_acknowledged_and_not_executed(self):
        for kind in ("telemetry", "attributes", "rpc", "device", "upload", "delete"):
            self.assert_finds([asked(kind)], [], lost=1)
            self.assert_finds([asked(kind, status=503)], [])

    def test_in_the_spool_and_not_delivered(self):
        for kind in ("telemetry", "attributes"):
            self.assert_finds([asked(kind, status=202)], [], lost=1)
        self.assert_finds([asked("telemetry", "v", status=202)], [wrote(1, "v")])
        self.assert_finds([asked("rpc", status=202)], [did("rpc")], wrong=1)

    def test_refused_and_executed(self):
        for kind in ("rpc", "device", "upload"):
            self.assert_finds([asked(kind, status=503, refused=True)], [did(kind)], wrong=1)
            self.assert_finds([asked(kind, status=503, refused=False)], [did(kind)])

    def test_executed_at_another_server(self):
        self.assertEqual(len(compare([asked("rpc")], [[], [did("rpc")]]).problems["lost"]), 1)

    def test_executed_twice(self):
        for kind in ("rpc", "device", "upload"):
            for end in ({}, {"end": LEFT, "status": 0}, {"status": 502}):
                self.assert_finds([asked(kind, **end)], [did(kind), did(kind)], doubled=1)

    def test_stored_twice(self):
        self.assert_finds([asked("telemetry", "v")], [wrote(1, "v"), wrote(2, "v")], doubled=1)
        self.assert_finds([asked("telemetry", "v", status=504)], [wrote(1, "v"), wrote(2, "v")], doubled=1)

    def test_stored_without_a_timestamp(self):
        self.assert_finds([], [did("unstamped")], wrong=1)

    def test_a_stream_of_events(self):
        self.assert_finds([stream((1, "a"), (2, "b"), (3, "c"))], [wrote(1, "a"), wrote(2, "b"), wrote(3, "c")])
        self.assert_finds([stream((2, "b"), (2, "b"))], [wrote(2, "b"), wrote(2, "b")])

    def test_an_event_is_missing(self):
        self.assert_finds([stream((1, "a"), (3, "c"))], [wrote(1, "a"), wrote(2, "b"), wrote(3, "c")], lost=1)

    def test_an_event_is_not_owed(self):
        before = wrote(2, "b", at=99.0)
        self.assert_finds([stream((1, "a"), (3, "c"))], [wrote(1, "a", at=98.0), before, wrote(3, "c")])
        out_of_order = [wrote(3, "c"), wrote(2, "b"), wrote(4, "d")]
        self.assert_finds([stream((3, "c"), (4, "d"))], out_of_order)
        after_the_last = [wrote(1, "a"), wrote(2, "b")]
        self.assert_finds([stream((1, "a"))], after_the_last)

    def test_an_event_comes_twice(self):
        self.assert_finds([stream((1, "a"), (1, "a"))], [wrote(1, "a")], doubled=1)

    def test_an_event_that_nobody_wrote(self):
        self.assert_finds([stream((1, "a"))], [wrote(1, "b")], wrong=1)


if __name__ == "__main__":
    tap.main()
