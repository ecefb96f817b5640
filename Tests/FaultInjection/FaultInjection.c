// Faults below the stores: a library for LD_PRELOAD that counts the calls which write below a
// folder, and makes chosen ones fail, write half, or be the last of the process.
//
// RocksDB, SQLite, Foundation and our own code reach the disk through these functions of libc, so
// that a test needs no mock of any of them. What stdio writes by itself, RocksDB's log for its
// developers, is not seen.

#define _GNU_SOURCE
#include "FaultInjection.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static struct fault_state *state;
static char folder[PATH_MAX];
static size_t folder_length;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("FSTORE_FAULT_STATE");
    const char *below = getenv("FSTORE_FAULT_FOLDER");
    if (path == NULL || below == NULL || strlen(below) >= sizeof folder) return;
    int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    void *memory = (void *)syscall(
        // Each of them as wide as the kernel reads it.
        SYS_mmap, NULL, sizeof *state, (long)(PROT_READ | PROT_WRITE), (long)MAP_SHARED,
        (long)descriptor, 0L
    );
    syscall(SYS_close, descriptor);
    if (memory == MAP_FAILED) return;
    strcpy(folder, below);
    folder_length = strlen(folder);
    state = memory;
}

/// Whether a path lies below the folder; a relative one starts at the descriptor `at`.
static int is_below(int at, const char *path) {
    if (state == NULL || path == NULL) return 0;
    char absolute[2 * PATH_MAX];
    if (path[0] != '/') {
        char link[64];
        if (at == AT_FDCWD) {
            strcpy(link, "/proc/self/cwd");
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        }
        ssize_t count = readlink(link, absolute, PATH_MAX - 1);
        if (count < 0) return 0;
        snprintf(absolute + count, sizeof absolute - (size_t)count, "/%s", path);
        path = absolute;
    }
    return strncmp(path, folder, folder_length) == 0
        && (path[folder_length] == '/' || path[folder_length] == 0);
}

/// Whether what is open lies below the folder.
static int is_open_below(int descriptor) {
    if (state == NULL) return 0;
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    // Sockets and pipes have names that are no paths.
    if (count < 1 || path[0] != '/') return 0;
    path[count] = 0;
    return is_below(AT_FDCWD, path);
}

static void die(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
}

/// Counts a call, and says what is to become of it; 0 for nothing. Does not return when the
/// process ends before the call.
static int next_action(void) {
    uint64_t number = __atomic_add_fetch(&state->calls, 1, __ATOMIC_SEQ_CST);
    uint64_t first = __atomic_load_n(&state->first, __ATOMIC_SEQ_CST);
    if (first == 0 || number < first || number > state->last) return 0;
    __atomic_add_fetch(&state->injected, 1, __ATOMIC_SEQ_CST);
    if (state->action == fault_kill_before) die();
    return (int)state->action;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/// A call that writes no bytes.
#define CHANGE(isTarget, failure, call) \
    do { \
        int action = (isTarget) ? next_action() : 0; \
        if (action == 0) return call; \
        if (action == fault_kill_torn) die(); \
        if (action == fault_kill_after) { \
            (void)call; \
            die(); \
        } \
        errno = (int)state->error_number; \
        return failure; \
    } while (0)

/// A call that removes something, for which a full disk has room.
#define REMOVE(isTarget, call) \
    do { \
        if ((isTarget) && state->action == fault_error && state->error_number == ENOSPC) \
            return call; \
        CHANGE(isTarget, -1, call); \
    } while (0)

/// A call that writes `count` bytes; `half` writes half of them.
#define WRITE(isTarget, count, call, half) \
    do { \
        int action = (isTarget) ? next_action() : 0; \
        if (action == 0) return call; \
        if (action == fault_kill_after) { \
            (void)call; \
            die(); \
        } \
        if (action == fault_kill_torn) { \
            if ((count) > 1) (void)half; \
            die(); \
        } \
        if (action == fault_short && (count) > 1) return half; \
        errno = (int)state->error_number; \
        return -1; \
    } while (0)

ssize_t write(int descriptor, const void *bytes, size_t count) {
    REAL(write);
    WRITE(
        is_open_below(descriptor), count, real(descriptor, bytes, count),
        real(descriptor, bytes, count / 2)
    );
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    REAL(pwrite);
    WRITE(
        is_open_below(descriptor), count, real(descriptor, bytes, count, offset),
        real(descriptor, bytes, count / 2, offset)
    );
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    REAL(pwrite64);
    WRITE(
        is_open_below(descriptor), count, real(descriptor, bytes, count, offset),
        real(descriptor, bytes, count / 2, offset)
    );
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    REAL(writev);
    WRITE(
        is_open_below(descriptor), count, real(descriptor, parts, count),
        real(descriptor, parts, count / 2)
    );
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    REAL(pwritev);
    WRITE(
        is_open_below(descriptor), count, real(descriptor, parts, count, offset),
        real(descriptor, parts, count / 2, offset)
    );
}

int fsync(int descriptor) {
    REAL(fsync);
    CHANGE(is_open_below(descriptor), -1, real(descriptor));
}

int fdatasync(int descriptor) {
    REAL(fdatasync);
    CHANGE(is_open_below(descriptor), -1, real(descriptor));
}

int sync_file_range(int descriptor, off64_t offset, off64_t count, unsigned int flags) {
    REAL(sync_file_range);
    // RocksDB asks for nothing to learn whether the system has the call.
    int isProbe = count == 0 && flags == 0;
    CHANGE(
        !isProbe && is_open_below(descriptor), -1, real(descriptor, offset, count, flags)
    );
}

int ftruncate(int descriptor, off_t size) {
    REAL(ftruncate);
    CHANGE(is_open_below(descriptor), -1, real(descriptor, size));
}

int ftruncate64(int descriptor, off64_t size) {
    REAL(ftruncate64);
    CHANGE(is_open_below(descriptor), -1, real(descriptor, size));
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
    REAL(fallocate);
    CHANGE(is_open_below(descriptor), -1, real(descriptor, mode, offset, size));
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t size) {
    REAL(fallocate64);
    CHANGE(is_open_below(descriptor), -1, real(descriptor, mode, offset, size));
}

// posix_fallocate gives the error instead of setting errno.
int posix_fallocate(int descriptor, off_t offset, off_t size) {
    REAL(posix_fallocate);
    CHANGE(is_open_below(descriptor), (int)state->error_number, real(descriptor, offset, size));
}

int posix_fallocate64(int descriptor, off64_t offset, off64_t size) {
    REAL(posix_fallocate64);
    CHANGE(is_open_below(descriptor), (int)state->error_number, real(descriptor, offset, size));
}

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset) {
    REAL(mmap);
    int writes = descriptor >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED);
    CHANGE(
        writes && is_open_below(descriptor), MAP_FAILED,
        real(address, size, protection, flags, descriptor, offset)
    );
}

void *mmap64(void *address, size_t size, int protection, int flags, int descriptor, off64_t offset)
{
    REAL(mmap64);
    int writes = descriptor >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED);
    CHANGE(
        writes && is_open_below(descriptor), MAP_FAILED,
        real(address, size, protection, flags, descriptor, offset)
    );
}

static int opens_to_write(int flags) {
    return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) {
    REAL(open);
    MODE(flags)
    CHANGE(opens_to_write(flags) && is_below(AT_FDCWD, path), -1, real(path, flags, mode));
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    MODE(flags)
    CHANGE(opens_to_write(flags) && is_below(AT_FDCWD, path), -1, real(path, flags, mode));
}

int openat(int at, const char *path, int flags, ...) {
    REAL(openat);
    MODE(flags)
    CHANGE(opens_to_write(flags) && is_below(at, path), -1, real(at, path, flags, mode));
}

int openat64(int at, const char *path, int flags, ...) {
    REAL(openat64);
    MODE(flags)
    CHANGE(opens_to_write(flags) && is_below(at, path), -1, real(at, path, flags, mode));
}

int mkstemp(char *pattern) {
    REAL(mkstemp);
    CHANGE(is_below(AT_FDCWD, pattern), -1, real(pattern));
}

int mkostemp(char *pattern, int flags) {
    REAL(mkostemp);
    CHANGE(is_below(AT_FDCWD, pattern), -1, real(pattern, flags));
}

int rename(const char *old, const char *new) {
    REAL(rename);
    CHANGE(is_below(AT_FDCWD, new), -1, real(old, new));
}

int renameat(int oldAt, const char *old, int newAt, const char *new) {
    REAL(renameat);
    CHANGE(is_below(newAt, new), -1, real(oldAt, old, newAt, new));
}

int renameat2(int oldAt, const char *old, int newAt, const char *new, unsigned int flags) {
    REAL(renameat2);
    CHANGE(is_below(newAt, new), -1, real(oldAt, old, newAt, new, flags));
}

int link(const char *old, const char *new) {
    REAL(link);
    CHANGE(is_below(AT_FDCWD, new), -1, real(old, new));
}

int linkat(int oldAt, const char *old, int newAt, const char *new, int flags) {
    REAL(linkat);
    CHANGE(is_below(newAt, new), -1, real(oldAt, old, newAt, new, flags));
}

int symlink(const char *old, const char *new) {
    REAL(symlink);
    CHANGE(is_below(AT_FDCWD, new), -1, real(old, new));
}

int unlink(const char *path) {
    REAL(unlink);
    REMOVE(is_below(AT_FDCWD, path), real(path));
}

int unlinkat(int at, const char *path, int flags) {
    REAL(unlinkat);
    REMOVE(is_below(at, path), real(at, path, flags));
}

int rmdir(const char *path) {
    REAL(rmdir);
    REMOVE(is_below(AT_FDCWD, path), real(path));
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    CHANGE(is_below(AT_FDCWD, path), -1, real(path, mode));
}

int mkdirat(int at, const char *path, mode_t mode) {
    REAL(mkdirat);
    CHANGE(is_below(at, path), -1, real(at, path, mode));
}
