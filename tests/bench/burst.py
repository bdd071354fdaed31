# SPDX-License-Identifier: Apache-2.0
"""200 requests at once, without open connections, to a TLS server with a round trip of 50 ms: the time until the last
response, and the number of new connections. tbproxyd shares the connection of its login over HTTP/2, so it opens none. Goal
for tbproxyd: half of nginx's time, one connection."""

import json
import pathlib
import secrets
import selectors
import socket
import statistics
import string
import subprocess
import sys
import time

from bench import client, harness, servers

TOOLS = ("nginx", "haproxy", "openssl")
COUNT = 200
DELAY_MS = 25  # in each direction
PATH = "/api/auth/user"
LIMIT = 30  # seconds for one burst

# The server: TLS and HTTP/2 in front of tbsim.
ORIGIN_CONFIG = string.Template("""\
daemon off;
$user
worker_processes 1;
pid $dir/origin.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $dir/origin-body;
    proxy_temp_path $dir/origin-proxy;
    fastcgi_temp_path $dir/origin-fastcgi;
    uwsgi_temp_path $dir/origin-uwsgi;
    scgi_temp_path $dir/origin-scgi;
    server {
        listen 127.0.0.1:$port ssl http2 backlog=1024;
        ssl_certificate $dir/server.pem;
        ssl_certificate_key $dir/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location / {
            proxy_pass http://$upstream;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }
}
""")

# nginx uses HTTP/1.1 to the server.
NGINX_CONFIG = string.Template("""\
daemon off;
$user
worker_processes 1;
pid $dir/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $dir/nginx-body;
    proxy_temp_path $dir/nginx-proxy;
    fastcgi_temp_path $dir/nginx-fastcgi;
    uwsgi_temp_path $dir/nginx-uwsgi;
    scgi_temp_path $dir/nginx-scgi;
    upstream thingsboard {
        server $upstream;
        keepalive 256;
    }
    server {
        listen 127.0.0.1:$port backlog=1024;
        location / {
            proxy_pass https://thingsboard;
            proxy_http_version 1.1;
            proxy_ssl_name localhost;
            proxy_ssl_server_name on;
            proxy_ssl_protocols TLSv1.2 TLSv1.3;
            proxy_ssl_verify on;
            proxy_ssl_trusted_certificate $dir/server.pem;
            proxy_set_header Connection "";
            proxy_set_header X-Authorization "ApiKey $key";
        }
    }
}
""")

HAPROXY_CONFIG = string.Template("""\
global
    maxconn 2000
    nbthread 1
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend local
    bind fd@$fd
    default_backend thingsboard
backend thingsboard
    http-reuse always
    http-request set-header X-Authorization "ApiKey $key"
    server one $upstream ssl ca-file $dir/server.pem sni str(localhost) verifyhost localhost alpn h2
""")


def run(quick):
    """Each burst is the first thing that a program does after it has started."""
    rounds = 2 if quick else 7
    python = client.official_python()
    results = {}
    for _ in range(rounds):
        for name, start in SUBJECTS.items():
            with Scene() as scene:
                results.setdefault(name, []).append(scene.measure(start(scene)))
        if python:
            with Scene() as scene:
                results.setdefault("python", []).append(scene.measure_official(python))
    for name, rows in results.items():
        for index, (figure, unit) in enumerate((("time_to_last_ms", "ms"), ("upstream_connections", "1"))):
            yield harness.Row("burst", name, figure, statistics.median(row[index] for row in rows), unit)
    ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in zip(results["tbproxyd"], results["nginx"]))
    yield harness.Row("burst", "tbproxyd", "time_ratio_to_nginx", ratio, "1")


class Scene(harness.Workshop):
    """tbsim, behind TLS, behind the relay."""

    def __enter__(self):
        super().__enter__()
        self.key = "tb_" + secrets.token_hex(24)
        tbsim = servers.start_tbsim(self, "--api-key", self.key)
        self.certificate = make_certificate(self.dir)
        origin = start_with_socket(self, "origin", ORIGIN_CONFIG, free_listener(), upstream=tbsim.address)
        port = origin.address.split(":")[1]
        argv = [sys.executable, pathlib.Path(__file__).with_name("relay.py"), port, DELAY_MS]
        self.relay = self.start("relay", argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.enter_context(self.relay.stdin)
        self.enter_context(self.relay.stdout)
        self.port = self.answer_of_relay()
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

    def measure(self, subject):
        """Milliseconds until the last response, and connections opened to the server."""
        before = self.connections()
        milliseconds = burst(subject)
        return milliseconds, self.connections() - before

    def measure_official(self, python):
        """The same with the official client."""
        argv = [python, pathlib.Path(__file__).with_name("official_burst.py"), f"https://localhost:{self.port}", COUNT]
        env = {"SSL_CERT_FILE": self.certificate, "REQUESTS_CA_BUNDLE": self.certificate}
        process = self.start("python", argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        text, _ = process.communicate(self.key.encode() + b"\n", timeout=2 * LIMIT)
        if process.returncode != 0 or json.loads(text)["failures"]:
            raise self.failure("python", text.decode())
        return json.loads(text)["time_to_last_ms"], self.connections()


def make_certificate(directory):
    """Makes a self-signed certificate for localhost. Returns its path."""
    path = str(directory / "server")
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv += ["-keyout", path + ".key", "-out", path + ".pem", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(argv + ["-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return path + ".pem"


def free_listener():
    """A listening socket for a program that inherits it."""
    return socket.create_server(("127.0.0.1", 0), backlog=1024)


def start_with_socket(scene, name, config, listener, **values):
    """An nginx with the listening socket LISTENER."""
    with listener:
        port = listener.getsockname()[1]
        user = "user root;" if (scene.dir.stat().st_uid == 0) else ""
        path = scene.dir / f"{name}.conf"
        path.write_text(config.substitute(dir=scene.dir, port=port, user=user, key=scene.key, **values))
        argv = [harness.find_tool("nginx"), "-e", "stderr", "-c", path]
        fd = listener.fileno()
        process = scene.start(name, argv, env={"NGINX": f"{fd};"}, pass_fds=[fd])
    return servers.Server(name, f"http://127.0.0.1:{port}", process)


def start_nginx(scene):
    """Starts nginx with a fixed key."""
    return start_with_socket(scene, "nginx", NGINX_CONFIG, free_listener(), upstream=f"127.0.0.1:{scene.port}")


def start_haproxy(scene):
    """Starts haproxy with a fixed key. It inherits its listening socket."""
    with free_listener() as listener:
        path = scene.dir / "haproxy.conf"
        upstream = f"127.0.0.1:{scene.port}"
        text = HAPROXY_CONFIG.substitute(dir=scene.dir, fd=listener.fileno(), key=scene.key, upstream=upstream)
        path.write_text(text)
        argv = [harness.find_tool("haproxy"), "-db", "-f", path]
        process = scene.start("haproxy", argv, pass_fds=[listener.fileno()])
        return servers.Server("haproxy", "http://127.0.0.1:%d" % listener.getsockname()[1], process)


def start_tbproxyd(scene):
    """Starts tbproxyd and waits for its login, so that its session has a connection."""
    upstream = servers.Server("relay", f"https://localhost:{scene.port}", scene.relay)
    more = {"upstream_ca_file": scene.certificate, "join_reads": "false"}
    server = servers.start_tbproxyd(scene, upstream, **more)
    while not servers.call(server, "GET", "/-/ready")["edition"]:  # the last request that it makes by itself
        time.sleep(0.02)
    return server


SUBJECTS = {
    "tbproxyd": start_tbproxyd,
    "nginx": start_nginx,
    "haproxy": start_haproxy,
}


def burst(subject):
    """Sends all requests at once, each on an open local connection. Returns the milliseconds until the last response is
    complete."""
    host, port = subject.address.split(":")
    waiting = selectors.DefaultSelector()
    request = f"GET {PATH} HTTP/1.1\r\nHost: {subject.address}\r\nConnection: close\r\n\r\n".encode()
    answers = {}
    for _ in range(COUNT):
        connection = socket.create_connection((host, int(port)))
        waiting.register(connection, selectors.EVENT_READ)
        answers[connection] = b""
    begin = time.monotonic()
    for connection in answers:
        connection.sendall(request)
    while waiting.get_map():
        ready = waiting.select(LIMIT)
        if not ready:
            raise harness.BenchError(f"{subject.name}: no response for {LIMIT} s")
        for key, _ in ready:
            part = key.fileobj.recv(65536)
            answers[key.fileobj] += part
            if not part:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
    milliseconds = (time.monotonic() - begin) * 1000
    bad = [answer for answer in answers.values() if not answer.startswith(b"HTTP/1.1 200")]
    if bad:
        raise harness.BenchError(f"{subject.name}: {len(bad)} of {COUNT} failed: {bad[0][:200]!r}")
    return milliseconds
