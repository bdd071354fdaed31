#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without tbproxyd: an API key, a password, or a token, each from a file that only its owner can read. TB_URL
# is the server; TB_API_KEY_FILE, TB_PASSWORD_FILE and TB_TOKEN_FILE name the files.
set -eu

tbproxyctl call getUser --url "$TB_URL" --api-key-file "$TB_API_KEY_FILE" --jq '"with an API key: " + .email'
tbproxyctl call getUser --url "$TB_URL" --username tenant@thingsboard.org --password-file "$TB_PASSWORD_FILE" \
    --jq '"with a password: " + .email'
tbproxyctl call getUser --url "$TB_URL" --token-file "$TB_TOKEN_FILE" --jq '"with a token: " + .email'

# It prints:
#   with an API key: tenant@thingsboard.org
#   with a password: tenant@thingsboard.org
#   with a token: tenant@thingsboard.org
