/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/spool/spool_obstacle.h"

#include <string.h>

#include "http/field_line.h"
#include "proxy/spool/spool_batch.h"
#include "proxy/spool/spool_boot.h"
#include "proxy/spool/spool_origin.h"
#include "proxy/spool/spool_write.h"

static bool is_one_line(const char *text)
{
    return field_text_is_valid(text, text + strlen(text));
}

/* Whatever is in the file, no other call is made with the session's login. */
static bool is_write(const struct spool_row *lead)
{
    const struct operation *operation = spool_batch_operation(lead);
    enum spool_kind kind = spool_write_read(operation, lead->target, strcspn(lead->target, "?")).kind;

    return (kind == SPOOL_TELEMETRY || kind == SPOOL_ATTRIBUTES) && is_one_line(lead->target) &&
           !strpbrk(lead->target, " \t") && is_one_line(lead->content_type);
}

const char *spool_obstacle(const struct upstream *upstream, const struct spool_row *lead)
{
    if (!is_write(lead))
        return "it is not a write of telemetry or attributes: the file has been changed";
    if (lead->is_damaged)
        return "the disk has changed it";
    if (lead->boot_id && strcmp(lead->boot_id, spool_boot_id()) != 0)
        return "the time is not known: it was written before a restart of the host, whose clock was not set";
    return spool_origin_differs(upstream, lead->server_url, lead->tenant);
}
