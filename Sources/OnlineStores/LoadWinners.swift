import NativeStorage

/// Compares a load's newest rows with the rows in the store, and passes on those that replace them.
///
/// A row replaces the stored one when its (event time, write time) is greater, or when it is equal
/// and its bytes differ: then the load is the later word on the same moment, unless the stored row
/// was pushed since the load began.
struct LoadWinners: ~Copyable {
    private static let maximumKeys = 256
    private static let maximumBytes = 1 << 20
    /// Of so many changed rows each key is known; of more, that they are rows of the view.
    private static let maximumChangedKeys = 100_000

    private let database: StoreDatabase
    /// `false` when the generation has no rows yet, which saves the look-ups.
    private let comparesWithStore: Bool
    private var keys = KeyBatch()
    private var rows: [UInt8] = []
    private var rowEnds: [Int] = []
    private var replaces: [Bool] = []
    private let journal: PushJournal
    private var output: LoadOutput
    private var changedKeys = KeyBatch()
    /// Keys whose row goes into the store.
    private(set) var written = 0
    /// Keys whose stored row is newer than the load's newest.
    private(set) var stale = 0

    init(
        database: StoreDatabase,
        comparesWithStore: Bool,
        journal: PushJournal,
        output: consuming LoadOutput
    ) {
        self.database = database
        self.comparesWithStore = comparesWithStore
        self.journal = journal
        self.output = output
    }

    /// Takes the newest row of one key; keys come in ascending order, each once.
    mutating func add(key: Span<UInt8>, row: Span<UInt8>) throws(OnlineStoreError) {
        guard self.comparesWithStore else {
            self.written += 1
            try self.output.put(key: key, row: row)
            return
        }
        append(key, to: &self.keys.bytes)
        self.keys.endKey()
        append(row, to: &self.rows)
        self.rowEnds.append(self.rows.count)
        if self.keys.count >= Self.maximumKeys || self.rows.count >= Self.maximumBytes {
            try self.decide()
        }
    }

    /// Handles the keys that still wait for their look-up; the files are complete then.
    mutating func finish() throws(OnlineStoreError) {
        try self.decide()
        try self.output.finish()
    }

    /// Which rows the commit changes.
    func changes(ofView viewID: UInt32) -> ChangedRows {
        let isKnown = self.comparesWithStore && self.written <= Self.maximumChangedKeys
        return isKnown ? .keys(self.changedKeys) : .view(viewID)
    }

    /// Makes the rows and the catalogue durable and visible, together or not at all.
    ///
    /// - Parameters:
    ///   - catalogue: `nil` when it stays as it is.
    ///   - kept: Rows that stay whatever the load has for their keys, keys ascending, each once.
    /// - Throws: ``OnlineStoreError`` when the files fail; nothing has changed then.
    mutating func commit(catalogue: [UInt8]?, kept: [KeptRow]) throws(OnlineStoreError) {
        try self.output.commit(catalogue: catalogue, kept: kept)
    }

    private mutating func decide() throws(OnlineStoreError) {
        try self.compare()
        let keyBytes = self.keys.bytes
        let rowBytes = self.rows
        for index in 0..<self.keys.count where self.replaces[index] {
            try self.output.put(
                key: keyBytes.span.extracting(self.keys.range(at: index)),
                row: rowBytes.span.extracting(self.rowRange(at: index))
            )
            self.written += 1
            if self.written <= Self.maximumChangedKeys {
                append(
                    keyBytes.span.extracting(self.keys.range(at: index)),
                    to: &self.changedKeys.bytes
                )
                self.changedKeys.endKey()
            }
        }
        self.keys.removeAll()
        self.rows.removeAll(keepingCapacity: true)
        self.rowEnds.removeAll(keepingCapacity: true)
        self.replaces.removeAll(keepingCapacity: true)
    }

    /// Fills `replaces` and counts the stale.
    private mutating func compare() throws(OnlineStoreError) {
        let rows = self.rows
        let rowEnds = self.rowEnds
        let keys = self.keys
        let keyBytes = keys.bytes
        let journal = self.journal
        var replaces: [Bool] = []
        var stale = 0
        try self.database.values(for: self.keys, sorted: true) { index, stored in
            guard let stored else {
                replaces.append(true)
                return
            }
            let start = index == 0 ? 0 : rowEnds[index - 1]
            let row = rows.span.extracting(start..<rowEnds[index])
            let order = compareAge(row, stored)
            if order < 0 {
                stale += 1
            }
            var isReplaced = order > 0
            if order == 0, compareBytes(row, stored) != 0 {
                isReplaced = !journal.contains(keyBytes.span.extracting(keys.range(at: index)))
            }
            replaces.append(isReplaced)
        }
        self.replaces = replaces
        self.stale += stale
    }

    private func rowRange(at index: Int) -> Range<Int> {
        (index == 0 ? 0 : self.rowEnds[index - 1])..<self.rowEnds[index]
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
