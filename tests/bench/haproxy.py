# SPDX-License-Identifier: Apache-2.0
"""Starts haproxy as a proxy that adds a fixed API key."""

import socket
import string

from bench import harness, servers

CONFIG = string.Template("""\
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
    $backend
    server one $upstream $tls
""")

# With TLS, the protocol is HTTP/2.
TLS = "ssl ca-file %s sni str(localhost) verifyhost localhost alpn h2"


def start_proxy(workshop, upstream, key, certificate=None, backend=""):
    """Starts haproxy. It inherits its listening socket. `backend` is a further line of that section; the server has TLS if
    its certificate is given."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        path = workshop.dir / "haproxy.conf"
        text = CONFIG.substitute(
            fd=listener.fileno(),
            key=key,
            backend=backend,
            upstream=upstream.address.replace("localhost", "127.0.0.1"),
            tls=TLS % certificate.path if certificate else "",
        )
        path.write_text(text)
        argv = [harness.find_tool("haproxy"), "-db", "-f", path]
        process = workshop.start("haproxy", argv, pass_fds=[listener.fileno()])
        return servers.Server("haproxy", "http://127.0.0.1:%d" % listener.getsockname()[1], process)
