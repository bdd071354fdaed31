#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: creates a role that allows reading, shows it, and deletes it.
set -eu

role=$(tbproxyctl call saveRole --field id.id \
    --body '{"name": "Acme Device Readers", "type": "GROUP", "permissions": ["READ", "READ_TELEMETRY"]}')
tbproxyctl call getRoleById --role-id "$role" --jq '"\(.name) may \(.permissions | join(", "))"'
tbproxyctl call deleteRole --role-id "$role"
echo deleted

# It prints:
#   Acme Device Readers may READ, READ_TELEMETRY
#   deleted
