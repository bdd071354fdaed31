/* SPDX-License-Identifier: Apache-2.0 */
#include "base/util.h"
#include "unit.h"

int main(void)
{
    static unit_suite *const suites[] = {answer_suite, arena_suite,  check_suite, codec_memory_suite,
                                         decode_suite, encode_suite, exact_suite, options_suite,
                                         sink_suite,   url_suite};

    return unit_run(suites, ARRAY_SIZE(suites));
}
