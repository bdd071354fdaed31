#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is missing, what is refused, and who said so: errors of the server pass unchanged; those of tbproxyd
# itself have the same form, and a header Proxy-Status.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

show() { curl -sS -w '\nstatus %{http_code}\n' "$@" | jq -Rr 'fromjson? // . | if type == "object" then .message else . end'; }

show "$tb/api/device/13814000-1dd2-11b2-8080-808080808080"
show "$tb/api/device/not-an-id"

# It prints:
#   *
#   status 404
#   *
#   status 400
