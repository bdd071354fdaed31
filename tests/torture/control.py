# SPDX-License-Identifier: Apache-2.0
"""What torture.py and the program under test share: which calls have failed, and when the next one is to (fail.c)."""
import ctypes
import mmap
import os
import re
import subprocess
import tempfile
import time

STACKS_MAX, DEPTH_MAX, NAME_BYTES = 65536, 24, 24


class Stack(ctypes.Structure):
    _fields_ = [("hash", ctypes.c_uint64), ("name", ctypes.c_char * NAME_BYTES), ("frames", ctypes.c_uint64 * DEPTH_MAX)]


class Fields(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("armed", "depth", "parts", "part", "last", "count", "looks", "left_open", "more", "deciding")]
    _fields_.append(("stacks", Stack * STACKS_MAX))


class Control:
    """The file that is mapped. FIELDS: struct control of fail.c."""

    def __init__(self, depth, parts, part):
        fd, self.path = tempfile.mkstemp(prefix="torture-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        os.ftruncate(fd, ctypes.sizeof(Fields))
        self.memory = mmap.mmap(fd, ctypes.sizeof(Fields))
        os.close(fd)
        self.fields = Fields.from_buffer(self.memory)
        self.fields.depth, self.fields.parts, self.fields.part = depth, parts, part
        self.count = 0

    def arm(self):
        self.count = self.fields.count
        self.fields.armed = 1

    def failed(self):
        """All calls that have failed."""
        return [self.describe(stack) for stack in self.fields.stacks if stack.hash]

    @staticmethod
    def describe(stack):
        return stack.name.decode(), [frame for frame in stack.frames if frame]

    def disarm(self):
        """Returns the call that has failed since arm(), or None if all of its stacks had failed before."""
        self.fields.armed = 0
        while self.fields.deciding:  # a thread has been faster
            time.sleep(0.0001)
        failed = self.fields.count != self.count
        return self.describe(self.fields.stacks[self.fields.last]) if failed else None

    def close(self):
        os.unlink(self.path)


class Modules:
    """Where the program and its libraries are in memory, to name the functions of a stack."""

    def __init__(self):
        self.ranges, self.names = [], {}

    def read(self, pid):
        with open("/proc/%d/maps" % pid, encoding="utf-8") as maps:
            rows = [re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+ +(/.+)", line) for line in maps]
        self.ranges = [(int(row[1], 16), int(row[2], 16), int(row[3], 16), row[4]) for row in rows if row]

    def name(self, address):
        if address not in self.names:
            self.names[address] = self.look_up(address)
        return self.names[address]

    def look_up(self, address):
        for begin, end, _, path in self.ranges:
            if begin <= address < end:
                base = min(start - offset for start, _, offset, name in self.ranges if name == path and offset == 0)
                shown = subprocess.run(["addr2line", "-f", "-i", "-e", path, "%x" % (address - 1 - base)], check=False,
                                       capture_output=True, text=True).stdout.split("\n")
                function = "<".join(shown[:-1:2])
                return function if function.strip("?<") else os.path.basename(path)
        return "%x" % address

    def describe(self, failed):
        name, frames = failed
        return "%s < %s" % (name, " < ".join(self.name(frame) for frame in frames))
