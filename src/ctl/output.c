/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "ctl/message.h"

static mode_t mode_of_new_files(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* A file next to PATH: readers never see half an answer, and a failed call leaves the old file. */
static int open_temporary(struct output *output, mode_t mode, struct tb_error *err)
{
    int fd;

    if (asprintf(&output->temporary, "%s.XXXXXX", output->path) < 0) {
        output->temporary = NULL;
        return tb_error_set(err, -ENOMEM, "out of memory");
    }
    fd = mkostemp(output->temporary, O_CLOEXEC);
    if (fd < 0) {
        free(TAKE_PTR(output->temporary));
        return tb_error_set(err, -errno, "%s: cannot be written: %s", output->path, strerror(errno));
    }
    fchmod(fd, mode);
    output->file = fdopen(fd, "w");
    if (output->file)
        return 0;
    close(fd);
    return tb_error_set(err, -ENOMEM, "out of memory");
}

int output_open(struct output *output, const char *path, struct tb_error *err)
{
    struct stat status;
    bool exists;

    *output = (struct output){.path = path};
    if (!path || strcmp(path, "-") == 0) {
        output->path = NULL;
        output->file = stdout;
        output->is_terminal = isatty(STDOUT_FILENO);
        return 0;
    }
    exists = lstat(path, &status) == 0;
    if (!exists || S_ISREG(status.st_mode))
        return open_temporary(output, exists ? status.st_mode & 0777 : mode_of_new_files(), err);
    /* Devices, pipes and links are not replaced. */
    output->file = fopen(path, "we");
    if (!output->file)
        return tb_error_set(err, -errno, "%s: cannot be written: %s", path, strerror(errno));
    output->is_terminal = isatty(fileno(output->file));
    return 0;
}

/* U+0080 to U+009F control a terminal, too; in UTF-8 they begin with 0xc2, perhaps the last byte before DATA.
 */
static bool is_text(struct output *output, const unsigned char *data, size_t length)
{
    size_t i;

    for (i = 0; i < length; i++) {
        bool is_blank = data[i] == '\n' || data[i] == '\r' || data[i] == '\t';

        if ((data[i] < 0x20 && !is_blank) || data[i] == 0x7f ||
            (output->last == 0xc2 && data[i] >= 0x80 && data[i] < 0xa0))
            return false;
        output->last = data[i];
    }
    return true;
}

int output_write(struct output *output, const void *data, size_t length, bool flush)
{
    if (output->is_terminal && !is_text(output, data, length))
        return -EPERM;
    errno = 0;
    if (fwrite(data, 1, length, output->file) == length && (!flush || fflush(output->file) == 0))
        return 0;
    return errno ? -errno : -EIO;
}

int output_failed(const struct output *output, int r, struct tb_error *err)
{
    if (r == -EPERM)
        return tb_error_set(err, r, "the answer is not text; write it to a file with --output");
    return tb_error_set(err, r, "%s: cannot be written: %s", output->path ? output->path : "standard output",
                        strerror(-r));
}

int output_finish(struct output *output, struct tb_error *err)
{
    int r = 0;

    if (fflush(output->file) != 0 || ferror(output->file))
        r = errno ? -errno : -EIO;
    if (r == -EPIPE && !output->path)
        end_as_broken_pipe();
    if (r == 0 && output->temporary && rename(output->temporary, output->path) < 0)
        r = -errno;
    if (r < 0)
        return output_failed(output, r, err);
    free(TAKE_PTR(output->temporary));
    return 0;
}

void output_close(struct output *output)
{
    if (output->temporary)
        unlink(output->temporary);
    free(output->temporary);
    if (output->file && output->path)
        fclose(output->file);
    output->file = NULL;
    output->temporary = NULL;
}
