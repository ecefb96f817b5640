import FeatureCompute
import FeatureModel

/// The columns of a cache: event time and created time, where the source has any, then the
/// features.
struct CacheColumns: Sendable {
    let keyTypes: [ValueType]
    /// The types of all columns, times included.
    let types: [ValueType]
    /// The place of the event time; `nil` for a static table.
    let time: Int?
    /// The place of the created time.
    let created: Int?
    /// The place of the first feature.
    let firstFeature: Int

    init(_ scan: SourceScan) {
        self.keyTypes = scan.joinKeys.map(\.type)
        var types: [ValueType] = []
        self.time = scan.source.isStatic ? nil : types.count
        if !scan.source.isStatic { types.append(.unixTimestamp) }
        self.created = scan.source.createdTimestampColumn.map { _ in types.count }
        if scan.source.createdTimestampColumn != nil { types.append(.unixTimestamp) }
        self.firstFeature = types.count
        self.types = types + scan.features.map(\.type)
    }

    var physicalTypes: [PhysicalType] { self.types.map(\.physicalType) }
}

/// Rows of a source that wait to be sorted, in source order.
struct CacheRows: Sendable {
    let columns: CacheColumns
    private var dictionary: KeyDictionary
    private var keys: CacheKeys
    private var keyIDs: [Int32] = []
    private var builders: [ColumnBuilder]
    private var textSize = 0

    init(_ columns: CacheColumns) {
        self.columns = columns
        self.dictionary = KeyDictionary(keyTypes: columns.keyTypes)
        self.keys = CacheKeys(keyTypes: columns.keyTypes)
        self.builders = columns.types.map { ColumnBuilder(type: $0) }
    }

    var count: Int { self.keyIDs.count }

    /// About how many bytes the rows take.
    var size: Int {
        self.count * (4 + 8 * self.columns.types.count) + self.textSize + 3 * self.keys.size
    }

    /// Makes room, so that arrays need not grow.
    mutating func reserveCapacity(bytes: Int) {
        let rows = bytes / (4 + 8 * self.columns.types.count)
        self.keyIDs.reserveCapacity(rows)
        for column in self.builders.indices { self.builders[column].reserveCapacity(rows) }
    }

    /// Adds rows that follow those that there are.
    mutating func append(_ batch: SourceBatch) {
        self.appendKeys(batch)
        if let time = self.columns.time {
            self.builders[time].append(
                contentsOf: Column(
                    type: .unixTimestamp,
                    storage: .integers(batch.times),
                    nulls: nil
                )
            )
        }
        if let created = self.columns.created {
            // What is missing is a number here, too: the least of all.
            let times = batch.created ?? Array(repeating: missingTime, count: batch.rowCount)
            self.builders[created].append(
                contentsOf: Column(type: .unixTimestamp, storage: .integers(times), nulls: nil)
            )
        }
        for (index, feature) in batch.features.enumerated() {
            self.builders[self.columns.firstFeature + index].append(contentsOf: feature)
            if case .bytes(let values) = feature.storage { self.textSize += values.bytes.count }
        }
    }

    private mutating func appendKeys(_ batch: SourceBatch) {
        if self.keys.isInteger, case .integers(let values) = batch.keyColumns[0].storage {
            for value in values {
                let id = self.dictionary.insert(value)
                if Int(id) == self.keys.count { self.keys.append(value) }
                self.keyIDs.append(id)
            }
            return
        }
        var key: [UInt8] = []
        for row in 0..<batch.rowCount {
            key.removeAll(keepingCapacity: true)
            for column in batch.keyColumns { column.appendKey(at: row, to: &key) }
            let id = self.dictionary.insert(key.span)
            if Int(id) == self.keys.count { self.keys.append(key.span) }
            self.keyIDs.append(id)
        }
    }

    /// The rows by key, event time, created time and source order.
    ///
    /// - Complexity: O(rows + keys log keys) when each key's rows come by time.
    consuming func sorted() -> SortedCacheRows {
        let order = self.keys.sorted()
        var sortedKeys = CacheKeys(isInteger: self.keys.isInteger)
        var ranks = Array(repeating: 0, count: order.count)
        for (rank, key) in order.enumerated() {
            sortedKeys.append(Int(key), of: self.keys)
            ranks[Int(key)] = rank
        }
        var starts = Array(repeating: 0, count: order.count + 1)
        for key in self.keyIDs { starts[ranks[Int(key)] + 1] += 1 }
        for rank in order.indices { starts[rank + 1] += starts[rank] }
        var cursors = starts
        var rows = Array(repeating: Int32(0), count: self.keyIDs.count)
        for (row, key) in self.keyIDs.enumerated() {
            let rank = ranks[Int(key)]
            rows[cursors[rank]] = Int32(row)
            cursors[rank] += 1
        }
        let columns = self.builders.map { $0.finish() }
        let times = self.columns.time.map { columns[$0].integerValues } ?? []
        let created = self.columns.created.map { columns[$0].integerValues } ?? []
        for rank in order.indices {
            Self.sort(&rows, starts[rank]..<starts[rank + 1], times: times, created: created)
        }
        return SortedCacheRows(keys: sortedKeys, starts: starts, rows: rows, columns: columns)
    }

    /// Sorts the rows of one key, which are in source order, after a look whether they need it.
    private static func sort(
        _ rows: inout [Int32],
        _ range: Range<Int>,
        times: [Int64],
        created: [Int64]
    ) {
        func isBefore(_ left: Int, _ right: Int) -> Bool {
            if !times.isEmpty, times[left] != times[right] { return times[left] < times[right] }
            if !created.isEmpty, created[left] != created[right] {
                return created[left] < created[right]
            }
            return left < right
        }
        for index in range.dropFirst() where isBefore(Int(rows[index]), Int(rows[index - 1])) {
            rows[range].sort { isBefore(Int($0), Int($1)) }
            return
        }
    }
}

/// Rows by key, event time, created time and source order.
struct SortedCacheRows {
    /// The different keys, in ascending order.
    let keys: CacheKeys
    /// Where the rows of each key begin, and where the last end, `[keys + 1]`.
    let starts: [Int]
    /// The rows in order, as rows of the columns.
    let rows: [Int32]
    /// The columns, in source order.
    let columns: [Column]
}

extension Column {
    /// The numbers of a column of integers or times.
    var integerValues: [Int64] {
        guard case .integers(let values) = self.storage else {
            preconditionFailure("only a column of integers has them")
        }
        return values
    }
}
