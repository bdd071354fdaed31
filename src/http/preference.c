/* SPDX-License-Identifier: Apache-2.0 */
#include "http/preference.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

/* The end of a list member: a comma outside a quoted string, or the end of TEXT. */
static const char *member_end(const char *text)
{
    bool quoted = false;

    for (; *text && (quoted || *text != ','); text++) {
        if (quoted && *text == '\\' && text[1])
            text++;
        else if (*text == '"')
            quoted = !quoted;
    }
    return text;
}

/* What follows "NAME=" in the list TEXT; NULL if there is no such member. Of several, the first counts in
 * Prefer (RFC 7240, section 2), the last in Priority (RFC 8941, section 4.2.2). */
static const char *member_value(const char *text, const char *name, bool last)
{
    size_t length = strlen(name);
    const char *value = NULL;

    while (*text) {
        const char *end;

        text += strspn(text, BLANKS ",");
        end = text + length;
        if (strncasecmp(text, name, length) == 0) {
            end += strspn(end, BLANKS);
            if (*end == '=')
                value = end + 1 + strspn(end + 1, BLANKS);
        }
        if (value && !last)
            break;
        text = member_end(text);
    }
    return value;
}

/* Whether nothing, a parameter or the next member follows. */
static bool is_end_of_value(const char *text)
{
    text += strspn(text, BLANKS);
    return *text == '\0' || *text == ',' || *text == ';';
}

int preference_urgency(const char *value)
{
    const char *urgency = member_value(value, "u", true);

    return urgency && *urgency >= '0' && *urgency <= '7' && is_end_of_value(urgency + 1) ? *urgency - '0'
                                                                                         : -1;
}

/* It has no value; an empty one is the same (RFC 7240, section 2). */
bool preference_is_async(const char *value)
{
    static const char name[] = "respond-async";
    size_t length = strlen(name);

    while (*value) {
        value += strspn(value, BLANKS ",");
        if (strncasecmp(value, name, length) == 0) {
            const char *end = value + length + strspn(value + length, BLANKS);

            if (*end == '=')
                end += 1 + strspn(end + 1, BLANKS "\"");
            if (is_end_of_value(end))
                return true;
        }
        value = member_end(value);
    }
    return false;
}

int64_t preference_wait_ms(const char *value)
{
    const char *seconds = member_value(value, "wait", false);
    int64_t wait_ms = 0;
    bool quoted = seconds && *seconds == '"';

    if (!seconds)
        return -1;
    seconds += quoted;
    if (!isdigit((unsigned char)*seconds))
        return -1;
    for (; isdigit((unsigned char)*seconds); seconds++)
        if (wait_ms < PREFERENCE_WAIT_MAX_MS)
            wait_ms = 10 * wait_ms + 1000 * (*seconds - '0');
    if (quoted && *seconds++ != '"')
        return -1;
    if (!is_end_of_value(seconds))
        return -1;
    return wait_ms < PREFERENCE_WAIT_MAX_MS ? wait_ms : PREFERENCE_WAIT_MAX_MS;
}

/* RFC 9110, section 12.4.2: "1", "0.5", "0.123". Malformed: 0. */
static int quality_of(const char *text)
{
    int quality = 0, unit = 1000;

    if (*text != '0' && *text != '1')
        return 0;
    quality = (*text++ - '0') * unit;
    if (*text == '.')
        for (text++; unit > 1 && isdigit((unsigned char)*text); text++)
            quality += (*text - '0') * (unit /= 10);
    return is_end_of_value(text) && quality <= 1000 ? quality : 0;
}

/* The quality in the parameters from TEXT to END; 0 also if one contradicts PARAMETER. */
static int parameters_quality(const char *text, const char *end, const char *parameter)
{
    size_t name_length = strcspn(parameter, "=") + 1, length = strlen(parameter);
    int quality = 1000;

    for (; text < end; text += strcspn(text, ";,")) {
        text += strspn(text, BLANKS ";,");
        if (strncasecmp(text, "q=", 2) == 0)
            quality = quality_of(text + 2);
        else if (strncasecmp(text, parameter, name_length) == 0 &&
                 (strncasecmp(text, parameter, length) != 0 || !is_end_of_value(text + length)))
            return 0;
    }
    return quality;
}

int preference_quality(const char *value, const char *type, const char *parameter)
{
    size_t length = strlen(type);
    int best = 0;

    while (*value) {
        const char *end;

        value += strspn(value, BLANKS ",");
        end = member_end(value);
        if (strncasecmp(value, type, length) == 0 && is_end_of_value(value + length)) {
            int quality = parameters_quality(value + length, end, parameter);

            best = quality > best ? quality : best;
        }
        value = end;
    }
    return best;
}
