# SPDX-License-Identifier: Apache-2.0
"""The spool's file is in use, damaged, or of a newer version: it is said, nothing that is there is lost without a word, and nothing
is acknowledged that is not stored."""
import os
import signal
import sqlite3

import tap
from harness import wait_until
from spooling import STAMPED, SpoolCase

NEWER = 1000  # a version


class TestFile(SpoolCase):
    def setUp(self):
        self.begin({"spool.mode": "always"})
        self.file = self.proxy.directory + "/spool/spool.db"
        self.programs = self.make_programs(3, kinds=(STAMPED,), wishes=((),))

    def write(self, count=20):
        """Each program; returns their statuses."""
        for program in self.programs:
            for _ in range(count):
                program.write(STAMPED)
        return {write.status for program in self.programs for write in program.writes[-count:]}

    def assert_refused(self):
        for program in self.programs:
            program.allowed[STAMPED] += (503,)
        self.assertEqual(self.write(1), {503})

    def store(self):
        """Values that wait in the file of a daemon that has ended."""
        self.way.end()
        self.proxy.start(wait="")
        self.assertEqual(self.write(), {202})
        self.end()

    def end(self):
        for program in self.programs:
            program.close()
        self.proxy.process.terminate()
        self.assertEqual(self.proxy.ended(), 0)

    def test_a_second_process_refuses_to_start(self):
        self.proxy.start()
        second = self.prepare_daemon(self.way, {**self.OPTIONS, "spool.directory": self.proxy.options["spool.directory"]})
        second.launch()
        self.assertNotEqual(second.ended(), 0)
        self.assertRegex(second.log.text(), r"spool\.db is in use by another process; each needs a directory of its own")
        second.process = None
        self.assertEqual(self.write(), {202})
        self.settle(self.programs)

    def test_a_program_that_reads_the_file_only_delays_it(self):
        self.store()
        self.way.start()
        reader = sqlite3.connect(self.file, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM rows").fetchone()
        self.proxy.start()
        self.proxy.log.wait("is being read by another program; it is opened when that has ended")
        self.assert_refused()
        reader.close()
        self.proxy.signal(signal.SIGHUP)
        self.proxy.log.wait("can be used now")
        self.settle(self.programs)

    def set_version(self, version):
        with sqlite3.connect(self.file) as database:
            (before,) = database.execute("PRAGMA user_version").fetchone()
            database.execute("PRAGMA user_version=%d" % version)
        database.close()
        return before

    def test_a_file_of_a_newer_version_is_left_as_it_is(self):
        self.store()
        before = self.set_version(NEWER)
        with open(self.file, "rb") as file:
            content = file.read()
        self.way.start()
        self.proxy.start()
        self.proxy.log.wait("was written by a newer version; install that, or move the file away")
        self.assert_refused()
        self.end()
        with open(self.file, "rb") as file:
            self.assertEqual(file.read(), content)
        self.set_version(before)
        self.proxy.start()
        self.settle(self.programs)

    def damage(self):
        """The second page, which is a part of some table."""
        with open(self.file, "r+b") as file:
            file.seek(4096)
            file.write(os.urandom(3 * 4096))

    def test_a_damaged_file_is_moved_aside(self):
        self.store()
        lost = [program.writes[:] for program in self.programs]
        self.damage()
        mark = self.proxy.log.mark()
        self.way.start()
        self.proxy.start()
        self.proxy.log.wait("is damaged .*; it was moved to .*, and a new one begins: what it held is not delivered", mark)
        self.assertEqual(len([name for name in os.listdir(self.proxy.directory + "/spool") if "damaged" in name and not name.endswith("-wal")]), 1)
        self.assertEqual(self.write(), {202})
        for program, before in zip(self.programs, lost):
            program.writes = program.writes[len(before):]
        self.settle(self.programs)

    def test_a_file_that_was_removed_while_the_daemon_was_stopped(self):
        self.store()
        lost = [program.writes[:] for program in self.programs]
        self.assertEqual(self.proxy.log.find("was removed"), [])
        os.remove(self.file)
        self.way.start()
        self.proxy.start()
        self.proxy.log.wait("spool.db was removed or moved away: what it held is not delivered, and a new one begins")
        self.assertEqual(self.write(), {202})
        for program, before in zip(self.programs, lost):
            program.writes = program.writes[len(before):]
        self.settle(self.programs)
        for write in (write for before in lost for write in before):
            self.assertEqual(self.proxy.ask_admin("GET", write.location).status, 404, "of another write")

    def move(self, name, to):
        os.rename(self.proxy.directory + name, self.proxy.directory + to)

    def test_a_file_with_rows_that_comes_back_while_the_daemon_runs(self):
        """Rows of entities to which nobody writes any more are delivered, too."""
        self.way.end()
        self.proxy.start(wait="")
        self.assertEqual(self.write(), {202})
        self.move("/spool", "/kept")
        self.programs[0].write(STAMPED)
        lost = self.programs[0].writes.pop()
        self.move("/spool", "/left")
        self.move("/kept", "/spool")
        self.programs[1].write(STAMPED)
        self.assertEqual({lost.status, self.programs[1].writes[-1].status}, {202})
        self.way.start()
        self.settle(self.programs)

    def test_a_directory_that_others_can_read(self):
        os.mkdir(self.proxy.directory + "/spool", 0o755)
        self.proxy.start()
        self.proxy.log.wait("others have rights; run chmod 0700")
        self.assert_refused()
        os.chmod(self.proxy.directory + "/spool", 0o700)
        wait_until(lambda: self.write(1) == {202}, "a spool")
        self.settle(self.programs)


if __name__ == "__main__":
    tap.main()
