#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Raises an alarm of a device, acknowledges and clears it, and deletes both.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

device=$(curl -sS --fail-with-body --json '{"name": "Hot Boiler", "type": "default"}' "$tb/api/device" | jq -r .id.id)
alarm=$(jq -n --arg device "$device" '{
        type: "High temperature", severity: "MAJOR", originator: {entityType: "DEVICE", id: $device}}' |
    curl -sS --fail-with-body --json @- "$tb/api/alarm" | jq -r .id.id)
curl -sS --fail-with-body "$tb/api/alarm/DEVICE/$device?pageSize=10&page=0" |
    jq -r '.data[] | "\(.type): \(.severity), \(.status)"'
curl -sS --fail-with-body -X POST "$tb/api/alarm/$alarm/ack" >/dev/null
curl -sS --fail-with-body -X POST "$tb/api/alarm/$alarm/clear" >/dev/null
curl -sS --fail-with-body "$tb/api/alarm/$alarm" | jq -r '"now \(.status)"'
curl -sS --fail-with-body -X DELETE "$tb/api/alarm/$alarm" >/dev/null
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"

# It prints:
#   High temperature: MAJOR, ACTIVE_UNACK
#   now CLEARED_ACK
