/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/exchange/services.h"

const char *services_state(const struct services *services)
{
    const struct upstream *upstream = &services->upstream;

    if (services->draining)
        return "draining";
    return session_state_name(upstream->health.outage.is_on ? SESSION_OFFLINE
                                                            : session_state(upstream->session));
}

const char *services_reason(const struct services *services)
{
    const struct upstream *upstream = &services->upstream;

    return upstream->health.outage.is_on ? upstream->health.outage.reason : session_reason(upstream->session);
}
