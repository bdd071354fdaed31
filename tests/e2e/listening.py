# SPDX-License-Identifier: Apache-2.0
"""Shared by all servers of the tests: a listening socket on a free port, and threads."""
import socket
import threading


class Listening:
    """On ADDRESS, which may be the path of a Unix socket. CONNECTED(sock) is called for each connection, in the accepting thread; it spawns a thread for work that takes longer.
    A subclass must be ready for that before it calls this __init__."""

    def __init__(self, port=0, address="127.0.0.1"):
        self.threads = []
        self.is_unix = address.startswith("/")
        if self.is_unix:
            self.listener = socket.create_server(address, family=socket.AF_UNIX, backlog=128)
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.listener = socket.create_server((address, port), family=family, backlog=128)
            self.port = self.listener.getsockname()[1]
            self.url = "http://%s:%d" % ("[%s]" % address if ":" in address else address, self.port)
        self.spawn(self.accept)

    def spawn(self, function, *arguments):
        self.threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self.threads[-1].start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_unix:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else what is sent may come 40 ms later
            self.connected(sock)

    def stop_listening(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def join(self):
        for thread in self.threads:
            thread.join(5)


def shut_down(socks):
    """Ends all waiting for these connections."""
    for sock in socks:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def closed_port():
    """A URL on which nobody listens; the port stays reserved."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken, "http://127.0.0.1:%d" % taken.getsockname()[1]
