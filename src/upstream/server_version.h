/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which edition and version of ThingsBoard a server is: the questions, and what the answers mean. Does no
 * I/O: it says what to GET next, the owner does that without a credential and reports what came. None of the
 * questions costs a token of the server's rate limit.
 */
#ifndef TB_UPSTREAM_SERVER_VERSION_H
#define TB_UPSTREAM_SERVER_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of an answer that are looked at; the owner may cut it there. */
#define SERVER_VERSION_ANSWER_MAX 4096

#define SERVER_VERSION_TEXT_MAX 32 /* with the NUL */

/* How many times what stays unknown is asked for again. A server that was just started may need half a minute
 * to compose its API description. */
#define SERVER_VERSION_RETRIES 3

enum edition { EDITION_UNKNOWN, EDITION_CE, EDITION_PE, EDITION_PAAS };

struct server_version {
    unsigned next; /* the question that is asked next */
    enum edition edition;
    char version[SERVER_VERSION_TEXT_MAX]; /* "": unknown */
};

/* The path to GET next; NULL: everything was asked, and PROBE has the result. PROBE begins as zeros. */
const char *server_version_next_path(const struct server_version *probe);

/* Reports the answer: STATUS 0 if none came; LENGTH bytes of body, perhaps cut. */
void server_version_answer(struct server_version *probe, int status, const char *body, size_t length);

/* Whether something is unknown that a server may report later; then PROBE is set up to ask for that again. */
bool server_version_ask_again(struct server_version *probe);

/* How long to wait before the first, second, ... of SERVER_VERSION_RETRIES (RETRY is 0, 1, ...): 1, 5, 30
 * min. */
int64_t server_version_retry_delay_ms(unsigned retry);

/* "CE", "PE", "PAAS"; NULL if it is unknown. */
const char *edition_name(enum edition edition);

/* Finds the version in the first LENGTH bytes of an API description: its "info"."version", if that looks like
 * a version. Returns whether it was found. */
bool server_version_find(const char *text, size_t length, char ret[SERVER_VERSION_TEXT_MAX]);

#endif
