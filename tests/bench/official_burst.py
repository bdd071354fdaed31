# SPDX-License-Identifier: Apache-2.0
"""Sends COUNT requests at once with the official Python client, from as many threads. Usage:
    official_burst.py URL COUNT   (the API key on standard input; trusts SSL_CERT_FILE)"""
import json
import sys
import threading
import time

from tb_ce_client import ThingsboardClient


def main(url, count):
    with ThingsboardClient(url, api_key=sys.stdin.readline().strip()) as client:
        start = threading.Barrier(count + 1)
        failures = []

        def ask():
            start.wait()
            try:
                client.get_user()
            except Exception as error:  # reported below
                failures.append(repr(error))

        threads = [threading.Thread(target=ask) for _ in range(count)]
        for thread in threads:
            thread.start()
        start.wait()
        begin = time.monotonic()
        for thread in threads:
            thread.join()
        print(json.dumps({"time_to_last_ms": (time.monotonic() - begin) * 1000, "failures": failures[:1]}))


main(sys.argv[1], int(sys.argv[2]))
