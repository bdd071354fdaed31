/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks and copies tb_client_options, and fills in the defaults.
 */
#ifndef TB_CLIENT_OPTIONS_H
#define TB_CLIENT_OPTIONS_H

#include <tbclient/client.h>

#include "upstream/request.h"
#include "upstream/upstream.h"

/* TB_ERROR_USAGE names the invalid option. */
int options_check(const tb_client_options *options, tb_error *err);

/* Copies the options with their strings. Returns 0 or -ENOMEM. */
int options_copy(const tb_client_options *options, tb_client_options *ret);

/* Frees the strings of a copy, and overwrites the secret ones. */
void options_free(tb_client_options *options);

/* The options of the parts of a client; strings are borrowed. */
struct request_options options_request(const tb_client_options *options);
struct session_options options_session(const tb_client_options *options);
struct transport_options options_transport(const tb_client_options *options);

/* Whether a credential is set. */
bool options_have_credential(const tb_client_options *options);

#endif
