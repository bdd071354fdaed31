#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is missing and what is refused, by the exit status.
set -eu

status=0
tbproxyctl call getDeviceById --device-id 13814000-1dd2-11b2-8080-808080808080 2>/dev/null || status=$?
echo "a device that does not exist: $status"
status=0
tbproxyctl call getDeviceById 2>/dev/null || status=$?
echo "a parameter is missing: $status"

# It prints:
#   a device that does not exist: 3
#   a parameter is missing: 2
