/* SPDX-License-Identifier: Apache-2.0 */
/* Time and identifiers. */
#include "sim/base/uuid.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

int64_t clock_real_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_monotonic_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void clock_http_date(int64_t ms, char *ret, size_t n)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t t = (time_t)(ms / 1000);
    struct tm tm = {};

    if (!gmtime_r(&t, &tm))
        t = 0;
    snprintf(ret, n, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

void random_bytes(void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t r = getrandom((char *)p + done, n - done, 0);

        if (r < 0) {
            perror("tbsim: getrandom");
            exit(1);
        }
        done += (size_t)r;
    }
}

void random_text(char *ret, size_t n)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    random_bytes(ret, n);
    for (size_t i = 0; i < n; i++)
        ret[i] = set[(unsigned char)ret[i] % (sizeof set - 1)];
    ret[n] = '\0';
}

void uuid_time(char ret[UUID_LEN + 1])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static uint64_t last;
    static unsigned char node[8];

    pthread_mutex_lock(&lock);
    if (last == 0)
        random_bytes(node, sizeof node);
    /* 100 ns since 1582-10-15 */
    uint64_t t = (uint64_t)clock_real_ms() * 10000 + 0x01b21dd213814000ULL;
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

    random_bytes(r, sizeof r);
    snprintf(ret, UUID_LEN + 1, "%02x%02x%02x%02x-%02x%02x-4%x%02x-%x%x%02x-%012llx", r[0], r[1], r[2], r[3],
             r[4], r[5], r[6] & 0xfU, r[7], (r[8] & 0x3U) | 0x8U, r[6] >> 4, r[9],
             (unsigned long long)(low48 & 0xffffffffffffULL));
}

int uuid_is_valid(const char *s)
{
    if (strlen(s) != UUID_LEN)
        return 0;
    for (size_t i = 0; i < UUID_LEN; i++) {
        int hyphen = i == 8 || i == 13 || i == 18 || i == 23;

        if (hyphen ? s[i] != '-' : !isxdigit((unsigned char)s[i]))
            return 0;
    }
    return 1;
}
