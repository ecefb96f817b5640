/// One load of a view: takes rows in any order and commits the newest of each key at once.
///
/// Used by one thread. Rows wait in memory up to a budget, and beyond it in sorted files beside the
/// store, so that memory does not depend on the number of rows. Nothing is visible before
/// ``commit(_:)``, and a load that is dropped or killed leaves nothing behind.
package final class OnlineLoad {
    /// A merge reads at most so many files at once.
    private static let maximumRuns = 64
    /// Loads up to this size are written without making files.
    private static let smallBytes = 1 << 20

    /// The name of the view.
    package let viewName: String
    /// The generation that is loaded: what the keys must end with.
    package let viewID: UInt32
    /// Where the fields of the rows lie; make a ``RowEncoder`` from it.
    package let rowLayout: RowLayout

    let store: RocksDBOnlineStore
    let target: WriteTarget
    /// Called by ``commit(_:)`` when all rows are compared and before any is visible.
    package var whenMerged: (() -> Void)?
    /// What pushes wrote since the load began.
    let journal: PushJournal
    /// Tells this load's files from others'.
    let filePrefix: String
    private let memoryBudget: Int
    private var arena = LoadArena()
    private var runs: [Run] = []
    private var runNumber = 0
    private var isOpen = true

    init(
        store: RocksDBOnlineStore,
        target: WriteTarget,
        journal: PushJournal,
        filePrefix: String,
        memoryBudget: Int
    ) {
        self.store = store
        self.target = target
        self.journal = journal
        self.viewName = target.viewName
        self.viewID = target.viewID
        self.rowLayout = RowLayout(schema: target.schema)
        self.filePrefix = filePrefix
        self.memoryBudget = memoryBudget
    }

    deinit {
        self.abandon()
    }

    /// Adds one row.
    ///
    /// Of several rows of a key the one with the greatest (event time, write time) wins, and of
    /// equal ones the last added.
    ///
    /// - Parameters:
    ///   - key: A key of ``viewID``, made by ``EntityKeyEncoder``.
    ///   - eventTime: The row's event time, as the row says it.
    ///   - writeTime: The row's created or write time, as the row says it.
    ///   - row: A row of ``rowLayout``, made by ``RowEncoder``.
    /// - Throws: ``OnlineStoreError`` when key and row do not belong to this load or to each other,
    ///   or when the disk is full; the load cannot go on then.
    package func add(
        key: Span<UInt8>,
        eventTime: Int64,
        writeTime: Int64,
        row: Span<UInt8>
    ) throws(OnlineStoreError) {
        guard self.isOpen else {
            throw OnlineStoreError(.superseded, "the load of \"\(self.viewName)\" is over")
        }
        guard key.count >= 5, key[0] == Keyspace.rows, UInt32(exactly: key.count) != nil,
            key.bigEndian(at: key.count - 4, as: UInt32.self) == self.viewID
        else {
            throw OnlineStoreError(
                .invalidKey,
                "a key does not belong to this load of \"\(self.viewName)\""
            )
        }
        let header = try RowHeader(row)
        guard header.schemaID == self.rowLayout.schema.id, header.eventTime == eventTime,
            header.writeTime == writeTime, UInt32(exactly: row.count) != nil
        else {
            throw OnlineStoreError(
                .invalidRow,
                "a row does not belong to this load of \"\(self.viewName)\", or to its times"
            )
        }
        self.arena.append(key: key, eventTime: eventTime, writeTime: writeTime, row: row)
        if self.arena.size >= self.memoryBudget {
            try self.spill()
        }
    }

    /// Makes the rows visible and durable together with the record, all or nothing.
    ///
    /// Pushes go on meanwhile, but for the last moment: the newest row wins whoever wrote it.
    ///
    /// - Parameter record: What the load did; replaces the view's record. `keysWritten` and `stale`
    ///   are counted here; a key that is pushed at the same time may count either way.
    /// - Returns: The record as it was stored.
    /// - Throws: ``OnlineStoreError``; the store is as it was then, and the load is over.
    package func commit(_ record: LoadRecord) throws(OnlineStoreError) -> LoadRecord {
        guard self.isOpen else {
            throw OnlineStoreError(.superseded, "the load of \"\(self.viewName)\" is over")
        }
        defer { self.abandon() }
        let isSmall = self.runs.isEmpty && self.arena.size <= Self.smallBytes
        if !self.runs.isEmpty, !self.arena.isEmpty {
            try self.spill()
        }
        return try self.store.commit(self, record: record, isSmall: isSmall)
    }

    /// Ends the load without a trace.
    ///
    /// Does nothing when it is over already.
    package func abandon() {
        guard self.isOpen else { return }
        self.isOpen = false
        self.arena = LoadArena()
        self.store.removeFiles(prefix: self.filePrefix)
        self.store.endWriting(self.target)
    }

    /// Passes the newest row of each key to `winners`, keys ascending.
    func merge(into winners: inout LoadWinners) throws(OnlineStoreError) {
        if self.runs.isEmpty {
            self.arena.sortAndKeepNewest()
            let bytes = self.arena.bytes
            for entry in self.arena.entries {
                try winners.add(
                    key: bytes.span.extracting(entry.key),
                    row: bytes.span.extracting(entry.row)
                )
            }
        } else {
            var merge = try RunMerge(paths: self.runs.map(\.path), memory: self.memoryBudget)
            while let run = try merge.next() {
                let buffer = run.buffer
                try winners.add(
                    key: buffer.span.extracting(run.key),
                    row: buffer.span.extracting(run.row)
                )
            }
        }
        try winners.finish()
    }

    /// The age of the load's newest row of a key, after ``merge(into:)``; `nil` when it has none.
    func age(of key: [UInt8]) throws(OnlineStoreError) -> RowAge? {
        if self.runs.isEmpty { return self.arena.age(of: key) }
        var newest: RowAge?
        for run in self.runs {
            if let age = try run.age(of: key) {
                newest = max(age, newest ?? age)
            }
        }
        return newest
    }

    /// Writes what is in memory as one more run.
    private func spill() throws(OnlineStoreError) {
        self.arena.sortAndKeepNewest()
        var writer = try RunFileWriter(path: self.nextRunPath())
        let bytes = self.arena.bytes
        for entry in self.arena.entries {
            try writer.append(
                key: bytes.span.extracting(entry.key),
                eventTime: entry.eventTime,
                writeTime: entry.writeTime,
                row: bytes.span.extracting(entry.row)
            )
        }
        try writer.flush()
        self.runs.append(Run(path: writer.path, index: writer.index))
        self.arena.removeAll()
        if self.runs.count >= Self.maximumRuns {
            try self.mergeRuns()
        }
    }

    /// Makes one run of all runs.
    private func mergeRuns() throws(OnlineStoreError) {
        var writer = try RunFileWriter(path: self.nextRunPath())
        var merge = try RunMerge(paths: self.runs.map(\.path), memory: self.memoryBudget)
        while let run = try merge.next() {
            let buffer = run.buffer
            try writer.append(
                key: buffer.span.extracting(run.key),
                eventTime: run.eventTime,
                writeTime: run.writeTime,
                row: buffer.span.extracting(run.row)
            )
        }
        try writer.flush()
        for run in self.runs {
            self.store.removeFile(run.path)
        }
        self.runs = [Run(path: writer.path, index: writer.index)]
    }

    private func nextRunPath() -> String {
        self.runNumber += 1
        return "\(self.filePrefix)-\(self.runNumber).run"
    }
}
