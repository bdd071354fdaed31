#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a device, stores a value, and deletes the device: no login, no token, no retries.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

device=$(curl -sS --fail-with-body --json '{"name": "Quickstart Device", "type": "default"}' "$tb/api/device" |
    jq -r .id.id)
curl -sS --fail-with-body --json '{"temperature": 22.4}' "$tb/api/plugins/telemetry/DEVICE/$device/timeseries/ANY"
echo "Pushed telemetry to Quickstart Device"
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"

# It prints:
#   Pushed telemetry to Quickstart Device
