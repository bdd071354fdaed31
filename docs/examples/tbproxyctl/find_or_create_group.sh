#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Professional Edition: finds a group of devices by its name, or creates it. The exit status 3 says that
# there is none.
set -eu

tenant=$(tbproxyctl call getUser --field tenantId.id)

find_or_create() {
    tbproxyctl call getEntityGroupByOwnerAndNameAndType --owner-type TENANT --owner-id "$tenant" \
        --group-type DEVICE --group-name "$1" --field id.id 2>/dev/null && return
    [ $? -eq 3 ] && tbproxyctl call saveEntityGroup --set name="$1" --set type=DEVICE --field id.id
}
first=$(find_or_create Pumps)
second=$(find_or_create Pumps)
[ "$first" = "$second" ] && echo "created once, found once"
tbproxyctl call deleteEntityGroup --entity-group-id "$first"

# It prints:
#   created once, found once
