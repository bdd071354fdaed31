# SPDX-License-Identifier: Apache-2.0
"""Debian's nginx and nghttpx in front of a server, to add TLS or HTTP/2."""
import os
import shutil
import socket
import subprocess
import tempfile

from daemon import end_with_parent
from tls import make_certificate
from waiting import PATIENCE

UPSTREAMS = ("http/1.1", "h2", "h2c")

# Requests and responses pass unchanged and at once.
NGINX = """
daemon off;
%(user)s
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
    log_format plain "$server_protocol $remote_port $request_uri";
    access_log access plain;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_max_body_size 0;
    large_client_header_buffers 8 64k;
    keepalive_requests %(keepalive_requests)d;
    ignore_invalid_headers off;
    merge_slashes off;
    map $http_upgrade $hop { default upgrade; "" close; }
    server {
        listen %(address)s:%(port)d ssl%(http2)s;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        location / {
            proxy_pass http://%(server)s;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $hop;
            proxy_pass_header Server;
            proxy_pass_header Date;
        }
    }
}
"""


def address_of(server):
    """SERVER has a port, or the path of a Unix socket."""
    return "127.0.0.1:%d" % server.port if hasattr(server, "port") else "unix:" + server.path


def nginx(directory, address, port, server, http2, keepalive_requests):
    """Its command line. If root starts it, a worker would run as a user that cannot enter the directory."""
    with open(directory + "/nginx.conf", "w", encoding="ascii") as file:
        file.write(NGINX % {"user": "user root;" if os.geteuid() == 0 else "", "address": address,
                            "port": port, "server": server, "http2": " http2" if http2 else "",
                            "keepalive_requests": keepalive_requests})
    return ["nginx", "-p", directory, "-e", "stderr", "-c", "nginx.conf"]


def nghttpx(port, server):
    return ["nghttpx", "--conf=/dev/null", "--workers=1", "--single-process", "--errorlog-file=/dev/stderr",
            "--accesslog-file=access", "--accesslog-format=$alpn $remote_port $path", "--frontend=127.0.0.1,%d;no-tls" % port,
            "--backend=127.0.0.1,%d;;proto=http/1.1" % server, "--no-via", "--no-server-rewrite",
            "--no-location-rewrite", "--no-add-x-forwarded-proto", "--request-header-field-buffer=65536"]


class Front:
    """A proxy in front of SERVER. NAME: one of UPSTREAMS, which is what the daemon speaks with it: HTTP/1.1 or HTTP/2 over
    TLS, or HTTP/2 without TLS. KEEPALIVE_REQUESTS: with TLS, most on a connection. ADDRESS: where it listens, in NAMESPACE,
    a network namespace in which SERVER is, too, if it is given. HOST: in the URL and the certificate. DAEMON_OPTIONS: the
    daemon's options besides the URL. The program inherits the listening socket, so the port is reserved and connections wait
    until the program accepts them."""

    def __init__(self, server, name, keepalive_requests=1000000, address="127.0.0.1", namespace=None,
                 host="localhost"):
        self.behind = server
        self.name, self.keepalive_requests, self.address, self.namespace = name, keepalive_requests, address, namespace
        self.directory = tempfile.mkdtemp(prefix="tb-front-")
        self.daemon_options = {}
        self.port = 0
        if name == "h2c":
            self.daemon_options["upstream.http2"] = "prior-knowledge"
        else:
            make_certificate(self.directory, "server", ("IP:" if host[0].isdigit() else "DNS:") + host)
            with open(self.directory + "/server.pem", encoding="ascii") as file:
                self.daemon_options["upstream.ca_file"] = file.read()
        self.start()
        self.url = "http://127.0.0.1:%d" % self.port if name == "h2c" else "https://%s:%d" % (host, self.port)

    def listen(self):
        return socket.create_server((self.address, self.port), backlog=511)

    def start(self):
        """Again on the same port, if it was stopped."""
        with self.namespace.run(self.listen) if self.namespace else self.listen() as listener:
            self.port = listener.getsockname()[1]
            fd = listener.fileno()
            if self.name == "h2c":
                self.spawn(nghttpx(self.port, self.behind.port), fd, {"NGHTTPX_ACCEPT_1": "tcp,%d" % fd})
            else:
                self.spawn(nginx(self.directory, self.address, self.port, address_of(self.behind),
                                 self.name == "h2", self.keepalive_requests), fd, {"NGINX": "%d;" % fd})

    def in_child(self):
        end_with_parent()
        if self.namespace:
            self.namespace.enter()

    def spawn(self, command, fd, environment):
        path = os.environ.get("PATH", os.defpath) + ":/usr/sbin"
        command[0] = shutil.which(command[0], path=path) or command[0]
        with open(self.directory + "/log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[fd],
                                            cwd=self.directory, env=environment, preexec_fn=self.in_child)

    def requests(self, prefix="/"):
        """The requests answered so far whose path begins with PREFIX: (protocol, port of the daemon's connection) of each."""
        with open(self.directory + "/access", encoding="latin-1") as file:
            rows = [line.split(" ", 2) for line in file]
        return [(protocol, port) for protocol, port, path in rows if path.startswith(prefix)]

    def log(self):
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self):
        """Ends the program, and all connections at once. start() starts it again."""
        self.process.terminate()
        self.process.wait(PATIENCE)

    def stop(self):
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)
