# SPDX-License-Identifier: Apache-2.0
"""The daemon is killed: what comes meanwhile waits in the sockets of the service manager, programs that use the library are
told the truth, and nothing that is left behind keeps the next start from serving. test_kills.py does it under load."""
import json
import os
import signal
import subprocess
import threading

import tap
from ctl_case import CtlCase
from harness import PATIENCE, Closed, Connection, answer, build, in_parallel, wait_until
from test_library import Caller

DEVICE = "11111111-1111-1111-1111-111111111111"
USER = "/api/auth/user"
WAITING = 10  # on each socket

# Operation, parameters and body of calls with the library.
READ = ("getDeviceById", {"deviceId": DEVICE}, None)
SAVE = ("saveDevice", {}, {"name": "x", "type": "default"})
RPC = ("handleTwoWayDeviceRPCRequestV2", {"deviceId": DEVICE}, {"method": "ping", "params": {}})


class CrashCase(CtlCase):
    def setUp(self):
        self.arrived = []  # targets
        self.held = threading.Event()  # what has arrived is answered
        self.held.set()
        self.server = self.start_scripted(self.handle)
        self.addCleanup(self.held.set)

    def handle(self, peer, request):
        self.arrived.append(request.target)
        self.held.wait(PATIENCE)
        peer.send(answer(body={"target": request.target}))
        return True

    def kill(self, proxy):
        proxy.process.kill()
        self.assertEqual(proxy.ended(), -signal.SIGKILL)


class TestPassed(CrashCase):
    def setUp(self):
        super().setUp()
        self.proxy = self.prepare_daemon(self.server)
        self.proxy.pass_sockets()
        self.proxy.start()

    def start_ctl(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment())

    def start_call(self, operation, parameters, body):
        """A call of tbproxyctl over the Unix socket."""
        options = ["--%s=%s" % pair for pair in parameters.items()]
        return self.start_ctl("call", "--unix-socket", self.proxy.unix_path, operation, *options,
                              *(["--body", json.dumps(body)] if body else []))

    def start_caller(self, operation, *values):
        """The same call of another program with the library, over TCP."""
        return Caller("url=http://127.0.0.1:%d" % self.proxy.port, "call", operation,
                      *(json.dumps(value) for value in values if value is not None))

    def waiting_connections(self):
        """How many connections wait to be accepted."""
        with open("/proc/net/unix", encoding="utf-8") as unix, open("/proc/net/tcp", encoding="ascii") as tcp:
            paths = [line.split()[-1] for line in unix]
            rows = [line.split() for line in tcp]
        ours = [path for path in paths if path in (self.proxy.unix_path, self.proxy.admin_path)]
        established = [row for row in rows if row[1].endswith(":%04X" % self.proxy.port) and row[3] == "01"]
        return len(ours) - 2 + len(established)

    def test_connections_that_come_meanwhile_are_served_by_the_next(self):
        self.kill(self.proxy)
        waiting = []
        for index in range(WAITING):
            for way, target in ((self.proxy.address, "/api/x%d"), (self.proxy.unix_path, "/api/y%d"),
                                (self.proxy.admin_path, "/-/live?%d")):
                connection = self.proxy.connect() if way == self.proxy.address else self.connect_unix(way)
                connection.send(build("GET", target % index, host=connection.host))
                waiting.append((connection, target % index))
        self.proxy.start()
        for connection, target in waiting:
            with connection:
                reply = connection.response()
                self.assertEqual(reply.status, 200)
                if target.startswith("/api/"):
                    self.assertEqual(reply.json(), {"target": target})
        self.assertEqual(len(self.arrived), 2 * WAITING)

    def connect_unix(self, path):
        connection = Connection(path)
        self.addCleanup(connection.close)
        return connection

    def test_programs_that_come_meanwhile_wait(self):
        self.kill(self.proxy)
        call, caller = self.start_call(*READ), self.start_caller(*READ)
        status = self.start_ctl("status", "--json", "--admin", self.proxy.admin_path)
        wait_until(lambda: self.waiting_connections() == 3, "three connections")
        self.proxy.start()
        self.assertEqual(caller.end()[-1]["code"], 0)
        for process, member in ((call, "target"), (status, "pid")):
            output, errors = process.communicate(timeout=PATIENCE)
            self.assertEqual((process.returncode, errors), (0, ""))
            self.assertIn(member, json.loads(output))

    def kill_under_way(self, start, call):
        """Kills it while the server works on a call. Returns the calling program."""
        self.arrived.clear()
        self.held.clear()
        program = start(*call)
        wait_until(lambda: self.arrived, "the call")
        self.kill(self.proxy)
        self.held.set()
        self.proxy.start()
        return program

    def test_a_read_under_way_is_made_again(self):
        output, errors = self.kill_under_way(self.start_call, READ).communicate(timeout=PATIENCE)
        self.assertEqual((json.loads(output)["target"], errors, len(self.arrived)), ("/api/device/" + DEVICE, "", 2))
        line, = self.kill_under_way(self.start_caller, READ).end()
        self.assertEqual((line["code"], len(self.arrived)), (0, 2))

    def test_what_may_not_happen_twice_is_an_error(self):
        for call in (SAVE, RPC):
            process = self.kill_under_way(self.start_call, call)
            output, errors = process.communicate(timeout=PATIENCE)
            self.assertRegex(errors, "^tbproxyctl: %s: .*closed the connection" % call[0])
            self.assertEqual((process.returncode, output, len(self.arrived)), (7, "", 1))
        line, = self.kill_under_way(self.start_caller, SAVE).end()
        self.assertRegex(line["message"], "closed the connection")
        self.assertEqual((line["kind"], len(self.arrived)), ("transport", 1))


class TestAlone(CrashCase):
    """Without a socket unit, sockets and lock files are left behind."""

    def test_what_a_killed_one_left_is_no_hindrance(self):
        proxy = self.start_daemon(self.server)
        proxy.options["listen.port"] = proxy.port
        proxy.write_config()
        files = os.listdir(proxy.directory)

        def ask(index):
            with proxy.connect(unix=index % 2 == 0) as connection:
                for _ in range(10000):
                    try:
                        self.assertEqual(connection.request("GET", "/api/%d" % index).json()["target"], "/api/%d" % index)
                    except (Closed, ConnectionResetError, BrokenPipeError):
                        return
        for _ in range(5):
            self.arrived.clear()
            killer = threading.Thread(target=lambda: (wait_until(lambda: len(self.arrived) > 20, "load"), self.kill(proxy)))
            killer.start()
            in_parallel(4, ask)
            killer.join()
            self.assertTrue(os.path.exists(proxy.unix_path))
            proxy.start()
            self.assertEqual([proxy.get(USER, unix=unix).status for unix in (False, True)], [200, 200])
            self.assertEqual(proxy.ask_admin("GET", "/-/status").json()["pid"], proxy.process.pid)
            self.assertEqual(sorted(os.listdir(proxy.directory)), sorted(files))
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.ended(), 0)
        self.assertEqual([name for name in os.listdir(proxy.directory) if name.startswith(("socket", "admin"))], [])


if __name__ == "__main__":
    tap.main()
