# SPDX-License-Identifier: Apache-2.0
"""A server that sends what a test says, byte for byte: for responses that the stand-in never gives."""
import json
import socket
import threading

from listening import Listening, shut_down

USER = {"id": {"entityType": "USER", "id": "11111111-1111-1111-1111-111111111111"}, "email": "a@example.org",
        "tenantId": {"entityType": "TENANT", "id": "22222222-2222-2222-2222-222222222222"},
        "authority": "TENANT_ADMIN"}

# The questions for the edition and the version (src/upstream/server_version.c).
WHITE_LABEL, SIGN_UP, API_DOCS = PROBES = ("/api/noauth/whiteLabel/loginWhiteLabelParams",
                                           "/api/noauth/signup/recaptchaParams", "/v3/api-docs/thingsboard")


def answer(status=200, body=b"", headers=()):
    """The bytes of a response, with Content-Length."""
    if isinstance(body, dict):
        headers = [("Content-Type", "application/json"), *headers]
        body = json.dumps(body).encode()
    lines = ["HTTP/1.1 %d " % status, *("%s: %s" % pair for pair in headers), "Content-Length: %d" % len(body)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


class Request:
    def __init__(self, line, headers, body):
        self.method, self.target, self.version = line.split(" ")
        self.headers = headers
        self.body = body

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


class Peer:
    """One connection from the daemon."""

    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb")
        self.requests = 0

    def read_request(self, with_body):
        """The next one; None at the end."""
        line = self.file.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return None
        headers = []
        while True:
            row = self.file.readline().decode("latin-1").rstrip("\r\n")
            if not row:
                break
            name, value = row.split(":", 1)
            headers.append((name, value.strip()))
        request = Request(line, headers, b"")
        length = request.header("Content-Length")
        request.body = self.file.read(int(length)) if length and with_body else b""
        self.requests += 1
        return request

    def send(self, data):
        self.sock.sendall(data)

    def wait_for_close(self):
        """Waits until the daemon has ended the connection."""
        while self.sock.recv(65536):
            pass

    def close(self):
        self.file.close()
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()


class ScriptedServer(Listening):
    """HANDLE(peer, request) answers; if it returns true, the connection is kept. Logins and checks of an API key do not
    reach it but succeed, unless AUTHENTICATES is false. The daemon's questions for the edition do not reach it either,
    because a test does not know when they come; they get a 404 that says nothing, unless ANSWERS_PROBES is true."""

    def __init__(self, handle, authenticates=True, reads_bodies=True, port=0, answers_probes=False, address="127.0.0.1"):
        self.handle = handle
        self.authenticates = authenticates
        self.reads_bodies = reads_bodies
        self.answers_probes = answers_probes
        self.requests = []  # seen by the handler
        self.release = threading.Event()  # for a handler that waits; set at the end
        self.peers = set()
        super().__init__(port, address)

    def connected(self, sock):
        self.spawn(self.serve, Peer(sock))

    def serve(self, peer):
        self.peers.add(peer)
        try:
            kept = True
            while kept:
                request = peer.read_request(self.reads_bodies)
                if request is None:
                    break
                if self.authenticates and request.target == "/api/auth/user":
                    peer.send(answer(body=USER))
                    continue
                if request.target in PROBES and not self.answers_probes:
                    peer.send(answer(404))
                    continue
                self.requests.append(request)
                kept = self.handle(peer, request)
        except (OSError, ValueError):  # the daemon has closed the connection, or the test is over
            pass
        finally:
            self.peers.discard(peer)
            peer.close()

    def stop(self):
        self.release.set()
        self.stop_listening()
        shut_down([peer.sock for peer in list(self.peers)])
        self.join()


def echo(peer, request):
    """A handler that answers with the request it got, without the credential."""
    headers = [(name, "hidden" if name == "X-Authorization" else value) for name, value in request.headers]
    peer.send(answer(body={"method": request.method, "target": request.target, "headers": headers,
                           "body": request.body.decode("latin-1")}))
    return True
