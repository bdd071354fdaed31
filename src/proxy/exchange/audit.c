/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"

/* What is in no document goes by its method. */
static bool is_write(const struct head *head)
{
    if (head->route.kind != ROUTE_FORWARD && head->route.kind != ROUTE_FORWARD_ANONYMOUS)
        return false;
    if (head->operation)
        return head->operation->sets & SET_WRITE;
    return strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0 &&
           strcmp(head->method, "OPTIONS") != 0;
}

/* Without the query and the token of a device: both can be secret. */
void audit_response(const struct exchange *exchange, int status)
{
    const struct head *head = &exchange->head;
    const struct services *services = exchange->services;
    const char *path = head->target.text.data ? head->target.text.data : "";
    char user[PRINCIPAL_NAME_MAX];

    if (!services->config->log.audit || !head->method || !is_write(head))
        return;
    principal_name(peer_user(exchange->peer), user, sizeof(user));
    log_info("audit: %s %s %s %.*s -> %d, %" PRId64 " ms%s", user,
             head->operation ? operation_id(head->operation) : "-", head->method,
             (int)target_public_length(path, head->target.path_length), path, status,
             services->loop.now_ms - exchange->dispatched_ms,
             exchange->hung_up ? ", the client has hung up" : "");
}
