#include "CRocksDBLogger.h"

#include <cstdarg>
#include <memory>

#include <rocksdb/c.h>
#include <rocksdb/env.h>

// As RocksDB's own db/c.cc has it.
struct rocksdb_logger_t {
    std::shared_ptr<rocksdb::Logger> rep;
};

namespace {
class NoLogger final : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char *, va_list) override {}
};
}

extern "C" void crocksdb_options_disable_log(void *options) {
    // The options copy the reference.
    rocksdb_logger_t logger{std::make_shared<NoLogger>()};
    rocksdb_options_set_info_log(static_cast<rocksdb_options_t *>(options), &logger);
}
