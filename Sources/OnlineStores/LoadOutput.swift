import NativeStorage

/// Collects what a load changes, and hands it to the database in one atomic step.
///
/// A small load is one write batch; a large one is sorted files that are taken in together, so that
/// memory does not grow with it.
struct LoadOutput: ~Copyable {
    /// Files are closed at about this size, so that later compactions need not rewrite everything.
    private static let fileBytes = 64 << 20

    private let database: StoreDatabase
    /// The start of the names of the files.
    private let filePrefix: String
    private let isSmall: Bool
    private var batch = WriteBatch()
    private var writer: SSTFileWriter?
    private var paths: [String] = []

    /// - Parameters:
    ///   - database: Where the rows go.
    ///   - filePrefix: The start of the paths of files.
    ///   - isSmall: Whether all rows together fit into a write batch.
    init(database: StoreDatabase, filePrefix: String, isSmall: Bool) {
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
            if let size = self.writer?.fileSize, size >= Self.fileBytes {
                try self.closeFile()
            }
        } catch {
            throw self.database.storeError(error)
        }
    }

    /// Makes the rows and the catalogue durable and visible, together or not at all.
    mutating func commit(catalogue: [UInt8]) throws(OnlineStoreError) {
        let key = Catalogue.key
        if self.paths.isEmpty {
            self.batch.put(key: key.span, value: catalogue.span)
            try self.database.write(self.batch, synced: true)
            return
        }
        let path = "\(self.filePrefix)-catalogue.sst"
        do {
            try self.closeFile()
            var writer = try SSTFileWriter(path: path)
            try writer.put(key: key.span, value: catalogue.span)
            try writer.finish()
        } catch {
            throw self.database.storeError(error)
        }
        try self.database.ingest(self.paths + [path])
    }

    private mutating func closeFile() throws(RocksDBError) {
        if let writer = self.writer.take() {
            try writer.finish()
        }
    }
}
