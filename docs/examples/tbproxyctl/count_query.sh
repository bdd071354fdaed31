#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Counts all devices, then those that are active.
set -eu

total=$(tbproxyctl call countEntitiesByQuery --body '{"entityFilter": {"type": "entityType", "entityType": "DEVICE"}}')
active=$(tbproxyctl call countEntitiesByQuery --body '{
    "entityFilter": {"type": "entityType", "entityType": "DEVICE"},
    "keyFilters": [{
        "key": {"type": "ATTRIBUTE", "key": "active"},
        "valueType": "BOOLEAN",
        "predicate": {"type": "BOOLEAN", "operation": "EQUAL", "value": {"defaultValue": true}}}]}')
echo "$total devices, $active of them active"

# It prints:
#   * devices, * of them active
