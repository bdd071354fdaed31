/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libconfig (1.5) crashes or ends the process if there is no memory for it. So a child reads the file, with
 * the same memory, and writes to a pipe what it has read.
 */
#include "proxy/config/read_apart.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/record.h"
#include "proxy/config/config.h"
#include "proxy/config/load.h"
#include "proxy/config/option_table.h"
#include "proxy/config/option_value.h"
#include "proxy/policy/policy_record.h"

/* ---- the child ---- */

static int put_config(struct config *config, struct buf *out)
{
    size_t i;
    int r = 0;

    for (i = 0; r == 0 && i < option_count; i++) {
        r = option_put(&options[i], config, out);
        if (r == 0)
            r = record_put_text(out, config->places[i] ? config->places[i] : "");
    }
    return r == 0 ? policies_put(config->policies, out) : r;
}

static int write_all(int fd, const struct buf *out)
{
    size_t written = 0;
    ssize_t n;

    while (written < out->len) {
        n = write(fd, out->data + written, out->len - written);
        if (n < 0 && errno != EINTR)
            return -errno;
        written += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Writes the result, its message, and the configuration if there is one. Returns the exit status. */
static int answer(int fd, const char *path, char *const *settings, size_t count)
{
    CLEANUP(buf_free) struct buf out = BUF_INIT(READ_APART_MAX_BYTES);
    struct tb_error err = TB_ERROR_INIT;
    struct config *config = NULL;
    int result, r;

    alarm(READ_APART_MAX_S);
    result = config_load_unchecked(path, settings, count, NULL, &config, &err);
    r = record_put_number(&out, result);
    if (r == 0)
        r = record_put_text(&out, err.message);
    if (r == 0 && config)
        r = put_config(config, &out);
    if (r == 0)
        r = write_all(fd, &out);
    config_free(config);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the parent ---- */

static int take_option(const struct option *option, struct config *config, struct record_reader *reader,
                       struct tb_error *err)
{
    int r = option_set_text(option, config, record_text(reader), err);
    const char *place = record_text(reader);
    char **ret = &config->places[option - options];

    if (r < 0 || !*place)
        return r;
    *ret = strdup(place);
    return *ret ? 0 : -ENOMEM;
}

static int take_config(const char *path, struct record_reader *reader, struct config **ret,
                       struct tb_error *err)
{
    struct config *config = config_new(path);
    int r = config ? 0 : -ENOMEM;
    size_t i;

    for (i = 0; r == 0 && i < option_count; i++)
        r = take_option(&options[i], config, reader, err);
    if (r == 0)
        r = policies_take(config->policies, reader);
    if (r == 0 && !reader->failed) {
        *ret = config;
        return 0;
    }
    config_free(config);
    return tb_error_set(err, -ENOMEM, "out of memory");
}

static int take_answer(const char *path, const struct buf *in, struct config **ret, struct tb_error *err)
{
    struct record_reader reader = {.at = in->data, .end = in->data + in->len};
    int result = (int)record_number(&reader);
    const char *message = record_text(&reader);

    if (result < 0)
        return tb_error_set(err, result, "%s", message);
    return take_config(path, &reader, ret, err);
}

static int read_all(int fd, struct buf *in)
{
    char part[4096];
    ssize_t n;
    int r = 0;

    while (r == 0 && (n = read(fd, part, sizeof(part))) != 0)
        if (n > 0)
            r = buf_append(in, part, (size_t)n);
        else if (errno != EINTR)
            r = -errno;
    return r;
}

int config_read_apart(const char *path, char *const *settings, size_t count, struct config **ret,
                      struct tb_error *err)
{
    CLEANUP(buf_free) struct buf in = BUF_INIT(READ_APART_MAX_BYTES);
    int ends[2], status = 0, r;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return tb_error_set(err, -errno, "%s: pipe: %s", path, strerror(errno));
    child = fork();
    if (child == 0)
        _exit(answer(ends[1], path, settings, count));
    r = child < 0 ? tb_error_set(err, -errno, "%s: fork: %s", path, strerror(errno)) : 0;
    close(ends[1]);
    if (r == 0)
        r = read_all(ends[0], &in);
    close(ends[0]); /* a child that still writes ends */
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (child < 0)
        return r;
    if (r < 0 || status != 0)
        return tb_error_set(err, -ENOMEM, "%s: there is not enough memory to read it", path);
    return take_answer(path, &in, ret, err);
}
