# SPDX-License-Identifier: Apache-2.0
"""Does what client_calls.c and client_decode.c do, with the official Python client. Usage:
    official_calls.py calls URL DEVICE_ID CALLS   (the API key on standard input)
    official_calls.py decode FILE ROUNDS
"""
import json
import statistics
import sys
import time

from tb_ce_client import ThingsboardClient
from tb_ce_client.models import PageDataDevice


def resident_kib():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def calls(url, device_id, count):
    with ThingsboardClient(url, api_key=sys.stdin.readline().strip()) as client:
        client.get_device_by_id(device_id=device_id)  # modules loaded by the first call are not counted
        start = time.process_time()
        for _ in range(int(count)):
            client.get_device_by_id(device_id=device_id)
        return {"calls": int(count), "cpu_s": time.process_time() - start, "rss_kib": resident_kib()}


def decode(path, rounds):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    times = []
    for _ in range(int(rounds)):
        start = time.process_time()
        page = PageDataDevice.from_json(text)
        times.append((time.process_time() - start) * 1e6)
        assert len(page.data) == 1000
    return {"python_us": statistics.median(times)}


if __name__ == "__main__":
    print(json.dumps({"calls": calls, "decode": decode}[sys.argv[1]](*sys.argv[2:])))
