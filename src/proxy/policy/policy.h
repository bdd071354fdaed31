/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy: a named list of what is allowed and of what is denied. Each item is a set (route/operation.h),
 * the tag or the id of an operation. A deny goes before an allow. SET_SESSION and SET_ACCOUNT are denied
 * unless an allow names the set itself, or the operation by its id.
 */
#ifndef TB_PROXY_POLICY_POLICY_H
#define TB_PROXY_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/policy/policy_bounds.h"
#include "proxy/route/operation.h"

#define POLICY_ITEMS_MAX 256 /* of one list */

struct policy_item {
    char *text;    /* as in the configuration */
    unsigned sets; /* enum operation_set; 0: the text is a tag or an id */
    unsigned line; /* of the configuration */
};

struct policy_list {
    struct policy_item *items;
    size_t count;
};

struct policy {
    char *name;
    char *file;    /* of the configuration; NULL: built in */
    unsigned line; /* where the policy begins */
    struct policy_list allow, deny;
    struct policy_bounds bounds;
};

/* Everything that reads or writes; so not SET_SESSION and SET_ACCOUNT. The only policy that allows writes
 * that are in no document of the API. */
extern const struct policy policy_default;

/* Names of what is no operation of the REST API: a WebSocket to the server, and /-/subscribe. */
#define POLICY_WEBSOCKET "websocket"
#define POLICY_SUBSCRIBE "subscribe"

/* What a request asks for. */
struct policy_subject {
    const char *id;  /* of the operation; NULL: in no document */
    const char *tag; /* NULL, as well */
    unsigned sets;   /* enum operation_set */
};

/* Of a WebSocket to the server, and of a stream of updates. */
extern const struct policy_subject policy_websocket, policy_subscribe;

/* What messages call it. */
const char *policy_subject_name(const struct policy_subject *subject);

/* Why a user has a policy. */
enum policy_source {
    POLICY_OF_NOBODY, /* not said */
    POLICY_OF_ALL,    /* the listener's */
    POLICY_OF_USER,
    POLICY_OF_GROUP,
    POLICY_OF_ANY, /* the user is not known: every policy of the listener has to allow it */
};

struct policy_verdict {
    bool allowed;
    enum policy_source source;
    uint32_t id;        /* of the user or the group */
    const char *option; /* that says so: "policy.tcp" */
    const struct policy *policy;
    const struct policy_item *item; /* that allows or denies; NULL: no item allows it */
    unsigned privileged;            /* SET_SESSION or SET_ACCOUNT, if no item allows that; otherwise 0 */
    bool is_unknown_write;          /* in no document, which only policy_default allows */
};

struct policy_verdict policy_judge(const struct policy *policy, const struct policy_subject *subject);

#define POLICY_REASON_MAX_BYTES 512

/* Prints why VERDICT allows or denies: policy, item, line, and why the user has that policy. */
void policy_print_reason(const struct policy_verdict *verdict, char *ret, size_t size);

/* The set called NAME; 0: there is none. */
unsigned policy_set_find(const char *name);

/* Prints SETS as "write, account". */
void policy_print_sets(unsigned sets, char *ret, size_t size);

#endif
