/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors of the library: a kind beside code and message.
 */
#ifndef TB_CLIENT_FAILURE_H
#define TB_CLIENT_FAILURE_H

#include "base/error.h"

/* Sets ERR, which may be NULL, and is CODE. */
#define FAIL(err, error_kind, code, ...)                                                                     \
    ({                                                                                                       \
        if (err)                                                                                             \
            (err)->kind = (error_kind);                                                                      \
        tb_error_set((err), (code), __VA_ARGS__);                                                            \
    })

#define FAIL_MEMORY(err) FAIL((err), TB_ERROR_SYSTEM, -ENOMEM, "out of memory")

#endif
