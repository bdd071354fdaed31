/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal that a subcommand has for itself: a text takes the place of the one before, keys arrive at once
 * and unseen. Not thread-safe, because signals are blocked.
 */
#ifndef TB_CTL_SCREEN_H
#define TB_CTL_SCREEN_H

#include <stdbool.h>
#include <termios.h>

struct screen {
    bool is_open;
    bool is_used;        /* something was put on it */
    struct termios mode; /* of the terminal, as it was */
    int signals;         /* a descriptor: those that end or stop the program */
};

/* SCREEN->is_open: if standard input and output are a terminal. */
void screen_open(struct screen *screen);
void screen_close(struct screen *screen);

void screen_put(struct screen *screen, const char *text);

/* To be called if standard input or SCREEN->signals can be read. 1: the user wants to end. Ctrl-Z stops the
 * program meanwhile. */
int screen_input(struct screen *screen);

#endif
