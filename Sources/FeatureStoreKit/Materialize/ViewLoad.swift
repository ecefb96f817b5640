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

    /// Loads the view; an error is a part of the result, so that other views go on.
    func run(
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) -> (view: MaterializationReport.View, failure: FeatureStoreError?) {
        var result = MaterializationReport.View(
            name: self.name,
            start: self.start,
            end: self.end
        )
        var failure: FeatureStoreError?
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
            result.error = error.message
            failure = error
        }
        let elapsed = clock.now - began
        result.seconds =
            Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        return (result, failure)
    }

    private func load(
        into result: inout MaterializationReport.View,
        progress: (@Sendable (MaterializationProgress) -> Void)?
    ) throws(FeatureStoreError) {
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
        if self.isIncremental {
            let state = earlier?.sourceState ?? ""
            scan.increment = SourceIncrement(scan, after: state, reader: self.sources)
        }
        result.rowsKnown = scan.increment?.knownRows ?? 0
        var report = ScanReport()
        defer { result.take(report) }
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
                try forScan { () throws(OnlineStoreError) in try load.add(part) }
            }
        } catch {
            throw FeatureStoreError(error)
        }
        try self.commit(
            load,
            report: report,
            sourceState: scan.increment?.state ?? "",
            after: earlier,
            into: &result
        )
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
