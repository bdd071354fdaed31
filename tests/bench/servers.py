# SPDX-License-Identifier: Apache-2.0
"""Starts the programs that are measured, and tbsim, the server behind them.

Each start_...() returns a Server that can take requests at once. Nothing has
a fixed port, and nothing is waited for by sleeping.
"""

import dataclasses
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from bench import build, harness

USERNAME = "tenant@thingsboard.org"
PASSWORD = "tenant"


@dataclasses.dataclass
class Server:
    """A running server."""

    name: str
    url: str
    process: subprocess.Popen

    @property
    def address(self):
        """HOST:PORT."""
        return urllib.parse.urlsplit(self.url).netloc

    @property
    def port(self):
        """Its port."""
        return urllib.parse.urlsplit(self.url).port


class Relay:
    """relay.py, which makes a server a distant one, and one that can go away."""

    def __init__(self, workshop, server_port, delay_ms):
        script = pathlib.Path(__file__).with_name("relay.py")
        self.workshop = workshop
        self.argv = [sys.executable, script, server_port, delay_ms]
        self.port = 0
        self.start()

    def start(self):
        """Starts it, later on the same port."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = self.workshop.start("relay", [*self.argv, self.port], **pipes)
        self.workshop.enter_context(self.process.stdin)
        self.workshop.enter_context(self.process.stdout)
        self.port = self.next_number()

    def kill(self):
        """Breaks its connections, and refuses new ones."""
        self.process.kill()
        self.process.wait()

    def stay_away(self, seconds):
        """Kills it and starts it again. Returns the time when it listens."""
        self.kill()
        time.sleep(seconds)
        self.start()
        return time.monotonic()

    def stay_silent(self, seconds):
        """Lets nothing through, and then breaks its connections. Returns the time when it listens again."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        return self.stay_away(0)

    def next_number(self):
        """The number that it prints next."""
        if not harness.wait_for(self.process, harness.START_LIMIT, self.process.stdout):
            raise self.workshop.failure("relay", "printed nothing")
        return int(self.process.stdout.readline())

    def connections(self):
        """The number of connections so far."""
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return self.next_number()


def call(server, method, path, document=None, more_headers=None):
    """Sends a request with an optional JSON body. Returns the JSON of the response."""
    connection = http.client.HTTPConnection(
        server.address, timeout=harness.START_LIMIT
    )
    try:
        body = None if document is None else json.dumps(document)
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body, headers | (more_headers or {}))
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise harness.BenchError(f"{server.name}: {method} {path}: {error}")
    finally:
        connection.close()
    if answer.status != 200:
        raise harness.BenchError(f"{server.name}: {method} {path}: {answer.status}")
    return json.loads(text)


def start_tbsim(workshop, *options):
    """Starts tbsim, the stand-in for a ThingsBoard server, which prints its URL."""
    argv = [build.program("tests/sim/tbsim"), "--die-with-parent", *options]
    process = workshop.start("tbsim", argv, stdout=subprocess.PIPE)
    workshop.enter_context(process.stdout)
    ready = harness.wait_for(process, harness.START_LIMIT, process.stdout)
    url = process.stdout.readline().decode().strip() if ready else ""
    if not url.startswith("http://127.0.0.1:"):
        raise workshop.failure("tbsim", "did not start")
    return Server("tbsim", url, process)


def upstream_requests(tbsim):
    """The number of API requests to tbsim so far."""
    return call(tbsim, "GET", "/sim/stats")["requests"]


def bearer(server):
    """The value of X-Authorization after a login of our user at a server without TLS."""
    login = {"username": USERNAME, "password": PASSWORD}
    return "Bearer " + call(server, "POST", "/api/auth/login", login)["token"]


def start_tbproxyd(workshop, upstream, name="tbproxyd", **options):
    """Starts tbproxyd and waits for its login. section_name=value becomes
    `--set section.name=value`."""
    argv = [build.program("src/proxy/tbproxyd"), "--config", "/dev/null"]
    argv += settings(workshop, upstream, options)
    path = str(workshop.dir / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        process = workshop.start(name, argv, env={"NOTIFY_SOCKET": path})
        wait_for_ready(workshop, name, process, notify)
    pathlib.Path(path).unlink()
    return Server(name, logged_url(workshop, name), process)


def settings(workshop, upstream, options):
    """The part of tbproxyd's command line that says what to do."""
    values = {
        "upstream.url": upstream.url,
        "upstream.username": USERNAME,
        "upstream.password_file": write_password(workshop.dir),
        "listen.port": 0,
        "listen.unix_path": "",
    }
    values |= {key.replace("_", ".", 1): value for key, value in options.items()}
    return [word for item in values.items() for word in ("--set", "%s=%s" % item)]


def write_password(directory):
    """A file that only its owner may read."""
    path = directory / "password"
    path.touch(mode=0o600)
    path.write_text(PASSWORD)
    return path


def wait_for_ready(workshop, name, process, notify):
    """Waits for READY=1, as systemd would, or for the end of the process."""
    while harness.wait_for(process, harness.START_LIMIT, notify):
        if b"READY=1" in notify.recv(4096).split(b"\n"):
            return
    raise workshop.failure(name, "did not become ready")


def logged_url(workshop, name):
    """Where tbproxyd listens, according to its log."""
    log = workshop.log(name).read_text()
    found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", log)
    if not found:
        raise workshop.failure(name, "did not print its address")
    return found[1]
