#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a customer, gives it a device, and deletes both.
set -eu

customer=$(tbproxyctl call saveCustomer --set title=Acme --set city=Berlin --field id.id)
device=$(tbproxyctl call saveDevice --set name='Acme Boiler' --set type=default --field id.id)
tbproxyctl call assignDeviceToCustomer --customer-id "$customer" --device-id "$device" --output /dev/null
tbproxyctl call getCustomerDevices --customer-id "$customer" --page-size 10 --all --jq '"Acme has " + .name'
tbproxyctl call deleteDevice --device-id "$device"
tbproxyctl call deleteCustomer --customer-id "$customer"

# It prints:
#   Acme has Acme Boiler
