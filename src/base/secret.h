/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords, keys and tokens come from files only: a systemd credential, or a file that only its owner can
 * read.
 */
#ifndef TB_BASE_SECRET_H
#define TB_BASE_SECRET_H

#include <stdbool.h>

#include "base/error.h"

#define SECRET_MAX_BYTES 16384 /* longest secret: a JWT with many claims has a few kilobytes */

/*
 * Reads the secret in the file PATH, without the line end that an editor puts behind it and the byte order
 * mark that it may put before it. A PATH without a slash is the name of a systemd credential, in
 * $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential=). Elsewhere a file that group or others can read
 * is refused.
 *
 * On success *RET is a string that the caller frees with free_secret(). Errors: -ENOENT, -EACCES and others
 * of open(2); -EPERM for loose permissions; -EINVAL for an empty, too long or binary file.
 */
int secret_read(const char *path, char **ret, struct tb_error *err);

/* The three steps of it: a descriptor; whether only the owner can read it; what it holds. */
int secret_open(const char *path, struct tb_error *err);
int secret_check_mode(int fd, const char *path, struct tb_error *err);
int secret_take(int fd, const char *path, char **ret, struct tb_error *err);

/* Whether the LENGTH bytes at TEXT can be a secret, and what that is for a message. */
bool secret_is_text(const char *text, size_t length);
#define SECRET_TEXT "one line of text in UTF-8, at most 16 KiB"

/* Whether PATH is the name of a systemd credential. systemd copies it when the service starts. */
bool secret_is_credential(const char *path);

#endif
