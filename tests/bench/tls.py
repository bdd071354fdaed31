# SPDX-License-Identifier: Apache-2.0
"""Servers with TLS: tbsim behind an nginx that speaks HTTP/2 and HTTP/1.1; near, or behind a relay that makes it distant."""

from bench import nginx, servers, writers

DELAY_MS = 25  # in each direction


class Scene(writers.Scene):
    """tbsim with some devices, behind TLS."""

    def __init__(self, devices=0):
        super().__init__(0, devices)

    def __enter__(self):
        super().__enter__()
        self.certificate = nginx.make_certificate(self)
        self.origin = nginx.start_origin(self, self.tbsim, self.certificate)
        return self

    def start_tbproxyd(self, name="tbproxyd", **options):
        """Starts tbproxyd, which trusts the server."""
        return servers.start_tbproxyd(self, self.origin, name, upstream_ca_file=self.certificate.path, **options)


class DistantScene(Scene):
    """The same with a round trip of 50 ms to the server."""

    def __enter__(self):
        super().__enter__()
        self.relay = servers.Relay(self, self.origin.port, DELAY_MS)
        self.origin = servers.Server("relay", f"https://localhost:{self.relay.port}", self.relay.process)
        return self

    def trusting(self):
        """The environment in which Python programs trust the server."""
        return {"SSL_CERT_FILE": self.certificate.path, "REQUESTS_CA_BUNDLE": self.certificate.path}
