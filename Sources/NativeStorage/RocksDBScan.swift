import CRocksDB

extension RocksDB {
    /// Calls `body` with every entry from `lower` (included) to `upper` (excluded), keys ascending.
    ///
    /// The entries are those at the time of the call, whatever is written meanwhile. Key and value
    /// are gone after `body`.
    ///
    /// - Parameters:
    ///   - lower: The first key that may come.
    ///   - upper: The first key that may not come; `nil` for all to the end.
    ///   - body: Gives whether to go on.
    /// - Throws: ``RocksDBError`` when the files fail or are damaged.
    package func scan(
        from lower: [UInt8],
        to upper: [UInt8]?,
        _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Bool
    ) throws(RocksDBError) {
        let options: OpaquePointer = unsafe rocksdb_readoptions_create()
        defer { unsafe rocksdb_readoptions_destroy(options) }
        // A scan of everything must not push what is served out of the cache.
        unsafe rocksdb_readoptions_set_fill_cache(options, 0)
        let iterator: OpaquePointer = unsafe rocksdb_create_iterator(self.handle.database, options)
        defer { unsafe rocksdb_iter_destroy(iterator) }

        unsafe lower.span.withCharacters { unsafe rocksdb_iter_seek(iterator, $0, $1) }
        while unsafe rocksdb_iter_valid(iterator) != 0 {
            let key = unsafe entryBytes { unsafe rocksdb_iter_key(iterator, $0) }
            let keySpan = unsafe key.span
            if let upper, compareBytes(keySpan, upper.span) >= 0 {
                break
            }
            let value = unsafe entryBytes { unsafe rocksdb_iter_value(iterator, $0) }
            guard unsafe body(keySpan, value.span) else { return }
            unsafe rocksdb_iter_next(iterator)
        }
        try unsafe checkingStatus { unsafe rocksdb_iter_get_error(iterator, $0) }
    }
}

/// The bytes that an iterator's getter gives; they live until the iterator moves.
private func entryBytes(
    _ getter: (UnsafeMutablePointer<Int>) -> UnsafePointer<CChar>?
) -> UnsafeBufferPointer<UInt8> {
    var count = 0
    let start = unsafe getter(&count)
    let bytes = unsafe UnsafeRawPointer(start)?.assumingMemoryBound(to: UInt8.self)
    return unsafe UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
}
