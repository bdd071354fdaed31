/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/state/injected_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/memory.h"
#include "sim/json/java_json.h"

enum {
    FAULTS_MAX = 1000,
};

static enum fault_kind kind_of(const char *name)
{
    static const char *const names[] = {
        [FAULT_DELAY] = "delay", [FAULT_HOLD] = "hold",   [FAULT_STATUS] = "status",
        [FAULT_RESET] = "reset", [FAULT_CLOSE] = "close", [FAULT_HALF] = "half",
    };

    for (size_t i = FAULT_DELAY; i < ARRAY_SIZE(names); i++) {
        if (streq(name, names[i]))
            return (enum fault_kind)i;
    }
    return FAULT_NONE;
}

static char *copy(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

/* "retryAfter": "2" or 2 */
static char *copy_text(const json_t *v)
{
    if (json_is_integer(v))
        return xasprintf("%lld", (long long)json_integer_value(v));
    return copy(json_string_value(v));
}

int faults_add(struct faults *faults, const json_t *d)
{
    const char *path = json_str(d, "path");
    struct fault f = {
        .kind = kind_of(json_str(d, "kind")),
        .ms = json_int(d, "ms", 0),
        .status = (int)json_int(d, "status", 503),
        .executed = json_is_true(json_object_get(d, "executed")),
        .count = json_int(d, "count", 1),
        .skip = json_int(d, "skip", 0),
        .chance = json_int(d, "chance", 100),
    };

    if (f.kind == FAULT_NONE || faults->n == FAULTS_MAX || f.status < 200 || f.status > 599 || f.ms < 0 ||
        f.ms > 3600000 || f.count < 0 || f.skip < 0 || f.chance < 1 || f.chance > 100)
        return -EINVAL;
    f.method = copy(json_str(d, "method"));
    f.path = xstrdup(path ? path : "/");
    f.retry_after = copy_text(json_object_get(d, "retryAfter"));
    f.body = copy(json_str(d, "body"));
    f.location = copy(json_str(d, "location"));
    f.has = copy(json_str(d, "has"));
    faults->list = xrealloc(faults->list, faults->n + 1, sizeof(*faults->list));
    faults->list[faults->n++] = f;
    return 0;
}

void fault_free(struct fault *f)
{
    free(f->method);
    free(f->path);
    free(f->retry_after);
    free(f->body);
    free(f->location);
    free(f->has);
    *f = (struct fault){};
}

void faults_keep(struct faults *faults, size_t n)
{
    while (faults->n > n)
        fault_free(&faults->list[--faults->n]);
}

void faults_clear(struct faults *faults)
{
    faults_keep(faults, 0);
    free(faults->list);
    *faults = (struct faults){.random = faults->random};
}

/* The caller's copy of a fault; the last use takes the fault itself out of the list. */
static void use(struct faults *faults, size_t i, struct fault *ret)
{
    struct fault *f = &faults->list[i];

    *ret = *f;
    if (f->count == 1) {
        faults->n--;
        memmove(f, f + 1, (faults->n - i) * sizeof(*f));
        return;
    }
    ret->method = copy(f->method);
    ret->path = copy(f->path);
    ret->retry_after = copy(f->retry_after);
    ret->body = copy(f->body);
    ret->location = copy(f->location);
    ret->has = copy(f->has);
    if (f->count > 0)
        f->count--;
}

bool is_server_probe(const char *target)
{
    static const char *const probes[] = {"/api/noauth/whiteLabel/loginWhiteLabelParams",
                                         "/api/noauth/signup/recaptchaParams", "/v3/api-docs/thingsboard"};

    for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
        if (streq(target, probes[i]))
            return true;
    }
    return false;
}

static bool matches(const struct fault *f, const struct fault_request *r)
{
    return (!f->method || streq(f->method, r->method)) && starts_with(r->target, f->path) &&
           (!is_server_probe(r->target) || is_server_probe(f->path)) &&
           (!f->has || (r->body && memmem(r->body, r->body_length, f->has, strlen(f->has))));
}

/* Knuth's constants for MMIX. */
static bool hits(struct faults *faults, const struct fault *f)
{
    faults->random = faults->random * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((faults->random >> 33) % 100) < f->chance;
}

bool faults_match(struct faults *faults, const struct fault_request *request, struct fault *ret)
{
    for (size_t i = 0; i < faults->n; i++) {
        struct fault *f = &faults->list[i];

        if (!matches(f, request) || !hits(faults, f))
            continue;
        if (f->skip > 0) {
            f->skip--;
            continue;
        }
        use(faults, i, ret);
        return true;
    }
    return false;
}
