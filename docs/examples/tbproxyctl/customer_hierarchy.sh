#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: creates a customer of a customer, and shows whose it is.
set -eu

parent=$(tbproxyctl call saveCustomer --set title=Acme --field id.id)
child=$(tbproxyctl call saveCustomer --set title='Acme North' --field id.id \
    --set parentCustomerId.entityType=CUSTOMER --set parentCustomerId.id="$parent")
owner=$(tbproxyctl call getCustomerById --customer-id "$child" --field parentCustomerId.id)
[ "$owner" = "$parent" ] && echo "Acme North is a customer of Acme"
tbproxyctl call deleteCustomer --customer-id "$child"
tbproxyctl call deleteCustomer --customer-id "$parent"

# It prints:
#   Acme North is a customer of Acme
