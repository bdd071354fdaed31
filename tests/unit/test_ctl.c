/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {ctl_names_suite, ctl_value_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
