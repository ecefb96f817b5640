import FeatureCompute
package import FeatureModel

/// A join that has read its entity rows and knows how it will read its sources.
package struct PreparedJoin {
    /// How one view will be read.
    package struct Plan: Sendable {
        /// The way.
        package let path: HistoryPath
        /// The other views that are read in the same scan.
        package let readWith: [String]
        /// How many different keys the entity rows have.
        package let keys: Int
        /// How many different pairs of key and time.
        package let slots: Int
        /// The earliest event time that can matter, `nil` for the beginning, and the latest; `nil`
        /// for a static table, and when there are no entity rows.
        package let window: (from: Timestamp?, to: Timestamp)?
        /// How many features are held.
        package let features: Int
    }

    /// How many rows a part has at least: fewer would read the sources too often.
    package static let minimumPartSize = 1 << 10

    private let join: HistoricalJoin
    private let entities: EntityRows
    private let views: [HistoricalJoin.View]
    private let groups: [JoinGroup]
    private let keySets: JoinKeySets
    private let paths: [HistoryPath]

    /// Reads the keys of the entity rows, and looks at the sources.
    ///
    /// Views with the same join keys share one numbering of the keys and one sort of the entity
    /// rows; views with the same source and keys are read together.
    ///
    /// - Throws: What opening a source throws, `missingColumn` when the table lacks a key, and
    ///   `badRows` in a strict run.
    package init(
        _ join: HistoricalJoin,
        _ entities: EntityRows,
        views: [HistoricalJoin.View]
    ) throws(OfflineStoreError) {
        let keySets = try JoinKeySets(entities, views: views, strict: join.strict)
        // Each view has a cache of its own, which does not depend on the others of a run.
        let hasCaches = join.reader.cache != nil
        let groups = JoinGroup.groups(of: views) { view in
            guard hasCaches, case .csv = view.source.kind else { return true }
            return false
        }
        var paths: [HistoryPath] = []
        for group in groups {
            let filter = keySets.set(for: group.views[0]).filter(group)
            paths.append(try join.reader.path(for: group.scan(filter, strict: join.strict)))
        }
        self.join = join
        self.entities = entities
        self.views = views
        self.groups = groups
        self.keySets = keySets
        self.paths = paths
    }

    /// How each view will be read.
    package var plans: [Plan] {
        var plans: [Plan?] = self.views.map { _ in nil }
        for (group, path) in zip(self.groups, self.paths) {
            let set = self.keySets.set(for: group.views[0])
            for member in group.members {
                let view = self.views[member]
                let others = group.members.filter { $0 != member }
                plans[member] = Plan(
                    path: path,
                    readWith: others.map { self.views[$0].name },
                    keys: set.dictionary.count,
                    slots: set.slots.count,
                    window: Self.window(of: view, set.slots),
                    features: view.wanted.count
                )
            }
        }
        return plans.compactMap { $0 }
    }

    private static func window(
        of view: HistoricalJoin.View,
        _ slots: EntitySlots
    ) -> (from: Timestamp?, to: Timestamp)? {
        guard !view.source.isStatic, let bounds = slots.bounds else { return nil }
        let to = Timestamp(microseconds: bounds.upperBound)
        guard view.ttlMicroseconds > 0 else { return (nil, to) }
        let (from, overflow) = bounds.lowerBound.subtractingReportingOverflow(view.ttlMicroseconds)
        guard !overflow, from >= Timestamp.earliest.microseconds else { return (nil, to) }
        return (Timestamp(microseconds: from), to)
    }

    /// About how many bytes the join holds besides its features: the entity rows and their keys.
    package var fixedSize: Int {
        let keySize = self.keySets.sets.reduce(0) { size, set in
            size + set.ids.count * 9 + set.slots.count * 8 + set.dictionary.count * 48
        }
        return keySize + self.entities.size
    }

    /// About how many bytes the features of some rows take: those that are held while a source is
    /// read, and the columns of all views.
    package func size(ofRows count: Int) -> Int {
        let columns = self.groups.reduce(0) { $0 + $1.rowSize }
        // A row that is held has its times, its place in two sets of slots, and a few bytes more.
        let held = (self.groups.map(\.rowSize).max() ?? 0) + 64
        return count * (columns + held)
    }

    /// How many entity rows can be joined at a time within a limit; `nil` for all.
    ///
    /// - Throws: `memoryLimit` when not even a small part fits, with what would be needed.
    package func partSize(within limit: Int) throws(OfflineStoreError) -> Int? {
        let rowCount = self.entities.table.rowCount
        let free = limit - self.fixedSize
        if self.size(ofRows: rowCount) <= free { return nil }
        let rows = max(0, free) / max(1, self.size(ofRows: 1))
        guard rows >= Self.minimumPartSize else {
            let needed = self.fixedSize + self.size(ofRows: Self.minimumPartSize)
            throw OfflineStoreError(
                code: .memoryLimit,
                message: """
                    the memory limit of \(SizeText.text(bytes: limit)) is too small: the entity \
                    rows and their keys take about \(SizeText.text(bytes: self.fixedSize)), and \
                    \(Self.minimumPartSize) rows at a time need \(SizeText.text(bytes: needed)) in \
                    all; give a higher limit, or fewer features
                    """
            )
        }
        return rows
    }

    /// Joins entity rows with the history of all views.
    ///
    /// Of a source, only the best row for each key and time of these rows is held. What is read of
    /// it, and so the report, goes by all entity rows.
    ///
    /// - Parameters:
    ///   - rows: Which entity rows; `nil` for all.
    ///   - progress: Called now and then with the view's name.
    /// - Returns: The features of each view, with what is known about the gaps.
    /// - Throws: What reading a source throws, and `badRows` in a strict run.
    package func run(
        _ rows: Range<Int>? = nil,
        progress: ((String, ScanProgress) -> Void)? = nil
    ) throws(OfflineStoreError) -> HistoricalJoin.Result {
        let rows = rows ?? 0..<self.entities.table.rowCount
        let parts = self.keySets.sets.map {
            JoinPart($0, rows: rows, times: self.entities.times)
        }
        var results: [HistoricalJoin.ViewResult?] = self.views.map { _ in nil }
        for (group, path) in zip(self.groups, self.paths) {
            let keys = group.views[0].entityKeys
            guard let part = parts.first(where: { $0.keySet.joinKeys == keys }) else {
                preconditionFailure("every view's keys were read")
            }
            let found = try self.join.join(group, part, path, progress)
            for (member, result) in zip(group.members, found) {
                results[member] = result
            }
        }
        return HistoricalJoin.Result(
            views: results.compactMap { $0 },
            unreadableKeys: self.keySets.unreadable
        )
    }
}
