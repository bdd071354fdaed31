#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Raises an alarm of a device, acknowledges and clears it, and deletes both.
set -eu

device=$(tbproxyctl call saveDevice --set name='Hot Boiler' --set type=default --field id.id)
alarm=$(tbproxyctl call saveAlarm --set type='High temperature' --set severity=MAJOR --set acknowledged=false --set cleared=false \
    --set originator.entityType=DEVICE --set originator.id="$device" --field id.id)
tbproxyctl call getAlarmsByEntity --entity-type DEVICE --entity-id "$device" --page-size 10 --all --jq '"\(.type): \(.severity), \(.status)"'
tbproxyctl call ackAlarm --alarm-id "$alarm" --output /dev/null
tbproxyctl call clearAlarm --alarm-id "$alarm" --output /dev/null
tbproxyctl call getAlarmById --alarm-id "$alarm" --jq '"now " + .status'
tbproxyctl call deleteAlarm --alarm-id "$alarm" --output /dev/null
tbproxyctl call deleteDevice --device-id "$device"

# It prints:
#   High temperature: MAJOR, ACTIVE_UNACK
#   now CLEARED_ACK
