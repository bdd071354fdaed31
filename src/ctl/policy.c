/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>

#include "ctl/arguments.h"
#include "ctl/message.h"
#include "ctl/policy_json.h"
#include "http/target.h"
#include "proxy/config/config.h"
#include "proxy/config/load.h"
#include "proxy/policy/policies.h"
#include "proxy/policy/subject.h"
#include "proxy/route/route.h"

#define GROUPS_MAX 1024
#define NO_RULE    UINT32_MAX /* a user whom no rule can name */

struct user {
    uint32_t groups[GROUPS_MAX];
    int group_count;
    int64_t id;
};

/* ---- list ---- */

static void print_list(const char *title, const struct policy_list *list)
{
    size_t i;

    if (list->count == 0)
        return;
    printf("  %s ", title);
    for (i = 0; i < list->count; i++)
        printf("%s%s", i ? ", " : "", list->items[i].text);
    putchar('\n');
}

static void print_bounds(const struct policy_bounds *bounds)
{
    size_t i;

    for (i = 0; i < POLICY_BOUNDS; i++)
        if (bounds->list[i].policy)
            printf("  %s %u\n", policy_bound_name((enum policy_bound_kind)i), bounds->list[i].max);
}

static void print_policy(const struct policy *policy)
{
    if (policy->file)
        printf("%s (%s, line %u)\n", policy->name, policy->file, policy->line);
    else
        printf("%s (built in)\n", policy->name);
    print_list("allow", &policy->allow);
    print_list("deny", &policy->deny);
    print_bounds(&policy->bounds);
}

static void print_listener(const char *name, const struct policy_listener *listener)
{
    size_t i;

    printf("%s: %s", name, listener->policy->name);
    for (i = 0; i < listener->count; i++)
        printf(", %s %" PRIu32 " = %s", listener->rules[i].is_group ? "gid" : "uid", listener->rules[i].id,
               listener->rules[i].policy->name);
    putchar('\n');
}

/* Takes the reference to JSON. */
static int finish_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(json);
    return finish(STATUS_GOOD);
}

static int list(const struct policies *policies, const struct arguments *arguments)
{
    size_t i;

    if (arguments->json)
        return finish_json(policy_list_json(policies));
    print_listener("tcp", &policies->tcp);
    print_listener("unix_socket", &policies->unix_socket);
    print_policy(&policy_default);
    for (i = 0; i < policies->count; i++)
        print_policy(&policies->list[i]);
    return finish(STATUS_GOOD);
}

/* ---- explain ---- */

/* NAME is a user name or a uid; NULL: a user without a rule. */
static int find_user(const char *name, struct user *ret, struct tb_error *err)
{
    char *end = NULL;
    unsigned long id = name ? strtoul(name, &end, 10) : NO_RULE;
    const struct passwd *entry = !name ? NULL : end > name && !*end ? getpwuid((uid_t)id) : getpwnam(name);

    ret->id = (int64_t)id;
    ret->group_count = entry ? GROUPS_MAX : 0;
    if (name && !entry && (end == name || *end || id >= NO_RULE))
        return tb_error_set(err, -EINVAL, "--as: there is no user %s", name);
    if (entry) {
        ret->id = (int64_t)entry->pw_uid;
        if (getgrouplist(entry->pw_name, entry->pw_gid, ret->groups, &ret->group_count) < 0)
            ret->group_count = GROUPS_MAX;
    }
    return 0;
}

struct question {
    struct policy_subject subject;
    const struct operation *operation; /* NULL: in no document, or no operation */
};

/* 1: tbproxyd answers it itself. */
static int find_question(const char *method, const char *path, struct question *ret, struct tb_error *err)
{
    struct target target;
    const char *reason = "out of memory";
    int r = target_parse(path, &target, &reason);
    enum route_kind kind;

    *ret = (struct question){0};
    if (r < 0 || !route_method(method)) {
        target_free(&target);
        if (r == 0)
            return tb_error_set(err, -EINVAL, "METHOD must be GET, POST, or the like, in capitals, not %s",
                                method);
        return tb_error_set(err, -EINVAL, "PATH is %s: %s", path, reason);
    }
    kind = route_find(LISTENER_API | LISTENER_API_STATUS, method, target.text.data, target.path_length).kind;
    if (route_has_websocket(target.text.data, target.path_length))
        kind = ROUTE_TUNNEL;
    else
        ret->operation = operation_find(method, target.text.data, target.path_length);
    r = policy_subject_of(kind, ret->operation, method, target.text.data, target.path_length, &ret->subject);
    target_free(&target);
    return r ? 0 : 1;
}

static void print_question(const char *method, const struct question *question)
{
    char sets[80];

    policy_print_sets(question->subject.sets, sets, sizeof(sets));
    if (question->operation)
        printf("%s (%s %s) is in %s\n", operation_id(question->operation), method,
               operation_path(question->operation), sets);
    else
        printf("%s is in %s\n", policy_subject_name(&question->subject), sets);
}

/* What the request would have to be like to be allowed, if that depends on it; NULL. */
static const char *find_condition(const struct policies *policies, const struct policy_principal *principal,
                                  const struct question *question)
{
    struct policy_subject other = question->subject;
    const char *text = question->operation
                           ? policy_condition_text((enum operation_condition)question->operation->condition)
                           : NULL;

    other.sets &= ~(unsigned)(SET_SESSION | SET_ACCOUNT);
    return text && policies_judge(policies, principal, &other).allowed ? text : NULL;
}

/* What the policies say to a question on one listener. */
struct answer {
    const char *listener;
    struct policy_verdict verdict;
    const char *condition;
};

static struct answer ask(const char *listener, const struct policies *policies,
                         const struct policy_principal *principal, const struct question *question)
{
    struct answer ret = {listener, policies_judge(policies, principal, &question->subject), NULL};

    if (!ret.verdict.allowed)
        ret.condition = find_condition(policies, principal, question);
    return ret;
}

static void print_answer(const struct answer *answer)
{
    char reason[POLICY_REASON_MAX_BYTES];

    policy_print_reason(&answer->verdict, reason, sizeof(reason));
    printf("%s: %s: %s\n", answer->listener, answer->verdict.allowed ? "allowed" : "refused", reason);
    if (answer->condition)
        printf("  but allowed if %s\n", answer->condition);
}

static json_t *explanation_json(const struct question *question, const struct answer answers[2])
{
    char sets[80];

    policy_print_sets(question->subject.sets, sets, sizeof(sets));
    return json_pack(
        "{s:s,s:s,s:o,s:o}", "request",
        question->operation ? operation_id(question->operation) : policy_subject_name(&question->subject),
        "sets", sets, answers[0].listener, policy_verdict_json(&answers[0].verdict, answers[0].condition),
        answers[1].listener, policy_verdict_json(&answers[1].verdict, answers[1].condition));
}

static int explain_to(const struct user *user, const struct policies *policies,
                      const struct question *question, bool as_json)
{
    const struct answer answers[] = {
        ask("tcp", policies, &(struct policy_principal){.is_tcp = true, .user = user->id}, question),
        ask("unix_socket", policies,
            &(struct policy_principal){
                .user = user->id, .groups = user->groups, .group_count = (size_t)user->group_count},
            question),
    };

    if (as_json)
        return finish_json(explanation_json(question, answers));
    print_answer(&answers[0]);
    print_answer(&answers[1]);
    return finish(STATUS_GOOD);
}

static int explain(const struct policies *policies, const struct arguments *arguments)
{
    const char *method = arguments->words[1], *path = arguments->words[2];
    struct tb_error err = TB_ERROR_INIT;
    struct question question;
    struct user user;
    int r = find_user(arguments->as, &user, &err);

    if (r == 0)
        r = find_question(method, path, &question, &err);
    if (r < 0)
        return say_usage("policy", "%s", err.message);
    if (r == 1 && arguments->json)
        return finish_json(json_pack("{s:n}", "request"));
    if (r == 1) {
        puts("answered by tbproxyd itself, if only with 404 or 405, whatever the policy");
        return finish(STATUS_GOOD);
    }
    if (!arguments->json)
        print_question(method, &question);
    return explain_to(&user, policies, &question, arguments->json);
}

static int run(const struct arguments *arguments)
{
    const char *word = arguments->word_count > 0 ? arguments->words[0] : "";
    bool is_list = strcmp(word, "list") == 0 && arguments->word_count == 1 && !arguments->as;
    struct tb_error err = TB_ERROR_INIT;
    struct config *config;
    int status;

    if (!is_list && (strcmp(word, "explain") != 0 || arguments->word_count != 3))
        return say_usage("policy", "expected list, or explain METHOD PATH");
    if (config_load(arguments->config ? arguments->config : CONFIG_PATH, NULL, 0, &config, &err) < 0) {
        say("policy: %s", err.message);
        return STATUS_FAILED;
    }
    status = is_list ? list(config->policies, arguments) : explain(config->policies, arguments);
    config_free(config);
    return status;
}

static const char *const options[] = {"as", "config", "json", "help", NULL};

const struct subcommand policy_subcommand = {
    .name = "policy",
    .summary = "show the policies, and whether they allow a request",
    .usage = "Usage: tbproxyctl policy list [--json] [--config FILE]\n"
             "       tbproxyctl policy explain METHOD PATH [--as USER] [--json]\n"
             "                                 [--config FILE]\n"
             "Shows the policies of tbproxyd's configuration, and to whom each applies; or\n"
             "whether they allow a request, over TCP and over the Unix socket, and which line\n"
             "says so.\n"
             "\n"
             "  --as USER        the user who asks, by name or uid; default: one without a\n"
             "                   policy of his own\n"
             "  --json           print JSON; a request that tbproxyd answers itself is null\n"
             "  --config FILE    the configuration; default:\n"
             "                   " CONFIG_PATH "\n",
    .options = options,
    .max_words = 3,
    .run = run,
};
