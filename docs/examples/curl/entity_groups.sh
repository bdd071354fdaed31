#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: creates a group of devices, puts a device into it, and lists the group.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

group=$(curl -sS --fail-with-body --json '{"name": "Acme Devices", "type": "DEVICE"}' "$tb/api/entityGroup" |
    jq -r .id.id)
device=$(curl -sS --fail-with-body --json '{"name": "Grouped", "type": "default"}' "$tb/api/device" | jq -r .id.id)
curl -sS --fail-with-body --json "[\"$device\"]" "$tb/api/entityGroup/$group/addEntities"
curl -sS --fail-with-body "$tb/api/entityGroup/$group/devices?pageSize=10&page=0" |
    jq -r '.data[] | "Acme Devices has \(.name)"'
curl -sS --fail-with-body -X DELETE "$tb/api/entityGroup/$group"
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"

# It prints:
#   Acme Devices has Grouped
