#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds the first ten devices by name, with their temperatures.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

curl -sS --fail-with-body --json '{
    "entityFilter": {"type": "entityType", "entityType": "DEVICE"},
    "pageLink": {
        "pageSize": 10, "page": 0,
        "sortOrder": {"key": {"type": "ENTITY_FIELD", "key": "name"}, "direction": "ASC"}},
    "entityFields": [{"type": "ENTITY_FIELD", "key": "name"}],
    "latestValues": [{"type": "TIME_SERIES", "key": "temperature"}]}' "$tb/api/entitiesQuery/find" |
    jq -r '.data[].latest | "\(.ENTITY_FIELD.name.value): \(.TIME_SERIES.temperature.value)"'

# It prints:
#   ...
