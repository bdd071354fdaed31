# SPDX-License-Identifier: Apache-2.0
"""A relay between a program and a server, which passes every byte on and keeps requests and responses."""
import socket

from client import Closed, Connection
from listening import Listening, shut_down
from recording import requests_in


class Kept(Connection):
    """Reads responses from bytes instead of a socket."""

    def __init__(self, data):
        self.data = data

    def fill(self):
        return b""


class Relay(Listening):
    """A relay in front of ADDRESS: (host, port), or the path of a Unix socket."""

    def __init__(self, address):
        self.address = address
        self.connections = []  # (bytes of the requests, bytes of the responses)
        self.sockets = set()
        super().__init__()

    def connected(self, near):
        unix = isinstance(self.address, str)
        far = socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_STREAM)
        far.connect(self.address)
        for sock in [near] if unix else [near, far]:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sockets |= {near, far}
        asked, answered = bytearray(), bytearray()
        self.connections.append((asked, answered))
        self.spawn(self.pass_on, near, far, asked)
        self.spawn(self.pass_on, far, near, answered)

    @staticmethod
    def pass_on(source, target, kept):
        try:
            while data := source.recv(1 << 16):
                kept += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other side has closed, or the test is over
            pass

    def exchanges(self):
        """Returns [(request, response)], connection by connection. No request may be in progress."""
        found = []
        for asked, answered in self.connections:
            answers = Kept(bytes(answered))
            for request in requests_in(bytes(asked)):
                try:
                    found.append((request, answers.response(request.method)))
                except Closed:  # the client closed the connection early
                    break
        return found

    def stop(self):
        self.stop_listening()
        shut_down(self.sockets)
        self.join()
        for sock in self.sockets:
            sock.close()
