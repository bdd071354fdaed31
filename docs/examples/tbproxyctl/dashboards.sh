#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Creates a dashboard, reads its title, and deletes it.
set -eu

dashboard=$(tbproxyctl call saveDashboard --set title=Overview --field id.id)
tbproxyctl call getDashboardInfoById --dashboard-id "$dashboard" --jq '"created " + .title'
tbproxyctl call deleteDashboard --dashboard-id "$dashboard"
echo deleted

# It prints:
#   created Overview
#   deleted
