#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages under a systemd that runs: install, start, restart and upgrade under load, mistakes, a port that is taken,
services with names, remove, purge. Usage: check_booted.py DIRECTORY, the folder of the packages."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import tap  # noqa: E402
from container import Container, enter_own_mounts, require_rights  # noqa: E402

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = None  # set below
OLD, NEW = "0.0.1", "1000"
UNIX, ADMIN = "/run/tbproxyd/tbproxyd.sock", "/run/tbproxyd/admin.sock"
SOCKETS = ("tbproxyd.socket", "tbproxyd-admin.socket")

# A server that says which API key it got.
SERVER = """
import http.server
class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        key = self.headers.get("X-Authorization", "")
        body = b'{"id":{"entityType":"USER","id":"11111111-1111-1111-1111-111111111111"},"email":"a@example.org",' \
            b'"tenantId":{"entityType":"TENANT","id":"22222222-2222-2222-2222-222222222222"},' \
            b'"authority":"TENANT_ADMIN","name":"%s"}' % key.encode()
        self.send_response(200 if key else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Server).serve_forever()
"""

# Asks on a connection for each request, over all three sockets, until standard input ends. Prints what went wrong, and
# the number of answers.
LOAD = """
import socket, sys, threading
answers, problems, stop = [0], [], threading.Event()
def load(family, address):
    while not stop.is_set():
        try:
            with socket.socket(family) as sock:
                sock.settimeout(60)
                sock.connect(address)
                sock.sendall(b"GET /api/auth/user HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
                data = b""
                while more := sock.recv(65536):
                    data += more
            if not data.startswith(b"HTTP/1.1 200 "):
                problems.append(repr(data[:300]))
            answers[0] += 1
        except OSError as error:
            problems.append(repr(error))
ways = ((socket.AF_INET, ("127.0.0.1", 8282)), (socket.AF_INET6, ("::1", 8282)),
        (socket.AF_UNIX, "/run/tbproxyd/tbproxyd.sock"))
threads = [threading.Thread(target=load, args=way) for way in ways for _ in range(2)]
for thread in threads:
    thread.start()
sys.stdin.read()
stop.set()
for thread in threads:
    thread.join()
print(answers[0], problems[:5])
"""


class Load:
    def __init__(self, container):
        self.process = subprocess.Popen(container.command("python3", "/load.py"), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        text, _ = self.process.communicate("")
        self.answers, self.problems = text.split(" ", 1)


def repack(package, version, folder):
    """Returns PACKAGE with another version."""
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
    control = folder / "DEBIAN" / "control"
    control.write_text(re.sub("(?m)^Version: .*$", "Version: " + version, control.read_text("utf-8")), "utf-8")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", folder, str(folder) + ".deb"], check=True,
                   stdout=subprocess.DEVNULL)
    return str(folder) + ".deb"


class TestBooted(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_rights()
        cls.container = Container()
        cls.addClassCleanup(cls.container.stop)
        cls.container.boot()
        cls.run_ = cls.container.run
        package, = PACKAGES.glob("tbproxyd_*.deb")
        with tempfile.TemporaryDirectory() as folder:
            for version in (OLD, NEW):
                shutil.copy(repack(package, version, pathlib.Path(folder) / version), cls.container.root)
        cls.container.write("/server.py", SERVER)
        cls.container.write("/load.py", LOAD)
        cls.run_("systemd-run", "--quiet", "--unit=thingsboard", "python3", "/server.py")

    def setUp(self):
        self.run_("dpkg", "-i", "/%s.deb" % OLD)
        self.addCleanup(self.clean)

    def clean(self):
        self.run_("systemctl", "unmask", "--quiet", *SOCKETS, check=False)
        self.run_("dpkg", "--purge", "tbproxyd")
        self.run_("sh", "-c", "rm -rf /etc/tbproxyd /etc/systemd/system/tbproxyd*; systemctl daemon-reload;"
                  "systemctl reset-failed")

    def diagnostics(self):
        return self.run_("journalctl", "--no-pager", "--boot", "--lines=60", check=False).stdout

    def configure(self, name="tbproxyd", key="api-key", more=""):
        self.container.write("/etc/tbproxyd/%s.conf" % name,
                             'upstream = { url = "http://127.0.0.1:8080"; api_key_file = "api-key"; };\n' + more)
        self.container.write("/etc/tbproxyd/" + key, "tb_of-%s\n" % name, 0o600)

    def ask(self, *way, user=()):
        """The answer to a request; WAY: arguments of curl."""
        way = way or ("http://localhost:8282/api/auth/user",)
        return self.run_(*user, "curl", "-sS", "--max-time", "60", *way, check=False).stdout

    def ask_unix(self, path=UNIX, user=()):
        return self.ask("--unix-socket", path, "http://localhost/api/auth/user", user=user)

    def show(self, name, unit="tbproxyd.service"):
        return self.run_("systemctl", "show", "--value", "--property", name, unit).stdout.strip()

    def assert_serves(self):
        for answer in (self.ask(), self.ask("http://[::1]:8282/api/auth/user"), self.ask_unix()):
            self.assertIn("tb_of-tbproxyd", answer)

    def wait_for(self, condition, what, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)

    def journal_of(self, unit):
        self.run_("journalctl", "--sync")
        return self.run_("journalctl", "--no-pager", "--boot", "--unit=" + unit).stdout

    def test_the_main_job(self):
        shutil.copy(SOURCE / "debian/tests/main-job", self.container.root)
        self.assertIn("the service answers", self.run_("/main-job").stdout)

    def test_installing_starts_and_enables_nothing(self):
        for unit in ("tbproxyd.service", *SOCKETS):
            self.assertEqual((self.show("ActiveState", unit), self.show("UnitFileState", unit)), ("inactive", "disabled"))
        for group in ("tbproxy", "tbproxy-admin"):
            self.assertRegex(self.run_("getent", "group", group).stdout, r"^%s:" % group)
        self.assertEqual(self.run_("tbproxyd", "--version").stdout, self.version())

    def version(self):
        package, = PACKAGES.glob("tbproxyd_*.deb")
        return "tbproxyd %s\n" % package.name.split("_")[1]

    def test_no_request_is_lost_when_it_restarts_or_is_upgraded_under_load(self):
        self.configure()
        self.run_("systemctl", "enable", "--quiet", "--now", "tbproxyd")
        directory = self.run_("stat", "--format=%i %a", "/run/tbproxyd").stdout
        with Load(self.container) as load:
            self.run_("systemctl", "restart", "tbproxyd")
            self.run_("dpkg", "-i", "/%s.deb" % NEW)
            self.run_("systemctl", "restart", "tbproxyd")
        self.assertEqual(load.problems, "[]\n")
        self.assertGreater(int(load.answers), 50)
        tap.figure("%d requests while it was restarted twice and upgraded: 0 refused or lost" % int(load.answers))
        self.assertEqual(self.run_("stat", "--format=%i %a", "/run/tbproxyd").stdout, directory)
        self.assertEqual(self.show("NRestarts"), "0")
        self.assert_serves()

    def test_the_journal_has_fields(self):
        self.configure(more="log = { access = true; };\n")
        self.run_("systemctl", "start", "tbproxyd")
        self.assert_serves()
        fields = "MESSAGE,OPERATION,PRINCIPAL,METHOD,STATUS,QUEUE_MS,UPSTREAM_MS"
        self.run_("journalctl", "--sync")
        text = self.run_("journalctl", "--unit=tbproxyd", "--output=json", "--output-fields=" + fields, "OPERATION=getUser",
                         "STATUS=200").stdout
        entries = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(len(entries), 3, text)  # one for each socket
        for entry in entries:
            self.assertEqual((entry["METHOD"], entry["PRINCIPAL"]), ("GET", "uid:0"))
            self.assertRegex(entry["MESSAGE"], "^access: uid:0 .*getUser GET /api/auth/user -> 200, ")
            self.assertRegex(entry["QUEUE_MS"] + " " + entry["UPSTREAM_MS"], "^[0-9]+ [0-9]+$")

    def test_a_mistake_is_said_by_reload_and_by_503_until_it_is_corrected(self):
        self.configure()
        self.run_("systemctl", "start", "tbproxyd")
        self.configure(more="nonsense = { };\n")
        self.assertNotEqual(self.run_("systemctl", "reload", "tbproxyd", check=False).returncode, 0)
        self.assert_serves()
        self.run_("systemctl", "restart", "tbproxyd")
        for answer in (self.ask(), self.ask_unix()):
            self.assertIn("configuration error: /etc/tbproxyd/tbproxyd.conf:2: unknown section nonsense", answer)
        self.assertIn("unknown section nonsense", self.show("StatusText"))
        self.assertNotEqual(self.run_("systemctl", "reload", "tbproxyd", check=False).returncode, 0)
        self.configure()
        self.run_("systemctl", "reload", "tbproxyd")
        self.assert_serves()

    def test_without_the_socket_unit_a_mistake_ends_it_for_good(self):
        self.configure(more="nonsense = { };\n")
        self.run_("systemctl", "mask", "--quiet", *SOCKETS)
        self.assertNotEqual(self.run_("systemctl", "start", "tbproxyd", check=False).returncode, 0)
        self.assertEqual((self.show("ActiveState"), self.show("ExecMainStatus"), self.show("NRestarts")),
                         ("failed", "78", "0"))

    def test_without_the_socket_unit_it_opens_the_same_itself(self):
        self.configure()
        self.run_("systemctl", "mask", "--quiet", *SOCKETS)
        for _ in range(2):
            self.run_("systemctl", "restart", "tbproxyd")
            self.assert_serves()
            self.assertIn('"pid"', self.ask_admin("/-/status"))
        self.assertIn("tb_of-tbproxyd", self.ask_unix(user=("setpriv", "--reuid=nobody", "--clear-groups")))
        self.run_("systemctl", "stop", "tbproxyd")
        self.assertEqual(self.run_("ls", "-A", "/run/tbproxyd").stdout, "")

    def test_somebody_else_has_the_port(self):
        self.configure()
        self.run_("systemd-run", "--quiet", "--unit=other", "python3", "-m", "http.server", "--bind", "127.0.0.1", "8282")
        self.addCleanup(lambda: self.run_("systemctl", "stop", "other", check=False))
        self.wait_for(lambda: "Directory listing" in self.ask("http://127.0.0.1:8282/"), "the other program")
        self.run_("systemctl", "start", "tbproxyd")
        self.assertEqual(self.show("ActiveState", "tbproxyd.socket"), "failed")
        self.assertIn("tb_of-tbproxyd", self.ask_unix())
        self.assertIn("cannot listen on http://127.0.0.1:8282: Address already in use; will try again every 5 s",
                      self.journal_of("tbproxyd"))
        self.run_("systemctl", "stop", "other")
        self.wait_for(lambda: "tb_of-tbproxyd" in self.ask(), "the port")
        self.run_("systemctl", "restart", "tbproxyd")
        self.assertEqual(self.show("ActiveState", "tbproxyd.socket"), "active")
        self.assert_serves()

    def test_it_is_started_again_when_it_dies_and_connections_wait(self):
        self.configure()
        self.run_("systemctl", "start", "tbproxyd")
        self.run_("systemctl", "kill", "--signal=KILL", "tbproxyd")
        self.assert_serves()
        self.assertIn(self.show("NRestarts"), ("0", "1"))  # a connection may be first

    def test_it_has_no_core_file_even_if_the_unit_allows_it(self):
        """systemd says of a process whether it has left one. The other one has."""
        self.run_("systemd-run", "--quiet", "--wait", "--unit=other", "--property=LimitCORE=infinity",
                  "--property=WorkingDirectory=/tmp", "python3", "-c", "import os; os.kill(os.getpid(), 11)", check=False)
        self.addCleanup(lambda: self.run_("systemctl", "reset-failed", "other", check=False))
        self.assertIn("code=dumped, status=11/SEGV", self.journal_of("other"))
        self.configure()
        self.container.write("/etc/systemd/system/tbproxyd.service.d/core.conf", "[Service]\nLimitCORE=infinity\n")
        self.run_("systemctl", "daemon-reload")
        self.run_("systemctl", "start", "tbproxyd")
        self.assert_serves()
        self.run_("systemctl", "kill", "--kill-who=main", "--signal=SEGV", "tbproxyd")
        self.assert_serves()
        self.assertIn("code=killed, status=11/SEGV", self.journal_of("tbproxyd"))

    def test_only_the_group_may_use_a_restricted_socket(self):
        self.configure()
        self.container.write("/etc/systemd/system/tbproxyd.socket.d/group.conf",
                             "[Socket]\nListenStream=\nListenStream=%s\nSocketMode=0660\n" % UNIX)
        self.run_("systemctl", "daemon-reload")
        self.run_("systemctl", "start", "tbproxyd")
        member = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=tbproxy")
        self.assertIn("tb_of-tbproxyd", self.ask_unix(user=member))
        other = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
        self.assertNotIn("tb_of-tbproxyd", self.ask_unix(user=other))
        self.assertNotIn("tb_of-tbproxyd", self.ask())

    def ask_admin(self, target, path=ADMIN, user=(), method="GET"):
        return self.ask("--unix-socket", path, "-X", method, "http://localhost" + target, user=user)

    def test_the_admin_socket_is_for_root_and_its_group(self):
        self.configure()
        self.run_("systemctl", "enable", "--quiet", "--now", "tbproxyd")
        self.assertEqual(self.run_("stat", "--format=%a %U %G", ADMIN).stdout, "660 root tbproxy-admin\n")
        member = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=tbproxy-admin")
        other = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--groups=tbproxy")
        for user in ((), member):
            self.assertIn('"renewed":true', self.ask_admin("/-/session/renew", user=user, method="POST"))
        self.assertNotIn("pid", self.ask_admin("/-/status", user=other))
        self.assertIn("the admin socket has this: " + ADMIN, self.ask("http://localhost:8282/-/"))
        self.run_("systemctl", "restart", "tbproxyd")
        self.assertIn('"pid"', self.ask_admin("/-/status", user=member))

    def test_the_admin_socket_alone_passed_leaves_the_ports_to_the_service(self):
        self.configure()
        self.run_("systemctl", "mask", "--quiet", "tbproxyd.socket")
        self.run_("systemctl", "restart", "tbproxyd")
        self.assert_serves()
        self.assertEqual(self.run_("stat", "--format=%G", ADMIN).stdout, "tbproxy-admin\n")

    def test_a_service_with_a_name_has_its_own_key_socket_and_user(self):
        self.configure()
        self.configure("plant", "plant.api-key")
        self.run_("systemctl", "enable", "--quiet", "--now", "tbproxyd", "tbproxyd@plant")
        self.assert_serves()
        self.assertIn("tb_of-plant", self.ask_unix("/run/tbproxyd-plant/tbproxyd.sock"))
        self.assertIn('"pid"', self.ask_admin("/-/status", "/run/tbproxyd-plant/admin.sock"))
        for unit in ("tbproxyd@plant.socket", "tbproxyd-admin@plant.socket"):
            self.assertEqual(self.show("UnitFileState", unit), "enabled")
        users = [self.run_("stat", "--format=%u", "/proc/" + self.show("MainPID", unit)).stdout
                 for unit in ("tbproxyd.service", "tbproxyd@plant.service")]
        self.assertNotEqual(users[0], users[1])
        before = self.show("MainPID", "tbproxyd@plant.service")
        self.run_("dpkg", "-i", "/%s.deb" % NEW)
        self.assertNotEqual(self.show("MainPID", "tbproxyd@plant.service"), before)
        self.assertIn("tb_of-plant", self.ask_unix("/run/tbproxyd-plant/tbproxyd.sock"))

    def test_without_a_key_file_it_says_so(self):
        self.configure()
        self.run_("rm", "/etc/tbproxyd/api-key")
        self.run_("systemctl", "start", "tbproxyd")
        self.assertRegex(self.ask() + self.show("StatusText"), "api-key.*empty")

    def test_remove_and_purge(self):
        self.configure("plant", "plant.api-key")
        self.configure()
        self.run_("systemctl", "enable", "--quiet", "--now", "tbproxyd", "tbproxyd@plant")
        self.run_("dpkg", "--remove", "tbproxyd")
        for unit in ("tbproxyd.service", *SOCKETS, "tbproxyd@plant.service", "tbproxyd@plant.socket",
                     "tbproxyd-admin@plant.socket"):
            self.assertNotEqual(self.show("ActiveState", unit), "active", unit)
        self.assertEqual(self.run_("pgrep", "-x", "tbproxyd", check=False).stdout, "")
        self.assertEqual(self.run_("ls", "/etc/tbproxyd").stdout.split(), ["api-key", "plant.api-key", "plant.conf",
                                                                        "tbproxyd.conf"])
        self.run_("dpkg", "--purge", "tbproxyd")
        self.assertEqual(self.run_("ls", "/etc/tbproxyd").stdout.split(), ["api-key", "plant.api-key", "plant.conf"])
        self.assertEqual(self.run_("find", "/etc/systemd/system", "-name", "tbproxyd*").stdout, "")


if __name__ == "__main__":
    enter_own_mounts()
    PACKAGES = pathlib.Path(sys.argv.pop(1))
    tap.main()
