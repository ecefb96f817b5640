#include "page_checksums.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#define LARGEST_PAGE 65536

/// An open database; the file of the layer below lies behind it.
typedef struct {
    sqlite3_file base;
    /// 0 while the file is not known to have checksums.
    int page_size;
} checked_file;

static sqlite3_vfs *below;

static sqlite3_file *file_below(sqlite3_file *file) {
    return (sqlite3_file *)((checked_file *)file + 1);
}

// MARK: Pages

/// Learns from the first bytes of the file whether its pages have checksums.
static void note_header(checked_file *file, const uint8_t *header) {
    static const uint8_t application[4] = {'f', 's', 't', 'r'};
    int size = header[16] << 8 | header[17];
    if (size == 1) size = LARGEST_PAGE;
    int is_checked = memcmp(header, "SQLite format 3", 16) == 0
        && header[20] == FSTORE_PAGE_CHECKSUM_BYTES && memcmp(header + 68, application, 4) == 0
        && size >= 512 && size <= LARGEST_PAGE && (size & (size - 1)) == 0;
    file->page_size = is_checked ? size : 0;
}

static int is_page(const checked_file *file, int count, sqlite3_int64 offset) {
    return file->page_size != 0 && count == file->page_size && offset % count == 0;
}

static void checksum(const uint8_t *page, int count, sqlite3_int64 offset, uint8_t *sum) {
    uint32_t number = (uint32_t)(offset / count) + 1;
    const uint8_t salt[4] = {number, number >> 8, number >> 16, number >> 24};
    uLong crc = crc32_z(crc32_z(0, NULL, 0), salt, sizeof salt);
    crc = crc32_z(crc, page, (z_size_t)(count - FSTORE_PAGE_CHECKSUM_BYTES));
    const uint8_t bytes[FSTORE_PAGE_CHECKSUM_BYTES] = {
        (uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24),
        'f', 's', 't', 1,
    };
    memcpy(sum, bytes, sizeof bytes);
}

// MARK: Methods of an open file

static int checked_read(sqlite3_file *file, void *buffer, int count, sqlite3_int64 offset) {
    checked_file *checked = (checked_file *)file;
    sqlite3_file *real = file_below(file);
    int result = real->pMethods->xRead(real, buffer, count, offset);
    if (result != SQLITE_OK) return result;
    if (offset == 0 && count >= 100) note_header(checked, buffer);
    if (!is_page(checked, count, offset)) return SQLITE_OK;
    uint8_t sum[FSTORE_PAGE_CHECKSUM_BYTES];
    checksum(buffer, count, offset, sum);
    const uint8_t *end = (const uint8_t *)buffer + count - FSTORE_PAGE_CHECKSUM_BYTES;
    return memcmp(end, sum, sizeof sum) == 0 ? SQLITE_OK : SQLITE_IOERR_DATA;
}

static int checked_write(
    sqlite3_file *file, const void *buffer, int count, sqlite3_int64 offset
) {
    checked_file *checked = (checked_file *)file;
    sqlite3_file *real = file_below(file);
    if (offset == 0 && count >= 100) note_header(checked, buffer);
    if (!is_page(checked, count, offset)) {
        return real->pMethods->xWrite(real, buffer, count, offset);
    }
    uint8_t page[LARGEST_PAGE];
    memcpy(page, buffer, (size_t)count);
    checksum(page, count, offset, page + count - FSTORE_PAGE_CHECKSUM_BYTES);
    return real->pMethods->xWrite(real, page, count, offset);
}

/// Pages that are mapped into memory would be read by nobody's leave.
static int checked_fetch(sqlite3_file *file, sqlite3_int64 offset, int count, void **page) {
    (void)file, (void)offset, (void)count;
    *page = NULL;
    return SQLITE_OK;
}

static int checked_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page) {
    (void)file, (void)offset, (void)page;
    return SQLITE_OK;
}

static int checked_close(sqlite3_file *file) {
    sqlite3_file *real = file_below(file);
    file->pMethods = NULL;
    return real->pMethods->xClose(real);
}

static int checked_truncate(sqlite3_file *file, sqlite3_int64 size) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xTruncate(real, size);
}

static int checked_sync(sqlite3_file *file, int flags) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xSync(real, flags);
}

static int checked_size(sqlite3_file *file, sqlite3_int64 *size) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xFileSize(real, size);
}

static int checked_lock(sqlite3_file *file, int level) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xLock(real, level);
}

static int checked_unlock(sqlite3_file *file, int level) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xUnlock(real, level);
}

static int checked_reserved(sqlite3_file *file, int *is_reserved) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xCheckReservedLock(real, is_reserved);
}

static int checked_control(sqlite3_file *file, int operation, void *argument) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xFileControl(real, operation, argument);
}

static int checked_sector_size(sqlite3_file *file) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xSectorSize(real);
}

static int checked_characteristics(sqlite3_file *file) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xDeviceCharacteristics(real);
}

static int checked_shared_map(
    sqlite3_file *file, int region, int size, int extend, void volatile **memory
) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xShmMap(real, region, size, extend, memory);
}

static int checked_shared_lock(sqlite3_file *file, int offset, int count, int flags) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void checked_shared_barrier(sqlite3_file *file) {
    sqlite3_file *real = file_below(file);
    real->pMethods->xShmBarrier(real);
}

static int checked_shared_unmap(sqlite3_file *file, int removes) {
    sqlite3_file *real = file_below(file);
    return real->pMethods->xShmUnmap(real, removes);
}

static const sqlite3_io_methods methods = {
    .iVersion = 3,
    .xClose = checked_close,
    .xRead = checked_read,
    .xWrite = checked_write,
    .xTruncate = checked_truncate,
    .xSync = checked_sync,
    .xFileSize = checked_size,
    .xLock = checked_lock,
    .xUnlock = checked_unlock,
    .xCheckReservedLock = checked_reserved,
    .xFileControl = checked_control,
    .xSectorSize = checked_sector_size,
    .xDeviceCharacteristics = checked_characteristics,
    .xShmMap = checked_shared_map,
    .xShmLock = checked_shared_lock,
    .xShmBarrier = checked_shared_barrier,
    .xShmUnmap = checked_shared_unmap,
    .xFetch = checked_fetch,
    .xUnfetch = checked_unfetch,
};

// MARK: The layer

/// Only databases are looked into; journals and temporary files belong to the layer below.
static int checked_open(
    sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *actual
) {
    (void)vfs;
    if (!(flags & SQLITE_OPEN_MAIN_DB)) return below->xOpen(below, name, file, flags, actual);
    memset(file, 0, sizeof(checked_file));
    sqlite3_file *real = file_below(file);
    int result = below->xOpen(below, name, real, flags, actual);
    if (result == SQLITE_OK) {
        file->pMethods = &methods;
    } else if (real->pMethods != NULL) {
        // A file that half opened wants to be closed all the same.
        real->pMethods->xClose(real);
    }
    return result;
}

static sqlite3_vfs layer;
static int registration = SQLITE_ERROR;

static void register_once(void) {
    // SQLite counts every allocation under one lock: threads that look up rows wait a sixth of
    // their time for numbers that nobody reads. It is refused where SQLite is in use already.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    below = sqlite3_vfs_find(NULL);
    if (below == NULL) return;
    layer = *below;
    layer.zName = FSTORE_PAGE_CHECKSUMS_VFS;
    layer.pNext = NULL;
    layer.szOsFile = (int)sizeof(checked_file) + below->szOsFile;
    layer.xOpen = checked_open;
    registration = sqlite3_vfs_register(&layer, 0);
}

int fstore_register_page_checksums(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_once);
    return registration;
}
