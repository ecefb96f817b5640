#ifndef CROCKSDB_LOGGER_H
#define CROCKSDB_LOGGER_H

#ifdef __cplusplus
extern "C" {
#endif

/// Makes databases that are opened with these options (a `rocksdb_options_t *`) keep no log for
/// RocksDB's developers.
///
/// When a write to that log fails, the next one ends the process, for Debian builds RocksDB with
/// assertions; and a full disk is when it wants to write most. The C interface has no logger that
/// does nothing.
void crocksdb_options_disable_log(void *options);

#ifdef __cplusplus
}
#endif

#endif
