#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reads an attribute of an asset, adds one, and writes it back, twice.
set -eu

asset=$(tbproxyctl call saveAsset --set name=Counted --set type=default --field id.id)

add_one() {
    count=$(tbproxyctl call getAttributesByScope --entity-type ASSET --entity-id "$asset" --scope SERVER_SCOPE \
        --keys deviceCount --jq '.[0].value // 0')
    tbproxyctl call saveEntityAttributesV2 --entity-type ASSET --entity-id "$asset" --scope SERVER_SCOPE \
        --body "{\"deviceCount\": $((count + 1))}"
    echo "deviceCount was $count, is $((count + 1))"
}
add_one
add_one
tbproxyctl call deleteAsset --asset-id "$asset"

# It prints:
#   deviceCount was 0, is 1
#   deviceCount was 1, is 2
