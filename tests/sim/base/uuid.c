/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/base/uuid.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/loop.h"

void random_bytes(void *data, size_t length)
{
    size_t done = 0;

    while (done < length) {
        ssize_t n = getrandom((char *)data + done, length - done, 0);

        if (n < 0) {
            perror("tbsim: getrandom");
            exit(1);
        }
        done += (size_t)n;
    }
}

void random_text(char *ret, size_t length)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t i;

    random_bytes(ret, length);
    for (i = 0; i < length; i++)
        ret[i] = set[(unsigned char)ret[i] % (sizeof(set) - 1)];
    ret[length] = '\0';
}

void uuid_time(char ret[UUID_LEN + 1])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last;
    static unsigned char node[8];
    uint64_t t;

    pthread_mutex_lock(&lock);
    if (last == 0)
        random_bytes(node, sizeof(node));
    t = (uint64_t)clock_wall_ms() * 10000 + 0x01b21dd213814000ULL; /* 100 ns since 1582-10-15 */
    if (t <= last)
        t = last + 1;
    last = t;
    snprintf(ret, UUID_LEN + 1, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             (unsigned)(t & 0xffffffff), (unsigned)((t >> 32) & 0xffff),
             (unsigned)((t >> 48) & 0x0fff) | 0x1000U, (unsigned)((node[0] & 0x3f) | 0x80), node[1],
             (unsigned)(node[2] | 1), node[3], node[4], node[5], node[6], node[7]);
    pthread_mutex_unlock(&lock);
}

void uuid_random(char ret[UUID_LEN + 1], uint64_t low48)
{
    unsigned char r[10];

    random_bytes(r, sizeof(r));
    snprintf(ret, UUID_LEN + 1, "%02x%02x%02x%02x-%02x%02x-4%x%02x-%x%x%02x-%012llx", r[0], r[1], r[2], r[3],
             r[4], r[5], r[6] & 0xfU, r[7], (r[8] & 0x3U) | 0x8U, r[6] >> 4, r[9],
             (unsigned long long)(low48 & 0xffffffffffffULL));
}

bool uuid_is_valid(const char *text)
{
    size_t i;

    if (strlen(text) != UUID_LEN)
        return false;
    for (i = 0; i < UUID_LEN; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

        if (hyphen ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}
