/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/daemon_action.h"

#include "ctl/daemon_page.h"
#include "ctl/message.h"

const char *const action_options[] = {"admin", "help", "json", NULL};

static void print_message(const json_t *answer, const char *done)
{
    const char *message = json_string_value(json_object_get(answer, "message"));

    puts(message ? message : done);
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
        print_message(answer, done);
    json_decref(answer);
    return r < 0 ? daemon_page_report(subcommand, &way, &err) : finish(STATUS_GOOD);
}
