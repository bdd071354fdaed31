# SPDX-License-Identifier: Apache-2.0
"""Rows in the file of a spool that no daemon has open."""
import os
import sqlite3
import time
import zlib

WAITING, ASIDE, DELIVERED, DROPPED = range(4)
PARTS = 1 << 20
HOUR_MS = 3600000


def row_id(number, part=0):
    """Parts are numbered from the last one, 0, to the first one."""
    return number * PARTS + PARTS - 1 - part


def now_ms():
    return int(time.time() * 1000)


class SpoolFile:
    def __init__(self, directory):
        self.db = sqlite3.connect(os.path.join(directory, "spool.db"))

    def close(self):
        self.db.commit()
        self.db.close()

    def name(self, table, **columns):
        """The id of a row of TABLE, which is added if it is missing."""
        where = " AND ".join("%s = ?" % column for column in columns)
        found = self.db.execute("SELECT id FROM %s WHERE %s" % (table, where), tuple(columns.values())).fetchone()
        return found[0] if found else self.db.execute("INSERT INTO %s (%s) VALUES (%s)" % (
            table, ", ".join(columns), ", ".join("?" * len(columns))), tuple(columns.values())).lastrowid

    def add(self, number, part=0, state=WAITING, user=0, entity="DEVICE/1", body='{"t":1}', arrived=1, attempts=0, status=None,
            answer=None, reason=None, server="http://127.0.0.1:1", crc=None):
        kind = self.name("kinds", target="/api/plugins/telemetry/%s/timeseries/ANY" % entity, operation="saveEntityTelemetry",
                         scope="", content_type="application/json")
        body = body.encode()
        self.db.execute("INSERT INTO rows (id, state, entity, principal, server, kind, arrived, attempts, last_attempt, status,"
                        " answer, reason, size, crc, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (row_id(number, part), state, self.name("entities", key=entity),
                         self.name("principals", name="uid:%d" % user), self.name("servers", url=server, tenant="t"), kind,
                         arrived, attempts, arrived if attempts else None, status, answer,
                         self.name("reasons", text=reason) if reason else None, len(body) + len((answer or "").encode()),
                         zlib.crc32(body) if crc is None else crc, body))

    def end(self, number, part=0, state=DELIVERED, user=0, status=None, answer=None, reason=None):
        self.db.execute("INSERT INTO ended VALUES (?, ?, ?, ?, ?, ?, ?)", (
            row_id(number, part), state, self.name("principals", name="uid:%d" % user), now_ms(), status, answer, reason))
