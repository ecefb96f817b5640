import FeatureCompute
import FeatureModel
import OfflineStores
import OnlineStores

/// One view's load: from its source, through the row codec, into the online store.
struct ViewLoad {
    /// What reports call it.
    let name: String
    let generation: FeatureViewGeneration
    let sources: SourceReader
    let store: RocksDBOnlineStore
    let start: Timestamp?
    let end: Timestamp
    /// How long rows are kept, in microseconds: older ones are not loaded; `nil` for ever.
    let retention: Int64?
    /// When the load began: what was created later is not known yet.
    let loadTime: Timestamp
    /// Whether what an earlier load has read may be left out.
    let isIncremental: Bool
    let strict: Bool
    let now: @Sendable () -> Timestamp

    /// The first event time that is loaded.
    private var earliest: Timestamp? {
        guard let retention = self.retention else { return self.start }
        let oldest = Timestamp(microseconds: self.loadTime.microseconds &- retention)
        return max(self.start ?? oldest, oldest)
    }

    /// What became of the view.
    struct Result {
        var view: MaterializationReport.View
        /// What the caller should know.
        var notes: [String] = []
        var failure: FeatureStoreError?
    }

    /// Loads the view; an error is a part of the result, so that other views go on.
    func run(
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) -> Result {
        var result = Result(
            view: MaterializationReport.View(name: self.name, start: self.start, end: self.end)
        )
        let clock = ContinuousClock()
        let began = clock.now
        do throws(FeatureStoreError) {
            do {
                try self.load(into: &result, progress: progress)
            } catch {
                // A damaged cache is gone now, and nothing was committed.
                guard (error.cause as? OfflineStoreError)?.code == .damagedCache else {
                    throw error
                }
                try self.load(into: &result, progress: progress)
            }
        } catch {
            result.view.error = error.message
            result.failure = error
        }
        let elapsed = clock.now - began
        result.view.seconds =
            Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        return result
    }

    /// Loads the view, and once more from the beginning of its source when what is new in that
    /// says that a stored row does not count.
    private func load(
        into result: inout Result,
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) throws(FeatureStoreError) {
        if try self.load(into: &result, goesOn: self.isIncremental, progress: progress) { return }
        _ = try self.load(into: &result, goesOn: false, progress: progress)
    }

    /// Loads the view.
    ///
    /// - Parameters:
    ///   - result: What becomes of it.
    ///   - goesOn: Whether what an earlier load has read may be left out.
    ///   - progress: Called after each batch of rows.
    /// - Returns: False when it may not have been, and nothing was loaded.
    /// - Throws: ``FeatureStoreError``; the view is as it was then.
    private func load(
        into result: inout Result,
        goesOn: Bool,
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) throws(FeatureStoreError) -> Bool {
        let view = self.generation.view
        let source = self.generation.source
        let joinKeys = self.generation.joinKeys
        var scan = SourceScan(
            source: source,
            pushSources: self.generation.pushSources,
            joinKeys: joinKeys,
            features: view.schema,
            earliest: self.earliest,
            latest: self.end,
            latestCreated: view.filterByCreatedTimestamp ? self.loadTime : nil,
            newestOnly: true,
            strict: self.strict
        )
        let load: OnlineLoad
        let encoder: BatchEncoder
        do {
            load = try self.store.beginLoad(OnlineViewDescription(self.generation))
            encoder = BatchEncoder(
                keys: try EntityKeyEncoder(joinKeys: joinKeys, viewID: load.viewID),
                layout: load.rowLayout
            )
        } catch {
            throw FeatureStoreError(error)
        }
        defer { load.abandon() }
        let earlier = self.store.view(named: self.generation.storedName)
            .flatMap { $0.viewID == load.viewID ? $0.loadRecord : nil }
        let state = earlier?.sourceState ?? ""
        scan.holdsBackUnfinished = true
        // Without the rows before its start, a load cannot tell what takes a row's place.
        scan.deliversUnusable =
            self.start == nil
            && self.store.view(named: self.generation.storedName)?.viewID == load.viewID
        scan.openLine = SourceIncrement.openLine(scan, after: state, reader: self.sources)
        if self.isIncremental {
            scan.increment = SourceIncrement(
                scan,
                after: goesOn ? state : "",
                reader: self.sources
            )
        }
        let isContinued = (scan.increment?.knownRows ?? 0) > 0
        result.view.rowsKnown = scan.increment?.knownRows ?? 0
        var report = ScanReport()
        defer { result.view.take(report) }
        let tell = { (scanned: ScanProgress) -> Void in
            progress?(
                MaterializationProgress(
                    view: self.name,
                    rowsRead: scanned.rowsRead,
                    fraction: scanned.fraction
                )
            )
        }
        do {
            let encode = { @Sendable (batch: SourceBatch) throws(OfflineStoreError) in
                try forScan { () throws(OnlineStoreError) in try encoder.part(batch) }
            }
            try self.sources.scan(scan, report: &report, progress: tell, transform: encode) {
                (part) throws(OfflineStoreError) in
                try forScan { () throws(OnlineStoreError) in
                    switch part {
                    case .rows(let rows): try load.add(rows)
                    case .unusable(let rows): try load.withdraw(rows)
                    }
                }
            }
        } catch {
            throw FeatureStoreError(error)
        }
        // Whether the source has the row that was taken back in what was left out is not known.
        if isContinued, load.hasWithdrawn { return false }
        try self.commit(
            load,
            report: report,
            sourceState: scan.increment?.state ?? "",
            after: earlier,
            into: &result.view
        )
        result.notes =
            report.sawDateWithoutDashes
            ? ["feature view \"\(self.name)\": \(dateWithoutDashesText)"] : []
        result.notes += report.unfinished.filter(\.isHeldBack).map {
            "feature view \"\(self.name)\": \($0.description)"
        }
        if load.removedKeys > 0 {
            let (keys, row) =
                load.removedKeys == 1
                ? ("1 key has", "row was") : ("\(load.removedKeys) keys have", "rows were")
            result.notes.append(
                "feature view \"\(self.name)\": \(keys) no row any more: the \(row) loaded "
                    + "before, cannot be read now, and the source has no other"
            )
        }
        return true
    }

    private func commit(
        _ load: OnlineLoad,
        report: ScanReport,
        sourceState: String,
        after earlier: LoadRecord?,
        into result: inout MaterializationReport.View
    ) throws(FeatureStoreError) {
        // What an earlier load of the generation reached stays reached.
        let isEmptyWindow = self.start.map { $0 > self.end } ?? false
        do {
            let record = try load.commit(
                LoadRecord(
                    windowStart: self.start,
                    windowEnd: isEmptyWindow
                        ? earlier?.windowEnd ?? self.end
                        : max(self.end, earlier?.windowEnd ?? self.end),
                    finishedAt: self.now(),
                    rowsRead: report.rowsRead,
                    bad: report.bad,
                    newestEventTime: [report.newestEventTime, earlier?.newestEventTime]
                        .compactMap { $0 }.max(),
                    sourceState: sourceState
                )
            )
            result.keysWritten = record.keysWritten
            result.stale = record.stale
        } catch {
            throw FeatureStoreError(error)
        }
    }
}

extension MaterializationReport.View {
    fileprivate mutating func take(_ report: ScanReport) {
        self.rowsRead = report.rowsRead
        self.bad = report.bad
        self.nullKey = report.nullKey
        self.nullTime = report.nullTime
        self.afterEnd = report.afterEnd
        self.createdLater = report.createdLater
        self.samples = report.samples.map(\.description)
        self.newestEventTime = report.newestEventTime
    }
}

/// What to know of times such as `20240101`.
let dateWithoutDashesText =
    "times of eight digits in its source, such as 20240101, were read as seconds since 1970; "
    + "write dates with dashes, as in 2024-01-01"

/// Does something with the online store, whose errors end a scan.
private func forScan<Success>(
    _ body: () throws(OnlineStoreError) -> Success
) throws(OfflineStoreError) -> Success {
    do throws(OnlineStoreError) {
        return try body()
    } catch {
        throw OfflineStoreError(code: .inputOutput, message: error.message, cause: error)
    }
}
