/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "upstream/jwt.h"

#define TIMEOUT_S    120 /* of one test, under valgrind too */
#define TEXT_MAX     65536
#define PATH_MAX_LEN 512

static char directory[] = "/tmp/tbproxyd-unit-XXXXXX";
static uint64_t random_state;
static int saved_stderr = -1;
static int capture_fd = -1;

static void remove_directory(void)
{
    DIR *entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(directory);
}

int unit_rounds(int rounds)
{
    return !getenv("TB_SLOW") ? rounds : rounds < 10 ? 1 : rounds / 10;
}

static void start_random(void)
{
    const char *text = getenv("TB_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid();

    printf("# TB_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    random_state = seed;
}

#define SUITES_MAX 100

static unit_suite *suites[SUITES_MAX];
static size_t suite_count;

void unit_register(unit_suite *suite)
{
    if (suite_count == SUITES_MAX)
        abort();
    suites[suite_count++] = suite;
}

int main(void)
{
    SRunner *runner = srunner_create(NULL);
    size_t i;
    int failed;

    setvbuf(stdout, NULL, _IOLBF, 0); /* a crash loses no result */
    if (!mkdtemp(directory)) {
        perror(directory);
        return EXIT_FAILURE;
    }
    start_random();
    for (i = 0; i < suite_count; i++)
        srunner_add_suite(runner, suites[i]());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_directory();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* libconfig 1.5 loses the string at which it finds a syntax error. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append";
}

Suite *unit_suite_create(const char *name, TCase **ret)
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name);

    tcase_set_timeout(tests, TIMEOUT_S);
    suite_add_tcase(suite, tests);
    *ret = tests;
    return suite;
}

const char *unit_file(unsigned index, const char *name, mode_t mode, const void *data, size_t length)
{
    static char paths[8][PATH_MAX_LEN];
    char *path = paths[index];
    int fd;

    snprintf(path, PATH_MAX_LEN, "%s/%s", directory, name);
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, length), (ssize_t)length);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

const char *unit_directory(void)
{
    return directory;
}

char *unit_source(const char *path)
{
    char name[PATH_MAX_LEN];
    char *text = malloc(TEXT_MAX);
    size_t length;
    FILE *file;

    snprintf(name, sizeof(name), SOURCE_FOLDER "/%s", path);
    file = fopen(name, "re");
    ck_assert_msg(file != NULL, "%s cannot be opened", name);
    ck_assert_ptr_nonnull(text);
    length = fread(text, 1, TEXT_MAX - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* SplitMix64. */
uint32_t unit_random(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

void unit_capture(void)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    capture_fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    ck_assert_int_ge(saved_stderr, 0);
    ck_assert_int_ge(capture_fd, 0);
    ck_assert_int_ge(dup2(capture_fd, STDERR_FILENO), 0);
}

const char *unit_captured(void)
{
    static char text[TEXT_MAX];
    ssize_t length;

    fflush(stderr);
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    length = pread(capture_fd, text, sizeof(text) - 1, 0);
    close(capture_fd);
    text[length < 0 ? 0 : length] = '\0';
    return text;
}

char *unit_jwt(const char *claims)
{
    struct buf token = BUF_INIT(SIZE_MAX / 2);

    ck_assert_int_eq(jwt_write("{\"alg\":\"HS512\"}", claims, "signature", &token), 0);
    return token.data;
}

bool unit_is_utf8(const char *text)
{
    json_t *string = json_string(text); /* refuses what is not */
    bool valid = string != NULL;

    json_decref(string);
    return valid;
}
