import NativeStorage

/// Where the merge of a load writes.
struct LoadTarget: Sendable {
    let database: StoreDatabase
    /// Knows what was pushed since the load began.
    let journal: PushJournal
    /// `false` when the generation has no rows yet, which saves the look-ups.
    let comparesWithStore: Bool
    /// The keys whose stored row does not count, unless it was pushed since the load began.
    let withdrawn: Set<[UInt8]>
    /// The start of the paths of files.
    let filePrefix: String
    /// The size of a file, about.
    let fileBytes: Int
}

/// What became of the keys of a range.
struct RangeResult: Sendable {
    /// The files that hold the rows, keys ascending.
    var paths: [String] = []
    /// Keys whose row goes into the store.
    var written = 0
    /// Keys whose stored row is newer than the load's newest.
    var stale = 0
    /// The keys whose row changes, when rows are compared with the store and so many are few.
    var changedKeys = KeyBatch()
    /// The keys of rows that were withdrawn, for which the load has a row.
    var replacedKeys: Set<[UInt8]> = []
    /// Whether a row gave way to one as old that was pushed since the load began.
    var hasYielded = false

    /// Of so many changed rows each key is known; of more, that they are rows of the view.
    static let maximumChangedKeys = 100_000
}

/// Compares the newest rows of a range of keys with the rows in the store, and writes those that
/// replace them into files, or into a batch.
///
/// A row replaces the stored one when its (event time, write time) is greater, or when it is equal
/// and its bytes differ: then the load is the later word on the same moment, unless the stored row
/// was pushed since the load began. A stored row that was withdrawn is replaced by any.
struct RangeWriter: ~Copyable {
    private enum Verdict {
        case replaces
        case isStale
        case changesNothing
    }

    private let target: LoadTarget
    /// Tells the files of this range from others'.
    private let rangeNumber: Int
    private var stored: StoredRows?
    private var batch: WriteBatch?
    private var file: SSTFileWriter?
    private(set) var result = RangeResult()

    /// - Parameters:
    ///   - target: Where the rows go.
    ///   - rangeNumber: Tells the files of this range from others'.
    ///   - batch: Gets the rows; `nil` for files.
    /// - Throws: ``OnlineStoreError`` when the store cannot be read.
    init(
        _ target: LoadTarget,
        rangeNumber: Int,
        batch: consuming WriteBatch?
    ) throws(OnlineStoreError) {
        self.target = target
        self.rangeNumber = rangeNumber
        self.stored = try target.comparesWithStore ? StoredRows(target.database) : nil
        self.batch = batch
    }

    /// Takes the newest row of one key; keys come in ascending order, each once.
    mutating func add(_ record: RecordPointer) throws(OnlineStoreError) {
        switch unsafe try self.verdict(on: record) {
        case .replaces:
            self.result.written += 1
            unsafe self.noteChange(of: record.key)
            unsafe try self.put(record)
        case .isStale:
            self.result.stale += 1
        case .changesNothing:
            break
        }
    }

    /// Completes the files.
    ///
    /// - Returns: The batch, when there was one.
    mutating func finish() throws(OnlineStoreError) -> WriteBatch? {
        do throws(RocksDBError) {
            try self.closeFile()
        } catch {
            throw self.target.database.storeError(error)
        }
        return self.batch.take()
    }

    private mutating func noteChange(of key: UnsafeBufferPointer<UInt8>) {
        guard self.target.comparesWithStore,
            self.result.written <= RangeResult.maximumChangedKeys
        else { return }
        unsafe append(key.span, to: &self.result.changedKeys.bytes)
        self.result.changedKeys.endKey()
    }

    private mutating func verdict(on record: RecordPointer) throws(OnlineStoreError) -> Verdict {
        let key = unsafe record.key
        guard unsafe try self.stored?.find(key.span) ?? false else { return .replaces }
        let journal = self.target.journal
        let isWithdrawn = unsafe self.isWithdrawn(key.span)
        var yields = false
        let verdict = self.stored?.withRow { stored -> Verdict in
            let row = unsafe record.row
            // Most rows of a load that is done again: no need to look at them more closely.
            if unsafe compareBytes(row.span, stored) == 0 { return .changesNothing }
            let order = unsafe compareAge(row.span, stored)
            if order > 0 { return .replaces }
            if order < 0, !isWithdrawn { return .isStale }
            guard unsafe journal.contains(key.span) else { return .replaces }
            yields = order == 0
            return order < 0 ? .isStale : .changesNothing
        }
        if yields { self.result.hasYielded = true }
        return verdict ?? .replaces
    }

    /// Whether the stored row of a key does not count; then the load has one for it.
    private mutating func isWithdrawn(_ key: Span<UInt8>) -> Bool {
        guard !self.target.withdrawn.isEmpty else { return false }
        let key = bytes(of: key)
        guard self.target.withdrawn.contains(key) else { return false }
        self.result.replacedKeys.insert(key)
        return true
    }

    private mutating func put(_ record: RecordPointer) throws(OnlineStoreError) {
        let key = unsafe record.key
        let row = unsafe record.row
        if self.batch != nil {
            unsafe self.batch?.put(key: key.span, value: row.span)
            return
        }
        do throws(RocksDBError) {
            if self.file == nil {
                let number = self.result.paths.count
                let path = "\(self.target.filePrefix)-\(self.rangeNumber)-\(number).sst"
                self.file = try SSTFileWriter(path: path)
                self.result.paths.append(path)
            }
            unsafe try self.file?.put(key: key.span, value: row.span)
            if let size = self.file?.fileSize, size >= self.target.fileBytes {
                try self.closeFile()
            }
        } catch {
            throw self.target.database.storeError(error)
        }
    }

    private mutating func closeFile() throws(RocksDBError) {
        if var file = self.file.take() {
            try file.finish()
        }
    }
}

/// Orders two rows by (event time, write time).
///
/// A stored row that is damaged counts as older than everything, so that loading its view again
/// mends it.
func compareAge(_ row: Span<UInt8>, _ stored: Span<UInt8>) -> Int {
    guard let new = try? RowHeader(row), let old = try? RowHeader(validating: stored) else {
        return 1
    }
    if new.eventTime != old.eventTime { return new.eventTime < old.eventTime ? -1 : 1 }
    if new.writeTime != old.writeTime { return new.writeTime < old.writeTime ? -1 : 1 }
    return 0
}
