#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists all devices, page by page.
set -eu

tbproxyctl call getTenantDevices --page-size 100 --sort-property name --sort-order ASC --all --field name

# It prints:
#   ...
