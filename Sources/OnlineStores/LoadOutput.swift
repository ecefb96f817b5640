import NativeStorage

/// Collects what a load changes, and hands it to the database in one atomic step.
///
/// A small load is one write batch; a large one is sorted files that are taken in together, so that
/// memory does not grow with it.
struct LoadOutput: ~Copyable {
    /// The greatest size of a file, about: later compactions need not rewrite everything.
    private static let maximumFileBytes = 64 << 20

    private let database: StoreDatabase
    /// The start of the names of the files.
    private let filePrefix: String
    private let fileBytes: Int
    private let isSmall: Bool
    private var batch = WriteBatch()
    private var writer: SSTFileWriter?
    private var paths: [String] = []

    /// - Parameters:
    ///   - database: Where the rows go.
    ///   - filePrefix: The start of the paths of files.
    ///   - memory: What the load may hold in memory; files are no larger.
    ///   - isSmall: Whether all rows together fit into a write batch.
    init(database: StoreDatabase, filePrefix: String, memory: Int, isSmall: Bool) {
        self.fileBytes = min(memory, Self.maximumFileBytes)
        self.database = database
        self.filePrefix = filePrefix
        self.isSmall = isSmall
    }

    /// Adds a row; keys come in ascending order, each once.
    mutating func put(key: Span<UInt8>, row: Span<UInt8>) throws(OnlineStoreError) {
        if self.isSmall {
            self.batch.put(key: key, value: row)
            return
        }
        do {
            if self.writer == nil {
                let path = "\(self.filePrefix)-\(self.paths.count).sst"
                self.writer = try SSTFileWriter(path: path)
                self.paths.append(path)
            }
            try self.writer?.put(key: key, value: row)
            if let size = self.writer?.fileSize, size >= self.fileBytes {
                try self.closeFile()
            }
        } catch {
            throw self.database.storeError(error)
        }
    }

    /// Makes the rows and the catalogue durable and visible, together or not at all.
    ///
    /// - Parameters:
    ///   - catalogue: `nil` when it stays as it is.
    ///   - kept: Rows that stay whatever was put for their keys, keys ascending, each once.
    /// - Throws: ``OnlineStoreError`` when the files fail; nothing has changed then.
    mutating func commit(catalogue: [UInt8]?, kept: [KeptRow]) throws(OnlineStoreError) {
        let key = Catalogue.key
        if self.paths.isEmpty {
            // Later changes of a batch replace earlier ones.
            for row in kept {
                self.batch.put(key: row.key.span, value: row.row.span)
            }
            if let catalogue {
                self.batch.put(key: key.span, value: catalogue.span)
            }
            if self.batch.count > 0 {
                try self.database.write(self.batch, synced: true)
            }
            return
        }
        do {
            try self.closeFile()
            if !kept.isEmpty {
                // Of files that are taken in together a later one replaces what an earlier has.
                let path = "\(self.filePrefix)-kept.sst"
                var writer = try SSTFileWriter(path: path)
                for row in kept {
                    try writer.put(key: row.key.span, value: row.row.span)
                }
                try writer.finish()
                self.paths.append(path)
            }
            if let catalogue {
                // A file of its own: its key is smaller than those of the rows.
                let path = "\(self.filePrefix)-catalogue.sst"
                var writer = try SSTFileWriter(path: path)
                try writer.put(key: key.span, value: catalogue.span)
                try writer.finish()
                self.paths.append(path)
            }
        } catch {
            throw self.database.storeError(error)
        }
        try self.database.ingest(self.paths)
    }

    /// Completes the last file, so that little is left for the commit.
    mutating func finish() throws(OnlineStoreError) {
        do {
            try self.closeFile()
        } catch {
            throw self.database.storeError(error)
        }
    }

    private mutating func closeFile() throws(RocksDBError) {
        if var writer = self.writer.take() {
            try writer.finish()
        }
    }
}

/// A row of the store that a load must not replace.
struct KeptRow {
    let key: [UInt8]
    let row: [UInt8]
}
