#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says that an asset contains a device, lists what the asset contains, and deletes all of it.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

asset=$(curl -sS --fail-with-body --json '{"name": "Cellar", "type": "default"}' "$tb/api/asset" | jq -r .id.id)
device=$(curl -sS --fail-with-body --json '{"name": "Cellar Boiler", "type": "default"}' "$tb/api/device" | jq -r .id.id)
jq -n --arg asset "$asset" --arg device "$device" '{
        from: {entityType: "ASSET", id: $asset}, to: {entityType: "DEVICE", id: $device}, type: "Contains"}' |
    curl -sS --fail-with-body -o /dev/null --json @- "$tb/api/v2/relation"
curl -sS --fail-with-body "$tb/api/relations/info/from/ASSET/$asset" |
    jq -r '.[] | "the cellar \(.type) \(.toName)"'
curl -sS --fail-with-body -o /dev/null -X DELETE \
    "$tb/api/v2/relation?fromId=$asset&fromType=ASSET&relationType=Contains&toId=$device&toType=DEVICE"
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"
curl -sS --fail-with-body -X DELETE "$tb/api/asset/$asset"

# It prints:
#   the cellar Contains Cellar Boiler
