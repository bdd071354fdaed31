# SPDX-License-Identifier: Apache-2.0
"""The spool is full: writes are refused, or the oldest of the same user are dropped; nobody loses anything, or
waits, for another."""
import tap
from harness import wait_until
from spooling import STAMPED, Judge, SpoolCase
from users import ALICE, BOB, connect_as, needs_users

ROWS = 100  # the least that can be set


@needs_users
class TestRows(SpoolCase):
    def begin_away(self, when_full):
        self.begin({"spool.mode": "always", "spool.max_rows": ROWS, "spool.when_full": when_full})
        self.proxy.start()
        self.alice, self.bob = self.programs = self.make_programs(2, kinds=(STAMPED,), wishes=((),))
        for program, user in ((self.alice, ALICE), (self.bob, BOB)):
            program.connection, = connect_as(self, user, self.proxy, unix=True)
            program.connection.host = "localhost"
        self.way.end()

    @staticmethod
    def write(program, count):
        """Returns the statuses."""
        for _ in range(count):
            program.write(STAMPED)
        return [write.status for write in program.writes[-count:]]

    def test_writes_are_refused(self):
        self.begin_away("refuse")
        self.alice.allowed[STAMPED] = (202, 503)
        self.assertEqual(self.write(self.alice, ROWS), [202] * ROWS)
        self.assertEqual(self.write(self.alice, 3), [503] * 3)
        self.assertEqual(self.write(self.bob, 10), [202] * 10)
        self.way.start()
        self.settle(self.programs)
        self.assertEqual(self.write(self.alice, 1), [202])
        self.settle(self.programs)

    def test_the_oldest_are_dropped(self):
        self.begin_away("drop-oldest")
        self.assertEqual(self.write(self.bob, 10), [202] * 10)
        self.assertEqual(self.write(self.alice, 2 * ROWS + 50), [202] * (2 * ROWS + 50))
        self.way.start()
        judge = Judge(self.sim, self.programs, True)
        wait_until(lambda: not self.proxy.ask_admin("GET", "/-/spool?state=waiting").json()["rows"], "delivery")
        judge.look()
        lost = judge.lost()
        self.assertEqual(lost, self.alice.writes[:len(lost)])
        self.assertIn(len(lost), range(ROWS + 50, ROWS + 50 + 15))  # there is room for Bob, who has some
        self.assertIn("\ntbproxyd_spool_dropped_total %d\n" % len(lost), self.proxy.ask_admin("GET", "/-/metrics").body.decode())
        first = self.proxy.ask_admin("GET", self.alice.writes[0].location).json()
        self.assertEqual(first["state"], "dropped")


@needs_users
class TestTurns(SpoolCase):
    ENTITIES = 101  # of which one is Bob's

    def test_many_entities_of_one_user_do_not_delay_another(self):
        self.begin({"spool.mode": "always", "rate.limits": "40:1", "rate.learn": False})
        self.proxy.start()
        programs = self.make_programs(self.ENTITIES, kinds=(STAMPED,), wishes=((),))
        alice, bob = (connect_as(self, user, self.proxy, unix=True)[0] for user in (ALICE, BOB))
        self.way.end()
        for program in programs:
            program.connection = bob if program is programs[-1] else alice
            program.connection.host = "localhost"
            program.write(STAMPED)
        self.way.start()
        place = programs[-1].writes[0].location
        wait_until(lambda: self.proxy.ask_admin("GET", place).json()["state"] == "delivered", "delivery")
        self.assertGreater(self.proxy.ask_admin("GET", "/-/status").json()["spool"]["rows"], self.ENTITIES / 2)
        self.settle(programs)


if __name__ == "__main__":
    tap.main()
