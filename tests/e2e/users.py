# SPDX-License-Identifier: Apache-2.0
"""Connections of other users: a child becomes one, connects, and hands its sockets over. Only root can do that."""
import contextlib
import os
import socket
import unittest

from client import Connection

ALICE, BOB, CAROL = 10001, 10002, 65534

needs_users = unittest.skipUnless(os.geteuid() == 0, "needs root, to connect as other users")

HANDED_MAX = 200  # sockets in one message


def family_of(address):
    return socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def connect_and_hand_over(uid, address, count, out, source, data):
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    sockets = []
    for _ in range(count):
        sockets.append(socket.socket(family_of(address), socket.SOCK_STREAM))
        if source:
            sockets[-1].bind((source, 0))
        sockets[-1].connect(address)
        with contextlib.suppress(BrokenPipeError):  # it has been refused
            sockets[-1].send(data)
    for first in range(0, count, HANDED_MAX):
        socket.send_fds(out, [b"x"], [sock.fileno() for sock in sockets[first:first + HANDED_MAX]])
    for sock in sockets:
        sock.close()


def sockets_of(uid, address, count, source=None, data=b""):
    """COUNT sockets of the user UID, connected to ADDRESS from the address SOURCE; each sends DATA when it is connected."""
    into, out = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with into, out:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                connect_and_hand_over(uid, address, count, out, source, data)
                status = 0
            finally:
                os._exit(status)
        out.close()
        descriptors = []
        while len(descriptors) < count:
            data, received, _, _ = socket.recv_fds(into, 1, HANDED_MAX)
            if not data:
                break
            descriptors += received
        if os.waitpid(child, 0)[1] != 0 or len(descriptors) != count:
            raise OSError("user %d cannot connect to %s" % (uid, address))
    return [socket.socket(family_of(address), socket.SOCK_STREAM, fileno=descriptor) for descriptor in descriptors]


def connect_as(case, uid, proxy, count=1, unix=False):
    """COUNT connections of the user UID to the daemon PROXY, closed at the end of the test CASE."""
    os.chmod(proxy.directory, 0o711)
    address = proxy.unix_path if unix else proxy.address
    connections = [Connection(address, sock=sock) for sock in sockets_of(uid, address, count)]
    for connection in connections:
        case.addCleanup(connection.close)
    return connections
