# SPDX-License-Identifier: Apache-2.0
"""Clients of a server that goes away and comes back, one for each device. Each reads its device and writes a value with a
timestamp to it, in turns: five requests a second, the next one only when the last was answered. Usage:
    outage_load.py KIND URL SECONDS GRACE DEVICE_ID...
KIND is "http", a program that sends no credential, uses one connection and says that it waits for the server for 30 s; or
"official", the official Python client, each with a login of its own, whose name and password are the first line of standard
input. Prints "ready" and waits for a line before it starts. Then prints a line of JSON for each request: whether it writes,
when it was sent and when answered (CLOCK_MONOTONIC, in seconds; null: never), and whether the answer was good.
"""
import http.client
import json
import logging
import os
import sys
import threading
import time
import urllib.parse

PERIOD = 0.2
WAIT = {"Prefer": "wait=30"}


class Connection:
    """A program that knows only HTTP."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)

    def request(self, method, path, body=None):
        headers = WAIT | ({"Content-Type": "application/json"} if body else {})
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            answer.read()
            return answer.status == 200
        except (OSError, http.client.HTTPException):
            self.connection.close()  # the next request opens a new one
            return False

    def read(self, device):
        return self.request("GET", f"/api/device/{device}")

    def write(self, device, body):
        return self.request("POST", f"/api/plugins/telemetry/DEVICE/{device}/timeseries/ANY", body)


class Official:
    """The official client."""

    def __init__(self, url, username, password):
        from tb_ce_client import ThingsboardClient  # only its own interpreter has it

        self.client = ThingsboardClient(url, username, password)

    def call(self, function, *arguments):
        try:
            function(*arguments)
            return True
        except Exception:  # of its own for each status, or of urllib3
            return False

    def read(self, device):
        return self.call(self.client.get_device_by_id, device)

    def write(self, device, body):
        return self.call(self.client.save_entity_telemetry, "DEVICE", device, "ANY", body)


class Client(threading.Thread):
    """Sends the requests of one client. `rows` are their results, with the members of a line."""

    def __init__(self, caller, device):
        super().__init__(daemon=True)
        self.caller, self.device = caller, device
        self.due = self.end = 0.0
        self.rows = []

    def begin(self, first, end):
        """Sends the first request at FIRST, and none after END."""
        self.due, self.end = first, end
        self.start()

    def run(self):
        while self.due < self.end:
            time.sleep(max(0, self.due - time.monotonic()))
            row = [len(self.rows) % 2 == 1, time.monotonic(), None, False]
            self.rows.append(row)
            row[3] = self.send(row[0])
            row[2] = time.monotonic()
            self.due = max(self.due + PERIOD, row[2])

    def send(self, write):
        if not write:
            return self.caller.read(self.device)
        value = {"ts": int(time.time() * 1000), "values": {"v": len(self.rows)}}
        return self.caller.write(self.device, json.dumps(value))


def main(kind, url, seconds, grace, *devices):
    logging.disable()
    given = sys.stdin.readline().split()
    callers = {"http": Connection, "official": Official}
    clients = [Client(callers[kind](url, *given), device) for device in devices]
    print("ready", flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    end = start + float(seconds)
    for number, client in enumerate(clients):
        client.begin(start + PERIOD * number / len(clients), end)
    for client in clients:
        client.join(max(0, end + float(grace) - time.monotonic()))
    for client in clients:
        for row in list(client.rows):
            print(json.dumps(row))
    sys.stdout.flush()
    os._exit(0)  # does not wait for a late call


if __name__ == "__main__":
    main(*sys.argv[1:])
