/// One load of a view: takes rows in any order and commits the newest of each key at once.
///
/// Used by one thread, but ``LoadPartEncoder`` makes what it takes on any. Rows wait in memory up
/// to a budget, and beyond it in sorted files beside the store, so that memory does not depend on
/// the number of rows. Nothing is visible before ``commit(_:)``, and a load that is dropped or
/// killed leaves nothing behind.
package final class OnlineLoad {
    /// A merge reads at most so many files at once.
    private static let maximumRuns = 128
    /// Loads up to this size are written without making files.
    private static let smallBytes = 1 << 20

    /// The name of the view.
    package let viewName: String
    /// The generation that is loaded: what the keys must end with.
    package let viewID: UInt32
    /// Where the fields of the rows lie; make a ``LoadPartEncoder`` from it.
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
    /// In the order in which they were added.
    private var parts: [LoadPart] = []
    private var partsSize = 0
    /// What is being written into a file, and was added before the parts.
    private var spill: BackgroundWork<SpilledRecords>?
    private var spillSize = 0
    private var runs: [Run] = []
    private var runNumber = 0
    private var isOpen = true
    /// The keys whose stored row does not count any more.
    var withdrawn: Set<[UInt8]> = []
    /// After the commit: how many keys have no row any more.
    package internal(set) var removedKeys = 0

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

    /// Adds rows.
    ///
    /// Of several rows of a key the one with the greatest (event time, write time) wins, and of
    /// equal ones the last added.
    ///
    /// - Parameter part: Made for ``viewID`` and ``rowLayout``.
    /// - Throws: ``OnlineStoreError`` when the part does not belong to this load, or when the disk
    ///   is full; the load cannot go on then.
    package func add(_ part: LoadPart) throws(OnlineStoreError) {
        guard self.isOpen else {
            throw OnlineStoreError(.superseded, "the load of \"\(self.viewName)\" is over")
        }
        guard part.viewID == self.viewID else {
            throw OnlineStoreError(
                .invalidKey,
                "a key does not belong to this load of \"\(self.viewName)\""
            )
        }
        guard part.schemaID == self.rowLayout.schema.id else {
            throw OnlineStoreError(
                .invalidRow,
                "a row does not belong to this load of \"\(self.viewName)\""
            )
        }
        self.parts.append(part)
        self.partsSize += part.size
        if self.partsSize + self.spillSize >= self.memoryBudget {
            try self.finishSpill()
        }
        // An eighth is left for the rows that come while the others are written.
        if self.partsSize >= self.memoryBudget / 8 * 7 {
            // Few keys with many rows each need no file.
            try self.beginSpill(waitingLength: self.memoryBudget / 16)
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
        try self.finishSpill()
        if !self.runs.isEmpty, !self.parts.isEmpty {
            try self.beginSpill(waitingLength: 0)
            try self.finishSpill()
        }
        let isSmall = self.runs.isEmpty && self.partsSize <= Self.smallBytes
        return try self.store.commit(self, record: record, isSmall: isSmall)
    }

    /// Ends the load without a trace.
    ///
    /// Does nothing when it is over already.
    package func abandon() {
        guard self.isOpen else { return }
        self.isOpen = false
        // What it has written is removed below, also when that failed.
        _ = try? self.spill?.wait()
        self.spill = nil
        self.parts = []
        self.store.removeFiles(prefix: self.filePrefix)
        self.store.endWriting(self.target)
    }

    /// The records, when nothing is being written into a file.
    var merge: LoadMerge {
        LoadMerge(parts: self.parts, runs: self.runs, memory: self.memoryBudget)
    }

    /// Begins to write what is in memory as one more run.
    private func beginSpill(waitingLength: Int) throws(OnlineStoreError) {
        try self.finishSpill()
        let path = self.nextRunPath()
        self.spill = BackgroundWork(
            LoadMerge(parts: self.parts, runs: [], memory: self.memoryBudget)
        ) { (merge) throws(OnlineStoreError) in
            try merge.spilled(to: path, waitingLength: waitingLength)
        }
        self.spillSize = self.partsSize
        self.parts = []
        self.partsSize = 0
    }

    /// Waits for the run that is being written.
    private func finishSpill() throws(OnlineStoreError) {
        guard let spill = self.spill else { return }
        self.spill = nil
        self.spillSize = 0
        switch try spill.wait() {
        case .part(let part):
            self.parts.insert(part, at: 0)
            self.partsSize += part.size
        case .run(let run):
            self.runs.append(run)
        }
        if self.runs.count >= Self.maximumRuns {
            try self.mergeRuns()
        }
    }

    /// Makes one run of all runs.
    private func mergeRuns() throws(OnlineStoreError) {
        let merge = LoadMerge(parts: [], runs: self.runs, memory: self.memoryBudget / 4)
        let merged = try merge.spilled(to: self.nextRunPath(), waitingLength: 0)
        for run in self.runs {
            self.store.removeFile(run.path)
        }
        self.runs = []
        if case .run(let run) = merged {
            self.runs = [run]
        }
    }

    private func nextRunPath() -> String {
        self.runNumber += 1
        return "\(self.filePrefix)-\(self.runNumber).run"
    }
}
