#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Counts all devices, then those that are active. This POST only reads, and is treated as a read.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

count() { curl -sS --fail-with-body --json "$1" "$tb/api/entitiesQuery/count"; }

total=$(count '{"entityFilter": {"type": "entityType", "entityType": "DEVICE"}}')
active=$(count '{
    "entityFilter": {"type": "entityType", "entityType": "DEVICE"},
    "keyFilters": [{
        "key": {"type": "ATTRIBUTE", "key": "active"},
        "valueType": "BOOLEAN",
        "predicate": {"type": "BOOLEAN", "operation": "EQUAL", "value": {"defaultValue": true}}}]}')
echo "$total devices, $active of them active"

# It prints:
#   * devices, * of them active
