/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/header_room.h"

#include <string.h>
#include <strings.h>

#define ENTRY_BYTES 64 /* of libmicrohttpd's entry for each line of a header, and for each cookie */

#define LINE_BYTES 4 /* a colon, a blank, CR and LF */

/* Status line, Date, Connection, Keep-Alive, Content-Length or Transfer-Encoding, the empty line. */
#define OWN_LINES_BYTES 512

/* header_size has the text of all header lines. Trailers come later, and cookies are copied. */
static enum MHD_Result header_room_add_entry(void *arg, enum MHD_ValueKind kind, const char *name,
                                             size_t name_size, const char *value, size_t value_size)
{
    size_t *used = arg;

    (void)value;
    *used += ENTRY_BYTES;
    if (kind == MHD_FOOTER_KIND)
        *used += name_size + value_size + LINE_BYTES;
    if (kind == MHD_HEADER_KIND && strcasecmp(name, MHD_HTTP_HEADER_COOKIE) == 0)
        *used += value_size + 1;
    return MHD_YES;
}

size_t header_room(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t used = info ? info->header_size : 0;

    MHD_get_connection_values_n(connection, MHD_HEADER_KIND | MHD_COOKIE_KIND | MHD_FOOTER_KIND,
                                header_room_add_entry, &used);
    return used < CONNECTION_MEMORY_BYTES ? CONNECTION_MEMORY_BYTES - used : 0;
}

static enum MHD_Result header_room_add_line(void *arg, enum MHD_ValueKind kind, const char *name,
                                            const char *value)
{
    size_t *needed = arg;

    (void)kind;
    *needed += strlen(name) + strlen(value) + LINE_BYTES;
    return MHD_YES;
}

size_t header_room_needed(struct MHD_Response *response)
{
    size_t needed = OWN_LINES_BYTES;

    MHD_get_response_headers(response, header_room_add_line, &needed);
    return needed;
}
