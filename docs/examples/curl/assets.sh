#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates an asset, finds it by its name, and deletes it.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

asset=$(curl -sS --fail-with-body --json '{"name": "Building A", "type": "default"}' "$tb/api/asset" | jq -r .id.id)
curl -sS --fail-with-body -G --data-urlencode 'assetName=Building A' "$tb/api/tenant/asset" |
    jq -r '"found \(.name) of type \(.type)"'
curl -sS --fail-with-body -X DELETE "$tb/api/asset/$asset"
echo deleted

# It prints:
#   found Building A of type default
#   deleted
