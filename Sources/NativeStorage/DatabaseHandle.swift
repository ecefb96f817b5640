import CRocksDB

/// Owns one open database with its column family and options, and frees them exactly once.
///
/// `@unchecked` because a DB is safe for concurrent access from multiple threads without any
/// external synchronization (rocksdb/db.h), and the options are never changed after the opening.
/// No other type of the RocksDB wrapper may say `@unchecked`.
@safe
struct DatabaseHandle: ~Copyable, @unchecked Sendable {
    let database: OpaquePointer
    /// The default column family: the batched read of the C interface wants it named.
    let family: OpaquePointer
    let reads: OpaquePointer
    /// For reads that fail rather than wait for a disk.
    let memoryReads: OpaquePointer
    let unsyncedWrites: OpaquePointer
    let syncedWrites: OpaquePointer

    init(
        path: String,
        options: borrowing RocksDBOptions,
        isReadOnly: Bool
    ) throws(RocksDBError) {
        var family: OpaquePointer?
        var text: UnsafeMutablePointer<CChar>?
        let settings = unsafe options.options
        let database: OpaquePointer? = unsafe "default".withCString { name in
            var names: UnsafePointer<CChar>? = unsafe name
            var familyOptions: OpaquePointer? = unsafe settings
            guard isReadOnly else {
                return unsafe rocksdb_open_column_families(
                    settings,
                    path,
                    1,
                    &names,
                    &familyOptions,
                    &family,
                    &text
                )
            }
            return unsafe rocksdb_open_for_read_only_column_families(
                settings,
                path,
                1,
                &names,
                &familyOptions,
                &family,
                0,
                &text
            )
        }
        if let failure = unsafe takenStatus(text) {
            throw failure
        }
        guard let database = unsafe database, let family = unsafe family else {
            throw RocksDBError(code: .other, message: "\(path) was not opened, without a reason")
        }
        unsafe self.database = database
        unsafe self.family = family
        unsafe self.reads = rocksdb_readoptions_create()
        unsafe self.memoryReads = rocksdb_readoptions_create()
        // rocksdb::kBlockCacheTier: memory tables and the block cache.
        unsafe rocksdb_readoptions_set_read_tier(self.memoryReads, 1)
        unsafe self.unsyncedWrites = rocksdb_writeoptions_create()
        unsafe self.syncedWrites = rocksdb_writeoptions_create()
        unsafe rocksdb_writeoptions_set_sync(self.syncedWrites, 1)
    }

    deinit {
        // The family first: RocksDB asserts that nothing refers to a database that is closed.
        unsafe rocksdb_column_family_handle_destroy(self.family)
        unsafe rocksdb_close(self.database)
        unsafe rocksdb_readoptions_destroy(self.reads)
        unsafe rocksdb_readoptions_destroy(self.memoryReads)
        unsafe rocksdb_writeoptions_destroy(self.unsyncedWrites)
        unsafe rocksdb_writeoptions_destroy(self.syncedWrites)
    }
}
