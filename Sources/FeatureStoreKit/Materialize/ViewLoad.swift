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
    /// When the load began: what was created later is not known yet.
    let loadTime: Timestamp
    let strict: Bool
    let now: @Sendable () -> Timestamp

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
        let scan = SourceScan(
            source: source,
            pushSources: self.generation.pushSources,
            joinKeys: joinKeys,
            features: view.schema,
            earliest: self.start,
            latest: self.end,
            latestCreated: view.filterByCreatedTimestamp ? self.loadTime : nil,
            newestOnly: true,
            strict: self.strict
        )
        let load: OnlineLoad
        let encoder: EntityKeyEncoder
        do {
            load = try self.store.beginLoad(OnlineViewDescription(self.generation))
            encoder = try EntityKeyEncoder(joinKeys: joinKeys, viewID: load.viewID)
        } catch {
            throw FeatureStoreError(error)
        }
        defer { load.abandon() }
        var writer = BatchWriter(
            load: load,
            encoder: encoder,
            isStatic: source.isStatic
        )
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
            try self.sources.scan(scan, report: &report, progress: tell) {
                (batch) throws(OfflineStoreError) in
                do throws(OnlineStoreError) {
                    try writer.write(batch)
                } catch {
                    throw OfflineStoreError(
                        code: .inputOutput,
                        message: error.message,
                        cause: error
                    )
                }
            }
        } catch {
            throw FeatureStoreError(error)
        }
        try self.commit(load, report: report, into: &result)
    }

    private func commit(
        _ load: OnlineLoad,
        report: ScanReport,
        into result: inout MaterializationReport.View
    ) throws(FeatureStoreError) {
        // What an earlier load of the generation reached stays reached.
        let stored = self.store.view(named: self.generation.storedName)
        let earlier = stored?.viewID == load.viewID ? stored?.loadRecord : nil
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
                        .compactMap { $0 }.max()
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

/// Encodes the rows of batches and hands them to a load.
private struct BatchWriter {
    let load: OnlineLoad
    let encoder: EntityKeyEncoder
    let isStatic: Bool
    private var row: RowEncoder
    private var key: [UInt8] = []

    init(load: OnlineLoad, encoder: EntityKeyEncoder, isStatic: Bool) {
        self.load = load
        self.encoder = encoder
        self.isStatic = isStatic
        self.row = RowEncoder(layout: load.rowLayout)
    }

    mutating func write(_ batch: SourceBatch) throws(OnlineStoreError) {
        let keys = BatchCells(
            self.encoder.order.map { batch.keyColumns[$0] },
            rowCount: batch.rowCount
        )
        let features = BatchCells(batch.features, rowCount: batch.rowCount)
        for index in 0..<batch.rowCount {
            self.key.removeAll(keepingCapacity: true)
            self.encoder.begin(into: &self.key)
            for column in 0..<keys.columnCount {
                switch keys.cell(row: index, column: column) {
                case .integer(let value):
                    self.encoder.append(integer: value, into: &self.key)
                case .bytes(let range):
                    let span = keys.bytes.span.extracting(range)
                    self.encoder.append(bytes: span, into: &self.key)
                case .null, .float:
                    preconditionFailure("a join key is neither null nor a float")
                }
            }
            self.encoder.finish(into: &self.key)
            // Without a created column the rows of one event time are told apart by their order
            // alone, so that loading the same rows again changes nothing.
            // Rows of a static table have no event time: one for all, so that neither the clock
            // nor the number of loads makes a difference.
            let eventTime = self.isStatic ? 0 : batch.times[index]
            let created = batch.created?[index] ?? Int64.min
            // What was known from the beginning is written as what says nothing, so that a row is
            // the same whether its source has a push source or not.
            let writeTime = created == knownFromTheBeginning ? Int64.min : created
            self.row.begin(eventTime: eventTime, writeTime: writeTime)
            for column in 0..<features.columnCount {
                switch features.cell(row: index, column: column) {
                case .null:
                    try self.row.appendNull()
                case .integer(let value):
                    try self.row.append(integer: value)
                case .float(let value):
                    try self.row.append(float: value)
                case .bytes(let range):
                    try self.row.append(bytes: features.bytes.span.extracting(range))
                }
            }
            try self.row.finish()
            try self.load.add(
                key: self.key.span,
                eventTime: eventTime,
                writeTime: writeTime,
                row: self.row.bytes.span
            )
        }
    }
}
