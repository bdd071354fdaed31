/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends a call and prints its answer: what "call", "get", "post", "put" and "delete" share.
 */
#ifndef TB_CTL_SEND_H
#define TB_CTL_SEND_H

#include "client/call.h"
#include "ctl/arguments.h"
#include "ctl/output.h"
#include "ctl/progress.h"

struct sender {
    const struct arguments *arguments;
    const char *name;         /* of the operation or the method, for messages */
    tb_client_options checks; /* of what is sent: warning and no_check */
    tb_client *client;
    struct output output;
    struct progress progress;
    bool passes_on;           /* the answer goes to the output as it comes; else to TEXT */
    bool flushes;             /* each part of it */
    int64_t received, length; /* bytes of the answer; -1: unknown */
    struct buf *text;
};

/* Opens the output and, unless nothing is to be sent, the client. Call sender_end() after an error, too. */
int sender_begin(struct sender *sender, const struct arguments *arguments, const char *name,
                 struct tb_error *err);

/* Sends CALL, or with --dry-run only prints it. The answer is appended to TEXT, in UTF-8, or is in the output
 * already, if it is a download or an event stream. */
int sender_send(struct sender *sender, struct call *call, struct buf *text, struct tb_error *err);

/* Prints the answer TEXT, or what is selected of it. If it MAY_BE_TEXT, it need not be JSON, and a string of
 * JSON is printed without its quotes. */
int sender_print(struct sender *sender, const struct buf *text, bool may_be_text, struct tb_error *err);

/* Completes the output if RESULT, of the functions above, is not an error; else prints ERR. Frees all.
 * Returns the exit status. */
int sender_end(struct sender *sender, int result, struct tb_error *err);

#endif
