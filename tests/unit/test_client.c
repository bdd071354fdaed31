/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {
        backoff_suite, credential_suite,       headers_suite,         jwt_suite,          server_clock_suite,
        session_suite, session_failures_suite, session_refusal_suite, session_modes_suite,
        stamp_suite, answer_suite, options_suite, sink_suite, url_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
