#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: creates a group of devices, puts a device into it, and lists the group.
set -eu

group=$(tbproxyctl call saveEntityGroup --set name='Acme Devices' --set type=DEVICE --field id.id)
device=$(tbproxyctl call saveDevice --set name=Grouped --set type=default --field id.id)
tbproxyctl call addEntitiesToEntityGroup --entity-group-id "$group" --body "[\"$device\"]"
tbproxyctl call getDevicesByEntityGroupId --entity-group-id "$group" --page-size 10 --all \
    --jq '"Acme Devices has " + .name'
tbproxyctl call deleteEntityGroup --entity-group-id "$group"
tbproxyctl call deleteDevice --device-id "$device"

# It prints:
#   Acme Devices has Grouped
