# SPDX-License-Identifier: Apache-2.0
"""If TB_RECORD names a folder, what programs, tbproxyd and the server say to each other is written there, for the fuzzers
(tests/fuzz/make_seeds.py): a file for each kind and content. Otherwise this does nothing."""
import hashlib
import json
import os
import socket
import urllib.parse

from listening import Listening, shut_down

FOLDER = os.environ.get("TB_RECORD")
KEPT_BYTES = 16384  # of each direction


def record(kind, *parts):
    """PARTS: texts or bytes that belong together."""
    if not FOLDER:
        return
    texts = [part if isinstance(part, str) else part[:KEPT_BYTES].decode("latin-1") for part in parts]
    content = json.dumps(texts)
    os.makedirs(os.path.join(FOLDER, kind), exist_ok=True)
    with open(os.path.join(FOLDER, kind, hashlib.sha1(content.encode()).hexdigest()), "w", encoding="ascii") as file:
        file.write(content)


def keep(said, data):
    """Appends DATA to the bytearray SAID, which is recorded later."""
    if FOLDER and len(said) < KEPT_BYTES:
        said += data[:KEPT_BYTES]


class Relay(Listening):
    """Passes bytes between the daemon and the server at ADDRESS, and records them."""

    def __init__(self, address):
        self.address = address
        self.socks = []
        super().__init__()

    def connected(self, sock):
        try:
            server = socket.create_connection(self.address)
        except OSError:
            sock.close()
            return
        said = {sock: bytearray(), server: bytearray()}
        self.socks += [sock, server]
        self.spawn(self.serve, sock, server, said)

    def serve(self, sock, server, said):
        self.spawn(self.pass_on, server, sock, said)
        self.pass_on(sock, server, said)
        record("server", bytes(said[sock]), bytes(said[server]))

    @staticmethod
    def pass_on(source, target, said):
        try:
            while data := source.recv(65536):
                keep(said[source], data)
                target.sendall(data)
        except OSError:
            pass
        shut_down([source, target])

    def stop(self):
        self.stop_listening()
        shut_down(self.socks)
        self.join()


def recorded_url(url, cleanup):
    """The URL that the daemon gets instead of URL."""
    parts = urllib.parse.urlsplit(url)
    if not FOLDER or parts.scheme != "http" or not parts.port:
        return url
    relay = Relay((parts.hostname, parts.port))
    cleanup(relay.stop)
    return parts._replace(netloc="127.0.0.1:%d" % relay.port).geturl()
