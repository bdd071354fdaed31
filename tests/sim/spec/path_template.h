/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of paths, "/api/device/{deviceId}": each variable is one segment. */
#ifndef TB_SIM_PATH_TEMPLATE_H
#define TB_SIM_PATH_TEMPLATE_H

#include "sim/http/servlet_request.h"

/* How a path matches a template. */
struct path_match {
    const char *vars[VARS_MAX]; /* the first variables; they point into the request */
    unsigned literals; /* a bit for each literal segment, the first one highest: greater is more exact */
};

/* Whether the path of the request matches the template. */
bool path_matches(const char *template, const struct request *rq, struct path_match *ret);
/* Whether two templates differ in the names of their variables only. */
bool path_template_equals(const char *a, const char *b);

#endif
