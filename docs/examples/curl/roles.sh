#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: creates a role that allows reading, shows it, and deletes it. Deleting a role is not
# in the default policy; see docs/policy.md.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

role=$(curl -sS --fail-with-body --json '{
    "name": "Acme Device Readers", "type": "GROUP", "permissions": ["READ", "READ_TELEMETRY"]}' "$tb/api/role" |
    jq -r .id.id)
curl -sS --fail-with-body "$tb/api/role/$role" | jq -r '"\(.name) may \(.permissions | join(", "))"'
curl -sS --fail-with-body -X DELETE "$tb/api/role/$role"
echo deleted

# It prints:
#   Acme Device Readers may READ, READ_TELEMETRY
#   deleted
