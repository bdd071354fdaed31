/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "unit.h"

#define FILES_MAX      8
#define OPERATIONS_MAX 65536
#define SECTOR         512

struct change {
    struct change *next;
    int64_t offset; /* of a write */
    size_t length;  /* of a write; of the file, after a truncation */
    bool truncates;
    char data[];
};

struct memory_file {
    char name[256];
    struct buf now, durable;
    struct change *changes, **last; /* since the last synchronisation */
};

struct handle {
    sqlite3_file base;
    struct memory_file *file;
};

static struct {
    struct memory_file files[FILES_MAX];
    int operations, fail_at, code;
    bool for_good;
    int reads, read_fails_at, read_code;
    bool reads_fail_for_good;
    bool was_sync[OPERATIONS_MAX];
    int error;
} disk;

static void drop_changes(struct memory_file *file)
{
    while (file->changes) {
        struct change *change = file->changes;

        file->changes = change->next;
        free(change);
    }
    file->last = &file->changes;
}

static void note_change(struct memory_file *file, int64_t offset, const void *data, size_t length)
{
    struct change *change = malloc(sizeof(*change) + (data ? length : 0));

    *change = (struct change){.offset = offset, .length = length, .truncates = !data};
    if (data)
        memcpy(change->data, data, length);
    *file->last = change;
    file->last = &change->next;
}

static void set_length(struct buf *bytes, size_t length)
{
    static const char zeros[SECTOR];

    while (bytes->len < length) {
        size_t more = length - bytes->len;

        buf_append(bytes, zeros, more < SECTOR ? more : SECTOR);
    }
    buf_truncate(bytes, length);
}

static void put(struct buf *bytes, int64_t offset, const void *data, size_t length)
{
    if (bytes->len < (size_t)offset + length)
        set_length(bytes, (size_t)offset + length);
    memcpy(bytes->data + offset, data, length);
}

static int operate(bool is_sync)
{
    int number = ++disk.operations;

    if (number < OPERATIONS_MAX)
        disk.was_sync[number] = is_sync;
    return disk.fail_at > 0 && (number == disk.fail_at || (disk.for_good && number > disk.fail_at))
               ? disk.code
               : SQLITE_OK;
}

/* ---- files ---- */

static struct memory_file *of(sqlite3_file *file)
{
    return ((struct handle *)file)->file;
}

static int file_close(sqlite3_file *file)
{
    (void)file;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
    const struct buf *now = &of(file)->now;
    bool fails =
        ++disk.reads == disk.read_fails_at || (disk.reads_fail_for_good && disk.reads > disk.read_fails_at);
    size_t wanted = (size_t)amount, there = (size_t)offset < now->len ? now->len - (size_t)offset : 0;

    if (disk.read_fails_at > 0 && fails)
        return disk.read_code;
    if (there > wanted)
        there = wanted;
    memset(to, 0, wanted);
    if (there > 0)
        memcpy(to, now->data + offset, there);
    return there < wanted ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int file_write(sqlite3_file *file, const void *data, int amount, sqlite3_int64 offset)
{
    struct memory_file *to = of(file);
    int code = operate(false);

    if (code != SQLITE_OK)
        return code;
    put(&to->now, offset, data, (size_t)amount);
    note_change(to, offset, data, (size_t)amount);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int code = operate(false);

    if (code != SQLITE_OK)
        return code;
    set_length(&of(file)->now, (size_t)size);
    note_change(of(file), 0, NULL, (size_t)size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct memory_file *to = of(file);
    const struct change *change;
    int code = operate(true);

    (void)flags;
    if (code != SQLITE_OK)
        return code;
    for (change = to->changes; change; change = change->next)
        if (change->truncates)
            set_length(&to->durable, change->length);
        else
            put(&to->durable, change->offset, change->data, change->length);
    drop_changes(to);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)of(file)->now.len;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    (void)file, (void)level;
    return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *file, int *ret)
{
    (void)file;
    *ret = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *arg)
{
    (void)file, (void)operation, (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

/* As SQLite's own: a write does not harm the bytes beside it. */
static int file_characteristics(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
};

/* ---- the disk ---- */

static struct memory_file *find(const char *name)
{
    size_t i;

    for (i = 0; i < FILES_MAX; i++)
        if (strcmp(disk.files[i].name, name) == 0)
            return &disk.files[i];
    return NULL;
}

static void empty(struct memory_file *file)
{
    drop_changes(file);
    buf_free(&file->now);
    buf_free(&file->durable);
    *file = (struct memory_file){.now = BUF_INIT(SIZE_MAX / 2), .durable = BUF_INIT(SIZE_MAX / 2)};
    file->last = &file->changes;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct handle *handle = (struct handle *)file;

    (void)vfs;
    *handle = (struct handle){.file = find(name)};
    if (!handle->file && (handle->file = find("")))
        strncpy(handle->file->name, name, sizeof(handle->file->name) - 1);
    if (!handle->file)
        return SQLITE_CANTOPEN;
    handle->base.pMethods = &methods;
    if (ret_flags)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    struct memory_file *file = find(name);
    int code = operate(false);

    (void)vfs, (void)sync_directory;
    if (code != SQLITE_OK)
        return code;
    if (!file)
        return SQLITE_IOERR_DELETE_NOENT;
    empty(file);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret)
{
    (void)vfs, (void)flags;
    *ret = find(name) != NULL;
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *ret)
{
    (void)vfs;
    strncpy(ret, name, (size_t)size - 1);
    ret[size - 1] = '\0';
    return SQLITE_OK;
}

static sqlite3_vfs *host(void)
{
    return sqlite3_vfs_find("unix");
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *ret)
{
    (void)vfs;
    return host()->xRandomness(host(), size, ret);
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, double *ret)
{
    (void)vfs;
    return host()->xCurrentTime(host(), ret);
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *ret)
{
    (void)vfs, (void)size, (void)ret;
    return disk.error;
}

static sqlite3_vfs memory_vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(struct handle),
    .mxPathname = 255,
    .zName = "memory-disk",
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_name,
    .xRandomness = vfs_random,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
    .xGetLastError = vfs_last_error,
};

void memory_vfs_begin(void)
{
    size_t i;

    for (i = 0; i < FILES_MAX; i++)
        empty(&disk.files[i]);
    memory_vfs_fail(0, 0, false);
    memory_vfs_fail_read(0, 0, false);
    disk.operations = 0;
    sqlite3_vfs_register(&memory_vfs, 1);
}

void memory_vfs_end(void)
{
    size_t i;

    sqlite3_vfs_unregister(&memory_vfs);
    sqlite3_vfs_register(host(), 1);
    for (i = 0; i < FILES_MAX; i++)
        empty(&disk.files[i]);
}

void memory_vfs_fail(int at, int code, bool for_good)
{
    disk.fail_at = at;
    disk.code = code;
    disk.for_good = for_good;
}

void memory_vfs_fail_read(int at, int code, bool for_good)
{
    disk.reads = 0;
    disk.read_fails_at = at;
    disk.read_code = code;
    disk.reads_fail_for_good = for_good;
}

int memory_vfs_reads(void)
{
    return disk.reads;
}

int memory_vfs_operations(void)
{
    return disk.operations;
}

bool memory_vfs_was_sync(int at)
{
    return disk.was_sync[at];
}

void memory_vfs_set_error(int error)
{
    disk.error = error;
}

/* ---- power ---- */

static void keep_sectors(struct buf *durable, const struct change *change)
{
    size_t done = 0;

    while (done < change->length) {
        size_t position = (size_t)change->offset + done, part = SECTOR - position % SECTOR;

        if (part > change->length - done)
            part = change->length - done;
        if (unit_random() % 2)
            put(durable, (int64_t)position, change->data + done, part);
        done += part;
    }
}

void memory_vfs_lose_power(bool keeps_some_sectors)
{
    size_t i;

    for (i = 0; i < FILES_MAX; i++) {
        struct memory_file *file = &disk.files[i];
        const struct change *change;

        for (change = file->changes; keeps_some_sectors && change; change = change->next)
            if (!change->truncates)
                keep_sectors(&file->durable, change);
            else if (unit_random() % 2)
                set_length(&file->durable, change->length);
        drop_changes(file);
        set_length(&file->now, file->durable.len);
        if (file->durable.len > 0)
            memcpy(file->now.data, file->durable.data, file->durable.len);
    }
    memory_vfs_fail(0, 0, false);
    memory_vfs_fail_read(0, 0, false);
}
