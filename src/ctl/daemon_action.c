/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_action.h"

#include "ctl/daemon_page.h"
#include "ctl/message.h"

#define LINE_MAX_BYTES 1024

const char *const action_options[] = {"admin", "help", "json", NULL};

/* After what has changed, if tbproxyd says that. */
static void print_done(const json_t *answer, const char *done)
{
    const json_t *changes = json_object_get(answer, "changes");
    char line[LINE_MAX_BYTES];
    size_t i;

    for (i = 0; i < json_array_size(changes); i++) {
        const char *change = json_string_value(json_array_get(changes, i));

        snprintf(line, sizeof(line), "%s", change ? change : "");
        make_printable(line);
        puts(line);
    }
    puts(done);
}

int daemon_action(const char *subcommand, const char *path, const char *body, const char *done,
                  const struct arguments *arguments)
{
    struct tb_error err = TB_ERROR_INIT;
    struct connection_options way = arguments->connection;
    json_t *answer = NULL;
    long status = 0;
    int r = connection_to_admin(&arguments->connection, &way, &err);

    if (r == 0)
        r = daemon_page_request(&way, path, body, &status, &answer, &err);
    if (r == 0 && (status < 200 || status > 299))
        r = daemon_page_refuse((int)status, answer, &err);
    if (r == 0 && arguments->json)
        status_print_json(answer);
    else if (r == 0)
        print_done(answer, done);
    json_decref(answer);
    return r < 0 ? daemon_page_report(subcommand, &way, &err) : finish(STATUS_GOOD);
}
