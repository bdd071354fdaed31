# SPDX-License-Identifier: Apache-2.0
"""A server of large bodies that uses as little CPU time as possible: downloads are sent from memory with sendfile(),
uploads are discarded. It accepts every login. The first line of its output is its URL."""

import base64
import json
import os
import socket
import sys
import threading

PAYLOAD = {"sub": "bench", "scopes": ["TENANT_ADMIN"], "exp": 1 << 40, "iat": 0}
BUFFER_BYTES = 1 << 20


def main():
    """Serves until it is killed."""
    memory = os.memfd_create("download")
    os.truncate(memory, int(sys.argv[1]))
    os.pwrite(memory, b"x", 0)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print("http://127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        connection = listener.accept()[0]
        threading.Thread(target=serve, args=(connection, memory), daemon=True).start()


def serve(connection, memory):
    """Serves one connection until the other side closes it."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    rest = b""
    while True:
        head, found, rest = rest.partition(b"\r\n\r\n")
        while not found:
            more = connection.recv(65536)
            if not more:
                return
            head, found, rest = (head + more).partition(b"\r\n\r\n")
        rest = answer(connection, memory, head, rest)


def answer(connection, memory, head, rest):
    """Serves one request. Returns what has been read of the next one."""
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    if headers.get("expect"):
        connection.sendall(b"HTTP/1.1 100 \r\n\r\n")
    left = int(headers.get("content-length", 0)) - len(rest)
    buffer = bytearray(BUFFER_BYTES)
    while left > 0:
        left -= connection.recv_into(buffer, min(left, BUFFER_BYTES)) or sys.exit("an upload broke off")
    if lines[0].startswith("GET /api/image"):
        length = os.fstat(memory).st_size
        connection.sendall(b"HTTP/1.1 200 \r\nContent-Length: %d\r\n\r\n" % length)
        sent = 0
        while sent < length:
            sent += os.sendfile(connection.fileno(), memory, sent, length - sent)
        return b""
    body = json.dumps({"token": token(), "refreshToken": token(), "authority": "TENANT_ADMIN"}).encode()
    connection.sendall(b"HTTP/1.1 200 \r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" %
                       (len(body), body))
    return b""


def token():
    """A token in the form of a JWT."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS512"}, PAYLOAD)] + [b"signature"]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


if __name__ == "__main__":
    main()
