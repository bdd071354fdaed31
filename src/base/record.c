/* SPDX-License-Identifier: Apache-2.0 */
#include "base/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int record_put_text(struct buf *out, const char *text)
{
    return buf_append(out, text, strlen(text) + 1);
}

int record_put_number(struct buf *out, int64_t number)
{
    int r = buf_append_format(out, "%" PRId64, number);

    return r < 0 ? r : buf_append(out, "", 1);
}

const char *record_text(struct record_reader *reader)
{
    const char *text = reader->at;
    const char *end = text < reader->end ? memchr(text, '\0', (size_t)(reader->end - text)) : NULL;

    if (!end || reader->failed) {
        reader->failed = true;
        return "";
    }
    reader->at = end + 1;
    return text;
}

int64_t record_number(struct record_reader *reader)
{
    return strtoll(record_text(reader), NULL, 10);
}
