/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/utf8.h"

/* with a byte order mark and a line end */
#define SECRET_FILE_MAX (SECRET_MAX_BYTES + 5)

bool secret_is_credential(const char *path)
{
    return !strchr(path, '/');
}

/* Without its name: the secret itself may have been written where the name belongs. */
static int no_credential(struct tb_error *err)
{
    return tb_error_set(err, -ENOENT,
                        "no systemd credential has this name; set LoadCredential=NAME:FILE in the unit, or "
                        "give a file's path with a slash");
}

int secret_open(const char *path, struct tb_error *err)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    CLEANUP(close_fd) int directory = AT_FDCWD;
    int fd;

    if (secret_is_credential(path)) {
        if (!credentials)
            return no_credential(err);
        directory = open(credentials, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            return tb_error_set(err, -errno, "$CREDENTIALS_DIRECTORY: %s", strerror(errno));
    }
    fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && secret_is_credential(path))
        return no_credential(err);
    return fd < 0 ? tb_error_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno)) : fd;
}

int secret_check_mode(int fd, const char *path, struct tb_error *err)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && !secret_is_credential(path) && (status.st_mode & 077))
        return tb_error_set(err, -EPERM, "%s: readable by others; run chmod 0600 %s", path, path);
    return 0;
}

/* Reads the whole file into BUFFER. Returns its length, or a negative errno. */
static ssize_t read_all(int fd, char *buffer, size_t size)
{
    size_t len = 0;

    while (len < size) {
        ssize_t n = read(fd, buffer + len, size - len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

bool secret_is_text(const char *text, size_t len)
{
    size_t i;

    if (len > SECRET_MAX_BYTES)
        return false;
    for (i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return utf8_count(text, len) >= 0;
}

int secret_take(int fd, const char *path, char **ret, struct tb_error *err)
{
    char buffer[SECRET_FILE_MAX + 1]; /* one more shows that it is too long */
    ssize_t n = read_all(fd, buffer, sizeof(buffer));
    size_t start, len;
    int r = 0;

    if (n < 0)
        return tb_error_set(err, (int)n, "%s: cannot be read: %s", path, strerror((int)-n));
    len = (size_t)n;
    start = utf8_mark_length(buffer, len);
    if (len > start && len < sizeof(buffer) && buffer[len - 1] == '\n')
        len--;
    if (len > start && buffer[len - 1] == '\r')
        len--;
    if (len == start)
        r = tb_error_set(err, -EINVAL, "%s: is empty; must hold " SECRET_TEXT, path);
    else if (!secret_is_text(buffer + start, len - start))
        r = tb_error_set(err, -EINVAL, "%s: must hold " SECRET_TEXT, path);
    else if (!(*ret = strndup(buffer + start, len - start)))
        r = tb_error_set(err, -ENOMEM, "%s: out of memory", path);
    explicit_bzero(buffer, sizeof(buffer));
    return r;
}

int secret_read(const char *path, char **ret, struct tb_error *err)
{
    CLEANUP(close_fd) int fd = secret_open(path, err);
    int r = fd < 0 ? fd : secret_check_mode(fd, path, err);

    return r < 0 ? r : secret_take(fd, path, ret, err);
}
