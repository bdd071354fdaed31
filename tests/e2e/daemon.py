# SPDX-License-Identifier: Apache-2.0
"""The program under test."""
import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import build_tree
import client
import wiretap
from waiting import PATIENCE, WRAPPER, Log

# The daemon does not wait for the reader of its log, so a burst of lines must fit into the pipe.
PIPE_BYTES = 1 << 18

LOOK_S = 1.0  # for a page of a daemon that is about to be stopped

# What valgrind and the sanitizers print.
REPORT = re.compile(r"^==\d+==|Sanitizer|runtime error:", re.MULTILINE)


def end_with_parent():
    """Called in a child, which then ends with the test program, however that ends."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def format_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return "%dL" % value if abs(value) > 0x7fffffff else str(value)
    return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')


# Gives the program the descriptors after the number of them as a service manager does: from 3 on.
PASS = '''n=$1; shift
for ((i = 0; i < n; i++)); do eval "exec $((3 + i))<&$1"; shift; done
export LISTEN_PID=$$ LISTEN_FDS=$n
exec "$@"'''


class Daemon:
    """tbproxyd. OPTIONS: {"section.option": value}; the value of an option that ends in _file is the content of the file."""

    def __init__(self, options):
        self.directory = tempfile.mkdtemp(prefix="tb-")
        self.unix_path = os.path.join(self.directory, "socket")
        self.admin_path = os.path.join(self.directory, "admin")
        self.config_path = os.path.join(self.directory, "tbproxyd.conf")
        self.options = {"listen.port": 0, "listen.unix_path": self.unix_path,
                        "admin.unix_path": self.admin_path, "log.level": "debug",
                        "retry.initial_retry_delay_ms": 50, **options}
        if "spool.mode" in self.options:
            self.options.setdefault("spool.directory", os.path.join(self.directory, "spool"))
        self.file_contents = set()
        self.process_shows = b""  # its command line and its environment, which other programs can see
        for name in [name for name in self.options if name.endswith("_file")]:
            self.write_secret(name, self.options[name])
        self.write_config()
        self.log, self.output, self.notices = Log(), Log(), Log()
        self.process = None
        self.in_child = end_with_parent  # before the program runs
        self.port = None
        self.passed = []  # listening sockets, as of a socket unit
        self.passed_names = ""
        self.threads = []

    def write_secret(self, option, text):
        """Writes new content to the secret file of OPTION."""
        path = os.path.join(self.directory, option.split(".")[1])
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(text)
        self.options[option] = path
        self.file_contents.add(text.strip())

    def write_config(self, text=None):
        sections = {}
        for name, value in self.options.items():
            section, option = name.split(".")
            sections.setdefault(section, []).append("  %s = %s;\n" % (option, format_value(value)))
        if text is None:
            text = "".join("%s = {\n%s};\n" % (section, "".join(rows)) for section, rows in sections.items())
        wiretap.record("config", text.replace(self.directory, "/etc/tbproxyd"))
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(text)

    def command(self, *arguments):
        return WRAPPER + [build_tree.program(build_tree.DAEMON), "--config", self.config_path, *arguments]

    def passing_command(self, *arguments):
        """Returns the command that passes self.passed, and the descriptors that it needs."""
        fds = [fcntl.fcntl(sock, fcntl.F_DUPFD_CLOEXEC, 100) for sock in self.passed]
        return ["bash", "-c", PASS, "pass", str(len(fds)), *map(str, fds), *self.command(*arguments)], fds

    def pass_sockets(self):
        """Opens the sockets that the socket units open, for each start from now on."""
        self.passed = [socket.create_server(("127.0.0.1", 0)), *(socket.socket(socket.AF_UNIX) for _ in range(2))]
        for sock, path in zip(self.passed[1:], (self.unix_path, self.admin_path)):
            sock.bind(path)
            sock.listen()
        self.passed_names = "::admin"
        self.port = self.passed[0].getsockname()[1]

    def environment(self, **more):
        keep = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
        return {**{name: os.environ[name] for name in keep if name in os.environ}, **more}

    def launch(self, *arguments, **environment):
        """Starts it and waits for nothing."""
        notify_path = os.path.join(self.directory, "notify")
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(notify_path)
        for log in (self.log, self.output, self.notices):
            log.ended = False  # it may have run before
        command, fds = self.passing_command(*arguments) if self.passed else (self.command(*arguments), [])
        if self.passed_names:
            environment["LISTEN_FDNAMES"] = self.passed_names
        self.process = subprocess.Popen(command, pass_fds=fds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=self.directory, preexec_fn=self.in_child,
                                        env=self.environment(**{"NOTIFY_SOCKET": notify_path, **environment}))
        for fd in fds:
            os.close(fd)
        fcntl.fcntl(self.process.stderr, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.notify_socket = notify
        for read in (lambda: self.read_pipe(self.process.stderr, self.log),
                     lambda: self.read_pipe(self.process.stdout, self.output), self.read_notices):
            self.threads.append(threading.Thread(target=read, daemon=True))
            self.threads[-1].start()

    def start(self, *arguments, wait="READY=1", tcp=True, **environment):
        """Waits for the notice WAIT to the service manager; if WAIT is "", only for the listeners. TCP: the port is free."""
        mark = self.notices.mark()
        self.launch(*arguments, **environment)
        if self.passed:
            self.port = next((sock.getsockname()[1] for sock in self.passed if sock.family != socket.AF_UNIX), None)
        elif tcp and self.options.get("listen.address") != "":
            self.port = int(self.log.wait(r"listening on http://\S+:(\d+)").group(1))
        if self.options["listen.unix_path"] and not self.passed:
            self.log.wait("listening on " + re.escape(self.options["listen.unix_path"]))
        if wait:
            self.notices.wait("^" + re.escape(wait) + "$", mark)
        return self

    @staticmethod
    def read_pipe(pipe, log):
        with pipe:
            for line in pipe:
                log.add(line.decode("utf-8", "replace").rstrip("\n"))
        log.end()

    def read_notices(self):
        with self.notify_socket:
            while True:
                data = self.notify_socket.recv(65536)
                if not data:
                    break
                for line in data.decode("utf-8", "replace").split("\n"):
                    self.notices.add(line)
        os.unlink(os.path.join(self.directory, "notify"))
        self.notices.end()

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def connect(self, unix=False, timeout=60.0):
        return client.Connection(self.unix_path if unix else self.address, timeout)

    def listens(self):
        """Whether it takes connections on its Unix socket: for one whose notices nobody reads."""
        try:
            self.connect(unix=True).close()
        except OSError:
            return False
        return True

    def call(self, method, target, headers=(), body=None, unix=False, **options):
        return client.fetch(self.unix_path if unix else self.address, method, target, headers, body, **options)

    def ask_admin(self, method, target, headers=(), body=None, **options):
        """A request on the admin socket."""
        return client.fetch(self.admin_path, method, target, headers, body, **options)

    def get(self, target, **options):
        return self.call("GET", target, **options)

    def post(self, target, body=b"", **options):
        return self.call("POST", target, body=body, **options)

    def signal(self, number):
        self.process.send_signal(number)

    def is_waiting(self):
        """Whether it waits for an event."""
        with open("/proc/%d/stat" % self.process.pid, encoding="utf-8") as status:
            return status.read().rsplit(")", 1)[1].split()[0] == "S"

    def memory_kib(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def ended(self, timeout=PATIENCE):
        """Waits for the end and for all output. Returns the exit status."""
        status = self.process.wait(timeout)
        if self.threads:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", os.path.join(self.directory, "notify"))
        while self.threads:
            self.threads.pop().join(PATIENCE)
        return status

    def look_at_it(self):
        """Takes what it shows of itself, for the search for secrets (harness.py). It may be too busy to answer."""
        for name in ("cmdline", "environ"):
            with open("/proc/%d/%s" % (self.process.pid, name), "rb") as file:
                self.process_shows += file.read()
        for page in ("/-/status", "/-/metrics"):
            try:
                client.fetch(self.options["admin.unix_path"] or self.options["listen.unix_path"] or self.address, "GET", page, host="localhost", timeout=LOOK_S)
            except (OSError, client.Closed):
                pass

    def stop(self):
        """Ends it as the service manager does; it must exit with 0."""
        if self.process is None or not os.path.isdir(self.directory):
            self.kill()
            return
        try:
            if self.process.poll() is None:
                self.look_at_it()
                self.process.terminate()
            status = self.ended()
        finally:
            self.kill()
        if status != 0 or REPORT.search(self.log.text()):
            raise AssertionError("tbproxyd ended with status %s" % status)

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for sock in self.passed:
            sock.close()
        shutil.rmtree(self.directory, ignore_errors=True)
