/* SPDX-License-Identifier: Apache-2.0 */
#include "upstream/server_version.h"

#include <jansson.h>
#include <string.h>

#include "base/util.h"
#include "json/json_read.h"

enum question { ASK_WHITE_LABEL, ASK_SIGN_UP, ASK_VERSION, ASK_NOTHING };

static const char *const paths[] = {
    [ASK_WHITE_LABEL] = "/api/noauth/whiteLabel/loginWhiteLabelParams", /* PE and PaaS have it */
    [ASK_SIGN_UP] = "/api/noauth/signup/recaptchaParams",               /* PaaS has it */
    [ASK_VERSION] = "/v3/api-docs/thingsboard",
    [ASK_NOTHING] = NULL,
};

const char *server_version_next_path(const struct server_version *probe)
{
    return paths[probe->next];
}

const char *edition_name(enum edition edition)
{
    static const char *const names[] = {
        [EDITION_UNKNOWN] = NULL, [EDITION_CE] = "CE", [EDITION_PE] = "PE", [EDITION_PAAS] = "PAAS"};

    return names[edition];
}

static const char *skip_blank(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n'))
        text++;
    return text;
}

enum presence { PRESENCE_UNKNOWN, PRESENT, ABSENT };

/* A 404 alone says nothing: the server sends one with the same errorCode for an entity that it does not find,
 * and a proxy in front of it sends one for a path that it does not know. */
static bool says_no_such_path(const char *body, size_t length)
{
    static const char words[] = "No static resource ";
    json_t *error = json_read(body, length, 0, NULL);
    const char *message = json_string_value(json_object_get(error, "message"));
    bool says = message && strncmp(message, words, strlen(words)) == 0;

    json_decref(error);
    return says;
}

/* A good answer is an object, or empty; a page comes from a proxy that answers every path. */
static enum presence presence_of(int status, const char *body, size_t length)
{
    const char *end = body + length;
    const char *first = skip_blank(body, end);

    if (status == 200)
        return first == end || *first == '{' ? PRESENT : PRESENCE_UNKNOWN;
    return status == 404 && says_no_such_path(body, length) ? ABSENT : PRESENCE_UNKNOWN;
}

void server_version_answer(struct server_version *probe, int status, const char *body, size_t length)
{
    enum presence presence = presence_of(status, body, length);

    switch ((enum question)probe->next) {
    case ASK_WHITE_LABEL:
        if (presence == ABSENT)
            probe->edition = EDITION_CE;
        probe->next = presence == PRESENT ? ASK_SIGN_UP : ASK_VERSION;
        return;
    case ASK_SIGN_UP:
        if (presence != PRESENCE_UNKNOWN)
            probe->edition = presence == PRESENT ? EDITION_PAAS : EDITION_PE;
        probe->next = ASK_VERSION;
        return;
    case ASK_VERSION:
        if (status == 200)
            server_version_find(body, length, probe->version);
        probe->next = ASK_NOTHING;
        return;
    case ASK_NOTHING:
        return;
    }
}

bool server_version_ask_again(struct server_version *probe)
{
    if (probe->edition != EDITION_UNKNOWN && *probe->version)
        return false;
    probe->next = probe->edition == EDITION_UNKNOWN ? ASK_WHITE_LABEL : ASK_VERSION;
    return true;
}

int64_t server_version_retry_delay_ms(unsigned retry)
{
    static const int64_t minutes[SERVER_VERSION_RETRIES] = {1, 5, 30};

    return minutes[retry] * 60000;
}

/* The text of a JSON string, without its quotes and with its escapes as they are. */
struct text {
    const char *data;
    size_t length;
};

static bool text_is(struct text text, const char *wanted)
{
    return text.length == strlen(wanted) && memcmp(text.data, wanted, text.length) == 0;
}

/* Reads the string whose first quote is at TEXT. Returns what follows it, or NULL if it does not end. */
static const char *read_text(const char *text, const char *end, struct text *ret)
{
    const char *c;

    for (c = text + 1; c < end; c++) {
        if (*c == '"') {
            *ret = (struct text){text + 1, (size_t)(c - text - 1)};
            return c + 1;
        }
        if (*c == '\\')
            c++;
    }
    return NULL;
}

/* The version goes to the log and to programs: only letters, digits and a few signs, a digit first. */
static bool take_version(struct text text, char ret[SERVER_VERSION_TEXT_MAX])
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_+";
    size_t i;

    if (text.length == 0 || text.length >= SERVER_VERSION_TEXT_MAX || *text.data < '0' || *text.data > '9')
        return false;
    for (i = 0; i < text.length; i++)
        if (!memchr(allowed, text.data[i], strlen(allowed)))
            return false;
    memcpy(ret, text.data, text.length);
    ret[text.length] = '\0';
    return true;
}

/* Where the scanner is. jansson cannot read the text, because it is cut; depth is a number, not a recursion.
 */
struct scan {
    size_t depth;
    bool in_info;    /* inside the object "info" of the outermost object */
    struct text key; /* whose value comes next; empty: none */
};

/* A bracket or a comma. Returns whether the version may still come. */
static bool scan_sign(struct scan *scan, char sign)
{
    struct text key = scan->key;

    scan->key = (struct text){"", 0};
    if (sign == '{' || sign == '[') {
        if (sign == '{' && scan->depth == 1 && text_is(key, "info"))
            scan->in_info = true;
        scan->depth++;
    } else if (sign == '}' || sign == ']') {
        if (scan->depth <= 1)
            return false;
        scan->depth--;
        return !(scan->in_info && scan->depth == 1);
    }
    return true;
}

bool server_version_find(const char *text, size_t length, char ret[SERVER_VERSION_TEXT_MAX])
{
    struct scan scan = {.key = {"", 0}};
    const char *end = text + length;

    for (text = skip_blank(text, end); text < end; text = skip_blank(text, end)) {
        struct text string;

        if (*text != '"') {
            if (scan.depth == 0 && *text != '{')
                return false;
            if (!scan_sign(&scan, *text++))
                return false;
            continue;
        }
        text = read_text(text, end, &string);
        if (scan.depth == 0 || !text)
            return false;
        if (scan.in_info && scan.depth == 2 && text_is(scan.key, "version"))
            return take_version(string, ret);
        text = skip_blank(text, end);
        scan.key = (struct text){"", 0};
        if (text < end && *text == ':') {
            scan.key = string;
            text++;
        }
    }
    return false;
}
