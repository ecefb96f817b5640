import NativeStorage

/// The database of a store, with its failures in the store's words.
final class StoreDatabase: Sendable {
    private let database: RocksDB
    private let directory: String

    init(directory: String, cacheBytes: Int) throws(OnlineStoreError) {
        self.directory = directory
        do {
            self.database = try RocksDB(path: directory, cacheBytes: cacheBytes)
        } catch {
            throw OnlineStoreError(error, directory: directory)
        }
    }

    var approximateSize: Int { self.database.approximateSize }

    func value(forKey key: [UInt8]) throws(OnlineStoreError) -> [UInt8]? {
        do {
            return try self.database.value(forKey: key.span)
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
        let bytes = keys.bytes
        let ends = keys.ends
        do {
            guard mayReadFiles else {
                try self.database.valuesInMemory(forKeys: bytes.span, ends: ends.span, body)
                return
            }
            try self.database.values(
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
        do {
            try self.database.scan(from: [Keyspace.rows], to: [Keyspace.rows + 1], body)
        } catch {
            throw self.storeError(error)
        }
    }

    /// A cursor over everything, as it is now.
    func cursor() -> RocksDBCursor {
        RocksDBCursor(self.database)
    }

    func write(
        _ batch: borrowing WriteBatch,
        synced: Bool
    ) throws(OnlineStoreError) {
        do {
            try self.database.write(batch, synced: synced)
        } catch {
            throw self.storeError(error)
        }
    }

    func ingest(_ paths: [String]) throws(OnlineStoreError) {
        do {
            try self.database.ingest(paths)
        } catch {
            throw self.storeError(error)
        }
    }

    /// Rewrites all files, so that nothing is left of what was deleted.
    ///
    /// - Throws: ``OnlineStoreError`` when the files fail, or old ones are still being read.
    func purge() throws(OnlineStoreError) {
        do {
            try self.database.purge(marker: [Keyspace.metadata] + Array("purged".utf8))
        } catch {
            throw self.storeError(error)
        }
    }

    func storeError(_ error: RocksDBError) -> OnlineStoreError {
        OnlineStoreError(error, directory: self.directory)
    }
}
