# SPDX-License-Identifier: Apache-2.0
"""A server that speaks TLS and sends canned responses, and certificates for it."""
import os
import ssl
import subprocess

from scripted import ScriptedServer


def make_certificate(directory, name, subject="DNS:localhost", days=2, ca=None):
    """Makes NAME.key and NAME.pem: a key, and a certificate for SUBJECT, signed by itself or by CA, a path without .pem and
    .key."""
    path = os.path.join(directory, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", path + ".key", "-out", path + ".pem", "-days", str(days), "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=" + subject,
                    *(["-CA", ca + ".pem", "-CAkey", ca + ".key"] if ca else [])], check=True, stdin=subprocess.DEVNULL,
                   capture_output=True)


def make_context(certificate):
    """CERTIFICATE: the path without .pem and .key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate + ".pem", certificate + ".key")
    return context


class TlsServer(ScriptedServer):
    """CERTIFICATE: the path without .pem and .key. CLIENT_CA: clients must have a certificate signed by this one.
    VERSION: of TLS, at most."""

    def __init__(self, certificate, handle, client_ca=None, version=None, **options):
        self.context = make_context(certificate)
        if version:
            self.context.maximum_version = version
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        super().__init__(handle, **options)
        self.url = "https://localhost:%d" % self.port

    def serve(self, peer):
        try:
            peer.file.close()
            peer.sock = self.context.wrap_socket(peer.sock, server_side=True)
            peer.file = peer.sock.makefile("rb")
        except OSError:
            peer.sock.close()
            return
        super().serve(peer)
