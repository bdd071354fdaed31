# SPDX-License-Identifier: Apache-2.0
"""A client of GET /-/subscribe/..."""
import json

from waiting import PATIENCE


class Stream:
    """A response whose events are read one by one."""

    def __init__(self, daemon, target, headers=(), unix=False, version="HTTP/1.1", timeout=PATIENCE):
        self.connection = daemon.connect(unix, timeout)
        self.connection.send(("GET %s %s\r\nHost: %s\r\n%s\r\n" % (
            target, version, self.connection.host, "".join("%s: %s\r\n" % pair for pair in headers))).encode())
        self.answer = self.connection.head()
        self.text = b""
        self.comments = []
        self.last_id = None

    def more(self):
        """The next chunk; false at the end."""
        if (self.answer.header("Transfer-Encoding") or "") != "chunked":
            data = self.connection.data or self.connection.fill()
            self.connection.data = b""
            self.text += data
            return bool(data)
        length = int(self.connection.line(), 16)
        self.text += self.connection.take(length)
        self.connection.line()
        return length > 0

    def block(self):
        """The fields of the next event or comment; None at the end."""
        while b"\n\n" not in self.text:
            if not self.more():
                return None
        block, self.text = self.text.split(b"\n\n", 1)
        return [line.split(": ", 1) for line in block.decode().split("\n")]

    def event(self):
        """(time, values) of the next event."""
        while True:
            fields = self.block()
            if fields is None or fields[0][0] != "":
                break
            self.comments.append(fields[0][1])
        if fields is None:
            return None
        if fields[0] == ["event", "end"]:
            return "end", json.loads(fields[1][1])["message"]
        if [name for name, _ in fields] != ["id", "data"]:
            raise AssertionError(fields)
        self.last_id = int(fields[0][1])
        data = json.loads(fields[1][1])
        return data["ts"], data["values"]
