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
    package private(set) var strict: Bool

    package init(reader: SourceReader, strict: Bool = false) {
        self.reader = reader
        self.strict = strict
    }

    /// Joins all views.
    ///
    /// Views with the same join keys share one numbering of the keys and one sort of the entity
    /// rows; views with the same source and keys are read together. Of a source, only the best row
    /// for each key and time of the entity rows is held.
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
        let keySets = try JoinKeySets(entities, views: views, strict: self.strict)
        var results: [ViewResult?] = views.map { _ in nil }
        // Each view has a cache of its own, which does not depend on the others of a run.
        let groups =
            self.reader.cache == nil
            ? JoinGroup.groups(of: views)
            : views.indices.map { JoinGroup(views[$0], member: $0) }
        for group in groups {
            let found = try self.join(group, keySets.set(for: views[group.members[0]]), progress)
            for (member, result) in zip(group.members, found) {
                results[member] = result
            }
        }
        return Result(
            views: results.compactMap { $0 },
            unreadableKeys: keySets.unreadable
        )
    }

    /// Joins views that are read together, or one after the other when a row is bad for some.
    private func join(
        _ group: JoinGroup,
        _ set: JoinKeySet,
        _ progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> [ViewResult] {
        guard group.views.count > 1 else { return try self.read(group, set, progress) }
        var together = self
        together.strict = false
        let results = try together.read(group, set, progress)
        // Which views a bad row is bad for is not known here.
        guard results[0].report.bad > 0 else { return results }
        var single: [ViewResult] = []
        for view in group.views {
            single += try self.read(JoinGroup(view), set, progress)
        }
        return single
    }

    private func read(
        _ group: JoinGroup,
        _ set: JoinKeySet,
        _ progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> [ViewResult] {
        try readingAgainIfDamaged { () throws(OfflineStoreError) in
            try self.readOnce(group, set, progress)
        }
    }

    private func readOnce(
        _ group: JoinGroup,
        _ set: JoinKeySet,
        _ progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> [ViewResult] {
        let filter = KeyFilter(
            keys: set.dictionary,
            slots: set.slots,
            ttl: group.ttlMicroseconds
        )
        let scan = group.scan(filter, strict: self.strict)
        let isStatic = scan.source.isStatic
        let slots = set.slots
        var candidates = SlotCandidates(
            slots: slots,
            types: group.wantedTypes,
            hasCreatedTimes: scan.hasCreatedTimes
        )
        var report = ScanReport()
        let name = group.name
        let sourceProgress = { (state: ScanProgress) in progress?(name, state) ?? () }
        let transform: SourceBatch.Transform<SlotRows> = { (batch) throws(OfflineStoreError) in
            SlotRows(batch, slots: slots, isStatic: isStatic)
        }
        try self.reader.scan(
            scan,
            report: &report,
            progress: sourceProgress,
            transform: transform
        ) { (rows) throws(OfflineStoreError) in
            candidates.add(rows)
        }
        return Self.results(of: group, candidates, filter, report)
    }

    /// What each view of a group gives, of the rows that were held for all.
    private static func results(
        of group: JoinGroup,
        _ candidates: consuming SlotCandidates,
        _ filter: KeyFilter,
        _ report: ScanReport
    ) -> [ViewResult] {
        let matches = group.views.map { view in
            candidates.matches(
                ttl: view.source.isStatic ? 0 : view.ttlMicroseconds,
                filterByCreated: view.filterByCreated,
                oldestPassed: filter.oldestPassed
            )
        }
        let features = candidates.features()
        var results: [ViewResult] = []
        for (index, positions) in group.positions.enumerated() {
            var summary = MatchSummary(matches[index])
            var columns: [Column] = []
            for position in positions {
                let column = features[position]
                summary.add(column, matches[index])
                columns.append(column.gathered(matches[index].rows))
            }
            results.append(ViewResult(columns: columns, summary: summary, report: report))
        }
        return results
    }
}

extension SlotRows {
    /// The best rows of a batch that was read with a key filter.
    fileprivate init(_ batch: SourceBatch, slots: EntitySlots, isStatic: Bool) {
        self.init(
            slots: slots,
            keyIDs: batch.keyIDs,
            firstSlots: batch.slots,
            times: isStatic ? nil : batch.times,
            created: batch.created,
            ordinals: batch.ordinals,
            features: batch.features
        )
    }
}
