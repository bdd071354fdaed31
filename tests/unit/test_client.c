/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {answer_suite,
                                         arena_suite,
                                         backoff_suite,
                                         budget_suite,
                                         budget_pace_suite,
                                         budget_ready_suite,
                                         budget_simulation_suite,
                                         refusals_suite,
                                         check_suite,
                                         codec_memory_suite,
                                         credential_suite,
                                         decode_suite,
                                         edition_suite,
                                         failover_suite,
                                         encode_suite,
                                         exact_suite,
                                         frame_suite,
                                         headers_suite,
                                         json_read_suite,
                                         json_text_suite,
                                         jwt_suite,
                                         limit_suite,
                                         number_suite,
                                         options_suite,
                                         outage_suite,
                                         server_clock_suite,
                                         session_suite,
                                         session_answer_suite,
                                         session_failures_suite,
                                         session_files_suite,
                                         session_refusal_suite,
                                         session_modes_suite,
                                         sink_suite,
                                         stamp_suite,
                                         url_suite,
                                         transport_suite,
                                         websocket_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
