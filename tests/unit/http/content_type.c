/* SPDX-License-Identifier: Apache-2.0 */
#include "http/content_type.h"
#include "base/util.h"
#include "unit.h"

static const struct {
    const char *type;
    bool is_active;
} types[] = {
    {"application/json", false},
    {"application/json;charset=UTF-8", false},
    {"Application/JSON ; charset=UTF-8", false},
    {"text/plain", false},
    {"TEXT/PLAIN;charset=UTF-8", false},
    {"text/csv", false},
    {"text/event-stream", false},
    {"application/octet-stream", false},
    {"application/pdf", false},
    {"image/png", false},
    {"image/vnd.microsoft.icon", false},
    {"video/mp4", false},
    {"text/html", true},
    {"Text/HTML;charset=UTF-8", true},
    {"image/svg+xml", true},
    {"IMAGE/SVG+XML", true},
    {"application/xhtml+xml", true},
    {"application/xml", true},
    {"text/xml", true},
    {"text/xsl", true},
    {"application/atom+xml", true},
    {"multipart/x-mixed-replace;boundary=x", true},
    {"application/javascript", true},
    {"text/plainer", true},
    {"application/jsonp", true},
    /* read as another type, or guessed */
    {NULL, true},
    {"", true},
    {" ", true},
    {"text", true},
    {"image", true},
    {"/", true},
    {"*/*", true},
    {"unknown/unknown", true},
    {"text/plain, text/html", true},
    {"image/png,image/svg+xml", true},
    {"image/png;x=,text/html", true},
};

START_TEST(types_that_a_browser_may_run_are_active)
{
    ck_assert_msg(content_type_is_active(types[_i].type) == types[_i].is_active, "%s",
                  types[_i].type ? types[_i].type : "none");
}
END_TEST

UNIT_SUITE(content_type)
{
    TCase *tests;
    Suite *suite = unit_suite_create("content_type", &tests);

    tcase_add_loop_test(tests, types_that_a_browser_may_run_are_active, 0, (int)ARRAY_SIZE(types));
    return suite;
}
