/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the parameters hold, the target stays one of the operation's, and header lines stay lines. */
#include <stdint.h>
#include <stdlib.h>

#include "../common/small_api.h"
#include "client/parameters.h"
#include "client/url.h"
#include "client/warnings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_target(const struct buf *target)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%/?&=";
    unsigned slashes = 0;
    size_t i;

    if (target->len > URL_TARGET_MAX || strlen(target->data) != target->len || strstr(target->data, "//") ||
        strstr(target->data, "/./") || strstr(target->data, "/../"))
        abort();
    for (i = 0; i < target->len; i++) {
        if (!strchr(allowed, target->data[i]))
            abort();
        slashes += target->data[i] == '/';
    }
    if (slashes < 2 || slashes > 7)
        abort();
}

static void check_headers(const struct headers *headers)
{
    const char *line;

    for (line = headers_next(headers, NULL); line; line = headers_next(headers, line))
        if (strpbrk(line, "\r\n"))
            abort();
}

/* The input: one byte for the operation, then the parameters as JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tb_api *api = small_api();
    struct parameters parameters = {0};
    struct buf target = BUF_INIT(URL_TARGET_MAX);
    struct headers headers = HEADERS_INIT;
    const tb_operation *operation;
    tb_error err = TB_ERROR_INIT;
    struct warnings warnings = {.operation = ""};
    json_t *object;

    if (size < 1)
        return 0;
    operation = &api->operations[data[0] % SMALL_OPERATIONS];
    object = json_loadb((const char *)data + 1, size - 1, JSON_ALLOW_NUL, NULL);
    if (object && parameters_from_object(api, operation, object, &parameters, &err) == 0 &&
        url_build(api, operation, parameters.values, NULL, &target, &headers, &warnings, &err) == 0) {
        check_target(&target);
        check_headers(&headers);
    } else if (object && (err.code == 0 || err.kind != TB_ERROR_USAGE || !*err.message)) {
        abort();
    }
    parameters_free(&parameters);
    json_decref(object);
    buf_free(&target);
    headers_free(&headers);
    tb_error_clear(&err);
    return 0;
}
