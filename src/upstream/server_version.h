/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which edition of ThingsBoard a server is, and which version: the questions, and how to judge the answers.
 * No input or output of its own: it says what to GET next, the owner does so without a credential and reports
 * what came. None of the questions costs a token of the server's rate limit.
 */
#ifndef TB_UPSTREAM_SERVER_VERSION_H
#define TB_UPSTREAM_SERVER_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much of an answer as is looked at; the owner may cut it there. */
#define SERVER_VERSION_ANSWER_MAX 4096

#define SERVER_VERSION_TEXT_MAX 32 /* with the NUL */

/* What stays unknown is asked for again, so often. A server that was just started may need half a minute to
 * compose its API description. */
#define SERVER_VERSION_RETRIES 3

enum edition { EDITION_UNKNOWN, EDITION_CE, EDITION_PE, EDITION_PAAS };

struct server_version {
    unsigned next; /* the question that is asked next */
    enum edition edition;
    char version[SERVER_VERSION_TEXT_MAX]; /* "": unknown */
};

/* The path to GET next, or NULL where all is asked: the result is there then. PROBE begins as zeros. */
const char *server_version_next_path(const struct server_version *probe);

/* What came of it: STATUS 0 for no answer; LENGTH bytes of body, perhaps cut. */
void server_version_answer(struct server_version *probe, int status, const char *body, size_t length);

/* Whether something is unknown that a server may tell later; then PROBE asks for that when its owner asks
 * again. */
bool server_version_ask_again(struct server_version *probe);

/* How long to wait before the first, second, ... of SERVER_VERSION_RETRIES (RETRY is 0, 1, ...): 1, 5, 30
 * min. */
int64_t server_version_retry_delay_ms(unsigned retry);

/* "CE", "PE", "PAAS"; NULL where it is unknown. */
const char *edition_name(enum edition edition);

/* The version of the API description that begins with these LENGTH bytes: its "info"."version", where that is
 * like a version. Whether it was found. */
bool server_version_find(const char *text, size_t length, char ret[SERVER_VERSION_TEXT_MAX]);

#endif
