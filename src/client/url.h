/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds the target and the header lines of a call from its parameters.
 */
#ifndef TB_CLIENT_URL_H
#define TB_CLIENT_URL_H

#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/table.h>

#include "base/buf.h"
#include "http/headers.h"

/* ThingsBoard's Tomcat accepts 8 KiB of request line and headers together. */
#define URL_TARGET_MAX 8192

struct warnings;

/*
 * Appends the target to TARGET, which should be BUF_INIT(URL_TARGET_MAX), and the headers to HEADERS. VALUES
 * has one value for each parameter of OPERATION, in the order of the table; NULL or null: absent. They are
 * checked against the table, except the one called SKIP (NULL: none), which is left out. In the path and
 * query, everything but unreserved characters (RFC 3986, section 2.3) is percent-encoded; a list repeats its
 * key. TB_ERROR_USAGE names the parameter that is missing in the path or cannot be sent; WARNINGS receives
 * what does not fit the table otherwise.
 */
int url_build(const tb_api *api, const tb_operation *operation, json_t *const *values, const char *skip,
              struct buf *target, struct headers *headers, struct warnings *warnings, tb_error *err);

/* Appends "?NAME=VALUE" or "&NAME=VALUE". */
int url_add_number(struct buf *target, const char *name, int64_t value, tb_error *err);

#endif
