import Glibc
import NativeStorage
import Synchronization

/// The database of a store, with its failures in the store's words.
///
/// RocksDB takes no writes any more after one of them has failed, be it for want of room, until it
/// is opened anew; reads go on.
final class StoreDatabase: Sendable {
    /// What a reopening may need beside what it writes out of memory.
    private static let reopeningBytes = 16 << 20
    /// How many milliseconds a reopening waits for reads.
    private static let maximumAttempts = 50

    private let directory: String
    private let cacheBytes: Int
    /// `nil` when the database is only read.
    private let ingested: IngestedFiles?
    /// `nil` when it was closed for a reopening that failed.
    private let current: Mutex<RocksDB?>
    private let failed = Atomic(false)
    /// The keys whose rows nobody finds, though they lie there; of a database that is only read.
    private let hidden: Mutex<Set<[UInt8]>> = Mutex([])
    private let hasHidden = Atomic(false)

    /// Opens the database.
    ///
    /// - Parameters:
    ///   - directory: Its folder.
    ///   - loadDirectory: Where the files lie that it takes in; `nil` when it is only read, as it
    ///     is now, whoever else has it open.
    ///   - cacheBytes: The size of its cache for blocks.
    /// - Throws: ``OnlineStoreError`` when the files fail, are damaged, or are open elsewhere.
    init(
        directory: String,
        loadDirectory: String?,
        cacheBytes: Int
    ) throws(OnlineStoreError) {
        self.directory = directory
        self.cacheBytes = cacheBytes
        self.ingested = loadDirectory.map { IngestedFiles(folder: $0) }
        do {
            guard let ingested = self.ingested else {
                self.current = Mutex(
                    try RocksDB(path: directory, cacheBytes: cacheBytes, isReadOnly: true)
                )
                return
            }
            self.current = Mutex(try ingested.open(directory, cacheBytes: cacheBytes))
        } catch {
            throw OnlineStoreError(error, directory: directory)
        }
    }

    var approximateSize: Int { self.current.withLock { $0 }?.approximateSize ?? 0 }

    /// Whether a write has failed since the opening, so that the next one would fail too.
    var hasFailed: Bool { self.failed.load(ordering: .acquiring) }

    /// Opens the database anew, so that it takes writes again.
    ///
    /// Reads wait meanwhile. What it held before is there afterwards, and of the write that failed
    /// all or nothing.
    ///
    /// - Throws: ``OnlineStoreError``: `unavailable` when the disk still takes no writes, or
    ///   somebody walks through the database; it is as it was then.
    func reopen() throws(OnlineStoreError) {
        let unwritten = self.current.withLock { $0 }?.property("rocksdb.cur-size-all-mem-tables")
        try self.checkRoom(bytes: (unwritten ?? 0) + Self.reopeningBytes)
        try self.current.withLock { (database) throws(OnlineStoreError) in
            if database != nil {
                // New reads wait here, and those under way take microseconds.
                var attempts = 0
                while !isKnownUniquelyReferenced(&database), attempts < Self.maximumAttempts {
                    usleep(1000)
                    attempts += 1
                }
                guard attempts < Self.maximumAttempts else {
                    throw OnlineStoreError(
                        .unavailable,
                        "the online store at \(self.directory) is read by a load or a comparison "
                            + "while it recovers from a failed write; try again in a moment"
                    )
                }
                // Closes it: no process may have a database open twice.
                database = nil
            }
            do throws(RocksDBError) {
                database = try self.ingested?.open(self.directory, cacheBytes: self.cacheBytes)
            } catch {
                throw OnlineStoreError(error, directory: self.directory)
            }
            self.failed.store(false, ordering: .releasing)
        }
    }

    /// Tries out whether the disk takes writes: a database that is closed and cannot be opened
    /// again would serve no reads either.
    private func checkRoom(bytes: Int) throws(OnlineStoreError) {
        do throws(FileError) {
            var file = try TemporaryFile(in: self.directory, isNamed: false)
            try file.append([UInt8](repeating: 0, count: 1 << 16))
        } catch {
            throw OnlineStoreError(
                .unavailable,
                "the online store at \(self.directory) takes no writes since one failed: "
                    + "\(error.message); it does again when there is room on its disk",
                cause: error
            )
        }
        guard let free = freeBytes(in: self.directory), free < bytes else { return }
        throw OnlineStoreError(
            .unavailable,
            "the online store at \(self.directory) takes no writes since one failed: its disk has "
                + "\(free >> 20) MB left, and it needs \(bytes >> 20) MB"
        )
    }

    private func opened() throws(OnlineStoreError) -> RocksDB {
        if let database = self.current.withLock({ $0 }) { return database }
        throw OnlineStoreError(
            .unavailable,
            "the online store at \(self.directory) could not be opened again after a failed write; "
                + "see that there is room on its disk, and write to it or start again"
        )
    }

    /// A numeric property by RocksDB's name; 0 when there is no such property.
    func property(_ name: String) -> Int {
        self.current.withLock { $0 }?.property("rocksdb." + name) ?? 0
    }

    /// A property of several lines by RocksDB's name; empty when there is no such property.
    func propertyText(_ name: String) -> String {
        self.current.withLock { $0 }?.propertyText("rocksdb." + name) ?? ""
    }

    func value(forKey key: [UInt8]) throws(OnlineStoreError) -> [UInt8]? {
        let database = try self.opened()
        do {
            return try database.value(forKey: key.span)
        } catch {
            throw self.storeError(error)
        }
    }

    func values(
        for keys: KeyBatch,
        sorted: Bool,
        mayReadFiles: Bool = true,
        _ body: (Int, Span<UInt8>?) -> Void
    ) throws(OnlineStoreError) {
        guard self.hasHidden.load(ordering: .acquiring) else {
            return try self.allValues(for: keys, sorted: sorted, mayReadFiles: mayReadFiles, body)
        }
        let hidden = self.hidden.withLock { $0 }
        try self.allValues(for: keys, sorted: sorted, mayReadFiles: mayReadFiles) { index, row in
            if hidden.contains(Array(keys.bytes[keys.range(at: index)])) {
                body(index, nil)
            } else {
                body(index, row)
            }
        }
    }

    private func allValues(
        for keys: KeyBatch,
        sorted: Bool,
        mayReadFiles: Bool,
        _ body: (Int, Span<UInt8>?) -> Void
    ) throws(OnlineStoreError) {
        let database = try self.opened()
        let bytes = keys.bytes
        let ends = keys.ends
        do {
            guard mayReadFiles else {
                try database.valuesInMemory(forKeys: bytes.span, ends: ends.span, body)
                return
            }
            try database.values(
                forKeys: bytes.span,
                ends: ends.span,
                sorted: sorted,
                body
            )
        } catch {
            throw self.storeError(error)
        }
    }

    /// Calls `body` with all rows of all views, keys ascending, while it wants more.
    func scanRows(
        _ body: (_ key: Span<UInt8>, _ row: Span<UInt8>) -> Bool
    ) throws(OnlineStoreError) {
        let database = try self.opened()
        let hidden = self.hidden.withLock { $0 }
        do {
            try database.scan(from: [Keyspace.rows], to: [Keyspace.rows + 1]) { key, row in
                if !hidden.isEmpty, hidden.contains(bytes(of: key)) { return true }
                return body(key, row)
            }
        } catch {
            throw self.storeError(error)
        }
    }

    /// Has nobody find the rows of some keys from here on.
    func hide(_ keys: KeyBatch) {
        self.hidden.withLock { hidden in
            for index in 0..<keys.count { hidden.insert(Array(keys.bytes[keys.range(at: index)])) }
        }
        self.hasHidden.store(true, ordering: .releasing)
    }

    /// A cursor over everything, as it is now.
    func cursor() throws(OnlineStoreError) -> RocksDBCursor {
        RocksDBCursor(try self.opened())
    }

    func write(
        _ batch: borrowing WriteBatch,
        synced: Bool
    ) throws(OnlineStoreError) {
        let database = try self.opened()
        do {
            try database.write(batch, synced: synced)
        } catch {
            throw self.failure(error)
        }
    }

    func ingest(_ paths: [String]) throws(OnlineStoreError) {
        let database = try self.opened()
        guard !self.hasFailed else {
            // The next opening may need the files of the ingestion that failed.
            throw OnlineStoreError(
                .unavailable,
                "the online store at \(self.directory) takes no writes since one failed; load again"
            )
        }
        try self.ingested?.keep(paths)
        do {
            try database.ingest(paths)
        } catch {
            throw self.failure(error)
        }
        self.ingested?.forget()
    }

    /// The error of a write, after which the database must be opened anew.
    private func failure(_ error: RocksDBError) -> OnlineStoreError {
        self.failed.store(true, ordering: .releasing)
        return self.storeError(error)
    }

    func flush() throws(OnlineStoreError) {
        let database = try self.opened()
        do {
            try database.flush()
        } catch {
            throw self.storeError(error)
        }
    }

    func checkpoint(to path: String) throws(OnlineStoreError) {
        let database = try self.opened()
        do {
            try database.checkpoint(to: path)
        } catch {
            throw self.storeError(error)
        }
    }

    /// Rewrites all files, so that nothing is left of what was deleted.
    ///
    /// - Throws: ``OnlineStoreError`` when the files fail, or old ones are still being read.
    func purge() throws(OnlineStoreError) {
        let database = try self.opened()
        do {
            try database.purge(marker: [Keyspace.metadata] + Array("purged".utf8))
        } catch {
            throw self.storeError(error)
        }
    }

    func storeError(_ error: RocksDBError) -> OnlineStoreError {
        OnlineStoreError(error, directory: self.directory)
    }
}
