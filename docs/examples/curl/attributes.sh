#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads an attribute of an asset, adds one, and writes it back, twice.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

asset=$(curl -sS --fail-with-body --json '{"name": "Counted", "type": "default"}' "$tb/api/asset" | jq -r .id.id)
telemetry=$tb/api/plugins/telemetry/ASSET/$asset

add_one() {
    count=$(curl -sS --fail-with-body "$telemetry/values/attributes/SERVER_SCOPE?keys=deviceCount" |
        jq '.[0].value // 0')
    curl -sS --fail-with-body --json "{\"deviceCount\": $((count + 1))}" "$telemetry/attributes/SERVER_SCOPE"
    echo "deviceCount was $count, is $((count + 1))"
}
add_one
add_one
curl -sS --fail-with-body -X DELETE "$tb/api/asset/$asset"

# It prints:
#   deviceCount was 0, is 1
#   deviceCount was 1, is 2
