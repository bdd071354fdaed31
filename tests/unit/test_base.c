/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {frame_suite,  headers_suite,   json_read_suite,  json_text_suite,
                                         number_suite, base64url_suite, buf_suite,        error_suite,
                                         hash_suite,   list_suite,      log_suite,        loop_suite,
                                         quota_suite,  secret_suite,    timer_suite,      utf8_suite,
                                         filter_suite, origin_suite,    preference_suite, target_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
