# SPDX-License-Identifier: Apache-2.0
"""https to the server: verified by the system's certificates or by configured ones; with a certificate of our own."""
import signal
import ssl
import tempfile
import time

import tap
from harness import Case
from scripted import echo
from tls import TlsServer, make_certificate


def text_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


class TestTls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = tempfile.TemporaryDirectory(prefix="tb-tls-")
        cls.addClassCleanup(directory.cleanup)
        cls.directory = directory.name
        for name in ("server", "other"):
            make_certificate(cls.directory, name)
        cls.server_pem, cls.other_pem, cls.other_key = (text_of(cls.directory + "/" + name)
                                                        for name in ("server.pem", "other.pem", "other.key"))

    def start_tls(self, **options):
        server = TlsServer(self.directory + "/server", echo, **options)
        self.addCleanup(server.stop)
        return server

    def get(self, server, **files):
        """FILES: {option: content of its file}, or another option's value."""
        proxy = self.start_daemon(server, {"upstream." + name: text for name, text in files.items()})
        return proxy.get("/api/text")

    def test_a_server_that_the_given_certificates_know(self):
        self.assertEqual(self.get(self.start_tls(), ca_file=self.server_pem).json()["target"], "/api/text")

    def test_a_server_that_nobody_knows(self):
        for files in ({}, {"ca_file": self.other_pem}):
            self.assert_error(self.get(self.start_tls(), **files), 502, 2, "certificate")

    def test_nothing_waits_for_another_certificate(self):
        """It would end as 503 after queue.max_wait_ms. The key could not be checked, so there is no session."""
        proxy = self.start_daemon(self.start_tls(), {"upstream.ca_file": self.other_pem, "upstream.hold_ms": 60000,
                                                     "queue.max_wait_ms": 60000})
        begin = time.monotonic()
        self.assert_error(proxy.get("/api/text"), 502, 2, "certificate", "valid at this host's date")
        self.assertLess(time.monotonic() - begin, 20)

    def test_a_server_of_another_name(self):
        server = self.start_tls()
        server.url = server.url.replace("localhost", "127.0.0.1")
        self.assert_error(self.get(server, ca_file=self.server_pem), 502, 2, "127.0.0.1")

    def test_a_server_that_wants_a_certificate(self):
        server = self.start_tls(client_ca=self.directory + "/other.pem")
        self.assertEqual(self.get(server, ca_file=self.server_pem, hold_ms=0).status, 502)
        reply = self.get(server, ca_file=self.server_pem, certificate_file=self.other_pem, key_file=self.other_key)
        self.assertEqual(reply.status, 200)

    def test_requests_larger_than_a_record(self):
        proxy = self.start_daemon(self.start_tls(), {"upstream.ca_file": self.server_pem})
        for size in (16000, 16384, 16385, 33000, 400000, 3 << 20):  # the last one streams
            with self.subTest(size=size):
                body = (b"%07d," % size) * (size // 8)
                with proxy.connect() as connection:
                    reply = connection.request("POST", "/api/device", (), body).json()
                self.assertEqual(reply["body"], body.decode())

    def reload(self, proxy):
        start = proxy.notices.mark()
        proxy.signal(signal.SIGHUP)
        proxy.notices.wait("^READY=1$", start)

    def test_certificates_that_were_replaced_are_used_after_a_reload(self):
        server = self.start_tls()
        proxy = self.start_daemon(server, {"upstream.ca_file": self.server_pem})
        self.assertEqual(proxy.get("/api/text").status, 200)
        for certificates, status in ((self.other_pem, 502), (self.server_pem, 200), (self.other_pem, 502)):
            for reloads in (1, 1, 2, 3):
                with self.subTest(status=status, reloads=reloads):
                    proxy.write_secret("upstream.ca_file", certificates)
                    for _ in range(reloads):
                        self.reload(proxy)
                    self.assertEqual(proxy.get("/api/text").status, status)

    def test_a_reload_warns_once_of_each_file_that_cannot_be_used(self):
        server = self.start_tls(client_ca=self.directory + "/other.pem")
        proxy = self.start_daemon(server, {"upstream.ca_file": self.server_pem, "upstream.certificate_file": self.other_pem,
                                           "upstream.key_file": self.other_key})
        self.assertEqual(proxy.get("/api/text").status, 200)
        proxy.write_secret("upstream.ca_file", "garbage")
        proxy.write_secret("upstream.certificate_file", "")
        self.reload(proxy)
        proxy.log.wait("the configuration was reloaded")
        for words in ("upstream.ca_file: cannot load CA certificates from .*; the ones loaded before are still used",
                      "upstream.certificate_file: cannot load a certificate from "):
            self.assertEqual(len(proxy.log.find(words)), 1, proxy.log.text())
        self.assertEqual(len(proxy.log.find("cannot load")), 2)

    def test_the_servers_name_is_told(self):
        names = []
        server = self.start_tls()
        server.context.sni_callback = lambda sock, name, context: names.append(name)
        self.assertEqual(self.get(server, ca_file=self.server_pem).status, 200)
        self.assertEqual(set(names), {"localhost"})

    def test_the_oldest_version_that_is_spoken(self):
        for version, wanted, status in ((ssl.TLSVersion.TLSv1_1, "1.2", 502), (ssl.TLSVersion.TLSv1_2, "1.2", 200),
                                        (ssl.TLSVersion.TLSv1_2, "1.3", 502), (ssl.TLSVersion.TLSv1_3, "1.3", 200)):
            with self.subTest(version=version, wanted=wanted):
                server = self.start_tls(version=version)
                server.context.minimum_version = ssl.TLSVersion.TLSv1
                server.context.set_ciphers("DEFAULT:@SECLEVEL=0")
                proxy = self.start_daemon(server, {"upstream.ca_file": self.server_pem,
                                                   "upstream.tls_min_version": wanted, "upstream.hold_ms": 0})
                self.assertEqual(proxy.get("/api/text").status, status)

    def test_an_ipv6_server(self):
        server = self.start_scripted(echo, address="::1")
        proxy = self.start_daemon(server)
        self.assertEqual(proxy.get("/api/text").status, 200)
        host = dict(proxy.get("/api/text").json()["headers"])["Host"]
        self.assertEqual(host, "[::1]:%d" % server.port)


if __name__ == "__main__":
    tap.main()
