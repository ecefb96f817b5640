package import FeatureCompute
package import FeatureModel
import Foundation

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
        package fileprivate(set) var columns: [Column]
        /// How many rows have one, and why the others do not.
        package fileprivate(set) var summary: MatchSummary
        /// What was done with the rows of the source.
        package let report: ScanReport
        /// How long reading took, with the other views that were read in the same scan.
        package fileprivate(set) var seconds: Double
    }

    /// What all views give.
    package struct Result: Sendable {
        /// The views in the order they were given.
        package private(set) var views: [ViewResult]
        /// The key cells that could not be read, each column once.
        package let unreadableKeys: [EntityRows.Unreadable]

        init(views: [ViewResult], unreadableKeys: [EntityRows.Unreadable]) {
            self.views = views
            self.unreadableKeys = unreadableKeys
        }

        /// The same without the features.
        package var withoutColumns: Result {
            var result = self
            for index in result.views.indices { result.views[index].columns = [] }
            return result
        }

        /// Adds what was found for further entity rows; their features are left out.
        ///
        /// The sources were read by the same filter, so that there is one report of each.
        package mutating func add(_ next: Result) {
            for index in self.views.indices {
                self.views[index].summary.add(next.views[index].summary)
                self.views[index].seconds += next.views[index].seconds
            }
        }
    }

    /// Reads the sources.
    package let reader: SourceReader
    /// Whether bad rows and unreadable keys are errors.
    package private(set) var strict: Bool

    package init(reader: SourceReader, strict: Bool = false) {
        self.reader = reader
        self.strict = strict
    }

    /// Joins all views; see ``PreparedJoin/run(_:progress:)``.
    package func run(
        _ entities: EntityRows,
        views: [View],
        progress: ((String, ScanProgress) -> Void)? = nil
    ) throws(OfflineStoreError) -> Result {
        try PreparedJoin(self, entities, views: views).run(progress: progress)
    }

    /// Joins views that are read together, or one after the other when a row is bad for some.
    func join(
        _ group: JoinGroup,
        _ part: JoinPart,
        _ path: HistoryPath,
        _ progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> [ViewResult] {
        guard group.views.count > 1 else { return try self.read(group, part, path, progress) }
        var together = self
        together.strict = false
        let results = try together.read(group, part, path, progress)
        // Which views a bad row is bad for is not known here.
        guard results[0].report.bad > 0 else { return results }
        var single: [ViewResult] = []
        for view in group.views {
            single += try self.read(JoinGroup(view), part, path, progress)
        }
        return single
    }

    private func read(
        _ group: JoinGroup,
        _ part: JoinPart,
        _ path: HistoryPath,
        _ progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> [ViewResult] {
        try readingAgainIfDamaged { () throws(OfflineStoreError) in
            try self.readOnce(group, part, path, progress)
        }
    }

    private func readOnce(
        _ group: JoinGroup,
        _ part: JoinPart,
        _ path: HistoryPath,
        _ progress: ((String, ScanProgress) -> Void)?
    ) throws(OfflineStoreError) -> [ViewResult] {
        let began = ContinuousClock.now
        let filter = part.keySet.filter(group)
        let scan = group.scan(filter, strict: self.strict)
        let isStatic = scan.source.isStatic
        let slots = part.slots
        let isWhole = part.isWhole
        var candidates = SlotCandidates(
            slots: slots,
            types: group.wantedTypes,
            hasCreatedTimes: scan.hasCreatedTimes
        )
        var report = ScanReport()
        let name = group.name
        let sourceProgress = { (state: ScanProgress) in progress?(name, state) ?? () }
        let transform: SourceBatch.Transform<SlotRows> = { (batch) throws(OfflineStoreError) in
            SlotRows(batch, slots: slots, isWhole: isWhole, isStatic: isStatic)
        }
        try self.reader.scan(
            scan,
            seeker: path.seeker,
            report: &report,
            progress: sourceProgress,
            transform: transform
        ) { (rows) throws(OfflineStoreError) in
            candidates.add(rows)
        }
        let elapsed = (ContinuousClock.now - began).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
        return Self.results(of: group, candidates, filter, report, seconds)
    }

    /// What each view of a group gives, of the rows that were held for all.
    private static func results(
        of group: JoinGroup,
        _ candidates: consuming SlotCandidates,
        _ filter: KeyFilter,
        _ report: ScanReport,
        _ seconds: Double
    ) -> [ViewResult] {
        let matches = group.views.map { view in
            candidates.matches(
                ttl: view.source.isStatic ? 0 : view.ttlMicroseconds,
                filterByCreated: view.filterByCreated,
                oldestPassed: filter.oldestPassed
            )
        }
        let features = candidates.features()
        var results = matches.map { match in
            ViewResult(columns: [], summary: MatchSummary(match), report: report, seconds: seconds)
        }
        let wanted = group.positions.enumerated().flatMap { view, positions in
            positions.map { (view: view, position: $0) }
        }
        let cells = (matches.first?.rows.count ?? 0) * wanted.count
        let isLittle = cells < Self.cellsWorthThreads
        OrderedWork.run(
            count: wanted.count,
            threads: isLittle ? 1 : ProcessInfo.processInfo.activeProcessorCount,
            start: {
                { index in
                    let (view, position) = wanted[index]
                    return (view: view, feature: SeenFeature(features[position], matches[view]))
                }
            },
            take: { (seen: (view: Int, feature: SeenFeature)) in
                results[seen.view].columns.append(seen.feature.column)
                results[seen.view].summary.add(seen.feature)
            }
        )
        return results
    }

    /// Starting threads takes as long as gathering about so many values.
    private static let cellsWorthThreads = 1 << 16
}

extension SlotRows {
    /// The best rows of a batch that was read with a key filter.
    fileprivate init(_ batch: SourceBatch, slots: EntitySlots, isWhole: Bool, isStatic: Bool) {
        self.init(
            slots: slots,
            keyIDs: batch.keyIDs,
            // The filter's slots are those of all entity rows.
            firstSlots: isWhole ? batch.slots : nil,
            times: isStatic ? nil : batch.times,
            created: batch.created,
            ordinals: batch.ordinals,
            features: batch.features
        )
    }
}
