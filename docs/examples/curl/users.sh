#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a user of a customer without an activation mail, lists the users, and deletes both.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

customer=$(curl -sS --fail-with-body --json '{"title": "Acme"}' "$tb/api/customer" | jq -r .id.id)
user=$(jq -n --arg customer "$customer" '{
        email: "jane@acme.example", firstName: "Jane", authority: "CUSTOMER_USER",
        customerId: {entityType: "CUSTOMER", id: $customer}}' |
    curl -sS --fail-with-body --json @- "$tb/api/user?sendActivationMail=false" | jq -r .id.id)
curl -sS --fail-with-body "$tb/api/customer/$customer/users?pageSize=10&page=0" |
    jq -r '.data[] | "\(.firstName) is \(.email)"'
curl -sS --fail-with-body -X DELETE "$tb/api/user/$user"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$customer"

# It prints:
#   Jane is jane@acme.example
