/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a browser makes of a media type (https://mimesniff.spec.whatwg.org/).
 */
#ifndef TB_HTTP_CONTENT_TYPE_H
#define TB_HTTP_CONTENT_TYPE_H

#include <stdbool.h>

/* Whether a browser that opens a document of TYPE, the value of Content-Type or NULL, may run what is in it:
 * HTML, SVG, XML, and whatever else is not known to be harmless. */
bool content_type_is_active(const char *type);

/* Whether TYPE, which may be NULL, is that of an HTML page. */
bool content_type_is_page(const char *type);

#endif
