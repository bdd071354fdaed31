/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tbproxyd asks the hostile server, read strictly, and answers to it.
 */
#ifndef TB_TESTS_HOSTILE_ASKED_H
#define TB_TESTS_HOSTILE_ASKED_H

#include "hostile_server.h"

/* Reads the requests that have come on SERVED: each is complete HTTP that can be read in one way, and over
 * HTTP/1.1 none comes before the one before it was answered. */
void asked_read(struct served *served);

/* Over HTTP/2. */
void asked_read_frames(struct served *served);

/* Notes the mark in TEXT, of LENGTH bytes, unless one was found before. */
void asked_find_mark(struct asked *asked, const char *text, size_t length);

/* Answers as ThingsBoard does if tbproxyd asks for itself; else returns false. */
bool asked_give_own(struct served *served, struct asked *asked, const struct buf *token);

/* Answers with the mark of the request. */
void asked_give(struct served *served, struct asked *asked, const struct server_answer *answer);

#endif
