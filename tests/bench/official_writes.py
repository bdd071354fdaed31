# SPDX-License-Identifier: Apache-2.0
"""Does what write_load.c does, with the official Python client: one client and one thread for each device, and one value for
each call, as in its API. Usage:
    official_writes.py URL SECONDS GRACE RATE FIRST_WRITER DEVICE_ID...   (the API key on standard input)
Prints "ready" and waits for a line before it starts; then prints a line of JSON with the CPU time, and the lines of
write_load.c.
"""
import json
import logging
import os
import sys
import threading
import time

from tb_ce_client import ThingsboardClient


class Writer(threading.Thread):
    def __init__(self, url, key, number, device_id, seconds, rate):
        super().__init__(daemon=True)
        self.client = ThingsboardClient(url, api_key=key)
        self.client.save_entity_telemetry  # loads what the first call needs
        self.number, self.device_id, self.seconds, self.rate = number, device_id, seconds, rate
        self.rows = []

    def run(self):
        value = 0
        while self.due(value) < self.seconds * 1e6 and now_us() < self.seconds * 1e6:
            time.sleep(max(0, self.due(value) - now_us()) / 1e6)
            self.write(value)
            value += 1

    def due(self, value):
        return int(value * 1e6 / self.rate) if self.rate else now_us()

    def write(self, value):
        due, sent, status = self.due(value), now_us(), 200
        body = json.dumps({"v%d" % self.number: value})
        try:
            self.client.save_entity_telemetry("DEVICE", self.device_id, "ANY", body)
        except Exception as error:  # of its own for each status, or of urllib3
            status = getattr(error, "status", None) or 0
        self.rows.append((self.number, value, due, sent, now_us() if status else -1, status))

    def all_rows(self):
        """The results, including values that were due but never sent."""
        rows = list(self.rows)
        value = len(rows)
        while self.rate and self.due(value) < self.seconds * 1e6:
            rows.append((self.number, value, self.due(value), -1, -1, 0))
            value += 1
        return rows


def now_us():
    return int((time.monotonic() - start) * 1e6)


def main(url, seconds, grace, rate, first, *device_ids):
    key = sys.stdin.readline().strip()
    logging.disable()  # it would log each 429
    writers = [
        Writer(url, key, number, device_id, float(seconds), float(rate))
        for number, device_id in enumerate(device_ids, int(first))
    ]
    print("ready", flush=True)
    sys.stdin.readline()
    global start
    start, cpu = time.monotonic(), time.process_time()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(max(0, float(seconds) + float(grace) - (time.monotonic() - start)))
    print(json.dumps({"cpu_s": time.process_time() - cpu}))
    for writer in writers:
        for row in writer.all_rows():
            print(json.dumps(row))
    sys.stdout.flush()
    os._exit(0)  # does not wait for a late call


if __name__ == "__main__":
    main(*sys.argv[1:])
