/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message by which a WebSocket authenticates: {"authCmd":{"cmdId":0,"token":"<JWT>"}}, perhaps with
 * commands beside it. tbproxyd sends its own and removes those of programs.
 */
#ifndef TB_UPSTREAM_AUTH_COMMAND_H
#define TB_UPSTREAM_AUTH_COMMAND_H

#include "base/buf.h"

enum auth_command {
    AUTH_COMMAND_NONE,    /* the message can pass as it is */
    AUTH_COMMAND_REMOVED, /* what is left, byte for byte, is in OUT */
    AUTH_COMMAND_ALONE,   /* nothing is left */
};

/*
 * Removes the members called authCmd, in any case and spelling, from the outermost object of the message.
 * Returns an enum auth_command or an error: -ENOMEM; -EBADMSG if the message could hold the name and is not
 * JSON (RFC 8259) or is deeper than 2,048 levels, so that the server might read it differently.
 *
 * OUT is not longer than the message. A message that cannot hold the name, because it contains neither its
 * letters nor a \u escape of any letter, passes whatever it is: the server checks it.
 */
int auth_command_remove(const char *text, size_t length, struct buf *out);

/* Appends the message with TOKEN, which must not contain a character that JSON escapes. Returns 0, -EMSGSIZE
 * or -ENOMEM. */
int auth_command_write(const char *token, struct buf *out);

#endif
