/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A budget on a virtual clock whose calls are accepted or refused as the tests want it.
 */
#ifndef TB_UNIT_REFUSALS_WORLD_H
#define TB_UNIT_REFUSALS_WORLD_H

#include "unit.h"
#include "upstream/budget.h"

#define START_MS  INT64_C(5000)
#define MINUTE_MS INT64_C(60000)
#define CLOSED_MS 1000 /* by each refusal */

/* Operations. */
#define X 7u
#define Y 8u
#define Z 9u

extern struct budget budget;
extern int64_t now_ms;

/* Opens the budget; there is no clock but now_ms. */
void open_budget(const char *limit, bool learn);

/* Whether a call goes now. */
bool goes(uint32_t operation);

/* A call that was sent at SENT_MS is answered now: accepted, or refused, which closes for CLOSED_MS or until
 * UNTIL_MS. */
void accept_call(uint32_t operation, int64_t sent_ms);
void refuse_call_until(uint32_t operation, int64_t sent_ms, int64_t until_ms);
void refuse_call(uint32_t operation, int64_t sent_ms);

/* COUNT calls go and are accepted, a ms each. */
void pass(uint32_t operation, unsigned count);

/* One call goes and is refused a ms later. */
void refuse(uint32_t operation);

/* OPERATION turns out to have a limit of its own: others are granted 20 tokens (refusals.h). */
void find_own_limit(uint32_t operation);

/* A budget that learns, without a limit; Y and Z were accepted just now, so no operation is alone. */
void set_up(void);

/* OPERATION opens after FOR_MS and not before. */
void assert_closed(uint32_t operation, int64_t for_ms);

#endif
