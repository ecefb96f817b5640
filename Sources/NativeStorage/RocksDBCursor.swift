import CRocksDB

/// Goes through the entries of a database, keys ascending, as they were when it was made.
///
/// Used by one thread. It begins nowhere: ``seek(to:)`` comes first.
@safe
package struct RocksDBCursor: ~Copyable {
    /// Closed after the iterator is gone.
    private let database: RocksDB
    private let options: OpaquePointer
    private let iterator: OpaquePointer

    package init(_ database: RocksDB) {
        self.database = database
        unsafe self.options = rocksdb_readoptions_create()
        // What goes through many entries must not push what is served out of the cache.
        unsafe rocksdb_readoptions_set_fill_cache(self.options, 0)
        unsafe self.iterator = rocksdb_create_iterator(database.handle.database, self.options)
    }

    deinit {
        unsafe rocksdb_iter_destroy(self.iterator)
        unsafe rocksdb_readoptions_destroy(self.options)
    }

    /// Moves to the first entry whose key is not less than `key`.
    ///
    /// - Returns: Whether there is one.
    /// - Throws: ``RocksDBError`` when the files fail or are damaged.
    package mutating func seek(to key: Span<UInt8>) throws(RocksDBError) -> Bool {
        unsafe key.withCharacters { unsafe rocksdb_iter_seek(self.iterator, $0, $1) }
        return try self.checkedValidity()
    }

    /// Moves to the next entry; only after a move that found one.
    ///
    /// - Returns: Whether there is one.
    /// - Throws: ``RocksDBError`` when the files fail or are damaged.
    package mutating func next() throws(RocksDBError) -> Bool {
        unsafe rocksdb_iter_next(self.iterator)
        return try self.checkedValidity()
    }

    /// Orders the entry's key and another, as `compareBytes` does; only after a move that found
    /// an entry.
    package func compareKey(to other: Span<UInt8>) -> Int {
        let key = unsafe entryBytes { unsafe rocksdb_iter_key(self.iterator, $0) }
        return unsafe compareBytes(key.span, other)
    }

    /// Calls `body` with the entry; key and value are gone after it.
    ///
    /// Only after a move that found an entry.
    package func withEntry<Result>(
        _ body: (_ key: Span<UInt8>, _ value: Span<UInt8>) -> Result
    ) -> Result {
        let key = unsafe entryBytes { unsafe rocksdb_iter_key(self.iterator, $0) }
        let value = unsafe entryBytes { unsafe rocksdb_iter_value(self.iterator, $0) }
        return unsafe body(key.span, value.span)
    }

    private func checkedValidity() throws(RocksDBError) -> Bool {
        if unsafe rocksdb_iter_valid(self.iterator) != 0 { return true }
        try unsafe checkingStatus { unsafe rocksdb_iter_get_error(self.iterator, $0) }
        return false
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
