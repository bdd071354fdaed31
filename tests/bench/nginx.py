# SPDX-License-Identifier: Apache-2.0
"""Starts nginx: as a proxy that adds a fixed credential, and as a TLS server in front of another one."""

import dataclasses
import os
import socket
import string
import subprocess

from bench import harness, servers

CONFIG = string.Template("""\
daemon off;
$user
worker_processes 1;
pid $dir/$name.pid;
error_log stderr warn;
events { worker_connections 8192; }
http {
    access_log off;
    client_body_temp_path $dir/$name-body;
    proxy_temp_path $dir/$name-proxy;
    fastcgi_temp_path $dir/$name-fastcgi;
    uwsgi_temp_path $dir/$name-uwsgi;
    scgi_temp_path $dir/$name-scgi;
    keepalive_requests 1000000000;
    client_body_buffer_size $body_buffer;
    upstream backend {
        $servers
        keepalive 1024;
        keepalive_requests 1000000000;
    }
    $http
    server {
        listen 127.0.0.1:$port $listen;
        $server
        location = /-/ready { return 200 "{}"; }
        location / {
            proxy_pass $scheme://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_max_temp_file_size 0;
            $location
        }
    }
}
""")

# An empty "Connection" above, because nginx would otherwise send "close".

PROXY_TLS = """\
proxy_ssl_name localhost;
proxy_ssl_server_name on;
proxy_ssl_protocols TLSv1.2 TLSv1.3;
proxy_ssl_verify on;
proxy_ssl_trusted_certificate %s;
"""

ORIGIN_TLS = """\
ssl_certificate %s;
ssl_certificate_key %s;
ssl_protocols TLSv1.2 TLSv1.3;
"""


@dataclasses.dataclass
class Certificate:
    """The paths of a self-signed certificate for localhost and of its key."""

    path: str
    key: str


def make_certificate(workshop):
    """Makes a certificate for localhost."""
    made = Certificate(str(workshop.dir / "server.pem"), str(workshop.dir / "server.key"))
    argv = [harness.find_tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    argv += ["-nodes", "-keyout", made.key, "-out", made.path, "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(argv + ["-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return made


def start_proxy(workshop, upstream, credential, name="nginx", certificate=None, http="", location="",
                tries=1):
    """Starts nginx as a proxy that uses HTTP/1.1 on kept connections to `upstream`, over TLS if its certificate is given.
    `credential` is the value of X-Authorization; `http` and `location` are further directives. nginx tries each server once:
    for more `tries`, it is told the same one as often."""
    location += f'proxy_set_header X-Authorization "{credential}";'
    if certificate:
        location += PROXY_TLS % certificate.path
    scheme = "https" if certificate else "http"
    proxy = start(workshop, name, upstream, scheme=scheme, http=http, location=location, tries=tries)
    servers.call(proxy, "GET", "/-/ready")
    return proxy


def start_origin(workshop, upstream, certificate, server="", location=""):
    """Starts nginx as a TLS server with HTTP/2 and HTTP/1.1 in front of `upstream`, a server without TLS. `server` and
    `location` are further directives."""
    server += ORIGIN_TLS % (certificate.path, certificate.key)
    options = {"body_buffer": "1m", "server": server, "location": location}
    origin = start(workshop, "origin", upstream, listen="ssl http2", **options)
    origin.url = origin.url.replace("http://127.0.0.1", "https://localhost")
    return origin


def start(workshop, name, upstream, scheme="http", listen="", body_buffer="16k", http="", server="", location="",
          tries=1):
    """Starts nginx. It inherits its listening socket (as after an upgrade of its binary), so that the port is ours from
    the beginning and connections wait until nginx accepts them."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port, fd = listener.getsockname()[1], listener.fileno()
        address = upstream.address.replace("localhost", "127.0.0.1")
        config = workshop.dir / f"{name}.conf"
        text = CONFIG.substitute(
            # Workers of root run as another user, which cannot read our folder.
            user="user root;" if os.geteuid() == 0 else "",
            dir=workshop.dir,
            name=name,
            port=port,
            servers=f"server {address} max_fails=0;" * tries,
            scheme=scheme,
            listen=listen,
            body_buffer=body_buffer,
            http=http,
            server=server,
            location=location,
        )
        config.write_text(text)
        argv = [harness.find_tool("nginx"), "-e", "stderr", "-c", config]
        process = workshop.start(name, argv, env={"NGINX": f"{fd};"}, pass_fds=[fd])
    return servers.Server(name, f"http://127.0.0.1:{port}", process)
