#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: gives a group of users a role for a group of devices, and lists the permission.
set -eu

customer=$(tbproxyctl call saveCustomer --set title=Acme --field id.id)
users=$(tbproxyctl call getEntityGroupAllByOwnerAndType --owner-type CUSTOMER --owner-id "$customer" --group-type USER \
    --field id.id)
devices=$(tbproxyctl call saveEntityGroup --set name='Acme Devices' --set type=DEVICE --field id.id)
role=$(tbproxyctl call saveRole --body '{"name": "Acme Readers", "type": "GROUP", "permissions": ["READ"]}' --field id.id)

permission=$(tbproxyctl call saveGroupPermission --set entityGroupType=DEVICE --field id.id \
    --set userGroupId.entityType=ENTITY_GROUP --set userGroupId.id="$users" \
    --set roleId.entityType=ROLE --set roleId.id="$role" \
    --set entityGroupId.entityType=ENTITY_GROUP --set entityGroupId.id="$devices")
tbproxyctl call getEntityGroupPermissions --entity-group-id "$devices" \
    --jq '.[] | "\(.role.name) of Acme Devices for \(.userGroupName)"'

tbproxyctl call deleteGroupPermission --group-permission-id "$permission"
tbproxyctl call deleteEntityGroup --entity-group-id "$devices"
tbproxyctl call deleteRole --role-id "$role"
tbproxyctl call deleteCustomer --customer-id "$customer"

# It prints:
#   Acme Readers of Acme Devices for All
