#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a device, reads it, changes it, and deletes it.
set -eu

device=$(tbproxyctl call saveDevice --set name=Boiler --set type=default --field id.id)
tbproxyctl call getDeviceById --device-id "$device" --jq '"created " + .name'

# What was read can be sent back, with changes.
tbproxyctl call getDeviceById --device-id "$device" |
    tbproxyctl call saveDevice --body - --set label='in the cellar' --jq '"\(.name) is \(.label) now"'

tbproxyctl call getDeviceInfoById --device-id "$device" --jq '"its profile is " + .deviceProfileName'
tbproxyctl call deleteDevice --device-id "$device"
echo deleted

# It prints:
#   created Boiler
#   Boiler is in the cellar now
#   its profile is default
#   deleted
