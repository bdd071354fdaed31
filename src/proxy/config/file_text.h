/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a configuration file, checked for mistakes that libconfig does not report.
 */
#ifndef TB_PROXY_CONFIG_FILE_TEXT_H
#define TB_PROXY_CONFIG_FILE_TEXT_H

#include "base/buf.h"
#include "base/error.h"

#define FILE_TEXT_MAX_BYTES (1024 * 1024)

/* The second "upstream" section of a file is renamed "upstream*2", because libconfig accepts a name only
 * once. */
#define FILE_TEXT_REPEAT_MARK "*"

struct mistakes;

/* Reads the file PATH into TEXT, an empty buffer of FILE_TEXT_MAX_BYTES, without a byte order mark and with
 * repeated sections renamed. Errors: those of open(2) and read(2); -EMSGSIZE; -ENOMEM; -EINVAL for a NUL
 * byte, for a number of more than 32 bits without the suffix L (libconfig would cut it), and for a comment or
 * string that does not end (libconfig would ignore the rest of the file). */
int file_text_read(const char *path, struct buf *text, struct mistakes *mistakes, struct tb_error *err);

#endif
