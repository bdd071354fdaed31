#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a user of a customer without an activation mail, lists the users, and deletes both.
set -eu

customer=$(tbproxyctl call saveCustomer --set title=Acme --field id.id)
user=$(tbproxyctl call saveUser --send-activation-mail false --set email=jane@acme.example --set firstName=Jane \
    --set authority=CUSTOMER_USER --set customerId.entityType=CUSTOMER --set customerId.id="$customer" --field id.id)
tbproxyctl call getCustomerUsers --customer-id "$customer" --page-size 10 --all --jq '"\(.firstName) is \(.email)"'
tbproxyctl call deleteUser --user-id "$user"
tbproxyctl call deleteCustomer --customer-id "$customer"

# It prints:
#   Jane is jane@acme.example
