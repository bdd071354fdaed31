/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a server answers to a login, the session stays in a state that makes sense. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "upstream/retry.h"
#include "upstream/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file that secret_read() takes, made once. */
static const char *password_file(void)
{
    static char path[] = "/tmp/fuzz_session.XXXXXX";
    static int fd = -1;

    if (fd < 0) {
        fd = mkstemp(path);
        if (fd < 0 || write(fd, "secret", 6) != 6)
            abort();
    }
    return path;
}

/* The input: one byte of status, the answer's body, whose beginning is also Retry-After and Location. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 401, 302, 429, 500, 503, 404, 403};
    struct session_options options = {.username = "user", .password.file = password_file()};
    struct tb_error err = TB_ERROR_INIT;
    struct session_reply reply = {.retry_after_ms = -1};
    struct session_call call;
    struct session *session;
    char text[64] = "";

    if (size < 1 || session_new(&options, &session, &err) < 0)
        return 0;
    if (session_next_call(session, 0, &call, &err) < 0)
        abort();
    session_call_free(&call);
    reply.status = statuses[data[0] % ARRAY_SIZE(statuses)];
    reply.body = (const char *)data + 1;
    reply.length = size - 1;
    snprintf(text, sizeof(text), "%.*s", (int)(size - 1 < 60 ? size - 1 : 60), reply.body);
    reply.url = "http://tb.example/prefix";
    reply.location = text;
    reply.retry_after_ms = retry_after_ms(text, 0);
    session_call_done(session, 0, &reply);
    if (session_state(session) == SESSION_READY) {
        if (!session_credential(session, 0) || *session_reason(session) || reply.status != 200)
            abort();
    } else if (!*session_reason(session) || session_credential(session, 0)) {
        abort();
    }
    session_free(session);
    return 0;
}
