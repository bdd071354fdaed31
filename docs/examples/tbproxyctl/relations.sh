#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Says that an asset contains a device, lists what the asset contains, and deletes all of it.
set -eu

asset=$(tbproxyctl call saveAsset --set name=Cellar --set type=default --field id.id)
device=$(tbproxyctl call saveDevice --set name='Cellar Boiler' --set type=default --field id.id)
tbproxyctl call saveRelation --output /dev/null --set type=Contains --set typeGroup=COMMON \
    --set from.entityType=ASSET --set from.id="$asset" --set to.entityType=DEVICE --set to.id="$device"
tbproxyctl call findEntityRelationInfosByFrom --from-type ASSET --from-id "$asset" --jq '.[] | "the cellar \(.type) \(.toName)"'
tbproxyctl call deleteRelation --output /dev/null --relation-type Contains \
    --from-type ASSET --from-id "$asset" --to-type DEVICE --to-id "$device"
tbproxyctl call deleteDevice --device-id "$device"
tbproxyctl call deleteAsset --asset-id "$asset"

# It prints:
#   the cellar Contains Cellar Boiler
