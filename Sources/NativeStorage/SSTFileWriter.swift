import CRocksDB

/// Writes one sorted file that a database can take in whole: see ``RocksDB/ingest(_:)``.
@safe
package struct SSTFileWriter: ~Copyable {
    private let options: RocksDBOptions
    private let environment: OpaquePointer
    private let writer: OpaquePointer
    /// Where the file is.
    package let path: String

    /// Creates the file, or empties the one that is there.
    package init(path: String) throws(RocksDBError) {
        self.path = path
        self.options = RocksDBOptions(cacheBytes: nil)
        unsafe self.environment = rocksdb_envoptions_create()
        unsafe self.writer = rocksdb_sstfilewriter_create(
            self.environment,
            self.options.options
        )
        let writer = unsafe self.writer
        try unsafe checkingStatus { unsafe rocksdb_sstfilewriter_open(writer, path, $0) }
    }

    deinit {
        unsafe rocksdb_sstfilewriter_destroy(self.writer)
        unsafe rocksdb_envoptions_destroy(self.environment)
    }

    /// Appends one entry; keys must be strictly ascending, else it is an invalid argument.
    package mutating func put(key: Span<UInt8>, value: Span<UInt8>) throws(RocksDBError) {
        var text: UnsafeMutablePointer<CChar>?
        unsafe key.withCharacters { key, keyCount in
            unsafe value.withCharacters { value, valueCount in
                unsafe rocksdb_sstfilewriter_put(
                    self.writer,
                    key,
                    keyCount,
                    value,
                    valueCount,
                    &text
                )
            }
        }
        if let failure = unsafe takenStatus(text) {
            throw failure
        }
    }

    /// Appends the removal of a key, in the order of ``put(key:value:)``.
    package mutating func delete(key: Span<UInt8>) throws(RocksDBError) {
        var text: UnsafeMutablePointer<CChar>?
        unsafe key.withCharacters { key, count in
            unsafe rocksdb_sstfilewriter_delete(self.writer, key, count, &text)
        }
        if let failure = unsafe takenStatus(text) {
            throw failure
        }
    }

    /// The bytes written so far, less what is still in the open block.
    package var fileSize: Int {
        var size: UInt64 = 0
        unsafe rocksdb_sstfilewriter_file_size(self.writer, &size)
        return Int(truncatingIfNeeded: size)
    }

    /// Completes the file and makes it durable; a file without entries is an error.
    ///
    /// Nothing can be put afterwards.
    package mutating func finish() throws(RocksDBError) {
        let writer = unsafe self.writer
        try unsafe checkingStatus { unsafe rocksdb_sstfilewriter_finish(writer, $0) }
    }
}
