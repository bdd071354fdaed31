# SPDX-License-Identifier: Apache-2.0
"""What really reaches a server: every byte, and the requests that a strict reader finds in them."""
import re

from scripted import PROBES, Request, ScriptedServer, answer

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
REQUEST_LINE = re.compile(rb"[A-Z]+ /[!-\"$->@-~]*(\?[!-~\x80-\xff]*)? HTTP/1\.1")  # the query passes unchanged


class Ambiguous(Exception):
    """Two servers could read it differently."""


class Reader:
    """Reads bytes as the strictest server does (RFC 9112): no line without CR LF, no second length."""

    def __init__(self, data):
        self.data = data

    def line(self):
        line, end, self.data = self.data.partition(b"\r\n")
        if not end or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line):
            raise Ambiguous("the line %r" % line)
        return line

    def take(self, length):
        if len(self.data) < length:
            raise Ambiguous("%d bytes are missing" % (length - len(self.data)))
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def headers(self):
        headers = []
        while line := self.line():
            name, colon, value = line.partition(b":")
            if not colon or not TOKEN.fullmatch(name):
                raise Ambiguous("the header %r" % line)
            headers.append((name.decode(), value.strip(b" \t").decode("latin-1")))
        return headers

    def chunks(self):
        body = b""
        while length := int(self.match(rb"[0-9A-Fa-f]{1,15}"), 16):
            body += self.take(length)
            self.match(b"")
        if self.headers():
            raise Ambiguous("a trailer")
        return body

    def match(self, pattern):
        line = self.line()
        if not re.fullmatch(pattern, line):
            raise Ambiguous("the line %r" % line)
        return line

    def request(self):
        line = self.match(REQUEST_LINE.pattern).decode("latin-1")
        headers = self.headers()
        names = [name.lower() for name, _ in headers]
        once = {"host", "content-length", "transfer-encoding", "x-authorization", "content-type"}
        if any(names.count(name) > 1 for name in once) or "host" not in names:
            raise Ambiguous("the headers %r" % headers)
        if {"content-length", "transfer-encoding"} <= set(names):
            raise Ambiguous("two lengths")
        request = Request(line, headers, b"")
        if request.header("Transfer-Encoding") is not None:
            if request.header("Transfer-Encoding") != "chunked":
                raise Ambiguous("the coding %r" % request.header("Transfer-Encoding"))
            request.body = self.chunks()
        elif request.header("Content-Length") is not None:
            if not re.fullmatch("[0-9]{1,15}", request.header("Content-Length")):
                raise Ambiguous("the length %r" % request.header("Content-Length"))
            request.body = self.take(int(request.header("Content-Length")))
        return request


def requests_in(data):
    """All requests in DATA, the bytes of one connection."""
    reader, requests = Reader(data), []
    while reader.data:
        requests.append(reader.request())
    return requests


class Recorder:
    """A file that remembers what was read from it."""

    def __init__(self, file):
        self.file = file
        self.data = b""

    def readline(self, *arguments):
        line = self.file.readline(*arguments)
        self.data += line
        return line

    def read(self, *arguments):
        data = self.file.read(*arguments)
        self.data += data
        return data

    def close(self):
        self.file.close()


class RecordingServer(ScriptedServer):
    """A server that remembers every byte it reads. It answers 200 and "ok" until a test says otherwise."""

    def __init__(self, **options):
        self.files = []
        super().__init__(None, **options)
        self.reset()

    def serve(self, peer):
        peer.file = Recorder(peer.file)
        self.files.append(peer.file)
        super().serve(peer)

    def reset(self):
        """Forgets everything so far; no request may be under way."""
        self.answer_with(answer(body=b"ok"))
        self.requests.clear()
        for file in self.files:
            file.data = b""

    def answer_with(self, data, kept=True):
        """DATA: the bytes of a response, or a function of the request that returns them. KEPT: the connection, or not."""
        def handle(peer, request):
            peer.send(data(request) if callable(data) else data)
            return kept
        self.handle = handle

    def arrived(self):
        """The requests of programs since the last reset(), as a strict reader reads them."""
        requests = [request for file in self.files for request in requests_in(file.data)]
        return [request for request in requests if request.target not in ("/api/auth/user", *PROBES)]
