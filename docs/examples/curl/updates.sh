#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Follows the values of a device, as server-sent events, until the first one has come.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

device=$(curl -sS --fail-with-body --json '{"name": "Watched", "type": "default"}' "$tb/api/device" | jq -r .id.id)
curl -sS --fail-with-body --json '{"temperature": 21}' "$tb/api/plugins/telemetry/DEVICE/$device/timeseries/ANY"
curl -sSN "$tb/-/subscribe/DEVICE/$device?keys=temperature" 2>/dev/null |
    sed -n '/^data: /{s/^data: //p;q}' | jq -r '"temperature: \(.values.temperature)"'
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"

# It prints:
#   temperature: 21
