/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the status page, as local.mk makes them at build time. */
#ifndef TB_PROXY_STATUS_PAGE_FILES_H
#define TB_PROXY_STATUS_PAGE_FILES_H

#include <stddef.h>

extern const unsigned char page_html[], page_css[], page_js[], page_operations[]; /* the last: gzip */
extern const size_t page_html_size, page_css_size, page_js_size, page_operations_size;

#endif
