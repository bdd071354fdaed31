#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists all devices, page by page; pages are counted from 0.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

page=0 more=true
while [ "$more" = true ]; do
    devices=$(curl -sS --fail-with-body "$tb/api/tenant/devices?pageSize=2&page=$page&sortProperty=name&sortOrder=ASC")
    echo "$devices" | jq -r '.data[].name'
    more=$(echo "$devices" | jq .hasNext)
    page=$((page + 1))
done

# It prints:
#   ...
