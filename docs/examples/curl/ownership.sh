#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: makes a customer the owner of a device, and the tenant again.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

tenant=$(curl -sS --fail-with-body "$tb/api/auth/user" | jq -r .tenantId.id)
customer=$(curl -sS --fail-with-body --json '{"title": "Acme"}' "$tb/api/customer" | jq -r .id.id)
device=$(curl -sS --fail-with-body --json '{"name": "Owned", "type": "default"}' "$tb/api/device" | jq -r .id.id)

show_owner() { curl -sS --fail-with-body "$tb/api/device/$device" | jq -r '"owned by a \(.ownerId.entityType)"'; }
curl -sS --fail-with-body -X POST "$tb/api/owner/CUSTOMER/$customer/DEVICE/$device"
show_owner
curl -sS --fail-with-body -X POST "$tb/api/owner/TENANT/$tenant/DEVICE/$device"
show_owner

curl -sS --fail-with-body -X DELETE "$tb/api/device/$device"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$customer"

# It prints:
#   owned by a CUSTOMER
#   owned by a TENANT
