#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: creates a customer of a customer, and shows whose it is.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

parent=$(curl -sS --fail-with-body --json '{"title": "Acme"}' "$tb/api/customer" | jq -r .id.id)
child=$(jq -n --arg parent "$parent" '{
        title: "Acme North", parentCustomerId: {entityType: "CUSTOMER", id: $parent}}' |
    curl -sS --fail-with-body --json @- "$tb/api/customer" | jq -r .id.id)
owner=$(curl -sS --fail-with-body "$tb/api/customer/$child" | jq -r .parentCustomerId.id)
[ "$owner" = "$parent" ] && echo "Acme North is a customer of Acme"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$child"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$parent"

# It prints:
#   Acme North is a customer of Acme
