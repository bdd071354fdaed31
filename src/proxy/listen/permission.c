/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listen/permission.h"

#include <strings.h>

#include "proxy/exchange/reply.h"
#include "proxy/listen/policy_user.h"

struct judgement {
    struct policy_subject subject;
    struct policy_verdict verdict;
};

static struct policy_verdict judge(const struct exchange *exchange, const struct policy_subject *subject)
{
    const struct policies *policies = exchange->services->config->policies;
    const struct peer *peer = exchange->peer;
    struct policy_user user;

    policy_user_find(policies, peer->watch.fd, peer->port != 0, peer_user(peer), &user);
    return policies_judge(policies, &user.principal, subject);
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

/* Whether SUBJECT is that of the operation, and its sets depend on the request. */
static bool has_condition(const struct exchange *exchange, const struct policy_subject *subject)
{
    const struct operation *operation = exchange->head.operation;

    return operation && subject->id == operation_id(operation) && operation->condition != CONDITION_ALWAYS;
}

/* False: no policy is asked. */
static bool find_subject(const struct exchange *exchange, struct policy_subject *ret)
{
    const struct head *head = &exchange->head;
    const char *path = head->target.text.data;
    size_t length = head->target.path_length;
    struct policy_facts facts;

    if (!policy_subject_of(head->route.kind, head->operation, head->method, path, length, ret))
        return false;
    if (has_condition(exchange, ret)) {
        facts = facts_of(exchange);
        ret->sets = policy_sets(head->operation, path, length, &facts);
    }
    return true;
}

/* The path of an operation is its template, which contains no token of a device. */
static enum permission refuse(struct exchange *exchange, const struct judgement *judgement)
{
    const struct head *head = &exchange->head;
    const struct operation *operation = head->operation;
    char reason[POLICY_REASON_MAX_BYTES];

    metrics_refused(exchange->services->metrics, METRICS_REFUSED_POLICY);
    policy_print_reason(&judgement->verdict, reason, sizeof(reason));
    if (operation && judgement->subject.id == operation_id(operation))
        reply_error(exchange, 403, PROXY_STATUS_DENIED, "tbproxyd refused %s (%s %s): %s",
                    operation_id(operation), head->method, operation_path(operation), reason);
    else
        reply_error(exchange, 403, PROXY_STATUS_DENIED, "tbproxyd refused %s: %s",
                    policy_subject_name(&judgement->subject), reason);
    return PERMISSION_REFUSED;
}

bool permission_question(const struct exchange *exchange, char ret[POLICY_QUESTION_BYTES])
{
    const struct head *head = &exchange->head;
    struct policy_facts facts = facts_of(exchange);

    return policy_question(head->operation, head->target.text.data, head->target.path_length, &facts, ret);
}

/* Whether an answer of the server could allow it. */
static bool needs_answer(const struct exchange *exchange, const struct judgement *judgement)
{
    struct policy_subject other = judgement->subject;
    char question[POLICY_QUESTION_BYTES];

    if (!has_condition(exchange, &other) || exchange->inbound.streams ||
        !permission_question(exchange, question))
        return false;
    other.sets &= ~(unsigned)(SET_SESSION | SET_ACCOUNT);
    return judge(exchange, &other).allowed;
}

enum permission permission_check(struct exchange *exchange)
{
    struct judgement judgement;

    policy_user_refresh(exchange->peer);
    if (!find_subject(exchange, &judgement.subject))
        return PERMISSION_GRANTED;
    judgement.verdict = judge(exchange, &judgement.subject);
    if (judgement.verdict.allowed)
        return PERMISSION_GRANTED;
    return needs_answer(exchange, &judgement) ? PERMISSION_NEEDS_ANSWER : refuse(exchange, &judgement);
}

enum permission permission_check_answer(struct exchange *exchange, const json_t *answer)
{
    struct policy_facts facts = facts_of(exchange);
    struct judgement judgement;

    find_subject(exchange, &judgement.subject);
    judgement.subject.sets &= ~policy_ruled_out_by_answer(exchange->head.operation, answer, &facts.own);
    judgement.verdict = judge(exchange, &judgement.subject);
    return judgement.verdict.allowed ? PERMISSION_GRANTED : refuse(exchange, &judgement);
}
