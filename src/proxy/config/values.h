/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that are made from options: options that have a syntax of their own, parsed, and the options of the
 * session.
 */
#ifndef TB_PROXY_CONFIG_VALUES_H
#define TB_PROXY_CONFIG_VALUES_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "upstream/budget.h"
#include "upstream/failover.h"
#include "upstream/session.h"

struct config;

/* upstream.fallback_urls: a list ended by NULL, of strings in TEXT. */
struct config_urls {
    char *text;
    const char *list[FAILOVER_SERVERS_MAX];
};

/* 0; -EINVAL with a message; -ENOMEM. The caller frees *RET. */
int config_fallback_urls(const struct config *config, struct config_urls *ret, struct tb_error *err);
void config_urls_free(struct config_urls *urls);

/* The options of the session with the server, without a remedy. Points into CONFIG. */
struct session_options config_session_options(const struct config *config);

/* rate.limits; empty if it is "auto". */
struct rate_limit config_limit(const struct config *config);

/* Whether rate.limits is "auto". */
bool config_limit_is_asked_for(const struct config *config);

#define LISTEN_ADDRESSES_MAX 2 /* 127.0.0.1 and ::1 */

/* listen.address: returns the number of addresses; -EINVAL for any other text, or the same address twice. */
int config_listen_addresses(const struct config *config, const char *ret[LISTEN_ADDRESSES_MAX]);

/* admin.address, which is not empty: one of the loopback addresses, and a port. -EINVAL for any other text.
 */
int config_admin_address(const struct config *config, const char **address, unsigned *port);

/* The group NAME, of OPTION ("listen.unix_group"); (gid_t)-1 if it is empty. -EINVAL with a message if there
 * is no such group. Looks the name up, which may block. */
int config_group(const char *option, const char *name, gid_t *ret, struct tb_error *err);

/* spool.directory, or what takes its place. -ENAMETOOLONG. */
int config_spool_directory(const struct config *config, char ret[PATH_MAX]);

/* listen.unix_mode; (mode_t)-1 if it is not an octal number up to 0777. */
mode_t config_unix_mode(const struct config *config);

#endif
