/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread beside those that take signals.
 */
#ifndef TB_BASE_THREAD_H
#define TB_BASE_THREAD_H

#include <pthread.h>

/* As pthread_create() with default attributes, but all signals are blocked in the new thread: they are for
 * the others. 0 or a negative errno. */
int thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
