/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include "base/util.h"
#include "known_options.h"
#include "proxy/config/values.h"

#define URL "upstream.url=http://tb.example"
#define KEY "upstream.api_key_file=/key"

/* Checks that an empty file with SETTINGS is accepted, or refused with a message that contains WORD. */
static void assert_check(char *const *settings, bool right, const char *word)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    int r = options_load("", settings, &config, &err);

    ck_assert_msg(r == (right ? 0 : -EINVAL), "%s gives %d: %s", settings[0], r, err.message);
    if (!right)
        ck_assert_msg(strstr(err.message, word) != NULL, "\"%s\" does not say %s", err.message, word);
    config_free(config);
}

/* The same for a valid configuration with one option changed. */
static void assert_option(const char *name, const char *value, bool right)
{
    char setting[300];

    snprintf(setting, sizeof(setting), "%s=%s", name, value);
    assert_check(SETTINGS(setting, URL, KEY), right, name);
}

START_TEST(the_spool_has_its_rules)
{
    assert_option("spool.status", "202", true);
    assert_option("spool.status", "200", true);
    assert_option("spool.status", "201", false);
    assert_option("spool.directory", "/var/spool/tb", true);
    assert_option("spool.directory", "spool", false);
    assert_check(SETTINGS("limits.max_kept_body_bytes=262143", URL, KEY), true, NULL);
    assert_check(SETTINGS("limits.max_kept_body_bytes=262143", "spool.mode=outage", URL, KEY), false,
                 "spool.max_body_bytes");
    assert_check(SETTINGS("limits.max_kept_body_bytes=262144", "spool.mode=outage", URL, KEY), true, NULL);
}
END_TEST

START_TEST(exactly_one_way_to_authenticate)
{
    assert_check(SETTINGS(URL, KEY), true, NULL);
    assert_check(SETTINGS(URL, "upstream.username=u", "upstream.password_file=/p"), true, NULL);
    assert_check(SETTINGS(URL, "upstream.token_file=/t"), true, NULL);
    assert_check(SETTINGS(URL, "upstream.token_file=/t", "upstream.refresh_token_file=/r"), true, NULL);
    assert_check(SETTINGS(URL), false, "upstream.api_key_file");
    assert_check(SETTINGS(URL, "upstream.username=u"), false, "upstream.password_file");
    assert_check(SETTINGS(URL, "upstream.username=m\xfcller", "upstream.password_file=/p"), false, "UTF-8");
    assert_check(SETTINGS(URL, "upstream.password_file=/p"), false, "upstream.username");
    assert_check(SETTINGS(URL, "upstream.refresh_token_file=/r"), false, "upstream.token_file");
    assert_check(SETTINGS(URL, KEY, "upstream.username=u", "upstream.password_file=/p"), false,
                 "upstream.api_key_file");
    assert_check(SETTINGS(URL, KEY, "upstream.token_file=/t"), false, "upstream.api_key_file");
    assert_check(SETTINGS(URL, "upstream.token_file=/t", "upstream.username=u"), false,
                 "upstream.token_file");
}
END_TEST

static const struct {
    const char *url;
    bool right;
} urls[] = {
    {"http://localhost", true},
    {"http://localhost:8080", true},
    {"https://thingsboard.cloud", true},
    {"https://thingsboard.cloud/", true},
    {"http://10.0.0.1:9090/tb", true},
    {"http://[2001:db8::1]:8080/tb/", true},
    {"", false},
    {"localhost:x", false},
    {"ftp://host", false},
    {"file:///etc/passwd", false},
    {"http://", false},
    {"http://host?x=y", false},
    {"http://host/#f", false},
    {"http://host:99999", false},
    {"http://ho st", false},
    {"mqtt://host", false},
};

START_TEST(the_url_is_that_of_a_server)
{
    char setting[100];

    snprintf(setting, sizeof(setting), "upstream.url=%s", urls[_i].url);
    assert_check(SETTINGS(setting, KEY), urls[_i].right, "upstream.url");
}
END_TEST

/* Credentials come only from files, and are in no message. */
START_TEST(a_password_in_the_url_is_refused_and_not_shown)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;

    ck_assert_int_eq(
        options_load("", SETTINGS("upstream.url=http://user:pa55-w0rd@host", KEY), &config, &err), -EINVAL);
    ck_assert_ptr_nonnull(strstr(err.message, "upstream.url"));
    ck_assert_ptr_null(strstr(err.message, "pa55-w0rd"));
}
END_TEST

static const struct {
    const char *address;
    bool right;
} addresses[] = {
    {"127.0.0.1", true},
    {"::1", true},
    {"0.0.0.0", false},
    {"::", false},
    {"192.168.1.1", false},
    {"10.0.0.1", false},
    {"128.0.0.1", false},
    {"126.255.255.255", false},
    {"2001:db8::1", false},
    {"fe80::1", false},
    {"example.org", false},
    {"*", false},
    {"127.0.0.1:8282", false},
    {"127.0.0.1 ", false},
    {"::2", false},
    {"1", false},
    {"127.0.0.1, ::1", true},
    {"::1,127.0.0.1", true},
    {"127.0.0.1,   ::1", true},
    {"::1,::1", false},
    {"127.0.0.1,", false},
    {",::1", false},
    {"127.0.0.1 ::1", false},
    {",", false},
    {" ", false},
    {"127.0.0.1, ::1, 127.0.0.1", false},
    {"127.0.0.1, 0.0.0.0", false},
    {"127.0.0.1,\n::1", false},
};

START_TEST(addresses_other_than_loopback_are_refused)
{
    assert_option("listen.address", addresses[_i].address, addresses[_i].right);
}
END_TEST

START_TEST(a_listener_is_required)
{
    assert_check(SETTINGS("listen.address=", URL, KEY), true, NULL);
    assert_check(SETTINGS("listen.unix_path=", URL, KEY), true, NULL);
    assert_check(SETTINGS("listen.address=", "listen.unix_path=", URL, KEY), false, "listen.unix_path");
}
END_TEST

static const struct {
    const char *text;
    mode_t mode;
} modes[] = {
    {"0", 0},
    {"0000", 0},
    {"0600", 0600},
    {"600", 0600},
    {"0666", 0666},
    {"0777", 0777},
    {"00777", 0777},
    {"", (mode_t)-1},
    {"01000", (mode_t)-1},
    {"1777", (mode_t)-1},
    {"0888", (mode_t)-1},
    {"rw", (mode_t)-1},
    {"0666x", (mode_t)-1},
    {"-1", (mode_t)-1},
    {"0x1ff", (mode_t)-1},
    {"66 6", (mode_t)-1},
    {"u=rw", (mode_t)-1},
    {"777777777777777777777777", (mode_t)-1},
};

START_TEST(the_permissions_of_the_socket)
{
    struct config *config;

    assert_option("listen.unix_mode", modes[_i].text, modes[_i].mode != (mode_t)-1);
    config = options_must_load("", SETTINGS(URL, KEY));
    free(config->listen.unix_mode);
    config->listen.unix_mode = strdup(modes[_i].text);
    ck_assert_uint_eq(config_unix_mode(config), modes[_i].mode);
    config_free(config);
}
END_TEST

START_TEST(the_path_of_the_socket)
{
    size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1; /* unix(7): a NUL follows */
    char path[200];

    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[most] = '\0';
    assert_option("listen.unix_path", path, true);
    path[most] = 'p';
    path[most + 1] = '\0';
    assert_option("listen.unix_path", path, false);
    assert_option("listen.unix_path", "relative", false);
    assert_option("listen.unix_path", "./relative", false);
    assert_option("listen.unix_path", "@abstract", false);
}
END_TEST

static const struct {
    const char *address, *host;
    unsigned port;
} admin_addresses[] = {
    {"127.0.0.1:8283", "127.0.0.1", 8283},
    {"[::1]:8283", "::1", 8283},
    {"127.0.0.1:0", "127.0.0.1", 0},
    {"[::1]:65535", "::1", 65535},
    {"[::1]:65536", NULL, 0},
    {"127.0.0.1", NULL, 0},
    {"127.0.0.1:", NULL, 0},
    {"127.0.0.1:x", NULL, 0},
    {"127.0.0.1:1x", NULL, 0},
    {"127.0.0.1:-1", NULL, 0},
    {"127.0.0.1:000001", NULL, 0},
    {"::1:8283", NULL, 0},
    {"localhost:8283", NULL, 0},
    {"0.0.0.0:8283", NULL, 0},
    {"[::]:8283", NULL, 0},
    {"192.0.2.1:8283", NULL, 0},
    {"8283", NULL, 0},
    {" 127.0.0.1:8283", NULL, 0},
};

START_TEST(the_admin_address)
{
    struct config *config;
    const char *host;
    unsigned port;

    assert_option("admin.address", admin_addresses[_i].address, admin_addresses[_i].host != NULL);
    if (!admin_addresses[_i].host)
        return;
    config = options_must_load("", SETTINGS(URL, KEY));
    free(config->admin.address);
    config->admin.address = strdup(admin_addresses[_i].address);
    ck_assert_int_eq(config_admin_address(config, &host, &port), 0);
    ck_assert_str_eq(host, admin_addresses[_i].host);
    ck_assert_uint_eq(port, admin_addresses[_i].port);
    config_free(config);
}
END_TEST

START_TEST(the_admin_address_has_a_port_of_its_own)
{
    assert_check(SETTINGS("admin.address=127.0.0.1:8282", "listen.port=8282", URL, KEY), false,
                 "port of listen.port");
    assert_check(SETTINGS("admin.address=[::1]:8282", "listen.port=8282", URL, KEY), false,
                 "port of listen.port");
    assert_check(SETTINGS("admin.address=127.0.0.1:8283", "listen.port=8282", URL, KEY), true, NULL);
    assert_check(SETTINGS("admin.address=127.0.0.1:0", "listen.port=0", URL, KEY), true, NULL);
    assert_check(SETTINGS("admin.address=127.0.0.1:8282", "listen.port=8282", "listen.address=", URL, KEY),
                 true, NULL);
}
END_TEST

START_TEST(the_path_of_the_admin_socket)
{
    assert_option("admin.unix_path", "", true);
    assert_option("admin.unix_path", "/a", true);
    assert_option("admin.unix_path", "relative", false);
    assert_check(SETTINGS("admin.unix_path=/a", "listen.unix_path=/a", URL, KEY), false, "admin.unix_path");
}
END_TEST

START_TEST(options_that_bound_each_other)
{
    assert_check(SETTINGS("limits.max_kept_body_bytes=70000", "limits.max_buffered_bytes=70000", URL, KEY),
                 true, NULL);
    assert_check(SETTINGS("limits.max_kept_body_bytes=70001", "limits.max_buffered_bytes=70000", URL, KEY),
                 false, "limits.max_buffered_bytes");
    assert_check(SETTINGS("limits.max_kept_body_bytes=70000", "queue.max_bytes=70000", URL, KEY), true, NULL);
    assert_check(SETTINGS("limits.max_kept_body_bytes=70001", "queue.max_bytes=70000", URL, KEY), false,
                 "queue.max_bytes");
    assert_check(SETTINGS("retry.initial_retry_delay_ms=500", "retry.max_retry_delay_ms=500", URL, KEY), true,
                 NULL);
    assert_check(SETTINGS("retry.initial_retry_delay_ms=501", "retry.max_retry_delay_ms=500", URL, KEY),
                 false, "retry.max_retry_delay_ms");
    assert_check(SETTINGS("log.access=true", "log.level=info", URL, KEY), true, NULL);
    assert_check(SETTINGS("log.access=true", "log.level=warning", URL, KEY), false, "log.access");
    assert_check(SETTINGS("log.audit=true", "log.level=warning", URL, KEY), false, "log.audit");
}
END_TEST

/* Valid and invalid texts of options, and a word of the message. */
static const struct {
    char *setting;
    const char *word; /* NULL: valid */
} texts[] = {
    {"rate.limits=", NULL},
    {"rate.limits=auto", NULL},
    {"rate.limits=100:1,2000:60", NULL},
    {"rate.limits=100:1,2000", "\"2000\""},
    {"rate.limits=0:1", "\"0:1\""},
    {"rate.limits=automatic", "\"automatic\""},
    {"upstream.ca_file=", NULL},
    {"upstream.ca_file=/dev/null", NULL},
    {"upstream.ca_file=ca.pem", "absolute"},
    {"upstream.certificate_file=/dev/null", "set together"},
    {"upstream.key_file=/dev/null", "set together"},
    {"upstream.fallback_urls=https://b, http://c:1/tb", NULL},
    {"upstream.fallback_urls=http://1,http://2,http://3,http://4,http://5,http://6,http://7", NULL},
    {"upstream.fallback_urls=http://1,http://2,http://3,http://4,http://5,http://6,http://7,http://8",
     "more than 7"},
    {"upstream.fallback_urls=https://b,", "upstream.fallback_urls"},
    {"upstream.fallback_urls=https://b,ftp://c", "\"ftp://c\""},
    {"upstream.proxy=http://proxy:3128", NULL},
    {"upstream.proxy=https://joe@proxy:3128", NULL},
    {"upstream.proxy=socks5h://[::1]:1080", NULL},
    {"upstream.proxy=http://proxy", "upstream.proxy"},
    {"upstream.proxy=ftp://proxy:1", "socks5h"},
    {"upstream.proxy=http://joe:secret@proxy:1", "file"},
    {"upstream.proxy_password_file=/p", "upstream.proxy"},
    {"listen.hosts=", NULL},
    {"listen.hosts=host.docker.internal, gateway", NULL},
    {"listen.hosts=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", NULL},
    {"listen.hosts=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "more than 16"},
    {"listen.hosts=gateway, x:8282", "\"x:8282\""},
    {"listen.origins=", NULL},
    {"listen.origins=http://localhost:3000, https://x", NULL},
    {"listen.origins=http://localhost:3000/", "\"http://localhost:3000/\""},
    {"listen.origins=*", "\"*\""},
    {"listen.origins=null", "\"null\""},
    {"queue.urgency=", NULL},
    {"queue.urgency=saveDevice=0,telemetry-controller = 7", NULL},
    {"queue.urgency=saveDevice=8", "\"saveDevice=8\""},
    {"queue.urgency=saveDevice=1,=2", "\"=2\""},
    {"queue.urgency=saveDevice=1,saveDevices=2", "\"saveDevices\""},
    {"queue.urgency=saveDevice", "\"saveDevice\""},
};

START_TEST(texts_are_parsed_or_refused_with_a_reason)
{
    assert_check(SETTINGS(texts[_i].setting, URL, KEY), !texts[_i].word, texts[_i].word);
}
END_TEST

UNIT_SUITE(config_check)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_check", &tests);

    tcase_add_test(tests, exactly_one_way_to_authenticate);
    tcase_add_test(tests, the_spool_has_its_rules);
    tcase_add_loop_test(tests, the_url_is_that_of_a_server, 0, (int)ARRAY_SIZE(urls));
    tcase_add_test(tests, a_password_in_the_url_is_refused_and_not_shown);
    tcase_add_loop_test(tests, addresses_other_than_loopback_are_refused, 0, (int)ARRAY_SIZE(addresses));
    tcase_add_test(tests, a_listener_is_required);
    tcase_add_loop_test(tests, the_permissions_of_the_socket, 0, (int)ARRAY_SIZE(modes));
    tcase_add_test(tests, the_path_of_the_socket);
    tcase_add_loop_test(tests, the_admin_address, 0, (int)ARRAY_SIZE(admin_addresses));
    tcase_add_test(tests, the_admin_address_has_a_port_of_its_own);
    tcase_add_test(tests, the_path_of_the_admin_socket);
    tcase_add_test(tests, options_that_bound_each_other);
    tcase_add_loop_test(tests, texts_are_parsed_or_refused_with_a_reason, 0, (int)ARRAY_SIZE(texts));
    return suite;
}
