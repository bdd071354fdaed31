/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/policies.h"

#include <errno.h>

#define BLANKS " \t\r\n"

struct policies *policies_new(void)
{
    struct policies *policies = calloc(1, sizeof(*policies));

    if (policies)
        policies->tcp.policy = policies->unix_socket.policy = &policy_default;
    return policies;
}

static void list_free(struct policy_list *list)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        free(list->items[i].text);
    free(list->items);
}

void policies_free(struct policies *policies)
{
    size_t i;

    for (i = 0; policies && i < policies->count; i++) {
        struct policy *policy = &policies->list[i];

        list_free(&policy->allow);
        list_free(&policy->deny);
        free(policy->name);
        free(policy->file);
    }
    free(policies);
}

const struct policy *policies_find(const struct policies *policies, const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < policies->count; i++)
        if (strlen(policies->list[i].name) == length && memcmp(policies->list[i].name, name, length) == 0)
            return &policies->list[i];
    return strlen(policy_default.name) == length && memcmp(policy_default.name, name, length) == 0
               ? &policy_default
               : NULL;
}

/* ---- who has which ---- */

/* One part of an option, between two commas. */
struct part {
    const char *text;
    size_t length;
};

static struct part trim(const char *text, size_t length)
{
    while (length > 0 && strchr(BLANKS, *text)) {
        text++;
        length--;
    }
    while (length > 0 && strchr(BLANKS, text[length - 1]))
        length--;
    return (struct part){text, length};
}

static int find_named(const struct policies *policies, struct part name, const struct policy **ret,
                      struct tb_error *err)
{
    *ret = policies_find(policies, name.text, name.length);
    return *ret ? 0
                : tb_error_set(err, -EINVAL, "there is no policy \"%.*s\"; define it in the section policies",
                               (int)name.length, name.text);
}

/* "uid 1000" or "gid 33". */
static int parse_who(struct part who, struct policy_rule *rule)
{
    char *end;
    unsigned long long id;

    if (who.length < 5 || (strncmp(who.text, "uid", 3) != 0 && strncmp(who.text, "gid", 3) != 0) ||
        !strchr(BLANKS, who.text[3]))
        return -EINVAL;
    rule->is_group = *who.text == 'g';
    who = trim(who.text + 3, who.length - 3);
    if (who.length == 0 || *who.text < '0' || *who.text > '9')
        return -EINVAL;
    id = strtoull(who.text, &end, 10);
    rule->id = (uint32_t)id;
    return end == who.text + who.length && id < UINT32_MAX ? 0 : -EINVAL;
}

static int parse_rule(const struct policies *policies, struct part part, const char *equals,
                      struct policy_rule *ret, struct tb_error *err)
{
    if (parse_who(trim(part.text, (size_t)(equals - part.text)), ret) < 0)
        return tb_error_set(err, -EINVAL,
                            "\"%.*s\": must be POLICY, uid NUMBER = POLICY or gid NUMBER = POLICY",
                            (int)part.length, part.text);
    equals++;
    return find_named(policies, trim(equals, (size_t)(part.text + part.length - equals)), &ret->policy, err);
}

static bool has_rule(const struct policy_listener *listener, const struct policy_rule *rule)
{
    size_t i;

    for (i = 0; i < listener->count; i++)
        if (listener->rules[i].is_group == rule->is_group && listener->rules[i].id == rule->id)
            return true;
    return false;
}

static int add_part(const struct policies *policies, struct policy_listener *listener, struct part part,
                    struct tb_error *err)
{
    const char *equals = memchr(part.text, '=', part.length);
    int r;

    if (!equals)
        return find_named(policies, part, &listener->policy, err);
    if (listener->count == POLICY_RULES_MAX)
        return tb_error_set(err, -EINVAL, "more than %d users and groups", POLICY_RULES_MAX);
    r = parse_rule(policies, part, equals, &listener->rules[listener->count], err);
    if (r == 0 && has_rule(listener, &listener->rules[listener->count]))
        r = tb_error_set(err, -EINVAL, "\"%.*s\": has a policy already", (int)part.length, part.text);
    if (r == 0)
        listener->has_groups |= listener->rules[listener->count++].is_group;
    return r;
}

/* The first part names the policy of the listener. */
static int parse_listener(const struct policies *policies, const char *text, struct policy_listener *listener,
                          struct tb_error *err)
{
    const char *first = text;
    int r = 0;

    *listener = (struct policy_listener){.policy = &policy_default};
    for (;; text++) {
        size_t length = strcspn(text, ",");
        struct part part = trim(text, length);

        if (text == first && memchr(text, '=', length))
            return tb_error_set(err, -EINVAL, "\"%.*s\": the first must be the policy of all others",
                                (int)part.length, part.text);
        if (text != first && !memchr(text, '=', length))
            return tb_error_set(err, -EINVAL, "\"%.*s\": must be uid NUMBER = POLICY or gid NUMBER = POLICY",
                                (int)part.length, part.text);
        r = add_part(policies, listener, part, err);
        text += length;
        if (r < 0 || !*text)
            return r;
    }
}

/* The names cannot be those of policies. */
static void set_strictest(struct policy_listener *listener, const char *name)
{
    size_t i;

    listener->strictest = listener->policy->bounds;
    listener->strictest.name = name;
    for (i = 0; i < listener->count; i++)
        policy_bounds_tighten(&listener->strictest, &listener->rules[i].policy->bounds);
}

int policies_assign(struct policies *policies, const char *tcp, const char *unix_socket, struct tb_error *err)
{
    if (parse_listener(policies, tcp, &policies->tcp, err) < 0)
        return tb_error_prefix(err, "policy.tcp");
    if (policies->tcp.has_groups)
        return tb_error_set(err, -EINVAL,
                            "policy.tcp: the groups of a user are only known on the Unix socket; use uid");
    if (parse_listener(policies, unix_socket, &policies->unix_socket, err) < 0)
        return tb_error_prefix(err, "policy.unix_socket");
    set_strictest(&policies->tcp, ":tcp");
    set_strictest(&policies->unix_socket, ":unix_socket");
    return 0;
}

/* ---- judging ---- */

static bool is_member(const struct policy_principal *principal, uint32_t group)
{
    size_t i;

    for (i = 0; i < principal->group_count; i++)
        if (principal->groups[i] == group)
            return true;
    return false;
}

/* The rule that decides; NULL: the policy of the listener does. */
static const struct policy_rule *rule_of(const struct policy_listener *listener,
                                         const struct policy_principal *principal)
{
    size_t i;

    for (i = 0; i < listener->count; i++)
        if (!listener->rules[i].is_group && principal->user == (int64_t)listener->rules[i].id)
            return &listener->rules[i];
    for (i = 0; i < listener->count; i++)
        if (listener->rules[i].is_group && is_member(principal, listener->rules[i].id))
            return &listener->rules[i];
    return NULL;
}

static struct policy_verdict judge_by_rule(const struct policy_listener *listener,
                                           const struct policy_principal *principal,
                                           const struct policy_subject *subject)
{
    const struct policy_rule *rule = rule_of(listener, principal);
    struct policy_verdict verdict = policy_judge(rule ? rule->policy : listener->policy, subject);

    verdict.source = !rule ? POLICY_OF_ALL : rule->is_group ? POLICY_OF_GROUP : POLICY_OF_USER;
    verdict.id = rule ? rule->id : 0;
    return verdict;
}

/* The first that does not allow it, or the listener's own. */
static struct policy_verdict judge_by_all(const struct policy_listener *listener,
                                          const struct policy_subject *subject)
{
    struct policy_verdict verdict = policy_judge(listener->policy, subject);
    size_t i;

    for (i = 0; i < listener->count && verdict.allowed; i++) {
        struct policy_verdict other = policy_judge(listener->rules[i].policy, subject);

        if (!other.allowed)
            verdict = other;
    }
    verdict.source = POLICY_OF_ANY;
    return verdict;
}

struct policy_verdict policies_judge(const struct policies *policies,
                                     const struct policy_principal *principal,
                                     const struct policy_subject *subject)
{
    const struct policy_listener *listener;
    struct policy_verdict verdict;

    if (!policies)
        return policy_judge(&policy_default, subject);
    listener = principal->is_tcp ? &policies->tcp : &policies->unix_socket;
    verdict =
        principal->user < 0 ? judge_by_all(listener, subject) : judge_by_rule(listener, principal, subject);
    verdict.option = principal->is_tcp ? "policy.tcp" : "policy.unix_socket";
    return verdict;
}

/* ---- bounds ---- */

const struct policy_bounds *policies_bounds(const struct policies *policies,
                                            const struct policy_principal *principal)
{
    const struct policy_listener *listener = principal->is_tcp ? &policies->tcp : &policies->unix_socket;
    const struct policy_rule *rule = rule_of(listener, principal);
    const struct policy_bounds *bounds = principal->user < 0 ? &listener->strictest
                                         : rule              ? &rule->policy->bounds
                                                             : &listener->policy->bounds;

    return policy_bounds_any(bounds) ? bounds : NULL;
}

const struct policy_bounds *policies_find_bounds(const struct policies *policies, const char *name)
{
    const struct policy *policy = policies_find(policies, name, strlen(name));

    if (strcmp(name, policies->tcp.strictest.name) == 0)
        return &policies->tcp.strictest;
    if (strcmp(name, policies->unix_socket.strictest.name) == 0)
        return &policies->unix_socket.strictest;
    return policy ? &policy->bounds : NULL;
}
