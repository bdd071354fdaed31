/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message by which a WebSocket authenticates: {"authCmd":{"cmdId":0,"token":"<JWT>"}}, perhaps with
 * commands beside it. tbproxyd sends its own; those of the programs are taken out.
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
 * Takes the members called authCmd, in whatever case and spelling, off the message's outermost object.
 * Returns an enum auth_command or an error: -ENOMEM; -EBADMSG where the message is no JSON (RFC 8259), or
 * deeper than 2,048 levels, and could hold the name, so that the server might read it in another way.
 *
 * OUT is not longer than the message. One that cannot hold the name, because neither its letters nor a \u
 * escape of any letter are in it, passes whatever it is: the server says what it thinks of it.
 */
int auth_command_remove(const char *text, size_t length, struct buf *out);

/* Appends the message with TOKEN, which must have no character that JSON escapes. 0, -EMSGSIZE, -ENOMEM. */
int auth_command_write(const char *token, struct buf *out);

#endif
