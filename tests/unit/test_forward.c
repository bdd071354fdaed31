/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {forwarding_suite,          forwarding_repeat_suite,
                                         forwarding_patience_suite, forwarding_simulation_suite,
                                         forwarding_faults_suite,   forwarding_operation_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
