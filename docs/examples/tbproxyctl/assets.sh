#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates an asset, finds it by its name, and deletes it.
set -eu

asset=$(tbproxyctl call saveAsset --set name='Building A' --set type=default --field id.id)
tbproxyctl call getTenantAssetByName --asset-name 'Building A' --jq '"found \(.name) of type \(.type)"'
tbproxyctl call deleteAsset --asset-id "$asset"
echo deleted

# It prints:
#   found Building A of type default
#   deleted
