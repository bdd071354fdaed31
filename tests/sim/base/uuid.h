/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers and random text. All functions end the program if the kernel has no random bytes. */
#ifndef TB_SIM_UUID_H
#define TB_SIM_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UUID_LEN 36
/* The id for "none": EntityId.NULL_UUID. */
#define NULL_UUID "13814000-1dd2-11b2-8080-808080808080"

/* A time-based UUID (version 1), as ThingsBoard gives entities; unique within the process. Thread-safe. */
void uuid_time(char ret[UUID_LEN + 1]);
/* A random UUID (version 4) whose last 48 bits are given: sessions keep a serial number there. */
void uuid_random(char ret[UUID_LEN + 1], uint64_t low48);
/* Hyphenated hexadecimal digits, as java.util.UUID prints them, in either case. */
bool uuid_is_valid(const char *text);

void random_bytes(void *data, size_t length);
/* LENGTH characters of [A-Za-z0-9] and a NUL. */
void random_text(char *ret, size_t length);

#endif
