#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: finds a group of devices by its name, or creates it.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

tenant=$(curl -sS --fail-with-body "$tb/api/auth/user" | jq -r .tenantId.id)

find_or_create() {
    curl -sS -f "$tb/api/entityGroup/TENANT/$tenant/DEVICE/$1" 2>/dev/null ||
        jq -n --arg name "$1" '{name: $name, type: "DEVICE"}' |
        curl -sS --fail-with-body --json @- "$tb/api/entityGroup"
}
first=$(find_or_create Pumps | jq -r .id.id)
second=$(find_or_create Pumps | jq -r .id.id)
[ "$first" = "$second" ] && echo "created once, found once"
curl -sS --fail-with-body -X DELETE "$tb/api/entityGroup/$first"

# It prints:
#   created once, found once
