# SPDX-License-Identifier: Apache-2.0
"""A new process for each call, and a TLS server with a round trip of 50 ms: curl to tbproxyd, curl to the server with an API
key, curl to the server with a login before the call (two processes), and the official Python client to the server with an API
key. Goal for tbproxyd: at most 0.3 of curl's time to the server."""

import json
import pathlib
import statistics
import subprocess
import time

from bench import client, harness, servers, tls

TOOLS = ("curl", "nginx", "openssl")
LIMIT = 30  # seconds for one call


def run(quick):
    """The subjects take turns, as in `forward`."""
    python = client.official_python()
    with tls.DistantScene(devices=1) as scene:
        scene.tbproxyd = scene.start_tbproxyd()
        subjects = {"tbproxyd": through_tbproxyd, "curl-key": with_key, "curl-login": with_login}
        if python:
            subjects["python-key"] = lambda scene: with_python(scene, python)
        results = {name: [] for name in subjects}
        for _ in range(5 if quick else 21):
            for name, call in subjects.items():
                begin = time.monotonic()
                check(scene, name, call(scene))
                results[name].append((time.monotonic() - begin) * 1000)
    for name, times in results.items():
        yield harness.Row("oneshot", name, "time_per_call_ms", statistics.median(times), "ms")
    for name in ("curl-key", "curl-login", "python-key"):
        if name in results:
            ratio = statistics.median(ours / theirs for ours, theirs in zip(results["tbproxyd"], results[name]))
            yield harness.Row("oneshot", "tbproxyd", f"time_ratio_to_{name}", ratio, "1")


def check(scene, name, answer):
    """Checks that the device came back."""
    if scene.devices[0] not in answer:
        raise harness.BenchError(f"{name}: {answer[:200]}")


def curl(url, *options, given=""):
    """Runs curl with further options on its standard input. Returns the response."""
    argv = [harness.find_tool("curl"), "--disable", "--silent", "--show-error", *options, "--config", "-", url]
    done = subprocess.run(argv, input=given, capture_output=True, text=True, timeout=LIMIT, check=False,
                          env=harness.local_environment())
    if done.returncode != 0:
        raise harness.BenchError(done.stderr.strip())
    return done.stdout


def device(scene):
    """The path of the call."""
    return f"/api/device/{scene.devices[0]}"


def through_tbproxyd(scene):
    """Asks tbproxyd."""
    return curl(scene.tbproxyd.url + device(scene))


def direct(scene, path, given):
    """Asks the server."""
    return curl(scene.origin.url + path, "--cacert", scene.certificate.path, given=given)


def with_key(scene):
    """Asks the server, with an API key."""
    return direct(scene, device(scene), f'header = "X-Authorization: ApiKey {scene.key}"\n')


def with_login(scene):
    """Logs in and asks the server, as programs without an API key do."""
    login = json.dumps({"username": servers.USERNAME, "password": servers.PASSWORD})
    given = 'header = "Content-Type: application/json"\ndata = %s\n' % json.dumps(login)
    token = json.loads(direct(scene, "/api/auth/login", given))["token"]
    return direct(scene, device(scene), f'header = "X-Authorization: Bearer {token}"\n')


def with_python(scene, python):
    """Asks the server with the official client."""
    script = pathlib.Path(__file__).with_name("official_oneshot.py")
    done = subprocess.run([python, script, scene.origin.url, scene.devices[0]], input=scene.key, capture_output=True,
                          text=True, timeout=LIMIT, check=False, env=harness.local_environment() | scene.trusting())
    if done.returncode != 0:
        raise harness.BenchError(done.stderr.strip())
    return done.stdout
