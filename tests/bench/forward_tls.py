# SPDX-License-Identifier: Apache-2.0
"""The same as `forward`, to a server with TLS that keeps connections open: tbproxyd with HTTP/1.1 and with HTTP/2, nginx with
HTTP/1.1. Goal for tbproxyd: at most 1.3 of nginx's CPU time."""

from bench import forward, nginx, servers, tls

TOOLS = ("nginx", "openssl", "wrk")


def run(quick):
    """A quick run has two numbers of connections only."""
    rounds, seconds = (3, 1) if quick else (7, 2)
    with tls.Scene(devices=1) as scene:
        subjects = [
            scene.start_tbproxyd("tbproxyd-h1", upstream_http2="off", **forward.FORWARD_ALL),
            scene.start_tbproxyd("tbproxyd-h2", upstream_http2="auto", **forward.FORWARD_ALL),
            nginx.start_proxy(scene, scene.origin, servers.bearer(scene.tbsim), certificate=scene.certificate),
        ]
        for load in forward.loads(scene, (8, 256) if quick else forward.CONNECTIONS):
            results = forward.take_turns(scene, subjects, load, rounds, seconds)
            yield from forward.rows("forward-tls", load, results)
