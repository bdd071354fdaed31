/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static int open_secret(const char *path, struct tb_error *err)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    CLEANUP(close_fd) int directory = AT_FDCWD;
    bool is_credential = !strchr(path, '/');
    struct stat status;
    int fd;

    if (is_credential) {
        if (!credentials)
            return tb_error_set(
                err, -ENOENT,
                "%s: there is no systemd credential of that name (LoadCredential=%s:FILE in the "
                "unit); for a plain file give its path with a slash",
                path, path);
        directory = open(credentials, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
            return tb_error_set(err, -errno, "%s: $CREDENTIALS_DIRECTORY: %s", path, strerror(errno));
    }
    fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return tb_error_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(fd, &status) == 0 && !is_credential && (status.st_mode & 077)) {
        close(fd);
        return tb_error_set(err, -EPERM, "%s: others can read this secret: chmod 0600 it", path);
    }
    return fd;
}

/* Fills BUFFER with the whole file; its length, or a negative errno. */
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

static bool is_one_line_of_text(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return len > 0;
}

int secret_read(const char *path, char **ret, struct tb_error *err)
{
    char buffer[SECRET_MAX_BYTES + 3]; /* with the line end, and one more to notice that it is too long */
    CLEANUP(close_fd) int fd = open_secret(path, err);
    ssize_t n;
    size_t len;
    int r = 0;

    if (fd < 0)
        return fd;
    n = read_all(fd, buffer, sizeof(buffer));
    if (n < 0)
        return tb_error_set(err, (int)n, "%s: cannot be read: %s", path, strerror((int)-n));
    len = (size_t)n;
    if (len > 0 && len < sizeof(buffer) && buffer[len - 1] == '\n')
        len--;
    if (len > 0 && buffer[len - 1] == '\r')
        len--;
    if (len > SECRET_MAX_BYTES || !is_one_line_of_text(buffer, len))
        r = tb_error_set(err, -EINVAL, "%s: must hold one line of text, at most %d bytes", path,
                         SECRET_MAX_BYTES);
    else if (!(*ret = strndup(buffer, len)))
        r = tb_error_set(err, -ENOMEM, "%s: out of memory", path);
    explicit_bzero(buffer, sizeof(buffer));
    return r;
}
