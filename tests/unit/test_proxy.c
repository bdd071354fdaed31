/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {call_timeout_suite,
                                         config_check_suite,
                                         config_files_suite,
                                         config_help_suite,
                                         config_mistake_suite,
                                         config_suite,
                                         descriptors_suite,
                                         frame_filter_suite,
                                         gate_suite,
                                         listening_socket_suite,
                                         merge_random_suite,
                                         merge_suite,
                                         metrics_suite,
                                         operation_suite,
                                         queue_operation_suite,
                                         queue_random_suite,
                                         queue_suite,
                                         route_suite,
                                         router_suite,
                                         subscription_request_suite,
                                         update_suite,
                                         urgency_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
