#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a device, reads it, changes it, and deletes it.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

created=$(curl -sS --fail-with-body --json '{"name": "Boiler", "type": "default"}' "$tb/api/device")
device=$(echo "$created" | jq -r .id.id)
echo "created $(echo "$created" | jq -r .name)"

curl -sS --fail-with-body "$tb/api/device/$device" |
    jq '.label = "in the cellar"' |
    curl -sS --fail-with-body --json @- "$tb/api/device" |
    jq -r '"\(.name) is \(.label) now"'

curl -sS --fail-with-body "$tb/api/device/info/$device" | jq -r '"its profile is \(.deviceProfileName)"'
curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"
echo deleted

# It prints:
#   created Boiler
#   Boiler is in the cellar now
#   its profile is default
#   deleted
