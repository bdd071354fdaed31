/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/policy/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

#define PRIVILEGED (SET_SESSION | SET_ACCOUNT)

static const struct {
    const char *name;
    unsigned set;
} sets[] = {
    {"read", SET_READ},
    {"write", SET_WRITE},
    {"telemetry", SET_TELEMETRY},
    {"rpc", SET_RPC},
    {"credentials", SET_CREDENTIALS},
    {"session", SET_SESSION},
    {"account", SET_ACCOUNT},
    {"admin", SET_ADMIN},
};

const struct policy_subject policy_websocket = {POLICY_WEBSOCKET, POLICY_WEBSOCKET, SET_READ | SET_TELEMETRY},
                            policy_subscribe = {POLICY_SUBSCRIBE, POLICY_SUBSCRIBE, SET_READ | SET_TELEMETRY};

const char *policy_subject_name(const struct policy_subject *subject)
{
    return subject->id ? subject->id : "an operation that is in no document of the API";
}

static struct policy_item default_items[] = {{.text = "read", .sets = SET_READ},
                                             {.text = "write", .sets = SET_WRITE}};

static char default_name[] = "default";

const struct policy policy_default = {.name = default_name,
                                      .allow = {default_items, ARRAY_SIZE(default_items)}};

unsigned policy_set_find(const char *name)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(sets); i++)
        if (strcmp(sets[i].name, name) == 0)
            return sets[i].set;
    return 0;
}

void policy_print_sets(unsigned wanted, char *ret, size_t size)
{
    size_t used = 0, i;

    *ret = '\0';
    for (i = 0; i < ARRAY_SIZE(sets) && used < size; i++)
        if (wanted & sets[i].set)
            used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? ", " : "", sets[i].name);
}

static bool names_operation(const struct policy_item *item, const struct policy_subject *subject)
{
    return item->sets == 0 && subject->id && strcmp(item->text, subject->id) == 0;
}

static bool fits(const struct policy_item *item, const struct policy_subject *subject)
{
    return item->sets & subject->sets || names_operation(item, subject) ||
           (item->sets == 0 && subject->tag && strcmp(item->text, subject->tag) == 0);
}

static const struct policy_item *find(const struct policy_list *list, const struct policy_subject *subject)
{
    size_t i;

    for (i = 0; i < list->count; i++)
        if (fits(&list->items[i], subject))
            return &list->items[i];
    return NULL;
}

/* Those of SET_SESSION and SET_ACCOUNT that SUBJECT needs and no item allows by name. */
static unsigned missing(const struct policy *policy, const struct policy_subject *subject)
{
    unsigned left = subject->sets & PRIVILEGED;
    size_t i;

    for (i = 0; i < policy->allow.count && left; i++) {
        const struct policy_item *item = &policy->allow.items[i];

        left &= names_operation(item, subject) ? 0 : ~item->sets;
    }
    return left;
}

struct policy_verdict policy_judge(const struct policy *policy, const struct policy_subject *subject)
{
    struct policy_verdict verdict = {.policy = policy, .item = find(&policy->deny, subject)};

    if (verdict.item)
        return verdict;
    verdict.privileged = missing(policy, subject);
    verdict.is_unknown_write = !subject->id && subject->sets & SET_WRITE && policy != &policy_default;
    if (verdict.privileged || verdict.is_unknown_write)
        return verdict;
    verdict.item = find(&policy->allow, subject);
    verdict.allowed = verdict.item != NULL;
    return verdict;
}

/* "; policy.tcp gives it to uid 1000" */
static void print_source(const struct policy_verdict *verdict, char *ret, size_t size)
{
    const char *option = verdict->option;

    switch (verdict->source) {
    case POLICY_OF_NOBODY:
        *ret = '\0';
        return;
    case POLICY_OF_ALL:
        snprintf(ret, size, "; %s gives it to all who have no other", option);
        return;
    case POLICY_OF_USER:
        snprintf(ret, size, "; %s gives it to uid %" PRIu32, option, verdict->id);
        return;
    case POLICY_OF_GROUP:
        snprintf(ret, size, "; %s gives it to gid %" PRIu32, option, verdict->id);
        return;
    case POLICY_OF_ANY:
        snprintf(ret, size, "; the user is not known, so every policy in %s has to allow it", option);
        return;
    }
}

void policy_print_reason(const struct policy_verdict *verdict, char *ret, size_t size)
{
    const struct policy *policy = verdict->policy;
    const char *verb = verdict->allowed ? "allows" : verdict->item ? "denies" : "does not allow";
    const char *what = verdict->item ? verdict->item->text : "it";
    char place[256] = "built in", names[32], source[100];

    if (policy->file)
        snprintf(place, sizeof(place), "%s, line %u", policy->file,
                 verdict->item ? verdict->item->line : policy->line);
    if (verdict->privileged) {
        policy_print_sets(verdict->privileged, names, sizeof(names));
        what = names;
    }
    print_source(verdict, source, sizeof(source));
    snprintf(ret, size, "the policy \"%s\" %s %s (%s)%s%s", policy->name, verb, what, place,
             verdict->is_unknown_write
                 ? "; only the policy \"default\" allows writes that are in no document of the API"
                 : "",
             source);
}
