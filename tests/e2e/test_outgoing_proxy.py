# SPDX-License-Identifier: Apache-2.0
"""Connections to the server through a proxy: by CONNECT, so that the proxy sees nothing of a request."""
import base64
import select
import socket
import tempfile

import tap
from harness import Case, wait_until
from listening import Listening
from scripted import echo
from tls import TlsServer, make_certificate

PASSWORD = "pass-of-the-proxy-user"


class ConnectProxy(Listening):
    """A proxy that obeys CONNECT, or refuses it with STATUS. HEADS: the headers of the requests to it, byte for byte."""

    def __init__(self, status=200):
        self.status = status
        self.heads = []
        super().__init__()

    def connected(self, sock):
        self.spawn(self.serve, sock)

    def serve(self, sock):
        with sock:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                part = sock.recv(1)
                if not part:
                    return
                head += part
            self.heads.append(head)
            sock.sendall(b"HTTP/1.1 %d \r\nX-Of-The-Proxy: yes\r\n\r\n" % self.status)
            if self.status == 200:
                host, port = head.split(b" ")[1].decode().rsplit(":", 1)
                with socket.create_connection((host.strip("[]"), int(port))) as other:
                    self.pass_on(sock, other)

    @staticmethod
    def pass_on(one, other):
        while True:
            for ready in select.select([one, other], [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (other if ready is one else one).sendall(data)


class TestOutgoingProxy(Case):
    def start_proxy(self, **options):
        proxy = ConnectProxy(**options)
        self.addCleanup(proxy.stop_listening)
        return proxy

    def start_tls(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-proxy-")
        self.addCleanup(directory.cleanup)
        make_certificate(directory.name, "server")
        server = TlsServer(directory.name + "/server", echo)
        self.addCleanup(server.stop)
        with open(directory.name + "/server.pem", encoding="ascii") as file:
            return server, {"upstream.ca_file": file.read()}

    def test_everything_goes_through_it_with_tls_and_without(self):
        for server, options in ((self.start_scripted(echo), {}), self.start_tls()):
            with self.subTest(url=server.url):
                outgoing = self.start_proxy()
                daemon = self.start_daemon(server, {"upstream.proxy": "http://127.0.0.1:%d" % outgoing.port, **options})
                reply = daemon.post("/api/x", b"body")
                self.assertEqual((reply.status, reply.json()["target"], reply.json()["body"]), (200, "/api/x", "body"))
                self.assertIsNone(reply.header("X-Of-The-Proxy"))
                name = server.url.split("//")[1]
                wait_until(lambda: len(outgoing.heads) >= 2, "another connection, at least that of the questions")
                for head in list(outgoing.heads):
                    self.assertTrue(head.startswith(b"CONNECT %s HTTP/1.1\r\n" % name.encode()), head)
                    self.assertNotIn(b"x-authorization", head.lower())
                    self.assertNotIn(b"proxy-authorization", head.lower())

    def test_its_user_has_a_password_from_a_file(self):
        outgoing = self.start_proxy()
        daemon = self.start_daemon(self.start_scripted(echo),
                                   {"upstream.proxy": "http://joe@127.0.0.1:%d" % outgoing.port,
                                    "upstream.proxy_password_file": PASSWORD})
        self.assertEqual(daemon.get("/api/x").status, 200)
        expected = b"Proxy-Authorization: Basic " + base64.b64encode(b"joe:" + PASSWORD.encode())
        self.assertIn(expected, outgoing.heads[0])

    def test_one_that_refuses_is_told(self):
        outgoing = self.start_proxy(status=407)
        server = self.start_scripted(echo)
        daemon = self.start_daemon(server, {"upstream.proxy": "http://127.0.0.1:%d" % outgoing.port})
        self.assertIn(daemon.get("/api/x").status, (502, 503))
        daemon.log.wait("407")
        self.assertEqual(server.requests, [])

    def test_the_environment_is_not_looked_at(self):
        outgoing = self.start_proxy()
        url = "http://127.0.0.1:%d" % outgoing.port
        daemon = self.prepare_daemon(self.start_scripted(echo))
        daemon.start(http_proxy=url, HTTP_PROXY=url, https_proxy=url, all_proxy=url, ALL_PROXY=url)
        self.assertEqual(daemon.get("/api/x").status, 200)
        self.assertEqual(outgoing.heads, [])

    def test_no_proxy_of_the_environment_is_not_looked_at_either(self):
        outgoing = self.start_proxy()
        daemon = self.prepare_daemon(self.start_scripted(echo),
                                     {"upstream.proxy": "http://127.0.0.1:%d" % outgoing.port})
        daemon.start(no_proxy="*", NO_PROXY="*")
        self.assertEqual(daemon.get("/api/x").status, 200)
        self.assertNotEqual(outgoing.heads, [])


if __name__ == "__main__":
    tap.main()
