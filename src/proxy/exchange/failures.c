/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/failures.h"

#include <string.h>

void failures_init(struct failures *failures)
{
    list_init(&failures->list);
    failures->used = 0;
}

/* Types of errors are compared as text: the same one may be in several places of the program. */
static bool is_kind(const struct failure_kind *a, const struct failure_kind *b)
{
    return a->operation == b->operation && a->user == b->user && a->status == b->status &&
           strcmp(a->error ? a->error : "", b->error ? b->error : "") == 0;
}

static struct failure *find(const struct failures *failures, const struct failure_kind *kind)
{
    struct failure *failure;

    list_for_each(failure, &failures->list, link)
        if (is_kind(&failure->kind, kind))
            return failure;
    return NULL;
}

static unsigned count_of(const struct failures *failures, int64_t user)
{
    const struct failure *failure;
    unsigned count = 0;

    list_for_each(failure, &failures->list, link)
        count += failure->kind.user == user;
    return count;
}

/* That of the user who has most kinds: nobody can make those of others be forgotten. */
static struct failure *oldest_of_largest(const struct failures *failures)
{
    struct failure *failure, *found = NULL;
    unsigned most = 0;

    list_for_each(failure, &failures->list, link) {
        unsigned count = count_of(failures, failure->kind.user);

        if (count >= most)
            found = failure;
        most = count > most ? count : most;
    }
    return found;
}

static struct failure *new_place(struct failures *failures, const struct failure_kind *kind)
{
    struct failure *failure;

    if (failures->used < FAILURES_MAX) {
        failure = &failures->places[failures->used++];
        list_init(&failure->link);
    } else {
        failure = oldest_of_largest(failures);
    }
    failure->kind = *kind;
    failure->count = 0;
    return failure;
}

/* Cuts no character of UTF-8 in two. */
static void copy_reason(char ret[FAILURE_REASON_BYTES], const char *reason)
{
    size_t length = strlen(reason);

    if (length >= FAILURE_REASON_BYTES) {
        length = FAILURE_REASON_BYTES - 1;
        while (length > 0 && ((unsigned char)reason[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(ret, reason, length);
    ret[length] = '\0';
}

void failures_note(struct failures *failures, const struct failure_kind *kind, const char *reason,
                   int64_t now_ms)
{
    struct failure *failure = find(failures, kind);

    if (!failure)
        failure = new_place(failures, kind);
    list_remove(&failure->link);
    list_prepend(&failures->list, &failure->link);
    failure->count++;
    failure->at_ms = now_ms;
    copy_reason(failure->reason, reason ? reason : "");
}
