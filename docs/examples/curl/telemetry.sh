#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stores values, with the time of arrival and with a time of their own, and reads the latest and a range.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

device=$(curl -sS --fail-with-body --json '{"name": "Meter", "type": "default"}' "$tb/api/device" | jq -r .id.id)
telemetry=$tb/api/plugins/telemetry/DEVICE/$device

# The server ignores the scope of telemetry; the path needs one.
curl -sS --fail-with-body --json '{"temperature": 26.5, "humidity": 87}' "$telemetry/timeseries/ANY"
curl -sS --fail-with-body --json '{"ts": 1767225600000, "values": {"temperature": 22.4}}' "$telemetry/timeseries/ANY"

curl -sS --fail-with-body "$telemetry/values/timeseries?keys=temperature,humidity" |
    jq -r '"latest: \(.temperature[0].value), \(.humidity[0].value)"'
curl -sS --fail-with-body "$telemetry/values/timeseries?keys=temperature&startTs=1767225600000&endTs=1767225600001" |
    jq -r '"at the beginning of 2026: \(.temperature[0].value)"'
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"

# It prints:
#   latest: 26.5, 87
#   at the beginning of 2026: 22.4
