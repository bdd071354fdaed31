/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One page of a list that the server gives in pages: {"data":[...],"hasNext":true}.
 */
#ifndef TB_CTL_PAGE_PRINT_H
#define TB_CTL_PAGE_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

/* Prints the elements of the page that TEXT is as part of one array, of which *FIRST says whether it has yet
 * to begin; byte for byte but for blanks. *MORE: another page follows. -EBADMSG: it is no page. */
int page_print(FILE *file, const struct buf *text, bool compact, bool *first, bool *more,
               struct tb_error *err);

#endif
