#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a dashboard, reads its title, and deletes it.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

dashboard=$(curl -sS --fail-with-body --json '{"title": "Overview"}' "$tb/api/dashboard" | jq -r .id.id)
curl -sS --fail-with-body "$tb/api/dashboard/info/$dashboard" | jq -r '"created \(.title)"'
curl -sS --fail-with-body -X DELETE "$tb/api/dashboard/$dashboard"
echo deleted

# It prints:
#   created Overview
#   deleted
