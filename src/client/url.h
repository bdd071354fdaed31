/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The target and the header lines of a call, from its parameters.
 */
#ifndef TB_CLIENT_URL_H
#define TB_CLIENT_URL_H

#include <jansson.h>

#include <tbclient/error.h>
#include <tbclient/table.h>

#include "base/buf.h"
#include "http/headers.h"

/* ThingsBoard's Tomcat takes 8 KiB of request line and headers together. */
#define URL_TARGET_MAX 8192

/*
 * VALUES has one for each parameter of OPERATION, in the order of the table; NULL or null: absent. They are
 * checked against the table, but for the one called SKIP (NULL: none), which is left out. In the path and the
 * query all but unreserved characters (RFC 3986, section 2.3) is percent-encoded; a list repeats its key. The
 * target is appended to TARGET, which should be BUF_INIT(URL_TARGET_MAX), headers to HEADERS. TB_ERROR_USAGE
 * names the parameter that does not fit.
 */
int url_build(const tb_api *api, const tb_operation *operation, json_t *const *values, const char *skip,
              struct buf *target, struct headers *headers, tb_error *err);

/* Appends "?NAME=VALUE" or "&NAME=VALUE". */
int url_add_number(struct buf *target, const char *name, int64_t value, tb_error *err);

#endif
