#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: gives a group of users a role for a group of devices, and lists the permission.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

json() { curl -sS --fail-with-body --json "$1" "$tb$2"; }
customer=$(json '{"title": "Acme"}' /api/customer | jq -r .id.id)
users=$(curl -sS --fail-with-body "$tb/api/entityGroup/all/CUSTOMER/$customer/USER" | jq -r .id.id)
devices=$(json '{"name": "Acme Devices", "type": "DEVICE"}' /api/entityGroup | jq -r .id.id)
role=$(json '{"name": "Acme Readers", "type": "GROUP", "permissions": ["READ"]}' /api/role | jq -r .id.id)

permission=$(jq -n --arg users "$users" --arg role "$role" --arg devices "$devices" '{
        userGroupId: {entityType: "ENTITY_GROUP", id: $users},
        roleId: {entityType: "ROLE", id: $role},
        entityGroupId: {entityType: "ENTITY_GROUP", id: $devices},
        entityGroupType: "DEVICE"}' |
    curl -sS --fail-with-body --json @- "$tb/api/groupPermission" | jq -r .id.id)
curl -sS --fail-with-body "$tb/api/entityGroup/$devices/groupPermissions" |
    jq -r '.[] | "\(.role.name) of Acme Devices for \(.userGroupName)"'

curl -sS --fail-with-body -X DELETE "$tb/api/groupPermission/$permission"
curl -sS --fail-with-body -X DELETE "$tb/api/entityGroup/$devices"
curl -sS --fail-with-body -X DELETE "$tb/api/role/$role"
curl -sS --fail-with-body -X DELETE "$tb/api/customer/$customer"

# It prints:
#   Acme Readers of Acme Devices for All
