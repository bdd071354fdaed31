/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads passwords, keys and tokens. They come only from files: a systemd credential, or a file that nobody
 * but its owner can read.
 */
#ifndef TB_BASE_SECRET_H
#define TB_BASE_SECRET_H

#include <stdbool.h>

#include "base/error.h"

#define SECRET_MAX_BYTES 16384 /* a JWT with many claims has a few kilobytes */

/*
 * Reads the secret in the file PATH, without a line end after it or a byte order mark before it. A PATH
 * without a slash is the name of a systemd credential in $CREDENTIALS_DIRECTORY (systemd.exec(5),
 * LoadCredential=). Any other file is refused if its group or others can read it.
 *
 * On success *RET is a string that the caller frees with free_secret(). Errors: -ENOENT, -EACCES and others
 * of open(2) and read(2); -EPERM for the file's mode; -EINVAL if the file is empty, too long or not text;
 * -ENOMEM.
 */
int secret_read(const char *path, char **ret, struct tb_error *err);

/* The three steps of secret_read(): opens the file and returns its descriptor; checks its mode; reads it. */
int secret_open(const char *path, struct tb_error *err);
int secret_check_mode(int fd, const char *path, struct tb_error *err);
int secret_take(int fd, const char *path, char **ret, struct tb_error *err);

#define SECRET_TEXT "one line of text in UTF-8, at most 16 KiB"

/* Whether the LENGTH bytes at TEXT are that, so that they can be a secret. */
bool secret_is_text(const char *text, size_t length);

/* Whether PATH is the name of a systemd credential, of which systemd makes a copy when the service starts. */
bool secret_is_credential(const char *path);

#endif
