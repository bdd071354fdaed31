#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How long a request may wait, for a rate limit or for the server to come back: Prefer says it, at most
# queue.max_wait_ms. Server-Timing tells how long it did. Retries are tbproxyd's; the section "retry" of its
# configuration has their number and delays.
set -eu
tb=${TBPROXY_URL:-http://localhost:8282}

curl -sS --fail-with-body -o /dev/null -D - -H 'Prefer: wait=5' "$tb/api/auth/user" |
    tr -d '\r' | sed -n 's/^server-timing: /it took (ms): /Ip'

# An answer that must come at once, or not at all:
curl -sS --fail-with-body -o /dev/null -w 'status %{http_code}\n' -H 'Prefer: wait=0' "$tb/api/auth/user"

# It prints:
#   it took (ms): *
#   status 200
