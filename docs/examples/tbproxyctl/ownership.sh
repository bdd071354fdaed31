#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: makes a customer the owner of a device, and the tenant again.
set -eu

tenant=$(tbproxyctl call getUser --field tenantId.id)
customer=$(tbproxyctl call saveCustomer --set title=Acme --field id.id)
device=$(tbproxyctl call saveDevice --set name=Owned --set type=default --field id.id)

show_owner() { tbproxyctl call getDeviceById --device-id "$device" --jq '"owned by a " + .ownerId.entityType'; }
tbproxyctl call changeOwnerToCustomer --owner-id "$customer" --entity-type DEVICE --entity-id "$device"
show_owner
tbproxyctl call changeOwnerToTenant --owner-id "$tenant" --entity-type DEVICE --entity-id "$device"
show_owner

tbproxyctl call deleteDevice --device-id "$device"
tbproxyctl call deleteCustomer --customer-id "$customer"

# It prints:
#   owned by a CUSTOMER
#   owned by a TENANT
