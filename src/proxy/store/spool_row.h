/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A write in the spool. Times are in milliseconds since the epoch, texts are UTF-8.
 *
 * Each write has a number, which grows with its arrival; the loop gives it. If the server refuses a write, it
 * is cut into parts, each of them a row with an id of its own. Ids of all rows, sorted, are the order in
 * which the rows of an entity are delivered.
 */
#ifndef TB_PROXY_STORE_SPOOL_ROW_H
#define TB_PROXY_STORE_SPOOL_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"

#define SPOOL_PARTS_BITS 20 /* a write has at most 2^20 parts, one after the other */
#define SPOOL_NUMBER_MAX (INT64_MAX >> SPOOL_PARTS_BITS)

#define SPOOL_PARTS_MAX 256 /* into which a write is cut; what is left stays whole */

/* The range of ids of a write; the row of the whole write has the last. */
static inline int64_t spool_first_id(int64_t number)
{
    return number << SPOOL_PARTS_BITS;
}

static inline int64_t spool_last_id(int64_t number)
{
    return spool_first_id(number) | ((INT64_C(1) << SPOOL_PARTS_BITS) - 1);
}

static inline int64_t spool_number(int64_t id)
{
    return id >> SPOOL_PARTS_BITS;
}

/* The numbers are in the file: never change one. */
enum spool_state {
    SPOOL_WAITING = 0,
    SPOOL_ASIDE = 1, /* kept for the administrator, with a reason */
    SPOOL_DELIVERED = 2,
    SPOOL_DROPPED = 3, /* given up, with a reason */
};

#define SPOOL_STATES 4

/* All texts are on the heap, and the row's own; NULL: there is none. Of a row that is delivered or dropped,
 * only id, state, principal and what follows attempts is known. */
struct spool_row {
    struct list link;
    int64_t id;
    enum spool_state state;
    int64_t arrived_ms;
    char *entity; /* its key: the rows of an entity are delivered one after the other */
    char *principal;
    char *server_url; /* "": any */
    char *tenant;     /* "": any */
    char *operation;
    char *scope;
    char *target; /* path and query */
    char *content_type;
    char *boot_id;   /* of a body without times, the boot to which boot_ms belongs */
    int64_t boot_ms; /* CLOCK_BOOTTIME at arrival */
    int attempts;
    int64_t first_attempt_ms; /* 0: never */
    int64_t last_attempt_ms;  /* the end, of what is delivered or dropped */
    int status;               /* of the server's last answer; 0: none */
    char *answer;
    char *reason;
    size_t size;       /* of the body, in bytes, also if it was not read */
    size_t names_size; /* of names that came into the file with it: they count for it */
    struct buf body;
    bool is_damaged; /* the body that was read is not the one that was stored */
};

/* A row with nothing in it. NULL: no memory. */
struct spool_row *spool_row_new(void);

void spool_row_free(struct spool_row *row);
void spool_row_free_pointer(struct spool_row **row);

/* Frees all rows of LIST, which is empty then. */
void spool_rows_free(struct list *list);

#endif
