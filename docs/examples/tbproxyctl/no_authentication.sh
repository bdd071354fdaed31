#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who is asked for: tbproxyd adds the credential.
set -eu

echo "logged in as $(tbproxyctl call getUser --field email)"

# It prints:
#   logged in as tenant@thingsboard.org
