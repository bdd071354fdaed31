/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request to tbproxyd itself, for what starts with /-/.
 */
#ifndef TB_CTL_DAEMON_REQUEST_H
#define TB_CTL_DAEMON_REQUEST_H

#include <curl/curl.h>

#include "ctl/connection.h"

/* A handle for PATH ("/-/ready"); free it with curl_easy_cleanup(). DETAIL receives libcurl's message and
 * must live as long. NULL with a message in ERR. */
CURL *daemon_request_new(const struct connection_options *options, const char *path,
                         char detail[CURL_ERROR_SIZE], struct tb_error *err);

/* Sets ERR if EASY has ended with CODE, which is not CURLE_OK. Returns a negative errno. */
int daemon_request_error(const struct connection_options *options, CURL *easy, CURLcode code,
                         const char *detail, struct tb_error *err);

#endif
