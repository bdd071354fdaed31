# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 client that shows what is on the wire: every header as it came, and interim responses."""
import json
import socket
import time

import wiretap

CRLF = b"\r\n"

received = []  # what every recorded connection received; searched for secrets


class Closed(Exception):
    """The peer closed the connection before the response was complete."""


class Response:
    def __init__(self, version, status, headers):
        self.version = version
        self.status = status
        self.headers = headers
        self.body = b""
        self.interim = []

    def header(self, name):
        """The value; several are joined; None if there is none."""
        values = self.all(name)
        return ", ".join(values) if values else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def __repr__(self):
        return "%d %r" % (self.status, self.body[:300])


def build(method, target, headers=(), body=None, host="localhost", version="HTTP/1.1"):
    """The bytes of a request. BODY: bytes, sent with Content-Length; a list of bytes, sent chunked; a dict, sent as JSON."""
    lines = ["%s %s %s" % (method, target, version)]
    headers = list(headers)
    if isinstance(body, dict):
        headers.append(("Content-Type", "application/json"))
        body = json.dumps(body).encode()
    if host is not None:
        lines.append("Host: " + host)
    lines += ["%s: %s" % pair for pair in headers]
    if isinstance(body, bytes):
        lines.append("Content-Length: %d" % len(body))
    elif body is not None:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in body) + b"0\r\n\r\n"
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


class Connection:
    """ADDRESS: (host, port), or the path of a Unix socket. SOCK: one that is connected to it already."""

    def __init__(self, address, timeout=60.0, record=True, sock=None):
        is_unix = isinstance(address, str)
        is_six = not is_unix and ":" in address[0]
        family = socket.AF_UNIX if is_unix else socket.AF_INET6 if is_six else socket.AF_INET
        self.host = "localhost" if is_unix else ("[%s]:%d" if is_six else "%s:%d") % address
        self.deadline = time.monotonic() + timeout
        self.sock = sock or socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        try:
            if not sock:
                self.sock.connect(address)
        except OSError:
            self.sock.close()
            raise
        self.data = b""
        self.record = record
        self.said, self.heard = bytearray(), bytearray()  # for the record of the wire

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        self.sock.close()
        wiretap.record("client", bytes(self.said), bytes(self.heard))

    def reset(self):
        """Closes the connection with a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def send(self, data):
        wiretap.keep(self.said, data)
        self.sock.sendall(data)

    def request(self, method, target, headers=(), body=None, **options):
        options.setdefault("host", self.host)
        self.send(build(method, target, headers, body, **options))
        return self.response(method)

    def fill(self):
        """Receives more; returns b"" at the end."""
        self.sock.settimeout(max(0.001, self.deadline - time.monotonic()))
        try:
            more = self.sock.recv(1 << 16)
        except ConnectionResetError:
            more = b""
        if self.record and more:
            received.append(more)
        self.data += more
        wiretap.keep(self.heard, more)
        return more

    def take(self, length):
        parts, missing = [], length
        while missing > 0:
            if not self.data and not self.fill():
                raise Closed("%d of %d bytes are missing" % (missing, length))
            part, self.data = self.data[:missing], self.data[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def line(self):
        while CRLF not in self.data:
            if not self.fill():
                raise Closed("after %r" % self.data[:200])
        line, self.data = self.data.split(CRLF, 1)
        return line.decode("latin-1")

    def rest(self):
        """Everything up to the end of the connection."""
        while self.fill():
            pass
        data, self.data = self.data, b""
        return data

    def head(self):
        version, status, *_ = self.line().split(" ", 2) + [""]
        headers = []
        while True:
            line = self.line()
            if not line:
                return Response(version, int(status), headers)
            name, value = line.split(":", 1)
            headers.append((name, value.strip(" \t")))

    def chunks(self):
        parts = []
        while True:
            length = int(self.line().split(";")[0], 16)
            if length == 0:
                while self.line():  # trailers
                    pass
                return b"".join(parts)
            parts.append(self.take(length))
            if self.line():
                raise ValueError("a chunk is longer than it says")

    def final_head(self):
        """The header of the next final response; it lists the interim ones before it."""
        interim = []
        answer = self.head()
        while answer.status < 200:
            interim.append(answer.status)
            answer = self.head()
        answer.interim = interim
        return answer

    def read_body(self, answer, method):
        """Reads the body of ANSWER, to a request with METHOD."""
        if method == "HEAD" or answer.status in (204, 304):
            return
        if (answer.header("Transfer-Encoding") or "").lower() == "chunked":
            answer.body = self.chunks()
        elif answer.header("Content-Length") is not None:
            answer.body = self.take(int(answer.header("Content-Length")))
        else:
            answer.body = self.rest()

    def response(self, method="GET"):
        """The next final response."""
        answer = self.final_head()
        self.read_body(answer, method)
        return answer


def fetch(address, method, target, headers=(), body=None, timeout=60.0, record=True, **options):
    """One request on a connection of its own."""
    with Connection(address, timeout, record) as connection:
        return connection.request(method, target, headers, body, **options)
