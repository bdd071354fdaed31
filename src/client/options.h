/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tb_client_options: checked, copied, completed with the defaults.
 */
#ifndef TB_CLIENT_OPTIONS_H
#define TB_CLIENT_OPTIONS_H

#include <tbclient/client.h>

#include "upstream/request.h"
#include "upstream/upstream.h"

/* TB_ERROR_USAGE names the option that makes no sense. */
int options_check(const tb_client_options *options, tb_error *err);

/* A copy whose strings are its own. 0 or -ENOMEM. */
int options_copy(const tb_client_options *options, tb_client_options *ret);

/* Overwrites what is secret. */
void options_free(tb_client_options *options);

/* What they mean to the parts of a client; strings are borrowed. */
struct request_options options_request(const tb_client_options *options);
struct session_options options_session(const tb_client_options *options);
struct transport_options options_transport(const tb_client_options *options);

/* Whether they hold a credential. */
bool options_have_credential(const tb_client_options *options);

#endif
