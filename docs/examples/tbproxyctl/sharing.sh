#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: shares a group of devices with all users of a customer.
set -eu

customer=$(tbproxyctl call saveCustomer --set title=Acme --field id.id)
devices=$(tbproxyctl call saveEntityGroup --set name='Acme Devices' --set type=DEVICE --field id.id)
role=$(tbproxyctl call saveRole --body '{"name": "Acme Device Readers", "type": "GROUP", "permissions": ["READ"]}' --field id.id)

users=$(tbproxyctl call getEntityGroupAllByOwnerAndType --owner-type CUSTOMER --owner-id "$customer" --group-type USER \
    --field id.id)
tbproxyctl call shareEntityGroupToChildOwnerUserGroup --entity-group-id "$devices" --user-group-id "$users" --role-id "$role"
echo "shared Acme Devices with the users of Acme"

tbproxyctl call deleteEntityGroup --entity-group-id "$devices"
tbproxyctl call deleteRole --role-id "$role"
tbproxyctl call deleteCustomer --customer-id "$customer"

# It prints:
#   shared Acme Devices with the users of Acme
