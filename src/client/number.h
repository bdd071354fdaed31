/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole numbers in JSON: 3, and 3.0 and 3e0 too.
 */
#ifndef TB_CLIENT_NUMBER_H
#define TB_CLIENT_NUMBER_H

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

#define NUMBER_OUT_OF_RANGE "the number is not between %" PRId64 " and %" PRId64

/* -EBADMSG: VALUE is no whole number; -ERANGE: it is not between MIN and MAX. */
static inline int number_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret)
{
    double real = json_real_value(value);
    int64_t number;

    if (json_is_integer(value)) {
        number = json_integer_value(value);
    } else {
        if (!json_is_real(value))
            return -EBADMSG;
        /* 2^63 is the first that is too large; beyond it, all are whole */
        if (!(real >= -0x1p63 && real < 0x1p63))
            return -ERANGE;
        number = (int64_t)real;
        if ((double)number != real)
            return -EBADMSG;
    }
    if (number < min || number > max)
        return -ERANGE;
    *ret = number;
    return 0;
}

#endif
