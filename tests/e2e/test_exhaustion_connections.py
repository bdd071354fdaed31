#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""10,000 connections: idle, with a request, and those that come and go."""
import os
import re

import tap
from exhaustion import LONG, SCALE, Crowd, ExhaustionCase, churn, close, replies, statuses
from harness import SLOW, build, wait_until
from neighbours import WAITING
from users import needs_users

COUNT = 1000 if SLOW else 10000
BOUND = 100 if SLOW else 1024  # listen.max_connections, which is 1,024 by default
USERS = range(10010, 10015)
CONNECTION_BYTES = 8 * 1024  # of one that is idle
CHURN = 6 * COUNT if LONG else COUNT
REQUEST_BYTES = 40 * 1024    # of one with a request, or that had one less than 2 s ago
REFUSAL = b"too many connections with requests (listen.max_connections)"
FILLED = 0.85  # of the places, because the last eighth is for users who hold nothing (base/quota.h)


@needs_users
class ConnectionsCase(ExhaustionCase):
    def crowds(self, count, unix=False, data=b"", at_once=COUNT // 5):
        """COUNT connections, of five users in turn, over TCP from an address of this host for each."""
        return [Crowd(self, USERS[index % 5], self.proxy, at_once, unix, None if unix else "127.0.1.%d" % (index % 5 + 1), data)
                for index in range(count // at_once)]

    def places(self, wanted=BOUND):
        """How many connections all users together have, if one may have WANTED."""
        lowered = self.proxy.log.find(r"listen.max_connections is lowered from \d+ to (\d+)")
        most = int(lowered[0].group(1)) if lowered else wanted
        return most + most // 3

    def open_connections(self):
        return self.gauge("tbproxyd_local_connections")


class TestDefaultBound(ConnectionsCase):
    def test_10000_that_are_idle(self):
        """Those that were idle longest give way."""
        self.begin({"listen.max_connections": BOUND})
        with self.recovers():
            for unix in (False, True):
                with self.flood("%d idle, unix %d" % (COUNT, unix)):
                    crowds = self.crowds(COUNT, unix)
                    self.assertLessEqual(self.open_connections(), self.places() + 1)
                    texts, ended = replies(crowds, lambda texts, ended: len(ended) >= COUNT - self.places())
                    self.assertEqual(statuses(texts), {0: COUNT})
                    close(crowds)

    def test_10000_with_requests(self):
        """Nobody gives way: those who have no place are told, and those who have one are served."""
        self.begin({"listen.max_connections": BOUND})
        request = build("POST", "/api/x", body=b"good")
        before = self.proxy.memory_kib()
        with self.recovers():
            for unix in (False, True):
                with self.flood("%d with requests, unix %d" % (COUNT, unix)):
                    crowds = self.crowds(COUNT, unix, request[:-1], at_once=COUNT // 50)
                    held = int(self.open_connections()) - 2
                    self.assertGreater(held, FILLED * self.places())
                    self.assertLess(self.proxy.memory_kib() - before, held * REQUEST_BYTES // 1024 * SCALE)
                    for crowd in crowds:
                        crowd.send(request[-1:])
                    texts, _ = replies(crowds, lambda texts, ended: all(texts.values()))
                    found = statuses(texts)
                    tap.comment(str(found))
                    self.assertEqual(set(found), {200, 503})
                    self.assertGreater(found[200], held)
                    for text in texts.values():
                        self.assertTrue(text.endswith(b"good") or REFUSAL in text, text)
                    close(crowds)


class TestRaisedBound(ConnectionsCase):
    """As many as the limit of open files allows."""

    def test_10000_with_places(self):
        self.begin({"listen.max_connections": COUNT})
        request = build("GET", "/-/live")
        with self.recovers():
            for unix in (False, True):
                before, open_before = self.proxy.memory_kib(), self.open_connections()
                with self.flood("at most %d places, unix %d" % (self.places(COUNT), unix)):
                    crowds = self.crowds(COUNT, unix)
                    count = self.open_connections() - open_before - 2  # those of the neighbour may be new
                    self.assertGreater(count, FILLED * min(COUNT, self.places(COUNT)))

                    def bytes_each():
                        return (self.proxy.memory_kib() - before) * 1024 / count
                    idle = bytes_each()
                    for crowd in crowds:
                        crowd.send(request[:1])
                    for crowd in crowds:
                        crowd.send(request[1:])
                    texts, ended = replies(crowds, lambda texts, ended: sum(map(bool, texts.values())) >= count)
                    asked = bytes_each()
                    wait_until(lambda: SLOW or bytes_each() < CONNECTION_BYTES, "the return of the memory of requests")
                tap.comment("%d connections: %d bytes each; after a request %d, and when that is over %d" % (
                    count, idle, asked, bytes_each()))
                self.assertLessEqual(set(statuses(texts)), {0, 200, 503})
                for text in texts.values():
                    self.assertTrue(not text.startswith(b"HTTP/1.1 503") or REFUSAL in text, text)
                self.assertLess(idle, CONNECTION_BYTES * SCALE)
                close(crowds)


class TestChurn(ConnectionsCase):
    def test_10000_that_come_and_go(self):
        """With the end of the stream or with a reset; at once, within a header, and with a request."""
        self.begin()
        with self.recovers():
            for unix in (False, True):
                with self.flood("%d come and go, unix %d" % (CHURN, unix)):
                    children = []
                    address = self.crowd_address(unix)
                    for index, data in enumerate((b"", b"G", build("GET", "/api/gone"))):
                        for reset in (False, True):
                            children.append(churn(USERS[index], address, CHURN // 6, None if unix else "127.0.1.%d" % (index + 1),
                                                  data, reset))
                    for child in children:
                        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def crowd_address(self, unix):
        os.chmod(self.proxy.directory, 0o711)
        return self.proxy.unix_path if unix else self.proxy.address


if __name__ == "__main__":
    tap.main()
