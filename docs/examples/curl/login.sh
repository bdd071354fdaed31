#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# For a program that insists on logging in: tbproxyd answers with a placeholder pair of tokens, and whatever
# token the program sends then is replaced by the real one. The user name must be that of tbproxyd; the
# password is not looked at.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

user=$(curl -sS --fail-with-body "$tb/api/auth/user" | jq -r .email)
token=$(jq -n --arg user "$user" '{username: $user, password: "any"}' |
    curl -sS --fail-with-body --json @- "$tb/api/auth/login" | jq -r .token)
curl -sS --fail-with-body -H "X-Authorization: Bearer $token" "$tb/api/auth/user" | jq -r '"logged in as " + .email'

# It prints:
#   logged in as tenant@thingsboard.org
