extension RocksDBOnlineStore {
    /// Reads the rows of many keys, of any views.
    ///
    /// - Parameters:
    ///   - keys: Made by ``EntityKeyEncoder``; in any order, and the same key may come twice.
    ///   - rows: Gets one element per key, in the keys' order: a copy of the row, its checksum
    ///     right, or nothing when there is none. What it held before is gone.
    /// - Throws: ``OnlineStoreError`` when the files fail or a row is damaged.
    package func read(
        _ keys: KeyBatch,
        into rows: inout RowBatch
    ) throws(OnlineStoreError) {
        rows.removeAll()
        var failure: OnlineStoreError?
        try self.database.values(for: keys, sorted: false) { _, row in
            guard let row else {
                rows.appendAbsent()
                return
            }
            do throws(OnlineStoreError) {
                _ = try RowHeader(validating: row)
                rows.append(row)
            } catch {
                failure = error
            }
        }
        if let failure {
            rows.removeAll()
            throw failure
        }
    }

    /// Calls `body` with every key of a view and its row, keys ascending.
    ///
    /// - Parameters:
    ///   - view: The generation to go through; its rows are as they were at the time of the call.
    ///   - body: Gives whether to go on; key and row are gone afterwards.
    /// - Throws: ``OnlineStoreError`` when the files fail or a row is damaged.
    /// - Complexity: O(rows of all views): views lie side by side under each entity.
    package func iterate(
        _ view: StoredView,
        _ body: (_ key: Span<UInt8>, _ row: Span<UInt8>) -> Bool
    ) throws(OnlineStoreError) {
        var failure: OnlineStoreError?
        try self.database.scanRows { key, row in
            guard viewID(ofKey: key) == view.viewID else { return true }
            do throws(OnlineStoreError) {
                _ = try RowHeader(validating: row)
            } catch {
                failure = error
                return false
            }
            return body(key, row)
        }
        if let failure {
            throw failure
        }
    }
}

/// The generation that a key belongs to; `nil` for bytes that are no key.
func viewID(ofKey key: Span<UInt8>) -> UInt32? {
    key.count < 5 ? nil : key.bigEndian(at: key.count - 4, as: UInt32.self)
}
