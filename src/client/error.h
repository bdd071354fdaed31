/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the library: tb_error_set() with a kind.
 */
#ifndef TB_CLIENT_FAILURE_H
#define TB_CLIENT_FAILURE_H

#include "base/error.h"

/* Sets ERR, which may be NULL. The value of the expression is CODE. */
#define FAIL(err, error_kind, code, ...)                                                                     \
    ({                                                                                                       \
        if (err)                                                                                             \
            (err)->kind = (error_kind);                                                                      \
        tb_error_set((err), (code), __VA_ARGS__);                                                            \
    })

#define FAIL_MEMORY(err) FAIL((err), TB_ERROR_SYSTEM, -ENOMEM, "out of memory")

#endif
