# SPDX-License-Identifier: Apache-2.0
"""The stand-in server tbsim, and its control endpoint."""
import json
import secrets
import subprocess

import build_tree
import client
from waiting import PATIENCE, wait_until

TENANT = "tenant@thingsboard.org"


class Simulator:
    """The stand-in server. OPTIONS: its command line, token_life=3 for --token-life 3. It gets a password that is easy to
    search for. If a test starts it again, it must have its password from the beginning."""

    in_child = None  # called in its process, before the program runs

    def __init__(self, own_password=False, **options):
        # Pings would come between the frames that tests wait for.
        self.options = {"port": 0, "websocket_ping_ms": 0, **options}
        self.secrets = set()
        self.password = "tenant" if own_password else "pass-" + secrets.token_hex(12)
        self.api_key = options.get("api_key") or "tb_" + secrets.token_hex(24)
        self.secrets |= {self.password, self.api_key}
        self.process = None
        self.start()

    def start(self):
        command = [build_tree.program("tests/sim/tbsim"), "--die-with-parent"]
        for name, value in {"api_key": self.api_key, **self.options}.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=self.in_child)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        self.address = ("127.0.0.1", self.port)
        self.options["port"] = self.port  # for the next start
        if self.password != "tenant":
            self.set(password=self.password)

    def control(self, method, path, body=None):
        answer = client.fetch(self.address, method, path, body=body, record=False)
        if answer.status != 200:
            raise AssertionError("%s %s: %r" % (method, path, answer))
        return answer.json()

    def set(self, **settings):
        self.control("POST", "/sim/set", settings)
        if "password" in settings:
            self.password = settings["password"]
            self.secrets.add(self.password)

    def stats(self):
        return self.control("GET", "/sim/stats")

    def history(self, start=0):
        """What was stored after the first START values, with set(history=True): [entity, scope, key, ts, value] of each; without
        a value if it was deleted."""
        return self.control("GET", "/sim/history?from=%d" % start)

    def fault(self, kind, path="/", **more):
        self.control("POST", "/sim/fault", {"kind": kind, "path": path, **more})

    def release(self):
        """Lets go the requests that "hold" faults hold."""
        self.control("POST", "/sim/release")

    def wait_for_held(self, count):
        """Waits until COUNT requests are held: they have arrived and are not answered."""
        wait_until(lambda: self.stats()["held"] == count, "%d held requests" % count)

    def clear_faults(self, keep=0):
        """KEEP: the first ones stay."""
        self.control("DELETE", "/sim/fault?keep=%d" % keep)

    def requests(self, path=None):
        """The requests to PATH (without the query); all if it is None."""
        entries = self.control("GET", "/sim/requests")
        for entry in entries:
            self.note_secrets(entry)
        return [entry for entry in entries if path is None or entry["target"].split("?")[0] == path]

    def note_secrets(self, entry):
        for name, value in entry["headers"]:
            if name.lower() == "x-authorization":
                self.secrets.add(value.split(" ")[-1])
        if entry["target"] == "/api/auth/token" and entry["status"] == 200:
            self.secrets.add(json.loads(entry["body"])["refreshToken"])

    def forget(self):
        """Forgets the requests so far and resets the counters."""
        self.requests()
        self.control("DELETE", "/sim/requests")

    def call(self, method, target, headers=(), body=None, **options):
        """Asks it directly, without the daemon, with the credential in the headers."""
        return client.fetch(self.address, method, target, headers, body, record=False,
                            host=options.pop("host", "127.0.0.1:%d" % self.port), **options)

    def login(self, username=TENANT, password=None):
        """Logs in directly, without the daemon. Returns the token pair."""
        pair = self.call("POST", "/api/auth/login",
                         body={"username": username, "password": password or self.password}).json()
        self.secrets |= {pair["token"], pair["refreshToken"]}
        return pair

    def stop(self):
        if self.process is None:
            return
        try:
            if self.process.poll() is None:
                self.requests()
        finally:
            process, self.process = self.process, None
            process.terminate()
            status = process.wait(PATIENCE)
            process.stdout.close()
        if status != 0:
            raise AssertionError("the stand-in ended with status %d" % status)
