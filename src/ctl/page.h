/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of a list: {"data":[...],"totalElements":25,"hasNext":true}. Which page is asked for is in the
 * parameters page and pageSize, or in the member pageLink of the body.
 */
#ifndef TB_CTL_PAGE_H
#define TB_CTL_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <tbclient/table.h>

#include "base/buf.h"
#include "base/error.h"
#include "json/json_text.h"

struct page {
    struct json_part data; /* the array */
    size_t count;          /* of its elements */
    int64_t total;         /* elements of all pages; -1: the server does not say */
    bool has_next;
};

/* Reads the answer TEXT, which RET points into. -EBADMSG if it is not a page. */
int page_read(const struct buf *text, struct page *ret, struct tb_error *err);

/* The object in which OPERATION looks for page and pageSize: PARAMETERS, or pageLink in *BODY, which is made
 * if necessary. Borrowed. NULL with a message if it is not paged. */
json_t *page_link(const tb_api *api, const tb_operation *operation, json_t *parameters, json_t **body,
                  struct tb_error *err);

#endif
