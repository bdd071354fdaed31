# SPDX-License-Identifier: Apache-2.0
"""Starts thingsboard-gateway, ThingsBoard's own gateway, from build/clients/gateway, with its REST connector and its SQLite
storage, and the MQTT server that it speaks to."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

from bench import build, harness, servers

PATH = "/api/plugins/telemetry/DEVICE/{}/timeseries/ANY"
START_LIMIT = 30

# It asks its makers for updates. Nothing listens there.
NOWHERE = {name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy")}


def python():
    """The interpreter that has the gateway. Prints a note and returns None if there is none."""
    path = build.ROOT / "build" / "clients" / "gateway" / "bin" / "python"
    if os.access(path, os.X_OK):
        return path
    print("bench: no thingsboard-gateway; scripts/install-deps bench installs it", file=sys.stderr)
    return None


class Server:
    """mqtt_server.py."""

    def __init__(self, workshop):
        script = pathlib.Path(__file__).with_name("mqtt_server.py")
        self.workshop = workshop
        self.process = workshop.start("mqtt", [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        workshop.enter_context(self.process.stdin)
        workshop.enter_context(self.process.stdout)
        self.port = self.next_line()

    def next_line(self):
        """What it prints next."""
        if not harness.wait_for(self.process, harness.START_LIMIT, self.process.stdout):
            raise self.workshop.failure("mqtt", "printed nothing")
        return json.loads(self.process.stdout.readline())

    def ask(self, what):
        """Its answer to "count" or "values"."""
        self.process.stdin.write(what.encode() + b"\n")
        self.process.stdin.flush()
        return self.next_line()

    def points(self):
        """How many points it has stored."""
        return self.ask("count")["points"]

    def stored(self):
        """The values of each writer that it has stored. The gateway makes texts of some."""
        return {int(key[1:]): {int(value) for value in values} for key, values in self.ask("values").items()}


def start(scene, mqtt, mqtt_port):
    """Starts the gateway, and waits until it is connected to MQTT by way of MQTT_PORT. It takes the requests that tbproxyd
    takes for the devices of SCENE, of which writer W is the only one that writes to device W, the key "vW". All settings
    that are not given are its defaults. It logs errors only."""
    port = free_port()
    folder = scene.dir / "gateway"
    (folder / "data").mkdir(parents=True)
    write(folder / "tb_gateway.json", main_settings(folder, mqtt_port))
    write(folder / "rest.json", connector_settings(port, scene.devices))
    write(folder / "logs.json", {"version": 1, "handlers": {}, "loggers": {}, "root": {"level": "ERROR"}})
    environment = NOWHERE | {"TB_GW_CONFIG_DIR": str(folder)}
    argv = [python(), "-m", "thingsboard_gateway.tb_gateway"]
    process = scene.start("gateway", argv, env=environment, cwd=folder)
    wait_until(scene, process, lambda: listens(port))
    wait_until(scene, process, lambda: mqtt.ask("count")["clients"] > 0)
    return servers.Server("gateway", f"http://127.0.0.1:{port}", process)


def wait_until(scene, process, is_ready):
    """It does not say when it is ready."""
    until = time.monotonic() + START_LIMIT
    while not is_ready():
        if process.poll() is not None or time.monotonic() > until:
            raise scene.failure("gateway", "did not become ready")
        time.sleep(0.1)


def listens(port):
    """Whether something listens there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def main_settings(folder, mqtt_port):
    """tb_gateway.json."""
    return {
        "thingsboard": {
            "host": "127.0.0.1",
            "port": mqtt_port,
            "remoteShell": False,
            "remoteConfiguration": False,
            "security": {"accessToken": "token"},
            "qos": 1,
        },
        "storage": {"type": "sqlite", "data_file_path": f"{folder}/data/"},
        "connectors": [{"type": "rest", "name": "REST", "configuration": "rest.json"}],
    }


def connector_settings(port, devices):
    """The configuration of its REST connector."""
    return {
        "server": {"host": "127.0.0.1", "port": port},
        "mapping": [mapping(number, device) for number, device in enumerate(devices)],
        "requestsMapping": {},
        "logLevel": "ERROR",
    }


def mapping(number, device):
    """The part for one device."""
    return {
        "endpoint": PATH.format(device),
        "HTTPMethods": ["POST"],
        "security": {"type": "anonymous"},
        "converter": {
            "type": "json",
            "deviceInfo": {
                "deviceNameExpressionSource": "constant",
                "deviceNameExpression": f"device {number}",
                "deviceProfileExpressionSource": "constant",
                "deviceProfileExpression": "default",
            },
            "timeseries": [{"type": "int", "key": f"v{number}", "value": f"${{v{number}}}"}],
        },
    }


def write(path, document):
    """Writes a file of JSON."""
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")


def free_port():
    """A port that is free now: the gateway does not say which one it chose."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
