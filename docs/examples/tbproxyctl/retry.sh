#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tbproxyd retries for all programs; --timeout is the time for each attempt. The exit status tells a rate
# limit (5) from an error of the server (6), and from a server or daemon that is not reachable (7).
set -eu

tbproxyctl call getUser --timeout 5 --field email && echo "exit status $?"

# It prints:
#   tenant@thingsboard.org
#   exit status 0
