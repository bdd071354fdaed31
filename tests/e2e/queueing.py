# SPDX-License-Identifier: Apache-2.0
"""A server that takes one request at a time, and a test that keeps it busy: other requests wait in the daemon's queue."""
import contextlib
import re

from harness import Case, build, wait_until
from users import connect_as

BLOCKER = "/api/blocker"


class QueueCase(Case):
    def begin(self, options=None, **sim_options):
        self.sim = self.start_simulator(**sim_options)
        self.device = self.make_device("boiler")
        self.proxy = self.start_daemon(self.sim, {"upstream.max_connections": 1, **(options or {})})
        self.sim.forget()

    def direct(self, method, target, body=None):
        """Asks the server directly, without the daemon."""
        token = [("X-Authorization", "Bearer " + self.sim.login()["token"])]
        return self.sim.call(method, target, token, body)

    def make_device(self, name):
        return self.direct("POST", "/api/device", {"name": name, "type": "default"}).json()["id"]["id"]

    def ask(self, target, method="GET", headers=(), body=None, unix=False, user=None):
        """Sends a request and does not wait for the response."""
        connection = connect_as(self, user, self.proxy, unix=unix)[0] if user else self.proxy.connect(unix)
        self.addCleanup(self.drop, connection)
        connection.send(build(method, target, headers, body, host=connection.host))
        return connection

    @staticmethod
    def drop(connection):
        """Hangs up so that the daemon notices at once."""
        with contextlib.suppress(OSError):  # it is closed already
            connection.reset()

    def occupy(self):
        """From now on every request waits, until sim.release()."""
        self.sim.fault("hold", BLOCKER)
        blocker = self.ask(BLOCKER)
        self.sim.wait_for_held(1)
        return blocker

    def wait_for_waiting(self, count):
        wait_until(lambda: self.proxy.get("/-/status").json()["queue"]["requests"] == count,
                   "%d waiting requests" % count)

    def ask_in_turn(self, requests):
        """Sends REQUESTS (the arguments of ask() for each), which then wait in this order. Nothing may be waiting before."""
        connections = []
        for arguments in requests:
            connections.append(self.ask(**arguments))
            self.wait_for_waiting(len(connections))
        return connections

    def targets(self):
        """The requests that reached the server, in order, without the blocker."""
        return [entry["target"] for entry in self.sim.requests() if entry["target"] != BLOCKER]

    def metrics(self):
        """The samples of /-/metrics on the admin socket: {("name", ("label", "value"), ...): value}."""
        samples = {}
        for line in self.proxy.ask_admin("GET", "/-/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, labels, value = re.fullmatch(r"([a-z_:]+)(?:\{(.*)\})? (\S+)", line).groups()
                samples[(name, *re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))] = float(value)
        return samples

    def total(self, name, **labels):
        """The sum of the samples with this name and these labels."""
        return sum(value for sample, value in self.metrics().items()
                   if sample[0] == name and set(labels.items()) <= set(sample[1:]))

    def assert_busy(self, reply):
        """Checks the daemon's response to a request that cannot wait, or has waited long enough."""
        self.assert_error(reply, 503, 2)
        self.assertRegex(reply.header("Retry-After"), "^[1-9][0-9]*$")
        self.assertTrue(reply.header("Proxy-Status").startswith("tbproxyd; error="), reply.headers)

    def assert_mistake(self, options, *words):
        """Checks that the daemon refuses to start with OPTIONS and says WORDS."""
        daemon = self.prepare_daemon("http://127.0.0.1:1", {"upstream.api_key_file": "tb_a-key-for-no-server",
                                                            **options}, "none")
        self.assertRaises(AssertionError, daemon.start)
        self.assertNotEqual(daemon.ended(), 0)
        for word in words:
            self.assertIn(word, daemon.log.text())
        daemon.process = None  # its exit status is not 0, and need not be
