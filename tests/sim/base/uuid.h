/* SPDX-License-Identifier: Apache-2.0 */
/* Time and identifiers: the server's clock (which a test may set off), UUIDs, random text. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define UUID_LEN 36
/* The id that stands for "none": EntityId.NULL_UUID. */
#define NULL_UUID "13814000-1dd2-11b2-8080-808080808080"

int64_t clock_real_ms(void);
int64_t clock_monotonic_ns(void);

/* RFC 9110 date of a clock in ms; ret holds at least 30 bytes. */
void clock_http_date(int64_t ms, char *ret, size_t n);

/* A time-based UUID (version 1), as ThingsBoard gives entities; unique within the process. */
void uuid_time(char ret[UUID_LEN + 1]);
/* A random UUID (version 4) whose last 48 bits are given: sessions carry a serial there. */
void uuid_random(char ret[UUID_LEN + 1], uint64_t low48);
/* Hyphenated hexadecimal form, as java.util.UUID prints it (either case). */
int uuid_is_valid(const char *s);

void random_bytes(void *p, size_t n);
/* n characters of [A-Za-z0-9] and a NUL. */
void random_text(char *ret, size_t n);
