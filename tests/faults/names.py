# SPDX-License-Identifier: Apache-2.0
"""A name server, and a process that uses only that."""
import contextlib
import ctypes
import os
import socket
import struct
import threading

import e2e_modules  # noqa: F401
from namespaces import LIBC, check

CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
TYPE_A = 1


def bind_in_child(path, target):
    """Called in a process before its program runs: TARGET is the file PATH from now on, for it alone."""
    check(LIBC.unshare(CLONE_NEWNS))
    check(LIBC.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    check(LIBC.mount(path.encode(), target.encode(), None, ctypes.c_ulong(MS_BIND), None))


class NameServer:
    """On ADDRESS in NAMESPACE. ANSWER: the IPv4 address of every name, one of the codes above, or None for silence."""

    def __init__(self, namespace, address, answer):
        self.answer = answer
        self.asked = 0
        self.address = address
        self.sock = namespace.run(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.sock.bind((address, 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, sender = self.sock.recvfrom(512)
            if not query:
                break
            self.asked += 1
            reply = self.reply_to(query)
            if reply:
                self.sock.sendto(reply, sender)
        self.sock.close()

    def reply_to(self, query):
        answer = self.answer
        if answer is None:
            return b""
        end = query.index(b"\0", 12) + 5  # of the question: labels, type, class
        is_address = isinstance(answer, str)
        has_one = is_address and struct.unpack("!H", query[end - 4:end - 2])[0] == TYPE_A
        head = query[:2] + struct.pack("!HHHHH", 0x8180 | (NO_ERROR if is_address else answer), 1, int(has_one), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", TYPE_A, 1, 0, 4) + socket.inet_aton(answer) if has_one else b""
        return head + query[12:end] + record

    def write_resolver(self, directory):
        """A resolv.conf that names it. Returns the path."""
        path = os.path.join(directory, "resolv.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write("nameserver %s\noptions timeout:1 attempts:2\n" % self.address)
        return path

    def stop(self):
        with contextlib.suppress(OSError):  # it ends the waiting and fails, because nobody is connected
            self.sock.shutdown(socket.SHUT_RDWR)
