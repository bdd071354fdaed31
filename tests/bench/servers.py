# SPDX-License-Identifier: Apache-2.0
"""Starts the programs that are measured, and tbsim, the server behind them.

Each start_...() returns a Server that can take requests at once. Nothing has
a fixed port, and nothing is waited for by sleeping.
"""

import dataclasses
import http.client
import json
import os
import pathlib
import re
import socket
import string
import subprocess
import urllib.parse

from bench import build, harness

USERNAME = "tenant@thingsboard.org"
PASSWORD = "tenant"

# An empty "Connection", because nginx would otherwise send "close".
NGINX_CONFIG = string.Template("""\
daemon off;
$user
worker_processes 1;
pid $dir/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    $zone
    client_body_temp_path $dir/nginx-body;
    proxy_temp_path $dir/nginx-proxy;
    fastcgi_temp_path $dir/nginx-fastcgi;
    uwsgi_temp_path $dir/nginx-uwsgi;
    scgi_temp_path $dir/nginx-scgi;
    keepalive_requests 1000000000;
    upstream thingsboard {
        server $upstream;
        keepalive 32;
    }
    server {
        listen 127.0.0.1:$port;
        location / {
            $limit
            proxy_pass http://thingsboard;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Authorization "Bearer $token";
        }
    }
}
""")


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


def start_nginx(workshop, upstream, zone="", limit=""):
    """Starts nginx as a proxy that adds a fixed token. It inherits its
    listening socket (as after an upgrade of its binary), so that the port is
    ours from the beginning and connections wait until nginx accepts them.
    `zone` and `limit` are its directives for a request limit."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    with listener:
        port = listener.getsockname()[1]
        config = workshop.dir / "nginx.conf"
        text = nginx_config(workshop.dir, port, upstream, zone, limit)
        config.write_text(text)
        argv = [harness.find_tool("nginx"), "-e", "stderr", "-c", config]
        process = workshop.start(
            "nginx",
            argv,
            env={"NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
        )
    server = Server("nginx", f"http://127.0.0.1:{port}", process)
    call(server, "GET", "/api/auth/user")
    return server


def nginx_config(directory, port, upstream, zone, limit):
    """The text of the configuration file, with a fresh token."""
    login = {"username": USERNAME, "password": PASSWORD}
    token = call(upstream, "POST", "/api/auth/login", login)["token"]
    return NGINX_CONFIG.substitute(
        # Workers of root run as another user, which cannot read our folder.
        user="user root;" if os.geteuid() == 0 else "",
        dir=directory,
        port=port,
        upstream=upstream.address,
        token=token,
        zone=zone,
        limit=limit,
    )


def start_tbproxyd(workshop, upstream, **options):
    """Starts tbproxyd and waits for its login. section_name=value becomes
    `--set section.name=value`."""
    argv = [build.program("src/proxy/tbproxyd"), "--config", "/dev/null"]
    argv += settings(workshop, upstream, options)
    path = str(workshop.dir / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(path)
        process = workshop.start("tbproxyd", argv, env={"NOTIFY_SOCKET": path})
        wait_for_ready(workshop, process, notify)
    pathlib.Path(path).unlink()
    return Server("tbproxyd", logged_url(workshop), process)


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


def wait_for_ready(workshop, process, notify):
    """Waits for READY=1, as systemd would, or for the end of the process."""
    while harness.wait_for(process, harness.START_LIMIT, notify):
        if b"READY=1" in notify.recv(4096).split(b"\n"):
            return
    raise workshop.failure("tbproxyd", "did not become ready")


def logged_url(workshop):
    """Where tbproxyd listens, according to its log."""
    log = workshop.log("tbproxyd").read_text()
    found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", log)
    if not found:
        raise workshop.failure("tbproxyd", "did not print its address")
    return found[1]
