#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a customer, gives it a device, and deletes both.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

customer=$(curl -sS --fail-with-body --json '{"title": "Acme", "city": "Berlin"}' "$tb/api/customer" | jq -r .id.id)
device=$(curl -sS --fail-with-body --json '{"name": "Acme Boiler", "type": "default"}' "$tb/api/device" | jq -r .id.id)
curl -sS --fail-with-body -X POST "$tb/api/customer/$customer/device/$device" >/dev/null
curl -sS --fail-with-body "$tb/api/customer/$customer/devices?pageSize=10&page=0" |
    jq -r '.data[] | "Acme has \(.name)"'
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$customer"

# It prints:
#   Acme has Acme Boiler
