// What glibc declares for _GNU_SOURCE alone, which Swift does not ask for.
#include <stdint.h>

#define FSTORE_SYNC_FILE_RANGE_WRITE 2

int sync_file_range(int fd, int64_t offset, int64_t nbytes, unsigned int flags);
