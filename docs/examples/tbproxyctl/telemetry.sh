#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stores values, with the time of arrival and with a time of their own, and reads the latest and a range.
set -eu

device=$(tbproxyctl call saveDevice --set name=Meter --set type=default --field id.id)

# The server ignores the scope of telemetry; the path needs one.
save() { tbproxyctl call saveEntityTelemetry --entity-type DEVICE --entity-id "$device" --scope ANY --body "$1"; }
save '{"temperature": 26.5, "humidity": 87}'
save '{"ts": 1767225600000, "values": {"temperature": 22.4}}'

tbproxyctl call getLatestTimeseries --entity-type DEVICE --entity-id "$device" --keys temperature,humidity \
    --jq '"latest: \(.temperature[0].value), \(.humidity[0].value)"'
tbproxyctl call getTimeseriesHistory --entity-type DEVICE --entity-id "$device" --keys temperature \
    --start-ts 1767225600000 --end-ts 1767225600001 --jq '"at the beginning of 2026: \(.temperature[0].value)"'
tbproxyctl call deleteDevice --device-id "$device"

# It prints:
#   latest: 26.5, 87
#   at the beginning of 2026: 22.4
