#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds all devices by name, with their temperatures, ten at a time.
set -eu

tbproxyctl call findEntityDataByQuery --all --body '{
    "entityFilter": {"type": "entityType", "entityType": "DEVICE"},
    "pageLink": {
        "pageSize": 10, "page": 0,
        "sortOrder": {"key": {"type": "ENTITY_FIELD", "key": "name"}, "direction": "ASC"}},
    "entityFields": [{"type": "ENTITY_FIELD", "key": "name"}],
    "latestValues": [{"type": "TIME_SERIES", "key": "temperature"}]}' \
    --jq '.latest | "\(.ENTITY_FIELD.name.value): \(.TIME_SERIES.temperature.value)"'

# It prints:
#   ...
