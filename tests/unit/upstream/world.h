/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session on a virtual clock, and what its owner and its server do. After every step it is checked that
 * what the session says of itself fits its state and holds no secret.
 */
#ifndef TB_CLIENT_WORLD_H
#define TB_CLIENT_WORLD_H

#include "unit.h"
#include "upstream/session.h"

#define WORLD_START_MS INT64_C(1000000)       /* boot clock */
#define WORLD_EPOCH_MS INT64_C(1795415381000) /* the server's clock at boot time 0 */
#define WORLD_PASSWORD "pass-8b1f word"
#define WORLD_KEY      "tb_key-5c77"
#define MINUTE_MS      60000
#define LOCKED_OUT_MS  15000 /* to the first probe */
#define LOOK_MS        2000
#define DAY_MS         (INT64_C(86400) * 1000)

struct world {
    struct session *session;
    int64_t now_ms;
    bool in_flight;
    struct session_call call;
    unsigned calls[3]; /* by kind */
    unsigned looks;    /* at the files, while locked out */
    unsigned serial;   /* of the tokens that the server gave */
    char *token;       /* the last one */
    char refresh_token[40];
};

/* One world at a time: for a user name and a password, an API key, a token with or without a refresh token.
 * Files that hold secrets are written anew. */
void world_open_password(struct world *world);
void world_open_key(struct world *world);
void world_open_tokens(struct world *world, bool with_refresh_token, int64_t life_s);
void world_close(struct world *world);

/* A secret's file, to be changed. */
void world_write(const char *name, const char *text);
void world_remove(const char *name);

/* The call that is due now is made; it is of KIND. */
void world_begin(struct world *world, enum session_call_kind kind);
void world_wait(struct world *world, int64_t ms);
/* Waits until the next call is due, which is after MS; what is to be looked at meanwhile has not changed. */
void world_wait_due(struct world *world, int64_t ms);
/* It is time to look at the files, and they have not changed. */
void world_look(struct world *world);

/* The answer to the call under way. */
void world_answer(struct world *world, int status, const char *body, int64_t retry_after_ms);
void world_answer_pair(struct world *world, int64_t life_s); /* 0: a token without times */
void world_answer_error(struct world *world, const char *text);
void world_answer_redirect(struct world *world, const char *url, const char *location); /* 302 from URL */
void world_answer_refused(struct world *world); /* 401 as ThingsBoard says it */

/* A request that carried the credential GENERATION was answered with 401. */
bool world_refused(struct world *world, uint64_t generation, bool replayed);
uint64_t world_generation(struct world *world); /* 0: no credential */

/* A login with its answer. */
void world_log_in(struct world *world, int64_t life_s);

/* Whether a call is due, and what a request would be given. */
bool world_is_due(const struct world *world);
bool world_has_credential(struct world *world);

void world_assert_state(struct world *world, enum session_state state);

#endif
