extension RocksDBOnlineStore {
    /// Reads the rows of many keys, of any views, as they were at one moment.
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
        try self.read(keys, form: .row, mayReadFiles: true, into: &rows) { _, _, _, _ in false }
    }

    /// Reads the texts of the rows of many keys, as they were at one moment.
    ///
    /// - Parameters:
    ///   - keys: As for ``read(_:into:)``.
    ///   - mayReadFiles: Whether the call may wait for a disk.
    ///   - rows: As for ``read(_:into:)``, with texts instead of rows. A row that is present and
    ///     has an empty text could not be written.
    ///   - write: Appends the text of a row for the key of that index, or says that it has none.
    ///     The same row of the same generation always has the same text: it is kept.
    /// - Throws: ``OnlineStoreError`` when the files fail or a row is damaged; `notInMemory` when
    ///   files would have to be read and may not be.
    package func readTexts(
        _ keys: KeyBatch,
        mayReadFiles: Bool,
        into rows: inout RowBatch,
        write: (_ index: Int, _ row: Span<UInt8>, FoundRow, inout [UInt8]) -> Bool
    ) throws(OnlineStoreError) {
        try self.read(
            keys,
            form: .text,
            mayReadFiles: mayReadFiles,
            into: &rows,
            write: write
        )
    }

    /// The contract is that of ``RowCache``.
    private func read(
        _ keys: KeyBatch,
        form: RowForm,
        mayReadFiles: Bool,
        into rows: inout RowBatch,
        write: (Int, Span<UInt8>, FoundRow, inout [UInt8]) -> Bool
    ) throws(OnlineStoreError) {
        rows.reset(count: keys.count)
        if let cache = self.cache {
            let count = cache.writesBegun
            if cache.read(keys, form: form, into: &rows) {
                if rows.scratch.missing.count > 0 {
                    try self.fetch(
                        rows.scratch.missing,
                        form: form,
                        mayReadFiles: mayReadFiles,
                        keptAsOf: count,
                        into: &rows,
                        write: write
                    )
                }
                if cache.writesBegun == count { return }
            }
            rows.reset(count: keys.count)
        }
        try self.fetch(
            keys,
            form: form,
            mayReadFiles: mayReadFiles,
            keptAsOf: nil,
            into: &rows,
            write: write
        )
    }

    /// Reads all keys from the database; or, with the number of writes from before the look-up,
    /// those that the cache does not have, which it keeps then.
    private func fetch(
        _ keys: KeyBatch,
        form: RowForm,
        mayReadFiles: Bool,
        keptAsOf count: UInt64?,
        into rows: inout RowBatch,
        write: (Int, Span<UInt8>, FoundRow, inout [UInt8]) -> Bool
    ) throws(OnlineStoreError) {
        var failure: OnlineStoreError?
        let keyBytes = keys.bytes
        do {
            try self.database.values(for: keys, sorted: false, mayReadFiles: mayReadFiles) {
                let position = count == nil ? $0 : rows.scratch.missingIndices[$0]
                var isWhole = true
                if let row = $1 {
                    do throws(OnlineStoreError) {
                        let found = FoundRow(try RowHeader(validating: row))
                        switch form {
                        case .row: rows.set(position, found, bytes: row)
                        case .text:
                            isWhole = rows.set(position, found) { write(position, row, found, &$0) }
                        }
                    } catch {
                        failure = error
                        return
                    }
                }
                guard let count, let cache = self.cache, isWhole else { return }
                let found = rows.found[position]
                let range = found.isPresent ? found.start..<found.end : 0..<0
                cache.keep(
                    rows.scratch.hashes[position],
                    key: keyBytes.span.extracting(keys.range(at: $0)),
                    row: found,
                    form: form,
                    bytes: rows.bytes.span.extracting(range),
                    asOf: count
                )
            }
        } catch {
            rows.reset(count: 0)
            throw error
        }
        if let failure {
            rows.reset(count: 0)
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
