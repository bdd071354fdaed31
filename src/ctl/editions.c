/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/catalog.h"

/* Only the tables are needed: the headers of the three editions are not made to be included together. */
extern const tb_api TB_API_CE, TB_API_PE, TB_API_PAAS;

const struct edition editions[EDITION_COUNT] = {
    {"ce", "CE", &TB_API_CE},
    {"pe", "PE", &TB_API_PE},
    {"paas", "PaaS", &TB_API_PAAS},
};
