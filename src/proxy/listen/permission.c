/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/permission.h"

#include <errno.h>
#include <strings.h>
#include <sys/socket.h>

#include "proxy/exchange/reply.h"
#include "proxy/policy/policies.h"
#include "proxy/policy/subject.h"

#define GROUPS_MAX 1024

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

struct judgement {
    struct policy_subject subject;
    struct policy_verdict verdict;
};

/* The primary group is not one of the supplementary ones. Returns the number; -errno if there are more than
 * GROUPS_MAX. */
static int groups_of(const struct peer *peer, uint32_t groups[GROUPS_MAX + 1])
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials), size = GROUPS_MAX * sizeof(*groups);

    if (getsockopt(peer->watch.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0 ||
        getsockopt(peer->watch.fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) < 0)
        return -errno;
    groups[0] = credentials.gid;
    return 1 + (int)(size / sizeof(*groups));
}

/* Whose groups cannot be told is a user who is not known. */
static struct policy_verdict judge(const struct exchange *exchange, const struct policy_subject *subject)
{
    const struct policies *policies = exchange->services->config->policies;
    uint32_t groups[GROUPS_MAX + 1];
    struct policy_principal principal = {
        .is_tcp = exchange->peer->port != 0, .user = peer_user(exchange->peer), .groups = groups};
    int count;

    if (policies && !principal.is_tcp && policies->unix_socket.has_groups) {
        count = groups_of(exchange->peer, groups);
        principal.group_count = count < 0 ? 0 : (size_t)count;
        principal.user = count < 0 ? -1 : principal.user;
    }
    return policies_judge(policies, &principal, subject);
}

/* The server decodes a body with the charset that its type names. In another one than UTF-8, the same bytes
 * can be another object. */
static bool is_plain_json(const struct headers *headers)
{
    static const char *const types[] = {"application/json", "application/json;charset=utf-8",
                                        "application/json; charset=utf-8"};
    const char *type = headers_find(headers, MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t i;

    for (i = 0; type && i < ARRAY_SIZE(types); i++)
        if (strcasecmp(type, types[i]) == 0)
            return true;
    return false;
}

static struct policy_facts facts_of(const struct exchange *exchange)
{
    const struct inbound *inbound = &exchange->inbound;
    const struct services *services = exchange->services;

    return (struct policy_facts){
        .own = own_user_read(session_user(services->upstream.session)),
        .has_api_key = *services->config->upstream.api_key_file != '\0',
        .body = inbound->streams || !is_plain_json(&exchange->head.headers) ? NULL : inbound->body.data,
        .body_length = inbound->body.len,
    };
}

static struct policy_subject subject_of(const struct exchange *exchange)
{
    const struct head *head = &exchange->head;
    const char *path = head->target.text.data;
    struct policy_subject subject;
    struct policy_facts facts;

    if (head->route.kind == ROUTE_TUNNEL)
        return policy_websocket;
    if (head->route.kind == ROUTE_SUBSCRIBE)
        return policy_subscribe;
    subject = policy_subject_of(head->operation, head->method, path, head->target.path_length);
    if (head->operation && head->operation->condition != CONDITION_ALWAYS) {
        facts = facts_of(exchange);
        subject.sets = policy_sets(head->operation, path, head->target.path_length, &facts);
    }
    return subject;
}

/* The path of an operation is its template, which contains no token of a device. */
static enum permission refuse(struct exchange *exchange, const struct judgement *judgement)
{
    const struct head *head = &exchange->head;
    const struct operation *operation = head->operation;
    char reason[POLICY_REASON_MAX_BYTES];

    policy_print_reason(&judgement->verdict, reason, sizeof(reason));
    if (operation && judgement->subject.id == operation_id(operation))
        reply_error(exchange, 403, PROXY_STATUS_DENIED, "%s (%s %s) is not allowed: %s",
                    operation_id(operation), head->method, operation_path(operation), reason);
    else
        reply_error(exchange, 403, PROXY_STATUS_DENIED, "%s is not allowed: %s",
                    policy_subject_name(&judgement->subject), reason);
    return PERMISSION_REFUSED;
}

static bool is_judged(enum route_kind kind)
{
    return kind == ROUTE_FORWARD || kind == ROUTE_FORWARD_PAGE || kind == ROUTE_FORWARD_ANONYMOUS ||
           kind == ROUTE_TUNNEL || kind == ROUTE_SUBSCRIBE;
}

/* Whether it would be allowed if it gave away nothing. */
static bool depends_on_authority(const struct exchange *exchange, const struct judgement *judgement)
{
    const struct operation *operation = exchange->head.operation;
    struct own_user own = own_user_read(session_user(exchange->services->upstream.session));
    struct policy_subject other = judgement->subject;
    char id[USER_ID_LENGTH + 1];

    if (!operation || operation->condition != CONDITION_USER_AUTHORITY || exchange->inbound.streams ||
        !policy_user_in_path(operation, exchange->head.target.text.data, exchange->head.target.path_length,
                             id) ||
        (own.id && strcasecmp(id, own.id) == 0))
        return false;
    other.sets &= ~(unsigned)SET_SESSION;
    return judge(exchange, &other).allowed;
}

enum permission permission_check(struct exchange *exchange)
{
    struct judgement judgement;

    if (!is_judged(exchange->head.route.kind))
        return PERMISSION_GRANTED;
    judgement.subject = subject_of(exchange);
    judgement.verdict = judge(exchange, &judgement.subject);
    if (judgement.verdict.allowed)
        return PERMISSION_GRANTED;
    return depends_on_authority(exchange, &judgement) ? PERMISSION_NEEDS_AUTHORITY
                                                      : refuse(exchange, &judgement);
}

enum permission permission_check_authority(struct exchange *exchange, enum authority authority)
{
    struct policy_facts facts = facts_of(exchange);
    struct judgement judgement = {.subject = subject_of(exchange)};

    if (policy_has_less(authority, facts.own.authority))
        judgement.subject.sets &= ~(unsigned)SET_SESSION;
    judgement.verdict = judge(exchange, &judgement.subject);
    return judgement.verdict.allowed ? PERMISSION_GRANTED : refuse(exchange, &judgement);
}
