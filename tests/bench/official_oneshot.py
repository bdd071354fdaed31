# SPDX-License-Identifier: Apache-2.0
"""Gets one device with the official Python client. Usage:
    official_oneshot.py URL DEVICE_ID   (the API key on standard input; trusts SSL_CERT_FILE)"""
import sys

from tb_ce_client import ThingsboardClient

with ThingsboardClient(sys.argv[1], api_key=sys.stdin.readline().strip()) as client:
    print(client.get_device_by_id(device_id=sys.argv[2]).to_json())
