package import FeatureCompute
package import FeatureModel

/// The different keys that the sources of some views have rows of, in ascending order.
///
/// Numbers and times go by their value, strings and bytes byte by byte, and the columns from the
/// first to the last.
package struct SourceKeys: Sendable {
    /// The key columns, one value a key; none for views without keys.
    package let columns: [Column]
    /// How many keys there are.
    package let count: Int

    /// Reads every source once, with the rows that were pushed to it.
    ///
    /// A row counts when a scan for a training set would use it: with all of its keys, a time in
    /// the window, and all features readable. A static table has no times, so all rows count. Where
    /// a view obeys created times, the row must also have been created by the end of the window.
    ///
    /// - Parameters:
    ///   - views: The views; each has all of `joinKeys`, in any order, and no others.
    ///   - joinKeys: The key columns of the result, in order, under the names of the entity rows.
    ///   - window: The first event time, `nil` for the beginning, and the last one.
    ///   - reader: Reads the sources.
    ///   - strict: Whether a bad row is an error.
    ///   - progress: Called now and then with the view's name.
    /// - Throws: What reading a source throws; `badRows` in a strict run.
    /// - Complexity: One pass over each source; memory for the different keys.
    package init(
        of views: [HistoricalJoin.View],
        joinKeys: [Entity.JoinKey],
        window: (from: Timestamp?, to: Timestamp),
        reader: SourceReader,
        strict: Bool,
        progress: ((String, ScanProgress) -> Void)? = nil
    ) throws(OfflineStoreError) {
        var collector = KeyCollector(joinKeys)
        for view in views {
            let places = joinKeys.compactMap { view.entityKeys.firstIndex(of: $0) }
            precondition(
                places.count == joinKeys.count && view.entityKeys.count == joinKeys.count,
                "every view has all keys"
            )
            let scan = SourceScan(
                source: view.source,
                pushSources: view.pushSources,
                joinKeys: view.joinKeys,
                features: view.schema,
                wanted: Array(repeating: false, count: view.schema.count),
                earliest: window.from,
                latest: window.to,
                latestCreated: view.filterByCreated ? window.to : nil,
                newestOnly: true,
                strict: strict
            )
            var report = ScanReport()
            let sourceProgress = { (state: ScanProgress) in progress?(view.name, state) ?? () }
            // Keys that were added before do no harm.
            try readingAgainIfDamaged { () throws(OfflineStoreError) in
                try reader.scan(scan, report: &report, progress: sourceProgress) {
                    (batch) throws(OfflineStoreError) in
                    try collector.add(places.map { batch.keyColumns[$0] }, rowCount: batch.rowCount)
                }
            }
        }
        self.columns = collector.finish()
        self.count = collector.count
    }

    /// Every key once for each of `copies`, one key after the other.
    package func repeated(_ copies: Int) -> [Column] {
        var indices: [Int32] = []
        indices.reserveCapacity(self.count * copies)
        for key in 0..<self.count {
            indices.append(contentsOf: repeatElement(Int32(key), count: copies))
        }
        return self.columns.map { $0.gathered(indices) }
    }
}

/// Gathers the different keys.
private struct KeyCollector {
    private var dictionary: KeyDictionary
    private var builders: [ColumnBuilder]

    init(_ joinKeys: [Entity.JoinKey]) {
        self.dictionary = KeyDictionary(keyTypes: joinKeys.map(\.type))
        self.builders = joinKeys.map { ColumnBuilder(type: $0.type) }
    }

    var count: Int { self.dictionary.count }

    mutating func add(_ columns: [Column], rowCount: Int) throws(OfflineStoreError) {
        guard self.count + rowCount < Int(Int32.max) else {
            throw OfflineStoreError(
                code: .tooManyRows,
                message: """
                    the sources have more than \(Int32.max) different keys; give an entity file
                    """
            )
        }
        if self.dictionary.isInteger, case .integers(let values) = columns[0].storage {
            for row in 0..<rowCount {
                let count = Int32(self.dictionary.count)
                if self.dictionary.insert(values[row]) == count {
                    self.builders[0].append(integer: values[row])
                }
            }
            return
        }
        var key: [UInt8] = []
        for row in 0..<rowCount {
            key.removeAll(keepingCapacity: true)
            for column in columns { column.appendKey(at: row, to: &key) }
            let count = Int32(self.dictionary.count)
            guard self.dictionary.insert(key.span) == count else { continue }
            for (index, column) in columns.enumerated() {
                switch column.storage {
                case .integers(let values): self.builders[index].append(integer: values[row])
                case .floats(let values): self.builders[index].append(float: values[row])
                case .bytes(let values):
                    let value = values.bytes.span.extracting(values.range(at: row))
                    self.builders[index].append(bytes: value)
                }
            }
        }
    }

    /// The keys in ascending order.
    func finish() -> [Column] {
        let columns = self.builders.map { $0.finish() }
        let order = (0..<Int32(self.count)).sorted { left, right in
            for column in columns {
                switch column.order(Int(left), Int(right)) {
                case .less: return true
                case .greater: return false
                case .equal: continue
                }
            }
            return false
        }
        return columns.map { $0.gathered(order) }
    }
}

private enum ValueOrder {
    case less
    case equal
    case greater
}

extension Column {
    /// Appends the canonical bytes of a row's value, which is not null.
    func appendKey(at row: Int, to key: inout [UInt8]) {
        switch self.storage {
        case .integers(let values): KeyDictionary.appendInteger(values[row], to: &key)
        case .floats(let values):
            KeyDictionary.appendInteger(Int64(bitPattern: values[row].bitPattern), to: &key)
        case .bytes(let values):
            let value = values.bytes.span.extracting(values.range(at: row))
            KeyDictionary.appendBytes(value, to: &key)
        }
    }

    /// How the values of two rows compare, neither of which is null.
    fileprivate func order(_ left: Int, _ right: Int) -> ValueOrder {
        switch self.storage {
        case .integers(let values):
            return values[left] < values[right]
                ? .less : values[left] == values[right] ? .equal : .greater
        case .floats(let values):
            return values[left] < values[right]
                ? .less : values[left] == values[right] ? .equal : .greater
        case .bytes(let values):
            let first = values.bytes[values.range(at: left)]
            let second = values.bytes[values.range(at: right)]
            if first.lexicographicallyPrecedes(second) { return .less }
            return first.elementsEqual(second) ? .equal : .greater
        }
    }
}
