#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who is asked for: tbproxyd adds the credential, so a program needs none.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

curl -sS --fail-with-body "$tb/api/auth/user" | jq -r '"logged in as " + .email'

# It prints:
#   logged in as tenant@thingsboard.org
