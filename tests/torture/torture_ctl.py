# SPDX-License-Identifier: Apache-2.0
"""tbproxyctl: each of its commands runs again and again, while one call of a library fails; see torture.py."""
import ctypes
import json
import os
import re
import subprocess

import build_tree
from daemon import REPORT, Daemon, end_with_parent
from harness import credential_options
from simulator import Simulator

ADDR_NO_RANDOMIZE = 0x0040000
ANSWER_S = 20.0
STATUSES = [*range(8), 78]  # tbproxyctl(1)
MESSAGE = re.compile(r"^tbproxy(ctl|d): ", re.MULTILINE)  # check-config executes tbproxyd
LISTED = re.compile("nss_database|out of dynamic memory in libconfig")  # docs/architecture/testing.md
NAME = "ctl"

# What a command prints is the same each time, except that of CHANGING.
CHANGING = {"status": ["status"], "limits": ["limits"], "queue": ["queue"], "clients": ["clients"], "top": ["top", "--count", "1"],
            "wait": ["wait", "--ready"], "renew": ["session", "renew"], "level": ["log-level", "debug"], "reload": ["reload"]}
FIXED = {"operations": ["operations", "--edition", "ce", "saveDevice"], "describe": ["describe", "--edition", "ce", "Device"]}
NAMES = [*CHANGING, *FIXED, "check-config", "policy", "call", "get", "post"]


class CtlLife:
    def __init__(self, torture, daemon, device):
        self.torture, self.control, self.modules = torture, torture.control, torture.modules
        self.daemon = daemon
        self.commands = {**CHANGING, **FIXED, "check-config": ["check-config", "--config", daemon.config_path],
                         "policy": ["policy", "list", "--config", daemon.config_path],
                         "call": ["call", "getDeviceById", "--device-id", device], "get": ["get", "/api/device/" + device],
                         "post": ["post", "/api/plugins/telemetry/DEVICE/%s/timeseries/ANY" % device, "--body", '{"v": 1}']}

    def run(self):
        self.torture.plan(NAME, list(self.commands))
        self.read_modules()
        for name in self.commands:
            if self.torture.begin_phase(name):
                self.torture_command(name)

    def read_modules(self):
        """While it runs."""
        process = self.launch(["top"])
        process.stdout.readline()
        self.modules.read(process.pid)
        process.kill()
        process.communicate()

    def launch(self, command):
        environment = {"TORTURE": self.control.path, "TBPROXY_ADMIN": self.daemon.admin_path,
                       "TBPROXY_URL": "http://127.0.0.1:%d" % self.daemon.port,
                       "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}  # what leaks ends with it
        return subprocess.Popen(
            [build_tree.program("tests/torture/tbproxyctl"), *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.daemon.environment(**environment),
            preexec_fn=lambda: (end_with_parent(), ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)))

    def execute(self, name):
        process = self.launch(self.commands[name])
        try:
            output, errors = process.communicate(timeout=ANSWER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None, b"", ""
        return process.returncode, output, errors.decode("utf-8", "replace")

    def torture_command(self, name):
        status, output, errors = self.execute(name)
        if status != 0:
            self.torture.report(NAME, name, "-", "does not work even if no call fails: %s" % status, errors.split("\n"))
            return
        while self.torture.has_time():
            self.control.arm()
            got = self.execute(name)
            failed = self.control.disarm()
            if not failed:
                break
            problem = self.judge(name, output, *got)
            if problem and LISTED.search(got[2]):
                self.torture.listed.append((NAME, name, self.modules.describe(failed), problem))
            elif problem:
                self.torture.report(NAME, name, self.modules.describe(failed), problem, got[2].split("\n"))

    def judge(self, name, good, status, output, errors):
        if status is None:
            return "does not end in %.0f s" % ANSWER_S
        if REPORT.search(errors):
            return "a report of the sanitizer"
        if status not in STATUSES:
            return "ended with status %d" % status
        if status != 0 and not MESSAGE.search(errors):
            return "ended with status %d without a message" % status
        if status == 0 and name not in CHANGING and not is_same(output, good):
            return "another output: %r" % output[:500]
        return None


def is_same(output, good):
    """JSON that is too large to be laid out is printed as it came."""
    return json.loads(output) == json.loads(good) if good.startswith(b"{") else output == good


def live(torture):
    server = Simulator(own_password=True)
    daemon = Daemon({"upstream.url": server.url, **credential_options(server, "password")})
    try:
        key = [("X-Authorization", "ApiKey " + server.api_key)]
        device = server.call("POST", "/api/device", key, {"name": "boiler", "type": "default"}).json()["id"]["id"]
        daemon.start()
        CtlLife(torture, daemon, device).run()
    finally:
        daemon.kill()
        server.stop()
