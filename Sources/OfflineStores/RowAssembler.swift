import FeatureCompute
import FeatureModel

/// The columns of a source that a scan reads, by position: keys, event time, created time,
/// features.
struct ScanLayout {
    /// The names in the source, in that order.
    let columns: [String]
    let keyTypes: [CellType]
    /// The position of the event time; `nil` for a static table.
    let timePosition: Int?
    /// The position of the created time.
    let createdPosition: Int?
    /// The position of the first feature; the others follow.
    let firstFeature: Int

    init(_ scan: SourceScan) {
        let source = scan.source
        var columns = scan.joinKeys.map { source.sourceColumn(for: $0.name) }
        self.keyTypes = scan.joinKeys.map { CellType($0.type) }
        self.timePosition = source.timestampField.map { _ in columns.count }
        if let field = source.timestampField { columns.append(source.sourceColumn(for: field)) }
        self.createdPosition = source.createdTimestampColumn.map { _ in columns.count }
        if let field = source.createdTimestampColumn {
            columns.append(source.sourceColumn(for: field))
        }
        self.firstFeature = columns.count
        columns += scan.features.map { source.sourceColumn(for: $0.name) }
        self.columns = columns
    }
}

/// The keys and ages of rows that say nothing.
private struct UnusableKeys {
    var keys: [ColumnBuilder] = []
    var times: [Int64] = []
    var created: [Int64] = []
}

/// Turns the rows of a source into batches of columns, and keeps the report.
struct RowAssembler {
    /// How many rows a batch has at most.
    static let batchSize = 1 << 14

    let layout: ScanLayout
    var report = ScanReport()
    private let scan: SourceScan
    private let featureTypes: [CellType]
    let wanted: [Bool]
    let filter: KeyFilter?
    let hasIntegerKey: Bool
    let earliest: Int64
    let latest: Int64
    let latestCreated: Int64?
    let hasCreatedTimes: Bool
    /// Whether rows come in another order than that of the source.
    private var hasOrdinals = false
    /// Reads the cells of pushed rows, whose times without zone are UTC.
    private var pushedParser = CellParser()
    var parser: CellParser
    private var scratch: [UInt8] = []
    var key: [UInt8] = []

    var rowCount = 0
    var keyIDs: [Int32] = []
    var slots: [Int32] = []
    private var ordinals: [Int64] = []
    var keyBuilders: [ColumnBuilder] = []
    var times: [Int64] = []
    var created: [Int64] = []
    var builders: [ColumnBuilder] = []
    /// Rows with a feature that cannot be read, where they are wanted.
    private var unusable = UnusableKeys()
    /// For rows that are taken in many at a time.
    var many = CSVRowsScratch()

    init(scan: SourceScan) throws(OfflineStoreError) {
        self.scan = scan
        self.layout = ScanLayout(scan)
        self.featureTypes = scan.features.map { CellType($0.type) }
        self.wanted = scan.wanted
        self.filter = scan.keyFilter
        self.hasIntegerKey = scan.keyFilter?.keys.isInteger ?? false
        self.earliest = scan.earliest?.microseconds ?? .min
        self.latest = scan.latest?.microseconds ?? .max
        self.hasCreatedTimes = scan.hasCreatedTimes
        self.latestCreated = scan.hasCreatedTimes ? scan.latestCreated?.microseconds : nil
        self.parser = try Self.parser(of: scan.source)
        self.startBatch()
    }

    /// Reads the cells of a source, whose times without zone are in the source's own.
    ///
    /// - Throws: ``OfflineStoreError`` when the source names no time zone that there is.
    static func parser(of source: DataSource) throws(OfflineStoreError) -> CellParser {
        guard let name = source.timezone, name != "UTC" else { return CellParser() }
        let zone = try LocalTimeZone(name: name)
        return CellParser { zone.utc($0) }
    }

    /// An assembler of the same scan for another thread, which has seen nothing yet.
    func unused() throws(OfflineStoreError) -> RowAssembler {
        var scan = self.scan
        scan.keyFilter = self.filter?.unused()
        return try RowAssembler(scan: scan)
    }

    /// Adds the report of rows that follow those of this one.
    mutating func append(_ next: ScanReport) {
        self.report.append(next)
    }

    /// What the rows told of each key outside of its times; `nil` without a key filter.
    var seen: KeyFilter.Seen? { self.filter?.seen }

    /// Takes over what another assembler's rows told.
    func absorb(_ seen: KeyFilter.Seen) {
        self.filter?.absorb(seen)
    }

    /// What was done with the rows since the last call.
    mutating func takeReport() -> ScanReport {
        var report = self.report
        report.sawZonelessTime = self.parser.sawZonelessTime
        report.sawDateWithoutDashes = self.parser.sawDateWithoutDashes
        self.report = ScanReport()
        return report
    }

    /// The created time of the row that was taken in last; `knownFromTheBeginning` where there are
    /// none.
    var lastCreated: Int64? { self.hasCreatedTimes ? self.created.last : knownFromTheBeginning }

    /// Whether ``finishBatch()`` and ``finishUnusable()`` are due.
    var isFull: Bool {
        self.rowCount == Self.batchSize || self.unusable.times.count == Self.batchSize
    }

    /// Whether a last line that may not be finished is left for a later scan.
    var holdsBackUnfinished: Bool { self.scan.holdsBackUnfinished }

    /// Counts a row that is broken as a whole.
    mutating func addBrokenRow(place: String, reason: String) {
        self.report.rowsRead += 1
        self.report.addBadRow(
            ScanReport.Sample(place: place, column: nil, text: "", reason: reason)
        )
    }

    /// Takes one row in, or counts why not.
    mutating func add<Row: SourceRow & ~Copyable & ~Escapable>(_ row: inout Row) {
        self.report.rowsRead += 1
        guard let keyID = self.readKey(&row) else { return }
        if self.filter != nil, keyID < 0 { return }
        guard let time = self.readTime(&row) else { return self.dropKey() }
        var slot: Int32 = 0
        if let filter = self.filter {
            slot = filter.slot(
                ofKey: keyID,
                at: self.layout.timePosition == nil ? missingTime : time
            )
            if slot < 0 { return }
        }
        var known = row.pushTime ?? self.createdWithoutColumn
        if let position = self.layout.createdPosition, !row.isNull(at: position) {
            let read = row.integer(at: position, kind: .unixTimestamp, parser: &self.parser)
            guard let read else {
                self.addBadCell(&row, position, "is no time")
                return self.dropKey()
            }
            known = read
        }
        if let latestCreated = self.latestCreated, known == missingTime || known > latestCreated {
            self.report.createdLater += 1
            return self.dropKey()
        }
        guard self.readFeatures(&row) else {
            self.dropKey()
            return self.noteUnusable(&row, time: time, created: known)
        }
        if self.filter != nil {
            self.keyIDs.append(keyID)
            self.slots.append(slot)
        }
        if self.hasOrdinals { self.ordinals.append(row.ordinal) }
        self.times.append(time)
        if self.hasCreatedTimes { self.created.append(known) }
        self.rowCount += 1
        self.report.rowsKept += 1
        if self.layout.timePosition != nil,
            time > self.report.newestEventTime?.microseconds ?? .min
        {
            self.report.newestEventTime = Timestamp(microseconds: time)
        }
    }

    /// The rows taken in since the last batch; `nil` when there are none.
    mutating func finishBatch() -> SourceBatch? {
        if self.parser.sawZonelessTime || self.pushedParser.sawZonelessTime {
            self.report.sawZonelessTime = true
        }
        if self.parser.sawDateWithoutDashes { self.report.sawDateWithoutDashes = true }
        guard self.rowCount > 0 else { return nil }
        var features: [Column] = []
        for index in self.builders.indices where self.wanted[index] {
            features.append(self.builders[index].finish())
        }
        let batch = SourceBatch(
            rowCount: self.rowCount,
            keyIDs: self.keyIDs,
            slots: self.slots,
            keyColumns: self.filter == nil ? self.keyBuilders.map { $0.finish() } : [],
            times: self.times,
            created: self.hasCreatedTimes ? self.created : nil,
            ordinals: self.hasOrdinals ? self.ordinals : nil,
            features: features
        )
        self.startBatch()
        return batch
    }

    /// The rows that say nothing since the last batch of such; `nil` when there are none, or nobody
    /// wants them.
    mutating func finishUnusable() -> SourceBatch? {
        guard !self.unusable.times.isEmpty else { return nil }
        let batch = SourceBatch(
            rowCount: self.unusable.times.count,
            keyColumns: self.unusable.keys.indices.map { self.unusable.keys[$0].finish() },
            times: self.unusable.times,
            created: self.hasCreatedTimes ? self.unusable.created : nil,
            features: []
        )
        self.unusable = UnusableKeys()
        return batch.unusable
    }

    /// Hands over what was taken in since the last time.
    mutating func deliver(
        to body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        if let batch = self.finishBatch() { try body(batch) }
        if let batch = self.finishUnusable() { try body(batch) }
    }

    /// Keeps the key and the age of a row that is left out for one of its features.
    private mutating func noteUnusable<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row,
        time: Int64,
        created: Int64
    ) {
        guard self.scan.deliversUnusable, self.filter == nil else { return }
        if self.unusable.times.isEmpty {
            self.unusable.keys = self.scan.joinKeys.indices.map { self.emptyKeyBuilder(at: $0) }
        }
        // The key was read before, and so it can be again.
        swap(&self.keyBuilders, &self.unusable.keys)
        let isRead = self.readKey(&row) != nil
        swap(&self.keyBuilders, &self.unusable.keys)
        precondition(isRead, "a key that was read can be read")
        self.unusable.times.append(time)
        self.unusable.created.append(created)
    }

    /// A builder for a key column.
    func emptyKeyBuilder(at position: Int) -> ColumnBuilder {
        ColumnBuilder(type: self.scan.joinKeys[position].type)
    }

    /// From now on rows come in any order, each with its place in the source.
    mutating func beginRowsInAnyOrder() {
        self.hasOrdinals = true
    }

    /// From now on rows are pushed ones, in the order of the pushes.
    mutating func beginPushedRows() {
        self.hasOrdinals = false
        swap(&self.parser, &self.pushedParser)
    }

    var createdWithoutColumn: Int64 {
        self.layout.createdPosition == nil ? knownFromTheBeginning : missingTime
    }

    private mutating func startBatch() {
        // A batch after the first will most likely be full; the first may be all there is.
        let capacity = self.report.rowsKept > 0 ? Self.batchSize : 0
        self.rowCount = 0
        self.keyIDs = []
        self.slots = []
        self.ordinals = []
        self.times = []
        self.created = []
        self.times.reserveCapacity(capacity)
        if self.filter != nil {
            self.keyIDs.reserveCapacity(capacity)
            self.slots.reserveCapacity(capacity)
        }
        if self.hasCreatedTimes { self.created.reserveCapacity(capacity) }
        self.keyBuilders = self.scan.joinKeys.indices.map { self.emptyKeyBuilder(at: $0) }
        self.builders = self.scan.features.map { ColumnBuilder(type: $0.type) }
        if self.filter == nil {
            for index in self.keyBuilders.indices {
                self.keyBuilders[index].reserveCapacity(capacity)
            }
        }
        for index in self.builders.indices where self.wanted[index] {
            self.builders[index].reserveCapacity(capacity)
        }
    }

    /// Reads the key columns: their id with a filter, else their values go to the builders.
    ///
    /// - Returns: The id, or `nil` when the row has no usable key, which is counted.
    private mutating func readKey<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row
    ) -> Int32? {
        self.key.removeAll(keepingCapacity: true)
        var single: Int64 = 0
        for position in self.layout.keyTypes.indices {
            let type = self.layout.keyTypes[position]
            if row.isNull(at: position) {
                self.report.nullKey += 1
                self.dropKey()
                return nil
            }
            if type.kind.physicalType == .integer {
                guard let value = row.integer(at: position, kind: type.kind, parser: &self.parser)
                else { return self.badKey(&row, position) }
                if self.filter == nil {
                    self.keyBuilders[position].append(integer: value)
                } else if self.hasIntegerKey {
                    single = value
                } else {
                    KeyDictionary.appendInteger(value, to: &self.key)
                }
            } else {
                self.scratch.removeAll(keepingCapacity: true)
                let isThere = row.appendBytes(
                    at: position,
                    type: type,
                    parser: &self.parser,
                    to: &self.scratch
                )
                guard isThere else { return self.badKey(&row, position) }
                // A second reference, because a span of `self` forbids any change of `self`.
                let value = self.scratch
                if self.filter == nil {
                    self.keyBuilders[position].append(bytes: value.span)
                } else {
                    KeyDictionary.appendBytes(value.span, to: &self.key)
                }
            }
        }
        guard let filter = self.filter else { return 0 }
        return self.hasIntegerKey ? filter.keys.id(of: single) : filter.keys.id(of: self.key.span)
    }

    /// - Returns: The event time, 0 for a static table, or `nil` when the row does not matter.
    private mutating func readTime<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row
    ) -> Int64? {
        guard let position = self.layout.timePosition else { return 0 }
        if row.isNull(at: position) {
            self.report.nullTime += 1
            return nil
        }
        let read = row.integer(at: position, kind: .unixTimestamp, parser: &self.parser)
        guard let time = read else {
            self.addBadCell(&row, position, "is no time")
            return nil
        }
        if time > self.latest {
            self.report.afterEnd += 1
            return nil
        }
        return time < self.earliest ? nil : time
    }

    private mutating func readFeatures<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row
    ) -> Bool {
        for index in self.featureTypes.indices {
            let position = self.layout.firstFeature + index
            let isWanted = self.wanted[index]
            if row.isNull(at: position) {
                if isWanted { self.builders[index].appendNull() }
                continue
            }
            guard self.readFeature(&row, index, at: position, isWanted: isWanted) else {
                let type = self.scan.features[index].type
                self.addBadCell(&row, position, row.mismatch(at: position, type))
                for other in self.builders.indices {
                    self.builders[other].truncate(to: self.rowCount)
                }
                return false
            }
        }
        return true
    }

    private mutating func readFeature<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row,
        _ index: Int,
        at position: Int,
        isWanted: Bool
    ) -> Bool {
        let type = self.featureTypes[index]
        switch type.kind.physicalType {
        case .integer:
            guard let value = row.integer(at: position, kind: type.kind, parser: &self.parser)
            else { return false }
            if isWanted { self.builders[index].append(integer: value) }
        case .float:
            guard let value = row.float(at: position, kind: type.kind, parser: &self.parser)
            else { return false }
            if isWanted { self.builders[index].append(float: value) }
        case .bytes:
            self.scratch.removeAll(keepingCapacity: true)
            guard
                row.appendBytes(
                    at: position,
                    type: type,
                    parser: &self.parser,
                    to: &self.scratch
                )
            else { return false }
            if isWanted {
                let value = self.scratch
                self.builders[index].append(bytes: value.span)
            }
        }
        return true
    }

    /// Takes back what the current row left in the key builders.
    mutating func dropKey() {
        guard self.filter == nil else { return }
        for index in self.keyBuilders.indices {
            self.keyBuilders[index].truncate(to: self.rowCount)
        }
    }

    private mutating func badKey<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row,
        _ position: Int
    ) -> Int32? {
        let type = self.scan.joinKeys[position].type
        self.addBadCell(&row, position, row.mismatch(at: position, type))
        self.dropKey()
        return nil
    }

    private mutating func addBadCell<Row: SourceRow & ~Copyable & ~Escapable>(
        _ row: inout Row,
        _ position: Int,
        _ reason: String
    ) {
        self.report.bad += 1
        guard self.report.samples.count < ScanReport.maximumSamples else { return }
        self.report.samples.append(
            ScanReport.Sample(
                place: row.place(),
                column: self.layout.columns[position],
                text: shortened(row.text(at: position)),
                reason: reason
            )
        )
    }
}

extension SourceRow where Self: ~Copyable, Self: ~Escapable {
    /// What is wrong with a cell that cannot be of the type.
    fileprivate mutating func mismatch(at column: Int, _ type: ValueType) -> String {
        guard type == .string else { return "is no \(type)" }
        return switch self.sampledValue(at: column) {
        case .text: "is no text in UTF-8"
        case .integer, .real: "is a number, and no text"
        case .blob: "is bytes, and no text"
        }
    }
}
