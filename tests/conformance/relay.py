# SPDX-License-Identifier: Apache-2.0
"""Stands between a program and a server, passes every byte, and keeps them: what was asked, and what came back."""
import socket
import threading

from client import Closed, Connection
from recording import requests_in


class Kept(Connection):
    """Reads answers from bytes that are all there."""

    def __init__(self, data):  # without a socket
        self.data = data

    def fill(self):
        return b""


class Relay:
    """In front of ADDRESS: (host, port), or the path of a Unix socket."""

    def __init__(self, address):
        self.address = address
        self.connections = []  # (bytes of the requests, of the answers)
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        self.threads = []
        self.spawn(self.accept)

    def spawn(self, function, *arguments):
        self.threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self.threads[-1].start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            unix = isinstance(self.address, str)
            far = socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_STREAM)
            far.connect(self.address)
            for sock in [near] if unix else [near, far]:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets |= {near, far}
            self.connections.append((bytearray(), bytearray()))
            for source, target, kept in ((near, far, self.connections[-1][0]), (far, near, self.connections[-1][1])):
                self.spawn(self.pass_on, source, target, kept)

    @staticmethod
    def pass_on(source, target, kept):
        try:
            while data := source.recv(1 << 16):
                kept += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other one has closed, or the test is over
            pass

    def exchanges(self):
        """[(request, answer)] in the order of their connections; no request may be under way."""
        found = []
        for asked, answered in self.connections:
            answers = Kept(bytes(answered))
            for request in requests_in(bytes(asked)):
                try:
                    found.append((request, answers.response(request.method)))
                except Closed:  # who asked has seen enough, and closed
                    break
        return found

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join(5)
        for sock in self.sockets:
            sock.close()
