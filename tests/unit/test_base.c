/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {base64url_suite, buf_suite,   error_suite, hash_suite,
                                         list_suite,      log_suite,   loop_suite,  quota_suite,
                                         secret_suite,    timer_suite, utf8_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
