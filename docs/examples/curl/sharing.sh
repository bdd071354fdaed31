#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: shares a group of devices with all users of a customer.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

json() { curl -sS --fail-with-body --json "$1" "$tb$2"; }
customer=$(json '{"title": "Acme"}' /api/customer | jq -r .id.id)
devices=$(json '{"name": "Acme Devices", "type": "DEVICE"}' /api/entityGroup | jq -r .id.id)
role=$(json '{"name": "Acme Device Readers", "type": "GROUP", "permissions": ["READ"]}' /api/role | jq -r .id.id)

users=$(curl -sS --fail-with-body "$tb/api/entityGroup/all/CUSTOMER/$customer/USER" | jq -r .id.id)
curl -sS --fail-with-body -X POST "$tb/api/entityGroup/$devices/$users/$role/share"
echo "shared Acme Devices with the users of Acme"

curl -sS --fail-with-body -X DELETE "$tb/api/entityGroup/$devices"
curl -sS --fail-with-body -X DELETE "$tb/api/role/$role"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$customer"

# It prints:
#   shared Acme Devices with the users of Acme
