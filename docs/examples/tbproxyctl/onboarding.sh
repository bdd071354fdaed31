#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: a customer with everything it needs: the customer, its user, a group of its devices,
# and a role with which its users read them.
set -eu

customer=$(tbproxyctl call saveCustomer --set title=Acme --field id.id)
users=$(tbproxyctl call getEntityGroupAllByOwnerAndType --owner-type CUSTOMER --owner-id "$customer" --group-type USER \
    --field id.id)
echo "1. customer Acme"

user=$(tbproxyctl call saveUser --send-activation-mail false --entity-group-id "$users" --set email=jane@acme.example \
    --set authority=CUSTOMER_USER --set customerId.entityType=CUSTOMER --set customerId.id="$customer" --field id.id)
echo "2. user jane@acme.example"

devices=$(tbproxyctl call saveEntityGroup --set name='Acme Devices' --set type=DEVICE --field id.id)
device=$(tbproxyctl call saveDevice --entity-group-id "$devices" --set name='Acme Boiler' --set type=default --field id.id)
echo "3. device Acme Boiler in the group Acme Devices"

role=$(tbproxyctl call saveRole --field id.id \
    --body '{"name": "Acme Device Readers", "type": "GROUP", "permissions": ["READ", "READ_TELEMETRY"]}')
tbproxyctl call shareEntityGroupToChildOwnerUserGroup --entity-group-id "$devices" --user-group-id "$users" --role-id "$role"
echo "4. Acme's users may read Acme Devices"

tbproxyctl call deleteDevice --device-id "$device"
tbproxyctl call deleteEntityGroup --entity-group-id "$devices"
tbproxyctl call deleteRole --role-id "$role"
tbproxyctl call deleteUser --user-id "$user"
tbproxyctl call deleteCustomer --customer-id "$customer"
echo "and all deleted again"

# It prints:
#   1. customer Acme
#   2. user jane@acme.example
#   3. device Acme Boiler in the group Acme Devices
#   4. Acme's users may read Acme Devices
#   and all deleted again
