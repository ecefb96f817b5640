import NativeStorage

/// What a load changes, which is handed to the database in one atomic step.
///
/// A small load is one write batch; a large one is sorted files that are taken in together, so that
/// memory does not grow with it.
struct LoadOutput: ~Copyable {
    private let target: LoadTarget
    private var batch: WriteBatch
    private var paths: [String]
    /// Keys whose row goes into the store.
    let written: Int
    /// Keys whose stored row is newer than the load's newest.
    let stale: Int
    /// The keys whose row changes; `nil` when they are not known one by one.
    private let changedKeys: KeyBatch?
    /// The keys whose stored row was withdrawn, and for which the load has none, ascending.
    let rowlessKeys: [[UInt8]]
    /// Whether a row gave way to one as old that was pushed since the load began.
    let hasYielded: Bool

    /// - Parameters:
    ///   - target: Where the rows go.
    ///   - results: What became of each range of keys, keys ascending.
    ///   - batch: The rows that are in no file.
    init(_ target: LoadTarget, results: [RangeResult], batch: consuming WriteBatch) {
        self.target = target
        self.batch = batch
        self.paths = results.flatMap(\.paths)
        self.written = results.reduce(0) { $0 + $1.written }
        self.stale = results.reduce(0) { $0 + $1.stale }
        self.hasYielded = results.contains(where: \.hasYielded)
        let replaced = results.reduce(into: Set<[UInt8]>()) { $0.formUnion($1.replacedKeys) }
        self.rowlessKeys = target.withdrawn.subtracting(replaced)
            .sorted { compareBytes($0.span, $1.span) < 0 }
        guard target.comparesWithStore, self.written <= RangeResult.maximumChangedKeys else {
            self.changedKeys = nil
            return
        }
        var keys = KeyBatch()
        for result in results {
            keys.append(contentsOf: result.changedKeys)
        }
        keys.append(contentsOf: KeyBatch(self.rowlessKeys))
        self.changedKeys = keys
    }

    /// Which rows the commit changes.
    func changes(ofView viewID: UInt32) -> ChangedRows {
        self.changedKeys.map { .keys($0) } ?? .view(viewID)
    }

    /// Makes the rows and the catalogue durable and visible, together or not at all.
    ///
    /// - Parameters:
    ///   - catalogue: `nil` when it stays as it is.
    ///   - kept: Rows that stay whatever the load has for their keys, keys ascending, each once.
    ///   - removed: Keys that have no row afterwards, ascending; no others of these.
    /// - Throws: ``OnlineStoreError`` when the files fail; nothing has changed then.
    mutating func commit(
        catalogue: [UInt8]?,
        kept: [KeptRow],
        removed: [[UInt8]]
    ) throws(OnlineStoreError) {
        let key = Catalogue.key
        if self.paths.isEmpty {
            // Later changes of a batch replace earlier ones.
            for row in kept {
                self.batch.put(key: row.key.span, value: row.row.span)
            }
            for key in removed {
                self.batch.delete(key: key.span)
            }
            if let catalogue {
                self.batch.put(key: key.span, value: catalogue.span)
            }
            if self.batch.count > 0 {
                try self.target.database.write(self.batch, synced: true)
            }
            return
        }
        do {
            if !kept.isEmpty {
                // Of files that are taken in together a later one replaces what an earlier has.
                let path = "\(self.target.filePrefix)-kept.sst"
                var writer = try SSTFileWriter(path: path)
                for row in kept {
                    try writer.put(key: row.key.span, value: row.row.span)
                }
                try writer.finish()
                self.paths.append(path)
            }
            if !removed.isEmpty {
                let path = "\(self.target.filePrefix)-removed.sst"
                var writer = try SSTFileWriter(path: path)
                for key in removed {
                    try writer.delete(key: key.span)
                }
                try writer.finish()
                self.paths.append(path)
            }
            if let catalogue {
                // A file of its own: its key is smaller than those of the rows.
                let path = "\(self.target.filePrefix)-catalogue.sst"
                var writer = try SSTFileWriter(path: path)
                try writer.put(key: key.span, value: catalogue.span)
                try writer.finish()
                self.paths.append(path)
            }
        } catch {
            throw self.target.database.storeError(error)
        }
        try self.target.database.ingest(self.paths)
    }
}

/// A row of the store that a load must not replace.
struct KeptRow {
    let key: [UInt8]
    let row: [UInt8]
}
