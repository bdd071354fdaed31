# SPDX-License-Identifier: Apache-2.0
"""The spool's disk: the power fails while it writes, it is full, or it is read-only. What was acknowledged is delivered, once. The
power fails as it does with a real disk: a file system (ext4 on a loop device) stops from one moment to the next, and what was not
synchronised is lost; tests/unit/proxy/store/spool_power.c does it without root, on a disk in memory."""
import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time

import e2e_modules
import tap
from harness import wait_until
from names import CLONE_NEWNS, LIBC, MS_PRIVATE, MS_REC, check
from spooling import ARRAY, ATTRIBUTE, AWAY, BARE, ENDED, STAMPED, SpoolCase

CUTS = e2e_modules.SECONDS or 3  # each takes about a second
PROGRAMS = 8
IMAGE_BYTES = 64 << 20
SLACK_MS = 50  # until an answer that was given has come
SMALL_BYTES = 24 << 20  # a third is the spool's reserve
REFUSED = [*AWAY, 500]
WRITES = (STAMPED, BARE, ARRAY, ATTRIBUTE)
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587d, struct.pack("I", 2)  # what is in memory only is lost


def run(*command):
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": path})
    if done.returncode != 0:
        raise OSError("%s: %s" % (" ".join(command), done.stderr.strip()))


class Disk:
    """A file system that nobody else sees."""

    def __init__(self, size):
        self.directory = tempfile.mkdtemp(prefix="tb-disk-")
        self.image, self.path = self.directory + "/image", self.directory + "/disk"
        check(LIBC.unshare(CLONE_NEWNS))
        check(LIBC.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
        os.mkdir(self.path)
        with open(self.image, "wb") as file:
            file.truncate(size)
        run("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
        self.mount()

    def mount(self, *options):
        run("mount", "-o", ",".join(("loop", *options)), self.image, self.path)

    def lose_power(self):
        disk = os.open(self.path, os.O_RDONLY)
        fcntl.ioctl(disk, EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH)
        os.close(disk)

    def unmount(self):
        def is_unmounted():
            try:
                run("umount", self.path)
            except OSError:
                return False
            return True
        wait_until(is_unmounted, "unmounting")

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=False, capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)


class DiskCase(SpoolCase):
    def begin_on_disk(self, size, **options):
        self.begin(options)
        try:
            self.disk = Disk(size)
        except OSError as error:
            self.skipTest("no ext4 on a loop device (needs root and e2fsprogs): %s" % error)
        self.addCleanup(self.disk.close)
        self.use_directory(self.disk.path + "/spool")

    def tearDown(self):
        self.proxy.stop()  # while the disk is there


class TestPowerCut(DiskCase):
    def cut(self, number):
        """While the server is away, but each fourth time."""
        if number % 4 != 0:
            self.way.end()
        self.proxy.start(wait="")
        time.sleep(self.noise.uniform(0.2, 0.8))
        began_ms = time.time() * 1000
        self.disk.lose_power()
        self.cuts.append((began_ms, time.time() * 1000 + SLACK_MS))
        time.sleep(self.noise.uniform(0, 0.3))  # nothing more may be acknowledged
        self.proxy.process.kill()
        self.proxy.ended()
        self.disk.unmount()
        self.disk.mount()
        if number % 4 != 0:
            self.way.start()

    def cut_often(self):
        for number in range(CUTS):
            self.cut(number)
        self.proxy.start()

    def forget_what_came_too_late(self, programs):
        """Where the power fails, nobody is answered any more. Linux needs some ms for it, in which an fsync may succeed."""
        for write in (write for program in programs for write in program.writes):
            if any(began < write.answered_ms < ended for began, ended in self.cuts):
                write.statuses.append(ENDED)

    def check(self, mode):
        self.begin_on_disk(IMAGE_BYTES, **{"spool.after_ms": 50, "spool.mode": mode})
        self.proxy.pass_sockets()
        programs = self.make_programs(PROGRAMS, kinds=WRITES, refusals=REFUSED)
        self.cuts = []
        self.run_under_load(programs, self.cut_often)
        self.forget_what_came_too_late(programs)
        judge = self.settle(programs, is_strict=False)
        self.assertTrue(any(202 in write.statuses for write in judge.writes()))
        self.assertEqual([name for name in os.listdir(self.disk.path + "/spool") if "damaged" in name], [])

    def test_cuts_in_an_outage(self):
        self.check("outage")

    def test_cuts_if_all_is_stored_first(self):
        self.check("always")


class TestFullDisk(DiskCase):
    def fill(self):
        """Leaves some pages."""
        with open(self.disk.path + "/other", "wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                file.truncate(file.tell() - (1 << 16))

    def test_a_full_disk(self):
        """Writes are refused until there is room; what is stored is delivered although nothing can be written."""
        self.begin_on_disk(SMALL_BYTES)
        self.proxy.start()
        self.way.end()
        self.fill()
        programs = self.make_programs(PROGRAMS, kinds=WRITES, refusals=REFUSED)

        def is_refused():
            return sum(write.status == 503 for program in programs for write in program.writes) > PROGRAMS
        self.run_under_load(programs, lambda: wait_until(is_refused, "a full disk"))
        self.proxy.log.wait("(?i)spool.*no space left")
        self.way.start()
        self.settle(programs)
        os.unlink(self.disk.path + "/other")
        self.way.end()
        refused = [len(program.writes) for program in programs]

        def is_taken():
            return all(202 in [write.status for write in program.writes[count:]] for program, count in zip(programs, refused))
        self.run_under_load(programs, lambda: wait_until(is_taken, "room"))
        self.way.start()
        self.settle(programs)


class TestReadOnly(DiskCase):
    def test_a_read_only_disk(self):
        """What the server does not take is refused, until the disk can be written to."""
        self.begin_on_disk(SMALL_BYTES)
        os.mkdir(self.disk.path + "/spool", 0o700)
        run("mount", "-o", "remount,ro", self.disk.path)
        self.proxy.start()
        self.proxy.log.wait("(?i)read-only")
        programs = self.make_programs(1, kinds=WRITES, refusals=REFUSED, wishes=((("Prefer", "wait=0"),),))
        self.way.end()
        for program in programs:
            program.write(STAMPED)
            self.assertIn(program.writes[-1].status, (502, 503))
        run("mount", "-o", "remount,rw", self.disk.path)

        def is_taken():
            programs[0].write(STAMPED)
            return programs[0].writes[-1].statuses == [202]
        wait_until(is_taken, "a spool")
        self.way.start()
        self.settle(programs)


if __name__ == "__main__":
    tap.main()
