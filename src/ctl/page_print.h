/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints one page of a paged list: {"data":[...],"hasNext":true}.
 */
#ifndef TB_CTL_PAGE_PRINT_H
#define TB_CTL_PAGE_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

/* Prints the elements of the page TEXT as part of an array; only blanks may differ from the original. *FIRST
 * is true until the array has begun. Sets *MORE if another page follows. -EBADMSG if TEXT is not a page. */
int page_print(FILE *file, const struct buf *text, bool compact, bool *first, bool *more,
               struct tb_error *err);

#endif
