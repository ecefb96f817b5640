package import FeatureCompute
package import FeatureModel

/// Joins entity rows with the history of feature views, point in time.
///
/// One entity row in, one row out, in the same order, whatever is duplicated, null or unknown.
package struct HistoricalJoin: Sendable {
    /// One view to join.
    package struct View: Sendable {
        /// The view's name.
        package var name: String
        /// Where its history lies.
        package var source: DataSource
        /// The push sources that add to it.
        package var pushSources: [String]
        /// The key columns, under the names that the source has here; none for global features.
        package var joinKeys: [Entity.JoinKey]
        /// The same keys, in the same order, under the names that the entity table has.
        package var entityKeys: [Entity.JoinKey]
        /// How long a row stays valid, in microseconds; 0 for ever.
        package var ttlMicroseconds: Int64
        /// All features of the view.
        package var schema: [Field]
        /// Which of them are wanted, by position, in the order of the result; each once.
        package var wanted: [Int]
        /// Whether a row must have been created at or before the entity row's time.
        package var filterByCreated: Bool

        package init(
            name: String,
            source: DataSource,
            pushSources: [String] = [],
            joinKeys: [Entity.JoinKey],
            entityKeys: [Entity.JoinKey]? = nil,
            ttlMicroseconds: Int64 = 0,
            schema: [Field],
            wanted: [Int],
            filterByCreated: Bool = false
        ) {
            self.name = name
            self.source = source
            self.pushSources = pushSources
            self.joinKeys = joinKeys
            self.entityKeys = entityKeys ?? joinKeys
            self.ttlMicroseconds = ttlMicroseconds
            self.schema = schema
            self.wanted = wanted
            self.filterByCreated = filterByCreated
        }
    }

    /// What one view gives.
    package struct ViewResult: Sendable {
        /// The wanted features, in the order that was asked for, a value for each entity row.
        package let columns: [Column]
        /// How many rows have one, and why the others do not.
        package let summary: MatchSummary
        /// What was done with the rows of the source.
        package let report: ScanReport
    }

    /// What all views give.
    package struct Result: Sendable {
        /// The views in the order they were given.
        package let views: [ViewResult]
        /// The key cells that could not be read, each column once.
        package let unreadableKeys: [EntityRows.Unreadable]
    }

    /// Reads the sources.
    package let reader: SourceReader
    /// Whether bad rows and unreadable keys are errors.
    package let strict: Bool

    package init(reader: SourceReader, strict: Bool = false) {
        self.reader = reader
        self.strict = strict
    }

    /// Joins all views.
    ///
    /// Views with the same join keys share one numbering of the keys and one sort of the entity
    /// rows. Of a source, only rows whose key occurs and whose time can matter are held.
    ///
    /// - Parameters:
    ///   - entities: The entity rows.
    ///   - views: The views, each with the features that are wanted of it.
    ///   - progress: Called now and then with the view's name.
    /// - Returns: The features of each view, with what is known about the gaps.
    /// - Throws: What reading a source throws, `missingColumn` when the table lacks a key, and
    ///   `badRows` in a strict run.
    package func run(
        _ entities: EntityRows,
        views: [View],
        progress: ((String, ScanProgress) -> Void)? = nil
    ) throws(OfflineStoreError) -> Result {
        var sets: [KeySet] = []
        var unreadable: [EntityRows.Unreadable] = []
        var results: [ViewResult] = []
        for view in views {
            let set: KeySet
            if let known = sets.first(where: { $0.joinKeys == view.entityKeys }) {
                set = known
            } else {
                set = try KeySet(view.entityKeys, entities: entities, strict: self.strict)
                sets.append(set)
                for column in set.unreadable
                where !unreadable.contains(where: { $0.column == column.column }) {
                    unreadable.append(column)
                }
            }
            results.append(try self.join(view, set, progress: progress))
        }
        return Result(views: results, unreadableKeys: unreadable)
    }

    private func join(
        _ view: View,
        _ set: KeySet,
        progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> ViewResult {
        let filter = set.filter(ttl: view.ttlMicroseconds)
        var wanted = Array(repeating: false, count: view.schema.count)
        for index in view.wanted {
            wanted[index] = true
        }
        let scan = SourceScan(
            source: view.source,
            pushSources: view.pushSources,
            joinKeys: view.joinKeys,
            features: view.schema,
            wanted: wanted,
            keyFilter: filter,
            strict: self.strict
        )
        var history = HistoryCollector(view: view, hasCreatedTimes: scan.hasCreatedTimes)
        var report = ScanReport()
        let sourceProgress = { (state: ScanProgress) in progress?(view.name, state) ?? () }
        try self.reader.scan(scan, report: &report, progress: sourceProgress) {
            (batch) throws(OfflineStoreError) in
            try history.add(batch)
        }
        history.rows.keysWithOlderRows = filter.sawOlder
        history.rows.keysWithNewerRows = filter.sawNewer
        let matches = pointInTimeMatches(
            entities: set.order,
            history: history.rows,
            ttl: view.ttlMicroseconds,
            filterByCreated: view.filterByCreated
        )
        let features = history.finish()
        var columns: [Column] = []
        var summary = MatchSummary(matches)
        for index in view.wanted {
            // Only wanted features were delivered, in the order of the schema.
            let position = wanted[..<index].count { $0 }
            summary.add(features[position], matches)
            columns.append(features[position].gathered(matches.rows))
        }
        return ViewResult(columns: columns, summary: summary, report: report)
    }
}

/// What views with the same join keys share.
private struct KeySet {
    let joinKeys: [Entity.JoinKey]
    let dictionary: KeyDictionary
    let order: EntityOrder
    let unreadable: [EntityRows.Unreadable]

    init(
        _ joinKeys: [Entity.JoinKey],
        entities: EntityRows,
        strict: Bool
    ) throws(OfflineStoreError) {
        let keys = try entities.keys(joinKeys, strict: strict)
        self.joinKeys = joinKeys
        self.dictionary = keys.dictionary
        self.order = EntityOrder(
            keyIDs: keys.ids,
            times: entities.times,
            keyCount: keys.dictionary.count
        )
        self.unreadable = keys.unreadable
    }

    func filter(ttl: Int64) -> KeyFilter {
        // Without entity rows nothing matters.
        let bounds = self.order.bounds ?? 0...0
        var earliest = Int64.min
        if ttl > 0 {
            let (difference, overflow) = bounds.lowerBound.subtractingReportingOverflow(ttl)
            earliest = overflow ? .min : difference
        }
        return KeyFilter(keys: self.dictionary, earliest: earliest, latest: bounds.upperBound)
    }
}

/// Gathers the batches of a scan.
private struct HistoryCollector {
    var rows: HistoryRows
    private let viewName: String
    private var builders: [ColumnBuilder]

    init(view: HistoricalJoin.View, hasCreatedTimes: Bool) {
        self.viewName = view.name
        self.rows = HistoryRows(
            times: view.source.isStatic ? nil : [],
            created: hasCreatedTimes ? [] : nil
        )
        self.builders = view.schema.indices.filter(view.wanted.contains).map { index in
            ColumnBuilder(type: view.schema[index].type)
        }
    }

    mutating func add(_ batch: SourceBatch) throws(OfflineStoreError) {
        guard self.rows.keyIDs.count + batch.rowCount < Int(Int32.max) else {
            throw OfflineStoreError(
                code: .tooManyRows,
                message: """
                    feature view "\(self.viewName)": more than \(Int32.max) rows match the entity \
                    rows; split them into several runs
                    """
            )
        }
        self.rows.keyIDs.append(contentsOf: batch.keyIDs)
        self.rows.times?.append(contentsOf: batch.times)
        if let created = batch.created { self.rows.created?.append(contentsOf: created) }
        for (index, column) in batch.features.enumerated() {
            self.builders[index].append(contentsOf: column)
        }
    }

    /// The features of all rows.
    func finish() -> [Column] {
        self.builders.map { $0.finish() }
    }
}
