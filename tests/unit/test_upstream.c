/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {backoff_suite,
                                         budget_suite,
                                         budget_pace_suite,
                                         budget_ready_suite,
                                         budget_simulation_suite,
                                         refusals_suite,
                                         credential_suite,
                                         edition_suite,
                                         failover_suite,
                                         jwt_suite,
                                         limit_suite,
                                         outage_suite,
                                         server_clock_suite,
                                         session_suite,
                                         session_answer_suite,
                                         session_failures_suite,
                                         session_files_suite,
                                         session_refusal_suite,
                                         session_modes_suite,
                                         stamp_suite,
                                         transport_suite,
                                         websocket_suite,
                                         detection_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
