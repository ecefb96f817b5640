import CRocksDB

/// One open RocksDB database: bytes under bytes, in the order of the keys.
///
/// Keys are compared as unsigned bytes. All calls may be made from any thread at once; the
/// database is closed when the last reference goes.
package final class RocksDB: Sendable {
    let handle: DatabaseHandle
    /// The folder.
    let path: String

    /// Opens the database in the folder `path`; an absent one is created.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - cacheBytes: The size of the cache for uncompressed blocks.
    ///   - isReadOnly: Whether nothing is written into the folder, which must be there, and another
    ///     process may have it open as well: then it is seen as it is now.
    /// - Throws: ``RocksDBError`` when the files fail, are damaged, or are open elsewhere.
    package init(
        path: String,
        cacheBytes: Int = 256 << 20,
        isReadOnly: Bool = false
    ) throws(RocksDBError) {
        self.path = path
        let options = RocksDBOptions(cacheBytes: cacheBytes)
        self.handle = try DatabaseHandle(path: path, options: options, isReadOnly: isReadOnly)
    }

    /// The value stored under `key`, or `nil` when there is none; one copy.
    package func value(forKey key: Span<UInt8>) throws(RocksDBError) -> [UInt8]? {
        var text: UnsafeMutablePointer<CChar>?
        let pinned: OpaquePointer? = unsafe key.withCharacters { key, count in
            unsafe rocksdb_get_pinned(self.handle.database, self.handle.reads, key, count, &text)
        }
        if let failure = unsafe takenStatus(text) {
            throw failure
        }
        guard let pinned = unsafe pinned else { return nil }
        defer { unsafe rocksdb_pinnableslice_destroy(pinned) }
        return unsafe Array(pinnedBytes(pinned))
    }

    /// Makes all changes of the batch at once, or none of them.
    ///
    /// - Parameters:
    ///   - batch: The changes.
    ///   - synced: Whether they have reached the disk on return. Otherwise they survive the
    ///     process, but perhaps not the machine.
    /// - Throws: ``RocksDBError`` when the files fail.
    package func write(
        _ batch: borrowing WriteBatch,
        synced: Bool
    ) throws(RocksDBError) {
        var text: UnsafeMutablePointer<CChar>?
        let options = unsafe synced ? self.handle.syncedWrites : self.handle.unsyncedWrites
        unsafe rocksdb_write(self.handle.database, options, batch.batch, &text)
        if let failure = unsafe takenStatus(text) {
            throw failure
        }
    }

    /// Takes in files that ``SSTFileWriter`` made, all at once or none of them, and durably.
    ///
    /// The files are moved: they are gone afterwards. They may hold keys that the database has, and
    /// replace them; among themselves they must not overlap.
    package func ingest(_ paths: [String]) throws(RocksDBError) {
        guard !paths.isEmpty else { return }
        let options: OpaquePointer = unsafe rocksdb_ingestexternalfileoptions_create()
        defer { unsafe rocksdb_ingestexternalfileoptions_destroy(options) }
        unsafe rocksdb_ingestexternalfileoptions_set_move_files(options, 1)

        // One block for all names, each with its final zero.
        var names: [CChar] = []
        var starts: [Int] = []
        for path in paths {
            starts.append(names.count)
            names.append(contentsOf: path.utf8.map { CChar(bitPattern: $0) })
            names.append(0)
        }
        var text: UnsafeMutablePointer<CChar>?
        unsafe names.withUnsafeBufferPointer { names in
            let list = unsafe starts.map { start in
                unsafe names.baseAddress.map { unsafe $0 + start }
            }
            unsafe rocksdb_ingest_external_file(
                self.handle.database,
                list,
                list.count,
                options,
                &text
            )
        }
        if let failure = unsafe takenStatus(text) {
            throw failure
        }
    }

    /// Gives back the space of what was deleted or replaced from `lower` to `upper`.
    ///
    /// No `upper` means to the end. Everything in between is rewritten; reads and writes go on
    /// meanwhile.
    package func compact(from lower: [UInt8] = [], to upper: [UInt8]? = nil) {
        unsafe lower.span.withCharacters { lower, lowerCount in
            guard let upper else {
                unsafe rocksdb_compact_range(self.handle.database, lower, lowerCount, nil, 0)
                return
            }
            unsafe upper.span.withCharacters { upper, upperCount in
                unsafe rocksdb_compact_range(
                    self.handle.database,
                    lower,
                    lowerCount,
                    upper,
                    upperCount
                )
            }
        }
    }

    /// A numeric property by RocksDB's name, such as `rocksdb.estimate-num-keys`; `nil` when there
    /// is no such property.
    package func property(_ name: String) -> Int? {
        var value: UInt64 = 0
        let status = unsafe rocksdb_property_int(self.handle.database, name, &value)
        return status == 0 ? Int(truncatingIfNeeded: value) : nil
    }

    /// A property of several lines by RocksDB's name, such as `rocksdb.dbstats`; `nil` when there
    /// is no such property.
    package func propertyText(_ name: String) -> String? {
        guard let text = unsafe rocksdb_property_value(self.handle.database, name) else {
            return nil
        }
        defer { unsafe rocksdb_free(text) }
        return unsafe String(cString: text)
    }

    /// The bytes that the database takes on disk and in its write buffers, about.
    package var approximateSize: Int {
        (self.property("rocksdb.total-sst-files-size") ?? 0)
            + (self.property("rocksdb.cur-size-all-mem-tables") ?? 0)
    }
}

/// The bytes of a pinned value; they live until it is destroyed.
func pinnedBytes(_ pinned: OpaquePointer) -> UnsafeBufferPointer<UInt8> {
    var count = 0
    let start = unsafe rocksdb_pinnableslice_value(pinned, &count)
    let bytes = unsafe UnsafeRawPointer(start)?.assumingMemoryBound(to: UInt8.self)
    return unsafe UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count)
}
