#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: a customer with everything it needs: the customer, its user, a group of its devices,
# and a role with which its users read them.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

json() { curl -sS --fail-with-body --json "$1" "$tb$2"; }

customer=$(json '{"title": "Acme"}' /api/customer | jq -r .id.id)
users=$(curl -sS --fail-with-body "$tb/api/entityGroup/all/CUSTOMER/$customer/USER" | jq -r .id.id)
echo "1. customer Acme"

user=$(json "{\"email\": \"jane@acme.example\", \"authority\": \"CUSTOMER_USER\",
        \"customerId\": {\"entityType\": \"CUSTOMER\", \"id\": \"$customer\"}}" \
    "/api/user?sendActivationMail=false&entityGroupId=$users" | jq -r .id.id)
echo "2. user jane@acme.example"

devices=$(json '{"name": "Acme Devices", "type": "DEVICE"}' /api/entityGroup | jq -r .id.id)
device=$(json '{"name": "Acme Boiler", "type": "default"}' "/api/device?entityGroupId=$devices" | jq -r .id.id)
echo "3. device Acme Boiler in the group Acme Devices"

role=$(json '{"name": "Acme Device Readers", "type": "GROUP", "permissions": ["READ", "READ_TELEMETRY"]}' /api/role |
    jq -r .id.id)
curl -sS --fail-with-body -X POST "$tb/api/entityGroup/$devices/$users/$role/share"
echo "4. Acme's users may read Acme Devices"

for path in "device/$device" "entityGroup/$devices" "role/$role" "user/$user" "customer/$customer"; do
    curl -sS --fail-with-body -X DELETE "$tb/api/$path"
done
echo "and all deleted again"

# It prints:
#   1. customer Acme
#   2. user jane@acme.example
#   3. device Acme Boiler in the group Acme Devices
#   4. Acme's users may read Acme Devices
#   and all deleted again
