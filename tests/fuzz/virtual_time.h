/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time for a whole program in one process: all clocks but CLOCK_REALTIME stand still while anything can be
 * done, also for libraries. When the program's loop would sleep, it is asked what happens next. Sockets
 * must be Unix sockets: a packet on loopback may come later than an event is looked for. Link with
 * --wrap=epoll_wait and
 * --wrap=clock_wall_ms.
 */
#ifndef TB_TESTS_VIRTUAL_TIME_H
#define TB_TESTS_VIRTUAL_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Time starts again at the same value. IDLE is called when the loop would sleep for MAX_MS at most, -1: until
 * an event. It returns how many of them pass, or -1 if it has done something that may be an event. */
void virtual_time_begin(int64_t (*idle)(int64_t max_ms));

/* The loop really waits from now on. */
void virtual_time_end(void);

int64_t virtual_time_ms(void);

#endif
