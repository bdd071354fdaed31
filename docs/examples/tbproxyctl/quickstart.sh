#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a device, stores a value, and deletes the device.
set -eu

device=$(tbproxyctl call saveDevice --set name='Quickstart Device' --set type=default --field id.id)
tbproxyctl call saveEntityTelemetry --entity-type DEVICE --entity-id "$device" --scope ANY --body '{"temperature": 22.4}'
echo "Pushed telemetry to Quickstart Device"
tbproxyctl call deleteDevice --device-id "$device"

# It prints:
#   Pushed telemetry to Quickstart Device
