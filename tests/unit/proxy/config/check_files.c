/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/config/check_files.h"

#include <errno.h>
#include <stdio.h>

#include "base/secret.h"
#include "base/util.h"
#include "known_options.h"

#define URL     "upstream.url=http://127.0.0.1:1"
#define NO_FILE "upstream.username=u" /* without a password, which this module does not check */

static uid_t user = (uid_t)-1; /* the result of geteuid(); -1: the real one */

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);

uid_t __wrap_geteuid(void)
{
    return user == (uid_t)-1 ? __real_geteuid() : user;
}

static void set_up(void)
{
    user = (uid_t)-1;
    unsetenv("CREDENTIALS_DIRECTORY");
}

static const char *said;      /* what was logged */
static char not_checked[500]; /* what was printed */

static unsigned look(const struct config *config, const char *path)
{
    FILE *out = fmemopen(not_checked, sizeof(not_checked), "w");
    unsigned errors;

    ck_assert_ptr_nonnull(out);
    not_checked[0] = '\0';
    unit_capture();
    errors = config_check_files(config, path, out);
    said = unit_captured();
    fclose(out);
    return errors;
}

/* Checks a configuration of SETTINGS. */
static unsigned check(char *const *settings)
{
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    const char *path = unit_file(7, "test.conf", 0600, "", 0);
    size_t count = 0;
    unsigned errors;

    while (settings[count])
        count++;
    ck_assert_msg(config_load_unchecked(path, settings, count, NULL, &config, &err) == 0, "%s", err.message);
    errors = look(config, path);
    config_free(config);
    return errors;
}

static void assert_says(const char *text, const char *word)
{
    ck_assert_msg(strstr(text, word) != NULL, "\"%s\" does not say %s", text, word);
}

static void assert_said(const char *word)
{
    assert_says(said, word);
}

/* Checks OPTION with such a file; the log names both, and WORD. */
static void assert_finding(const char *option, mode_t mode, const char *bytes, size_t length, unsigned errors,
                           const char *word)
{
    const char *path = unit_file(0, "the-file", mode, bytes, length);
    char setting[300];

    snprintf(setting, sizeof(setting), "%s=%s", option, path);
    ck_assert_uint_eq(check(SETTINGS(URL, setting)), errors);
    if (!word) {
        ck_assert_str_eq(said, "");
        return;
    }
    assert_said(option);
    assert_said(path);
    assert_said(word);
    ck_assert_ptr_null(strstr(said, "hidden"));
}

static const char *const secrets[] = {"upstream.api_key_file", "upstream.password_file",
                                      "upstream.token_file", "upstream.refresh_token_file",
                                      "upstream.proxy_password_file"};

START_TEST(a_secret_is_one_line_that_only_its_owner_can_read)
{
    const char *option = secrets[_i];

    assert_finding(option, 0600, "hidden\n", 7, 0, NULL);
    assert_finding(option, 0400, "hidden", 6, 0, NULL);
    assert_finding(option, 0640, "hidden\n", 7, 1, "run chmod 0600 ");
    assert_finding(option, 0604, "hidden\n", 7, 1, "readable by others");
    assert_finding(option, 0600, "", 0, 1, "is empty");
    assert_finding(option, 0600, "\r\n", 2, 1, "is empty");
    assert_finding(option, 0600, "hidden\nhidden\n", 14, 1, "one line");
    assert_finding(option, 0600, "\xef\xbb\xbfhidden\n", 10, 0, "byte order mark");
    assert_finding(option, 0600, "\xff\xfeh\0i\0", 6, 1, "one line"); /* UTF-16 */
    assert_finding(option, 0644, "\xef\xbb\xbf\n", 4, 2, "chmod 0600");
    assert_said("is empty");
}
END_TEST

START_TEST(files_for_tls_are_not_empty_and_only_a_key_is_secret)
{
    static const char *const options[] = {"upstream.ca_file", "upstream.certificate_file",
                                          "upstream.key_file"};
    const char *option = options[_i];
    bool ca = _i == 0, key = _i == 2; /* what is in the other two is looked at together */

    assert_finding(option, 0600, "-----BEGIN", 10, ca, ca ? "cannot load CA certificates" : NULL);
    assert_finding(option, 0644, "-----BEGIN", 10, ca || key,
                   ca    ? "cannot load"
                   : key ? "run chmod 0600 "
                         : NULL);
    assert_finding(option, 0664, "-----BEGIN", 10, 1 + ca, key ? "run chmod 0600 " : "run chmod go-w ");
    assert_finding(option, 0602, "-----BEGIN", 10, 1 + ca, key ? "run chmod 0600 " : "run chmod go-w ");
    assert_finding(option, 0600, "", 0, 1, "is empty");
    assert_finding(option, 0600, "\xef\xbb\xbf-----BEGIN", 13, ca, "byte order mark");
}
END_TEST

START_TEST(a_missing_file_or_a_directory)
{
    char setting[300];

    ck_assert_uint_eq(
        check(SETTINGS(URL, "upstream.api_key_file=/no/such/key", "upstream.ca_file=/no/such/ca",
                       "upstream.proxy_password_file=/no/such/password")),
        3);
    assert_said("upstream.api_key_file: /no/such/key: ");
    assert_said("upstream.ca_file: /no/such/ca: ");
    assert_said("upstream.proxy_password_file: /no/such/password: ");
    snprintf(setting, sizeof(setting), "upstream.ca_file=%s", unit_directory());
    ck_assert_uint_eq(check(SETTINGS(URL, setting)), 1);
    assert_said("cannot be read");
}
END_TEST

/* A file that belongs neither to root nor to the current user, whoever runs the tests. */
START_TEST(a_file_of_somebody_else)
{
    static const char *const options[] = {"upstream.api_key_file", "upstream.ca_file", "upstream.key_file"};
    const char *path = unit_file(0, "the-file", 0600, "x", 1);
    char setting[300];

    if (getuid() == 0)
        ck_assert_int_eq(chown(path, 1, (gid_t)-1), 0);
    user = getuid() + 12345;
    snprintf(setting, sizeof(setting), "%s=%s", options[_i], path);
    ck_assert_uint_ge(check(SETTINGS(URL, setting)), 1);
    assert_said("owned by ");
    snprintf(setting, sizeof(setting), "run chown %u %s", user, path);
    assert_said(setting);
    remove(path);
}
END_TEST

START_TEST(a_configuration_that_others_can_change)
{
    static const mode_t modes[] = {0600, 0644, 0664, 0646, 0666};
    struct config *config = options_must_load(MINIMAL, SETTINGS(URL, "upstream.api_key_file=k"));
    const char *path;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(modes); i++) {
        path = unit_file(0, "test.conf", modes[i], MINIMAL, strlen(MINIMAL));
        ck_assert_uint_eq(look(config, path), !!(modes[i] & 022));
        if (modes[i] & 022)
            assert_said("test.conf: writable by others; run chmod go-w ");
    }
    ck_assert_uint_eq(look(config, "/dev/null"), 0);
    ck_assert_str_eq(said, "");
    config_free(config);
}
END_TEST

/* Outside the service its directory does not exist, which is not an error. Inside, it is checked like a file,
 * except for its permissions. */
START_TEST(a_systemd_credential)
{
    ck_assert_uint_eq(check(SETTINGS(URL, "upstream.api_key_file=api-key")), 0);
    ck_assert_str_eq(said, "");
    assert_says(not_checked, "upstream.api_key_file: not checked");
    setenv("CREDENTIALS_DIRECTORY", unit_directory(), 1);
    unit_file(0, "api-key", 0444, "x", 1);
    ck_assert_uint_eq(check(SETTINGS(URL, "upstream.api_key_file=api-key")), 0);
    ck_assert_str_eq(said, "");
    ck_assert_str_eq(not_checked, "");
    unit_file(0, "api-key", 0444, "", 0);
    ck_assert_uint_eq(check(SETTINGS(URL, "upstream.api_key_file=api-key")), 1);
    assert_said("is empty");
    ck_assert_uint_eq(check(SETTINGS(URL, "upstream.api_key_file=other")), 1);
    assert_said("upstream.api_key_file: no systemd credential has this name");
}
END_TEST

static const struct {
    char *setting;
    bool warned;
} urls[] = {
    {"upstream.url=http://tb.example", true},
    {"upstream.url=http://10.0.0.1:8080/tb", true},
    {"upstream.url=http://[2001:db8::1]", true},
    {"upstream.url=http://[::2]:80", true},
    {"upstream.url=http://128.0.0.1", true},
    {"upstream.url=http://localhost.example", true},
    {"upstream.url=HTTP://TB.example", true},
    {"upstream.url=https://tb.example", false},
    {"upstream.url=http://localhost", false},
    {"upstream.url=http://LocalHost.:8080", false},
    {"upstream.url=http://127.0.0.1:8080", false},
    {"upstream.url=http://127.255.255.254", false},
    {"upstream.url=http://[::1]:8080/tb", false},
    {"upstream.url=http://[0:0::0:1]", false},
    {"upstream.fallback_urls=https://a, http://b.example", true},
    {"upstream.fallback_urls=https://a, http://localhost", false},
};

START_TEST(a_server_without_tls_is_a_warning_unless_it_is_on_this_host)
{
    ck_assert_uint_eq(check(SETTINGS(URL, NO_FILE, urls[_i].setting)), 0);
    if (!urls[_i].warned)
        ck_assert_str_eq(said, "");
    else
        assert_said("use https");
}
END_TEST

START_TEST(a_password_in_a_url_is_not_shown)
{
    ck_assert_uint_eq(check(SETTINGS("upstream.url=http://joe:hidden@tb.example", NO_FILE)), 0);
    ck_assert_str_eq(said, "");
}
END_TEST

/* These files are read once, so tbproxyd does not start without them. */
START_TEST(files_for_tls_are_checked_before_the_start)
{
    char key[300], secret[300];
    struct tb_error err = TB_ERROR_INIT;
    struct config *config;

    snprintf(key, sizeof(key), "upstream.key_file=%s", unit_file(0, "key", 0640, "x", 1));
    snprintf(secret, sizeof(secret), "upstream.api_key_file=%s", unit_file(1, "secret", 0644, "", 0));
    config = options_must_load(MINIMAL, SETTINGS(key, "upstream.certificate_file=/dev/null", secret));
    ck_assert_int_eq(config_check_tls_files(config, &err), -EPERM);
    assert_says(err.message, "upstream.key_file: ");
    ck_assert_int_eq(chmod(strchr(key, '=') + 1, 0600), 0);
    ck_assert_int_eq(config_check_tls_files(config, &err), 0);
    config_free(config);
    config = options_must_load(MINIMAL, SETTINGS("upstream.ca_file=/no/such/ca"));
    ck_assert_int_eq(config_check_tls_files(config, &err), -ENOENT);
    assert_says(err.message, "upstream.ca_file: /no/such/ca: ");
    config_free(config);
}
END_TEST

UNIT_SUITE(config_check_files)
{
    TCase *tests;
    Suite *suite = unit_suite_create("config_check_files", &tests);

    tcase_add_checked_fixture(tests, set_up, set_up);
    tcase_add_loop_test(tests, a_secret_is_one_line_that_only_its_owner_can_read, 0,
                        (int)ARRAY_SIZE(secrets));
    tcase_add_loop_test(tests, files_for_tls_are_not_empty_and_only_a_key_is_secret, 0, 3);
    tcase_add_test(tests, a_missing_file_or_a_directory);
    tcase_add_loop_test(tests, a_file_of_somebody_else, 0, 3);
    tcase_add_test(tests, a_configuration_that_others_can_change);
    tcase_add_test(tests, a_systemd_credential);
    tcase_add_loop_test(tests, a_server_without_tls_is_a_warning_unless_it_is_on_this_host, 0,
                        (int)ARRAY_SIZE(urls));
    tcase_add_test(tests, a_password_in_a_url_is_not_shown);
    tcase_add_test(tests, files_for_tls_are_checked_before_the_start);
    return suite;
}
