import CRocksDB

extension RocksDB {
    /// Writes what is in memory into files, and waits for it.
    package func flush() throws(RocksDBError) {
        let options: OpaquePointer = unsafe rocksdb_flushoptions_create()
        defer { unsafe rocksdb_flushoptions_destroy(options) }
        unsafe rocksdb_flushoptions_set_wait(options, 1)
        try unsafe checkingStatus { unsafe rocksdb_flush(self.handle.database, options, $0) }
    }

    /// Makes a database of its own of the state as it is now, of files that both share.
    ///
    /// The files are never written again; either database may be removed. Reads and writes go on.
    ///
    /// - Parameter path: Where it goes: no folder yet, on the file system of this database.
    /// - Throws: ``RocksDBError`` when it cannot be written; nothing is left then.
    package func checkpoint(to path: String) throws(RocksDBError) {
        let database = unsafe self.handle.database
        let checkpoint: OpaquePointer? = try unsafe checkingStatus {
            unsafe rocksdb_checkpoint_object_create(database, $0)
        }
        guard let checkpoint = unsafe checkpoint else {
            throw RocksDBError(code: .other, message: "no checkpoint can be made, for no reason")
        }
        defer { unsafe rocksdb_checkpoint_object_destroy(checkpoint) }
        // A log of 0 bytes: what is in memory is written into files first.
        try unsafe checkingStatus { unsafe rocksdb_checkpoint_create(checkpoint, path, 0, $0) }
    }
}
