/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a configuration makes sense as a whole: what the row of one option cannot say.
 */
#ifndef TB_PROXY_CONFIG_CONFIG_CHECK_H
#define TB_PROXY_CONFIG_CONFIG_CHECK_H

#include <sys/stat.h>

#include "base/error.h"
#include "upstream/budget.h"
#include "upstream/failover.h"
#include "upstream/session.h"

struct config;

/* 0, or -EINVAL with a message that names the option and what is allowed. */
int config_check(const struct config *config, struct tb_error *err);

/* What upstream.fallback_urls holds: a list that NULL ends, of strings in TEXT. */
struct config_urls {
    char *text;
    const char *list[FAILOVER_SERVERS_MAX];
};

/* 0, or -EINVAL with a message. *RET is to be freed. */
int config_fallback_urls(const struct config *config, struct config_urls *ret, struct tb_error *err);
void config_urls_free(struct config_urls *urls);

/* The options of the session with the server; they point into CONFIG. */
struct session_options config_session_options(const struct config *config);

/* What rate.limits says; nothing where it says "auto". */
struct rate_limit config_limit(const struct config *config);

/* Whether it says "auto". */
bool config_limit_is_asked_for(const struct config *config);

#define LISTEN_ADDRESSES_MAX 2 /* 127.0.0.1 and ::1 */

/* Their number in listen.address, and they; -EINVAL if something else is in it, or one of them twice. */
int config_listen_addresses(const struct config *config, const char *ret[LISTEN_ADDRESSES_MAX]);

/* The permissions that listen.unix_mode names; (mode_t)-1 where it is no octal number up to 0777. */
mode_t config_unix_mode(const struct config *config);

#endif
