# SPDX-License-Identifier: Apache-2.0
"""What tbproxyctl shows an operator: the text of each subcommand, for answers that the test gives."""
import copy
import json
import os
import pty
import select
import signal
import socket
import subprocess
import tempfile
import termios
import threading

import build_tree
import tap
from ctl_case import CtlCase
from harness import PATIENCE, TENANT, answer, wait_until

STATUS = {
    "version": "0.1.0", "pid": 4711, "started": "2026-11-29T10:00:00.000Z", "uptime_ms": 7920000, "draining": False,
    "log_level": "info",
    "server": {"state": "ready", "since": "2026-11-29T10:00:02.000Z", "for_ms": 7918000, "url": "https://tb.example.org",
               "edition": "PE", "version": "4.4.0", "cause": None, "remedy": None, "next_try_ms": None,
               "last_failure": None},
    "session": {"state": "ready", "method": "password", "user": "tenant@example.org", "expires_in_ms": 5400000,
                "renews_in_ms": 4500000, "reason": None},
    "limits": {"source": "configured", "limit": "100:1,2000:60", "buckets": [], "learn": True, "pace": None,
               "closed_for_ms": 0, "operations": [], "in_flight": 3, "max_in_flight": 64},
    "queue": {"requests": 0, "bytes": 0, "max_requests": 10000, "max_bytes": 67108864, "oldest_ms": 0, "max_wait_ms": 30000,
              "merge": "pressure", "clients": [
                  {"client": "uid:0", "answered": 1200, "requests": 5, "in_flight": 2, "connections": 7, "streams": 1,
                   "body_bytes": 2048, "waiting_ports": []},
                  {"client": "uid:4000000000", "answered": 9, "requests": 0, "in_flight": 0, "connections": 1, "streams": 0,
                   "body_bytes": 0, "waiting_ports": []}]},
    "spool": None, "servers": [], "failures": []}
SPOOL = {"mode": "outage", "open": True, "rows": 0, "bytes": 0, "aside": 0, "aside_bytes": 0, "max_rows": 5000000,
         "max_bytes": 1 << 30, "oldest_ms": 0, "disk_bytes": 4096, "stored_per_s": 0, "delivered_per_s": 0, "left_ms": 0,
         "cause": None, "remedy": None}
READY_TEXT = """\
state      ready for 2 h 11 min
server     https://tb.example.org, PE 4.4.0
session    ready, with a password of tenant@example.org
expires    in 1 h 30 min
renewal    in 1 h 15 min
waiting    0 of at most 10000 requests
in flight  3 of at most 64 calls
limit      100:1,2000:60 (configured)
tbproxyd   0.1.0, pid 4711, up 2 h 12 min, log level info
"""
DOWN = {
    "server": {**STATUS["server"], "state": "unreachable", "for_ms": 192000, "edition": None, "version": None,
               "cause": "connection to tb.example.org port 443: Connection refused",
               "remedy": "check that the server runs, and that a firewall lets tbproxyd through",
               "next_try_ms": 4200, "last_failure": {"at": "2000-01-01T00:00:00Z", "cause": "Connection refused"}},
    "session": {"state": "waiting", "method": "api-key", "user": None, "expires_in_ms": None, "renews_in_ms": None,
                "reason": "Connection refused"},
    "limits": {**STATUS["limits"], "limit": None, "source": "none", "closed_for_ms": 250, "in_flight": 0},
    "queue": {**STATUS["queue"], "requests": 12, "oldest_ms": 12345},
    "draining": True,
    "failures": [{"at": "2999-01-01T00:00:00.000Z", "operation": "saveEntityTelemetry", "client": "uid:0", "status": 502,
                  "reason": "Verbindung zu Gerät verloren", "count": 47}] +
                [{"at": "2999-01-01T00:00:00.000Z", "operation": "getUser", "client": "unknown", "status": 500 + i,
                  "reason": None, "count": 1} for i in range(6)]}
DOWN_TEXT = """\
state      unreachable for 3 min 12 s
cause      connection to tb.example.org port 443: Connection refused
remedy     check that the server runs, and that a firewall lets tbproxyd through
next try   in 4 s
server     https://tb.example.org
session    waiting, with an API key
reason     Connection refused
waiting    12 of at most 10000 requests, the oldest for 12 s
in flight  0 of at most 64 calls
limit      not known
opens      in 250 ms
tbproxyd   0.1.0, pid 4711, up 2 h 12 min, log level info, stopping
failed     47 x 502 saveEntityTelemetry for uid:0 (root), just now: Verbindung zu Gerät verloren
failed     1 x 500 getUser for unknown, just now
failed     1 x 501 getUser for unknown, just now
failed     1 x 502 getUser for unknown, just now
failed     1 x 503 getUser for unknown, just now
           2 more; --json has all
"""
CLIENTS_TEXT = """\
client                   answered waiting at server connections streams    bytes
uid:0 (root)                 1200       5         2           7       1     2048
uid:4000000000                  9       0         0           1       0        0
"""
TOP_TEXT = """\
https://tb.example.org: ready for 2 h 11 min
0 waiting, the oldest for 0 ms; 3 of 64 at the server

client                       answers/s   waiting at server connections  streams
uid:0 (root)                         -         5         2           7        1
uid:4000000000                       -         0         0           1        0

https://tb.example.org: unreachable for 3 min 12 s
connection to tb.example.org port 443: Connection refused; check that the server runs, and that a firewall lets tbproxyd through
12 waiting, the oldest for 12 s; 0 of 64 at the server; rate limited for 250 ms

client                       answers/s   waiting at server connections  streams
uid:4000000000                    20.5         0         0           1        0
uid:0 (root)                       0.0         5         2           7        1
"""
REQUEST = {"at": "2026-11-29T15:04:05.123Z", "client": "uid:0", "listener": "tcp", "method": "GET",
           "path": "/api/device/1", "operation": "getDeviceById", "status": 200, "queue_ms": 0, "upstream_ms": 11,
           "total_ms": 12, "reason": None}
OTHER = {**REQUEST, "client": "uid:4000000000", "method": "DELETE", "operation": None, "status": 503, "queue_ms": 30000,
         "upstream_ms": None, "total_ms": 30001, "reason": "the server is not reachable"}
TRACE_TEXT = """\
time     client             method status     ms waited  operation or path
15:04:05 uid:0 (root)       GET       200     12      0  getDeviceById
15:04:05 uid:4000000000     DELETE    503  30001  30000  /api/device/1: the server is not reachable
"""
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def changed(**parts):
    return {**copy.deepcopy(STATUS), **parts}


def event(name, data):
    return b"event: %s\ndata: %s\n\n" % (name.encode(), json.dumps(data).encode())


class OperatorCase(CtlCase):
    """SERVER stands for tbproxyd, on the admin socket."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="tb-ctl-")
        self.addCleanup(directory.cleanup)
        self.socket = os.path.join(directory.name, "admin.sock")
        self.answers = {}

    def serve(self, **options):
        """ANSWERS has bytes for each "METHOD target"."""
        self.server = self.start_scripted(self.handle, address=self.socket, **options)

    def handle(self, peer, request):
        peer.send(self.answers.get("%s %s" % (request.method, request.target), answer(404)))
        return False

    def environment(self):
        return {**super().environment(), "NO_COLOR": "", "TBPROXY_ADMIN": self.socket, "TZ": "UTC", "TERM": "xterm"}


class TestStatus(OperatorCase):
    def setUp(self):
        super().setUp()
        self.serve()

    def show(self, status, *arguments, **environment):
        self.answers["GET /-/status"] = answer(body=status)
        return self.good(*arguments, **environment)

    def test_golden_status(self):
        self.assertEqual(self.show(STATUS, "status"), READY_TEXT)
        self.assertEqual(self.show(changed(**DOWN), "status"), DOWN_TEXT)
        past = {**STATUS["server"], "last_failure": {"at": "2000-01-01T00:00:00Z", "cause": "Connection refused"}}
        self.assertRegex(self.show(changed(server=past), "status"), r"\nlast error \d{4} d( \d+ h)? ago: Connection refused\n")

    def test_the_spool(self):
        line = "limit      100:1,2000:60 (configured)\n"
        for changes, text in (({}, "spool      nothing waits, mode outage\n"),
                              ({"open": False}, "spool      unusable, mode outage\n"),
                              ({"rows": 1, "bytes": 140, "oldest_ms": 1500, "left_ms": None},
                               "spool      1 row, 140 bytes, the oldest for 1 s\n"),
                              ({"rows": 1234567, "bytes": 150 << 20, "oldest_ms": 7200000, "delivered_per_s": 51.26, "left_ms": None},
                               "spool      1234567 rows, 150.0 MiB, the oldest for 2 h; 51.3 a second are delivered\n"),
                              ({"rows": 2, "bytes": 280, "oldest_ms": 1500, "delivered_per_s": 5012.4, "left_ms": None},
                               "spool      2 rows, 280 bytes, the oldest for 1 s; 5012 a second are delivered\n"),
                              ({"rows": 9, "bytes": 1024, "oldest_ms": 1, "delivered_per_s": 3, "left_ms": 3000, "aside": 1,
                                "cause": "rows were set aside", "remedy": "look"},
                               "spool      9 rows, 1.0 KiB, the oldest for 1 ms; 3 a second are delivered, empty in 3 s\n"
                               "set aside  1 row\n           rows were set aside; look\n")):
            self.assertIn(line + text, self.show(changed(spool={**SPOOL, **changes}), "status"))

    def test_golden_clients(self):
        self.assertEqual(self.show(STATUS, "clients"), CLIENTS_TEXT)
        self.assertEqual(self.show(changed(queue={"clients": []}), "clients"), "no client has asked yet\n")

    def test_as_json(self):
        self.assertEqual(json.loads(self.show(STATUS, "status", "--json")), STATUS)
        self.assertEqual(json.loads(self.show(STATUS, "clients", "--json")), STATUS["queue"])

    def test_an_invalid_status(self):
        for name, part, wrong in (("server", None, "server"), ("server", {**STATUS["server"], "cause": "\x1b[31m"}, "server.cause"),
                                  ("server", {**STATUS["server"], "cause": "\u009b31m"}, "server.cause"),
                                  ("server", {**STATUS["server"], "url": "http://\u00e4"}, "server.url"),
                                  ("server", {**STATUS["server"], "last_failure": {"at": "x"}}, "server.last_failure.cause"),
                                  ("session", {"state": "ready"}, "session.method"), ("pid", -1, "pid"),
                                  ("failures", [1], "failures.at")):
            with self.subTest(wrong=wrong):
                self.answers["GET /-/status"] = answer(body=changed(**{name: part}))
                self.assertEqual(self.refused("status", status=1), "tbproxyctl: status: the answer has no valid " + wrong)

    def test_the_admin_socket(self):
        self.show(STATUS, "status")
        self.assertEqual(self.good("status", "--admin", self.socket, TBPROXY_ADMIN="/nonexistent"), READY_TEXT)
        self.assertEqual(self.good("status", "--unix-socket", self.socket, TBPROXY_ADMIN="/nonexistent"), READY_TEXT)
        self.assertEqual(self.refused("status", "--admin", "a", "--url", "b"),
                         "tbproxyctl: --admin excludes --url and --unix-socket")
        self.assertEqual(self.refused("status", TBPROXY_ADMIN="/nonexistent", status=7),
                         "tbproxyctl: status: no answer from tbproxyd at /nonexistent: No such file or directory; "
                         "is tbproxyd running? systemctl status tbproxyd")


class TestTerminal(OperatorCase):
    """On a terminal of 80 columns."""

    def setUp(self):
        super().setUp()
        self.serve()

    def start(self, *arguments, **environment):
        """The process, and the master side of its terminal."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.slave, self.mode = slave, termios.tcgetattr(slave)
        termios.tcsetwinsize(slave, (24, 80))
        process = subprocess.Popen(self.command(*arguments), stdin=slave, stdout=slave, stderr=slave,
                                   env={**self.environment(), **environment}, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, master

    def read_until(self, master, end):
        text = b""
        while end not in text:
            self.assertTrue(select.select([master], [], [], PATIENCE)[0], text)
            text += os.read(master, 65536)
        return text.decode().replace("\r\n", "\n")

    def test_lines_are_broken_between_words(self):
        self.answers["GET /-/status"] = answer(body=changed(**DOWN))
        _, master = self.start("status", NO_COLOR="1")
        text = self.read_until(master, b"--json has all")
        self.assertIn("\nremedy     check that the server runs, and that a firewall lets tbproxyd through\n", text)
        self.assertIn("\nfailed     47 x 502 saveEntityTelemetry for uid:0 (root), just now: Verbindung\n"
                      "           zu Gerät verloren\n", text)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        self.assertNotIn("\033", text)

    def test_colours(self):
        self.answers["GET /-/status"] = answer(body=changed(**DOWN))
        for environment, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
            _, master = self.start("status", **environment)
            text = self.read_until(master, b"--json has all")
            self.assertEqual("state      \033[31munreachable for 3 min 12 s\033[0m\n" in text, coloured, text)
            self.assertEqual("\033" in text, coloured)

    def test_top_ends_with_q_and_restores_the_terminal(self):
        self.server.handle = self.stream
        for end in (lambda process, master: os.write(master, b"q"),
                    lambda process, master: process.send_signal(signal.SIGINT),
                    lambda process, master: process.terminate()):
            process, master = self.start("top")
            self.read_until(master, b"uid:4000000000")
            self.assertFalse(termios.tcgetattr(self.slave)[3] & termios.ICANON)
            end(process, master)
            rest = self.read_until(master, b"\033[?7h")
            self.assertEqual(process.wait(PATIENCE), 0, rest)
            self.assertEqual(termios.tcgetattr(self.slave), self.mode)

    def test_top_stops_with_ctrl_z_and_goes_on(self):
        """The shell has the terminal as it was meanwhile; when top goes on, it takes it again."""
        more = threading.Event()
        self.addCleanup(more.set)

        def stream(peer, request):
            peer.send(STREAM + event("status", STATUS))
            if more.wait(PATIENCE):
                peer.send(event("status", STATUS))
            self.server.release.wait()

        self.server.handle = stream
        process, master = self.start("top")
        self.read_until(master, b"uid:4000000000")
        process.send_signal(signal.SIGTSTP)
        self.read_until(master, b"\033[?7h")
        self.assertTrue(os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1]))
        self.assertEqual(termios.tcgetattr(self.slave), self.mode)
        more.set()
        process.send_signal(signal.SIGCONT)
        self.read_until(master, b"\033[?7l\033[2J\033[H")
        self.assertFalse(termios.tcgetattr(self.slave)[3] & termios.ICANON)
        os.write(master, b"q")
        self.read_until(master, b"\033[?7h")
        self.assertEqual(process.wait(PATIENCE), 0)

    def stream(self, peer, request):
        peer.send(STREAM + event("status", STATUS))
        self.server.release.wait()


class TestStreams(OperatorCase):
    def setUp(self):
        super().setUp()
        self.serve()
        self.clients = copy.deepcopy(STATUS["queue"]["clients"])
        self.clients[1]["answered"] += 41
        self.later = changed(**{**DOWN, "queue": {**DOWN["queue"], "clients": self.clients}}, uptime_ms=7922000)

    def test_golden_top(self):
        self.answers["GET /-/events"] = STREAM + event("status", STATUS) + event("status", self.later)
        self.assertEqual(self.good("top", "--count", "2"), TOP_TEXT)
        lines = self.good("top", "--count", "2", "--json").splitlines()
        self.assertEqual([json.loads(line) for line in lines], [STATUS, self.later])

    def test_top_shows_the_spool_if_it_is_on(self):
        waiting = "0 waiting, the oldest for 0 ms; 3 of 64 at the server\n"
        for spool, text in ((None, ""),
                            (SPOOL, "spool: 0 waiting, 0 bytes, the oldest for 0 ms; 0.0/s stored, 0.0/s delivered; 0 set aside\n"),
                            ({**SPOOL, "rows": 18211, "bytes": 2202009, "oldest_ms": 1860000, "stored_per_s": 0.25,
                              "delivered_per_s": 412, "aside": 2},
                             "spool: 18211 waiting, 2.1 MiB, the oldest for 31 min; 0.2/s stored, 412.0/s delivered; 2 set aside\n"),
                            ({**SPOOL, "open": False}, "spool: unusable; tbproxyctl status says why\n")):
            self.answers["GET /-/events"] = STREAM + event("status", changed(spool=spool))
            self.assertIn(waiting + text + "\nclient ", self.good("top", "--count", "1"))
        self.answers["GET /-/events"] = STREAM + event("status", changed(spool={**SPOOL, "stored_per_s": "1"}))
        self.assertIn("top: the answer has no valid spool.stored_per_s", self.refused("top", status=1))

    def test_the_count(self):
        self.answers["GET /-/events"] = STREAM + event("status", STATUS) * 5
        self.assertEqual(len(self.good("top", "--count", "1", "--json").splitlines()), 1)
        for value in ("0", "-1", "x", "1x", "1000001", " 1"):
            self.assertEqual(self.refused("top", "--count", value), "tbproxyctl: --count: expected 1 to 1000000")

    def test_golden_trace(self):
        self.answers["GET /-/trace"] = STREAM + b": hello\n\n" + event("request", REQUEST) + event("request", OTHER)
        done = self.run_ctl("trace")
        self.assertEqual(done.stdout.decode(), TRACE_TEXT)
        self.assertEqual((done.returncode, done.stderr.decode().splitlines()[0]),
                         (7, "tbproxyctl: trace: tbproxyd has closed the connection; is tbproxyd running? systemctl status tbproxyd"))
        self.answers["GET /-/trace"] = STREAM + event("request", REQUEST) + event("lost", {"lost": 7}) + \
            event("newer", {"x": 1}) + event("request", OTHER)
        self.assertIn("tbproxyctl: 7 requests are not shown: the output is too slow\n", self.run_ctl("trace").stderr.decode())
        done = self.run_ctl("trace", "--json")
        self.assertEqual([json.loads(line) for line in done.stdout.decode().splitlines()], [REQUEST, OTHER])

    def test_the_filters_of_trace(self):
        self.run_ctl("trace", "--client", "root", "--operation", "a&b", "--status", "5xx", "--method", "GET")
        self.assertEqual(self.server.requests[-1].target, "/-/trace?operation=a%26b&status=5xx&method=GET&client=uid%3A0")
        self.assertIn("more than 1500 bytes", self.refused("trace", "--operation", "a" * 1500))
        self.assertIn("there is no user nobody-at-all; ", self.refused("trace", "--client", "nobody-at-all", status=2))

    def test_each_event_is_printed_at_once(self):
        self.server.handle = self.hold
        process = subprocess.Popen(self.command("trace", "--json"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   env=self.environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(json.loads(process.stdout.readline()), REQUEST)

    def hold(self, peer, request):
        peer.send(STREAM + (event("request", REQUEST) if "trace" in request.target else event("status", STATUS)))
        self.server.release.wait()

    def test_a_stream_that_is_silent(self):
        """tbproxyd hangs: what is shown is no longer so."""
        self.server.handle = self.hold
        done = self.run_ctl("top", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (7, STATUS))
        self.assertIn("tbproxyctl: top: no answer from tbproxyd at ", done.stderr.decode())

    def test_trace_ends_if_nobody_can_see_it(self):
        self.server.handle = self.hold
        with open("/dev/full", "wb") as full:
            done = subprocess.run(self.command("trace"), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                  timeout=PATIENCE, check=False, env=self.environment())
        self.assertEqual((done.returncode, done.stderr), (1, b"tbproxyctl: standard output: No space left on device\n"))

    def test_streams_that_are_none(self):
        for given, status, message in (
                (answer(403, {"message": "only root may"}), 4, "only root may"),
                (answer(404), 3, "tbproxyd is too old"), (answer(503, {"message": "stopping"}), 6, "stopping"),
                (STREAM + event("request", 1), 1, "an event is not a JSON object"),
                (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 7, "no answer from tbproxyd at ")):
            self.answers["GET /-/events"] = self.answers["GET /-/trace"] = given
            self.assertIn("tbproxyctl: top: " + message, self.refused("top", "--count", "1", status=status))
            done = self.run_ctl("trace")
            self.assertEqual(done.returncode, status)
            self.assertIn("tbproxyctl: trace: " + message, done.stderr.decode())


    def test_events_that_are_invalid(self):
        self.answers["GET /-/events"] = STREAM + event("status", {"version": 1})
        self.assertIn("top: the answer has no valid uptime_ms", self.refused("top", status=1))
        self.answers["GET /-/trace"] = STREAM + event("request", {**REQUEST, "path": "/\x1b[31m"})
        done = self.run_ctl("trace")
        self.assertEqual(done.returncode, 1)
        self.assertIn("trace: the answer has no valid path", done.stderr.decode())


class TestActions(OperatorCase):
    def test_what_is_sent_and_said(self):
        self.serve()
        for words, target, body, said in (
                (("reload",), "/-/reload", b"", "the configuration was reloaded"),
                (("session", "renew"), "/-/session/renew", b"", "the session was renewed"),
                (("log-level", "debug"), "/-/log-level", b'{"level":"debug"}', "the log level is debug")):
            self.answers["POST " + target] = answer(204)
            self.assertEqual(self.good(*words), said + "\n")
            self.assertEqual(self.server.requests[-1].body, body)
            self.answers["POST " + target] = answer(200, {"changes": ["a.b has changed", "\x1bc"], "x": 1})
            self.assertEqual(self.good(*words), "a.b has changed\n?c\n%s\n" % said)
            self.assertEqual(json.loads(self.good(*words, "--json")), {"changes": ["a.b has changed", "\x1bc"], "x": 1})
            self.answers["POST " + target] = answer(400, {"message": "line 3: no"})
            self.assertEqual(self.refused(*words, status=1), "tbproxyctl: %s: line 3: no" % words[0])
            self.answers["POST " + target] = answer(403, {"message": "you may not"})
            self.assertEqual(self.refused(*words, status=4), "tbproxyctl: %s: you may not" % words[0])

    def test_the_words(self):
        self.assertIn("expected renew", self.refused("session"))
        self.assertIn("expected renew", self.refused("session", "x"))
        self.assertIn("expected error, warning, info or debug", self.refused("log-level"))
        self.assertIn("expected error, warning, info or debug", self.refused("log-level", "loud"))
        self.assertIn("unknown option --url", self.refused("reload", "--url", "x"))

    def test_nothing_listens(self):
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(self.socket)
        for words in (("reload",), ("trace",), ("top",)):
            done = self.run_ctl(*words)
            self.assertEqual(done.returncode, 7)
            self.assertIn("at %s: Connection refused; is tbproxyd running? systemctl status tbproxyd" % self.socket, done.stderr.decode())


    def test_no_access(self):
        # root's right to use it anyway
        without = ["setpriv", "--bounding-set", "-dac_override", "--"] if os.getuid() == 0 else []
        with socket.socket(socket.AF_UNIX) as closed:
            closed.bind(self.socket)
            closed.listen()
            os.chmod(self.socket, 0)
            for name in ("reload", "status"):
                done = subprocess.run(without + self.command(name), capture_output=True, timeout=PATIENCE, check=False,
                                      env=self.environment())
                self.assertEqual((done.returncode, done.stderr.decode()),
                                 (4, "tbproxyctl: %s: %s: Permission denied; join the group that owns it, or use sudo\n"
                                  % (name, self.socket)))
            done = subprocess.run(without + self.command("call", "--unix-socket", self.socket, "getUser"), check=False,
                                  capture_output=True, timeout=PATIENCE, env=self.environment())
            self.assertEqual((done.returncode, done.stderr.decode()),
                             (7, "tbproxyctl: getUser: no answer from the server: %s: Permission denied; join the group "
                              "that owns it, or use sudo\n" % self.socket))


class TestWait(OperatorCase):
    UNREADY = {"ready": False, "state": "unreachable", "cause": "Connection refused", "remedy": "start the server",
               "next_try_ms": 500, "since": "2026-11-29T10:00:02.000Z"}

    def test_it_waits_for_tbproxyd_and_the_server(self):
        process = subprocess.Popen(self.command("wait", "--ready", "--timeout", "100"), stdin=subprocess.DEVNULL,
                                   env=self.environment())
        self.addCleanup(process.kill)
        asked = threading.Semaphore(0)
        self.handle = lambda peer, request: (peer.send(self.answer), asked.release())[0]
        self.answer = answer(503, self.UNREADY)
        self.serve()
        for _ in range(2):
            self.assertTrue(asked.acquire(timeout=PATIENCE))
        self.assertIsNone(process.poll())
        self.answer = answer(200, {"ready": True, "state": "ready"})
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_the_time_is_over(self):
        self.assertIn("is tbproxyd running?", self.refused("wait", "--ready", "--timeout", "0.3", status=7))
        self.serve()
        self.answers["GET /-/ready"] = answer(503, self.UNREADY)
        self.assertEqual(self.refused("wait", "--ready", "--timeout", "0.3", status=6),
                         "tbproxyctl: wait: the server is not ready: unreachable: Connection refused; start the server")
        self.answers["GET /-/ready"] = answer(200, {"ready": True, "state": "ready"})
        self.assertEqual(self.good("wait", "--ready"), "")
        self.assertEqual(json.loads(self.good("wait", "--ready", "--json")), {"ready": True, "state": "ready"})
        self.assertIn("expected --ready", self.refused("wait"))


class TestCheckConfig(OperatorCase):
    def test_it_is_tbproxyds_own_check(self):
        folder = os.path.dirname(self.socket)
        path = os.path.join(folder, "tbproxyd.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("upstream = {\n  nonsense = 1;\n};\n")
        done = self.run_ctl("check-config", "--config", path,
                            PATH=os.path.dirname(build_tree.program(build_tree.DAEMON)))
        self.assertEqual(done.returncode, 78, done)
        self.assertIn("%s:2: " % path, (done.stderr + done.stdout).decode())

    def test_tbproxyd_is_not_there(self):
        self.assertEqual(self.refused("check-config", PATH="/nonexistent", status=1),
                         "tbproxyctl: check-config: tbproxyd: No such file or directory; install the package tbproxyd")


class TestTbproxyd(CtlCase):
    """The real one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.share_server()
        cls.share_daemon()

    def environment(self):
        return {**super().environment(), "TBPROXY_ADMIN": self.proxy.admin_path}

    def test_what_changes_something(self):
        self.assertEqual(self.good("session", "renew"), "the session was renewed\n")
        self.assertEqual(self.good("log-level", "debug"), "the log level is debug\n")
        self.proxy.log.wait("the log has the level debug")
        self.assertEqual(self.good("reload"), "the configuration was reloaded\n")
        with open(self.proxy.config_path, encoding="utf-8") as file:
            text = file.read()
        self.addCleanup(self.proxy.write_config, text)
        self.proxy.write_config(text + "log = { access = true; };\n")
        self.assertEqual(self.good("reload"), "log.access has changed and is in effect\nthe configuration was reloaded\n")
        self.proxy.write_config(text + "log = { nonsense = true; };\n")
        self.assertRegex(self.refused("reload", status=1), "the configuration was not reloaded: .*: unknown option log.nonsense")

    def test_what_shows_something(self):
        self.assertEqual(self.good("wait", "--ready"), "")
        self.assertRegex(self.good("status"), r"^state      ready for [^\n]*\nserver     %s, CE [^\n]*\n"
                         r"session    ready, with a password of %s\n" % (self.sim.url, TENANT))
        self.assertRegex(self.good("top", "--count", "1"), r"^%s: ready for " % self.sim.url)
        self.assertIn("uid:%d" % os.getuid(), self.good("clients"))
        self.assertIn("in flight  0 of at most 64\n", self.good("limits"))
        self.assertIn("merge      pressure\n", self.good("queue"))

    def test_a_server_that_is_away(self):
        simulator = self.start_simulator()
        proxy = self.start_daemon(simulator)
        way = ("--admin", proxy.admin_path)
        simulator.stop()
        proxy.get("/api/auth/user", headers=[("Prefer", "wait=0")])
        text = wait_until(lambda: [text for text in [self.good("status", *way)] if text.startswith("state      unreachable for ")],
                          "a state that is true")[0]
        for words in ("cause      .*refused", "remedy     ", "failed     1 x 502 getUser"):
            self.assertRegex(text, "(?m)^" + words)
        line = self.refused("wait", "--ready", "--timeout", "0.3", *way, status=6)
        self.assertRegex(line, "the server is not ready: unreachable: .*refused")

    def test_trace_shows_the_requests_of_programs(self):
        process = subprocess.Popen(self.command("trace", "--json", "--status", "2xx", "--operation", "getUser"),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        shown = threading.Event()
        asking = threading.Thread(target=self.ask_until, args=(shown,))
        asking.start()
        request = json.loads(process.stdout.readline())
        shown.set()
        asking.join()
        self.assertEqual((request["method"], request["path"], request["status"]), ("GET", "/api/auth/user", 200))
        self.assertIn("status must be like 404 or 5xx", self.run_ctl("trace", "--status", "x").stderr.decode())

    def ask_until(self, shown):
        while not shown.wait(0.05):
            self.proxy.get("/api/tenant/devices?page=0&pageSize=1")
            self.proxy.get("/api/auth/user")


del CtlCase, OperatorCase  # has no tests of its own

if __name__ == "__main__":
    tap.main()
