# SPDX-License-Identifier: Apache-2.0
"""The ways of a request: over HTTP/1.1 or h2 to the server, over TCP or the Unix socket to tbproxyd."""
import functools

from harness import Case
from recording import RecordingServer


class Way:
    """One way. SERVER, at its end, records what arrives."""

    def __init__(self, server_speaks, server, proxy, unix):
        self.server_speaks = server_speaks
        self.server = server
        self.proxy = proxy
        self.unix = unix

    def __str__(self):
        return "%s, %s" % ("Unix" if self.unix else "TCP", self.server_speaks)

    def connect(self, **options):
        return self.proxy.connect(self.unix, **options)

    def call(self, method, target, headers=(), body=None, **options):
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, target, headers, body, **options)

    def get(self, target, headers=(), **options):
        return self.call("GET", target, headers, **options)


def every_way(test):
    """A test case that gets a way and runs once for each."""
    @functools.wraps(test)
    def run(self):
        for way in self.ways:
            with self.subTest(way=str(way)):
                way.server.reset()
                test(self, way)
    return run


class HttpCase(Case):
    """A recording server, and a tbproxyd in front of it for each way to it; started once for a class."""

    options = {}  # of tbproxyd
    fronts = ("h2", "h2c")  # from front.UPSTREAMS, besides the server itself

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = RecordingServer()
        cls.addClassCleanup(cls.server.stop)
        cls.ways = []
        for speaks in ("HTTP/1.1", *cls.fronts):
            server = cls.server if speaks == "HTTP/1.1" else cls.make_front(cls.addClassCleanup, cls.server, speaks)
            proxy = cls.make_daemon(cls.addClassCleanup, server, cls.options, "api_key").start()
            cls.ways += [Way(speaks, cls.server, proxy, unix) for unix in (False, True)]

    def tearDown(self):
        for way in self.ways:
            self.assertEqual(way.call("GET", "/-/live").status, 200)
