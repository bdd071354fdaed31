# SPDX-License-Identifier: Apache-2.0
"""Servers with TLS: tbsim behind an nginx that speaks HTTP/2 and HTTP/1.1; near, or behind a relay that makes it distant."""

import pathlib
import subprocess
import sys

from bench import harness, nginx, servers, writers

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
        argv = [sys.executable, pathlib.Path(__file__).with_name("relay.py"), self.origin.address.split(":")[1], DELAY_MS]
        self.relay = self.start("relay", argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.enter_context(self.relay.stdin)
        self.enter_context(self.relay.stdout)
        self.origin = servers.Server("relay", f"https://localhost:{self.answer_of_relay()}", self.relay)
        return self

    def answer_of_relay(self):
        """The number that the relay prints next."""
        if not harness.wait_for(self.relay, harness.START_LIMIT, self.relay.stdout):
            raise self.failure("relay", "printed nothing")
        return int(self.relay.stdout.readline())

    def connections(self):
        """The number of connections to the relay so far."""
        self.relay.stdin.write(b"\n")
        self.relay.stdin.flush()
        return self.answer_of_relay()

    def trusting(self):
        """The environment in which Python programs trust the server."""
        return {"SSL_CERT_FILE": self.certificate.path, "REQUESTS_CA_BUNDLE": self.certificate.path}
