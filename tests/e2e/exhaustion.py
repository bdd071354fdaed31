# SPDX-License-Identifier: Apache-2.0
"""A daemon that is flooded: what its neighbours, the administrator and the watchdog notice, and what is left when the flood has
gone."""
import collections
import contextlib
import os
import resource
import select
import socket
import statistics
import threading
import time

import monitoring
import tap
from harness import PATIENCE, SLOW, wait_until
from neighbours import NeighboursCase
from users import family_of, sockets_of
from waiting import Log

LONG = "TB_LONG" in os.environ and not SLOW
SCALE = 10 if SLOW else 1
BEAT_S = 0.1               # between two messages to the watchdog, if the loop has nothing else to do
WATCHDOG_S = 2.0 * SCALE   # between two at most
TURN_S = 0.25 * SCALE      # of CPU, in one turn of the loop at most
LATE_MS = 5                # that the answer of tbproxyd itself may be late
NEXT_MS = 1000 * SCALE     # the first request after a flood
ROUNDS = 5                 # of questions during a flood, at least
RECOVERY_S = 15 * SCALE    # idle memory goes back after 2 s, that of closed connections within 5 s
LEFT_KIB = 4096 * SCALE    # that the heap may have grown by after a flood: blocks between others

POLITE = "/api/polite"
ASKING = {"timeout": PATIENCE, "record": False}


def scheduled_s(daemon):
    """Seconds in which the daemon ran, and in which it could have run but had no CPU: the machine is busy with other things, too."""
    with open("/proc/%d/schedstat" % daemon.process.pid, encoding="ascii") as file:
        return [int(field) / 1e9 for field in file.read().split()[:2]]


class Pulse(Log):
    """The notices of a daemon: when each WATCHDOG=1 came, and the CPU time that the daemon had used by then."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon = daemon
        self.beats = []

    def add(self, line):
        if line == "WATCHDOG=1":
            with contextlib.suppress(OSError):  # it has ended
                self.beats.append((time.monotonic(), scheduled_s(self.daemon)[0]))
        super().add(line)

    def longest(self, since):
        """Between two messages from SINCE on, and up to now: seconds, and seconds of CPU."""
        beats = [beat for beat in self.beats if beat[0] >= since] + [(time.monotonic(), scheduled_s(self.daemon)[0])]
        pairs = list(zip(beats, beats[1:]))
        return max((later[0] - sooner[0] for sooner, later in pairs), default=0), \
            max((later[1] - sooner[1] for sooner, later in pairs), default=0)


class Questions(threading.Thread):
    """Asked again and again until stop(): a request of a neighbour, on a connection of its own, at a daemon that nobody attacks
    and at the one that is; and what the administrator asks."""

    def __init__(self, usual, attacked, target):
        super().__init__(daemon=True)
        self.target = target
        self.daemons = (usual, attacked)
        self.found = []  # pairs of ms
        self.admin_ms = []
        self.problem = None
        self.stopping = threading.Event()
        self.start()

    @staticmethod
    def took_ms(daemon, ask):
        """Without the time for which the daemon had no CPU. While too many connections wait to be accepted on a Unix socket, the
        kernel says "try again"."""
        began, waited_s = time.monotonic(), scheduled_s(daemon)[1]
        reply = None
        while reply is None:
            try:
                reply = ask()
            except BlockingIOError:
                time.sleep(0.005)
        if reply.status != 200:
            raise AssertionError("a neighbour got %r" % reply)
        return (time.monotonic() - began - (scheduled_s(daemon)[1] - waited_s)) * 1000

    def ask_all(self):
        for unix in (False, True):
            self.found.append([self.took_ms(daemon, lambda: daemon.get(self.target, unix=unix, **ASKING)) for daemon in self.daemons])
        attacked = self.daemons[1]
        self.admin_ms.append(self.took_ms(attacked, lambda: attacked.ask_admin("GET", "/-/status", **ASKING)))

    def run(self):
        try:
            while not self.stopping.is_set() or len(self.admin_ms) < ROUNDS:
                self.ask_all()
        except BaseException as error:  # raised by stop()
            self.problem = error

    def stop(self):
        self.stopping.set()
        self.join()
        if self.problem:
            raise self.problem


class Crowd:
    """COUNT connections of the user UID; each sends DATA when it is connected. Closed at the end of the test CASE."""

    def __init__(self, case, uid, daemon, count, unix=False, source=None, data=b""):
        os.chmod(daemon.directory, 0o711)
        self.address = daemon.unix_path if unix else daemon.address
        self.socks = sockets_of(uid, self.address, count, source, data)
        for sock in self.socks:
            sock.setblocking(False)
        case.addCleanup(self.close)

    def send(self, data):
        """To all that are still open."""
        for sock in self.socks:
            with contextlib.suppress(OSError):
                sock.send(data)

    def close(self):
        for sock in self.socks:
            sock.close()
        self.socks = []


def churn(uid, address, count, source=None, data=b"", reset=False):
    """Starts a child of the user UID, which connects COUNT times, sends DATA, and closes at once, with RESET by a reset. Returns
    its process id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgid(uid)
            os.setuid(uid)
            for _ in range(count):
                connect_and_leave(address, source, data, reset)
            status = 0
        finally:
            os._exit(status)
    return child


def connect_and_leave(address, source, data, reset):
    with socket.socket(family_of(address), socket.SOCK_STREAM) as sock:
        if source:
            sock.bind((source, 0))
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has been refused
            sock.connect(address)
            sock.send(data)


def close(crowds):
    for crowd in crowds:
        crowd.close()


def statuses(texts):
    """How many of the responses TEXTS have which status; 0: no response."""
    return collections.Counter(int(text[9:12]) if text else 0 for text in texts.values())


def replies(crowds, enough):
    """Reads from all CROWDS until ENOUGH(texts, ended) is true. Returns what each connection got, by its number, and those
    that the daemon has closed."""
    poll = select.epoll()
    socks = {sock.fileno(): sock for crowd in crowds for sock in crowd.socks}
    texts, ended = dict.fromkeys(socks, b""), set()
    for number in socks:
        poll.register(number, select.EPOLLIN)
    deadline = time.monotonic() + PATIENCE
    with poll:
        while not enough(texts, ended):
            if time.monotonic() > deadline:
                raise AssertionError("%d of %d connections got something, %d were closed" % (
                    sum(bool(text) for text in texts.values()), len(texts), len(ended)))
            for number, _ in poll.poll(0.1):
                try:
                    more = socks[number].recv(65536)
                except BlockingIOError:
                    continue
                except OSError:
                    more = b""
                texts[number] += more
                if not more:
                    poll.unregister(number)
                    ended.add(number)
    return texts, ended


class ExhaustionCase(NeighboursCase):
    def setUp(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)

    def begin(self, options=None, server=None):
        """Two daemons at SERVER (the usual one of neighbours.py, if it is None), the attacked one with OPTIONS."""
        self.server = server or self.start_scripted(self.handle)
        common = {"join.reads": False, "upstream.http2": "off", "limits.drain_timeout_ms": 100, "log.level": "info",
                  **getattr(server, "daemon_options", {})}
        self.proxy = self.prepare_daemon(self.server, {**common, **(options or {})}, "api_key")
        self.usual = self.prepare_daemon(self.server, common, "api_key")
        for daemon in (self.usual, self.proxy):
            daemon.notices = Pulse(daemon)
            daemon.start(WATCHDOG_USEC="%d" % (2 * BEAT_S * 1e6))
            for _ in range(3):
                self.assertEqual(daemon.get(POLITE).status, 200)

    def gauge(self, sample):
        return monitoring.value(self.proxy.ask_admin("GET", "/-/metrics", record=False).body.decode(), sample)

    def descriptors(self):
        """Files that the daemon has open, without its connections to the server, which it keeps for the next requests."""
        page = self.proxy.ask_admin("GET", "/-/metrics", record=False).body.decode()
        kept = sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith("tbproxyd_upstream_connections{"))
        return len(os.listdir("/proc/%d/fd" % self.proxy.process.pid)) - kept

    @contextlib.contextmanager
    def flood(self, name, target=POLITE):
        """What happens within: the neighbour, who asks for TARGET, the administrator and the watchdog do not notice it."""
        began = time.monotonic()
        questions = Questions(self.usual, self.proxy, target)
        try:
            yield
        finally:
            questions.stop()
        usual, attacked = (statistics.median(column) for column in zip(*questions.found))
        gap_s, cpu_s = self.proxy.notices.longest(began)
        usual_gap_s, _ = self.usual.notices.longest(began)
        tap.comment("%s: %.1f s; neighbour %.0f ms (%.0f), at most %.0f; admin %.0f ms; watchdog %.2f s (%.2f), CPU %.2f s" % (
            name, time.monotonic() - began, attacked, usual, max(later for _, later in questions.found),
            statistics.median(questions.admin_ms), gap_s, usual_gap_s, cpu_s))
        self.assertLess(attacked, 2 * usual + LATE_MS, questions.found)
        self.assertLess(gap_s, WATCHDOG_S)
        self.assertLess(cpu_s, BEAT_S + TURN_S)

    @contextlib.contextmanager
    def recovers(self):
        """When what is within has ended, everything that it took comes back, and the next request is served at once."""
        descriptors, memory = self.descriptors(), self.proxy.memory_kib()
        yield
        began = time.monotonic()
        self.assertLess(Questions.took_ms(self.proxy, lambda: self.proxy.get(POLITE)), NEXT_MS)
        wait_until(lambda: self.gauge("tbproxyd_upstream_in_flight") == 0, "the end of all calls")
        wait_until(lambda: self.gauge("tbproxyd_queue_requests") == 0, "an empty queue")
        wait_until(lambda: self.gauge("tbproxyd_local_connections") <= 1, "the end of all connections")
        wait_until(lambda: self.descriptors() <= descriptors, "the return of the descriptors (%d)" % descriptors)
        closed_s = time.monotonic() - began
        if not SLOW:  # the heap of valgrind and the sanitizers keeps what is freed
            wait_until(lambda: self.proxy.memory_kib() <= memory + LEFT_KIB,
                       "the return of the memory from %d to %d + %d KiB" % (self.proxy.memory_kib(), memory, LEFT_KIB), RECOVERY_S)
        tap.comment("recovered: descriptors after %.1f s, memory after %.1f s (%d KiB more)" % (
            closed_s, time.monotonic() - began, self.proxy.memory_kib() - memory))
