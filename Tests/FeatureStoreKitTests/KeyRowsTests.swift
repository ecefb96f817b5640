import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// Training sets without an entity file.
@Suite struct KeyRowsTests {
    @Test("The rows are the keys of the sources times the moments, in order", arguments: 0..<120)
    func randomProjects(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try RandomProject(directory: directory, using: &random)
            try project.addLines(upTo: 12, mayBeBad: false, using: &random)
            try project.store.apply(project.store.plan(project.definitions))
            try project.addLines(upTo: 12, mayBeBad: true, using: &random)
            for _ in 0..<6 {
                try self.check(project, using: &random)
            }
        }
    }

    private func check(_ project: RandomProject, using random: inout SeededGenerator) throws {
        let views = project.views.shuffled(using: &random)
            .prefix(Int.random(in: 1...project.views.count, using: &random))
        let references = views.map { "\($0.view.name):feature_0" }
        var options = HistoricalFeaturesOptions()
        options.fullFeatureNames = true
        options.filterByCreatedTimestamp = Int.random(in: 0..<3, using: &random) == 0
        let end = Int64.random(in: 0...22, using: &random)
        let start: Int64? =
            Bool.random(using: &random) ? nil : Int64.random(in: -1...end, using: &random)
        let step: Int64? =
            start == nil || Bool.random(using: &random)
            ? nil : Int64.random(in: 1...9, using: &random)
        let givesEnd = end != 10 || Bool.random(using: &random)
        let input = EntityRowsInput.keys(
            from: start.map { second($0) },
            to: givesEnd ? second(end) : nil,
            everyMicroseconds: step.map { $0 * 1_000_000 }
        )
        var all: [Entity.JoinKey] = []
        for key in views.flatMap(\.joinKeys) where !all.contains(key) { all.append(key) }
        guard let spine = views.first(where: { Set($0.joinKeys) == Set(all) }) else {
            let error = failure {
                try project.store.historicalFeatures(
                    .features(references),
                    entities: input,
                    options: options
                )
            }
            #expect(error?.code == .invalidArgument)
            for view in views { #expect(error?.message.contains(view.view.name) ?? false) }
            return
        }
        let set = try project.store.historicalFeatures(
            .features(references),
            entities: input,
            options: options
        )
        var keys: [[Value]] = []
        for view in views where Set(view.joinKeys) == Set(all) {
            for line in view.lines {
                let found = self.key(
                    line,
                    view,
                    order: spine.joinKeys,
                    window: (start, end),
                    filter: options.filterByCreatedTimestamp
                )
                if let found, !keys.contains(found) { keys.append(found) }
            }
        }
        if all.isEmpty { keys = [[]] }
        keys.sort { self.precedes($0, $1) }
        var moments: [Int64] = []
        if let start, let step {
            var moment = start
            while moment <= end {
                moments.append(moment)
                moment += step
            }
        } else {
            moments = [end]
        }
        #expect(
            set.table.columnNames
                == spine.joinKeys.map(\.name) + ["event_timestamp"]
                + views.map { "\($0.view.name)__feature_0" }
        )
        #expect(set.report.generated?.keys == keys.count)
        #expect(set.report.generated?.moments == moments.count)
        let rows = keys.flatMap { key in moments.map { (key, second($0)) } }
        for (index, key) in spine.joinKeys.enumerated() {
            #expect(set.table[key.name]?.values == rows.map { $0.0[index] })
        }
        #expect(set.table["event_timestamp"]?.values == rows.map { .timestamp($0.1) })

        // The features are those of the same rows given by hand.
        var columns = try spine.joinKeys.enumerated().map { index, key in
            Table.NamedColumn(
                name: key.name,
                column: try Column(type: key.type, values: rows.map { $0.0[index] })
            )
        }
        columns.append(
            .init(
                name: "event_timestamp",
                column: try Column(type: .unixTimestamp, values: rows.map { .timestamp($0.1) })
            )
        )
        let given = try project.store.historicalFeatures(
            .features(references),
            entities: .table(Table(columns: columns, rowCount: rows.count)),
            options: options
        )
        for name in set.table.columnNames {
            #expect(
                set.table[name]?.values.map(exactText) == given.table[name]?.values.map(exactText)
            )
        }
        #expect(set.report.columns == given.report.columns)
    }

    /// The key of a line that counts.
    private func key(
        _ line: SourceLine,
        _ view: RandomView,
        order: [Entity.JoinKey],
        window: (start: Int64?, end: Int64),
        filter: Bool
    ) -> [Value]? {
        guard !line.isBad, line.keys.allSatisfy({ $0 != nil }) else { return nil }
        if !view.source.isStatic {
            guard let time = line.time, time >= window.start ?? .min, time <= window.end else {
                return nil
            }
        }
        if view.source.createdTimestampColumn != nil,
            filter || view.view.filterByCreatedTimestamp
        {
            guard let created = line.created, created <= window.end else { return nil }
        }
        return order.map { key in
            view.joinKeys.firstIndex(of: key).flatMap { line.keys[$0]?.value } ?? .null
        }
    }

    private func precedes(_ left: [Value], _ right: [Value]) -> Bool {
        for (first, second) in zip(left, right) where first != second {
            switch (first, second) {
            case (.integer(let first), .integer(let second)): return first < second
            case (.timestamp(let first), .timestamp(let second)): return first < second
            case (.string(let first), .string(let second)):
                return first.utf8.lexicographicallyPrecedes(second.utf8)
            case (.bytes(let first), .bytes(let second)):
                return first.lexicographicallyPrecedes(second)
            default: return false
            }
        }
        return false
    }

    @Test("What cannot be made is refused before a row of it is")
    func refusals() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write((1...30).map { SmallProject.line($0, 10, trips: "1") })
            try project.apply()
            func error(
                _ input: EntityRowsInput,
                _ change: (inout HistoricalFeaturesOptions) -> Void = { _ in }
            ) -> String {
                var options = HistoricalFeaturesOptions()
                change(&options)
                return failure {
                    try project.store.historicalFeatures(
                        .features(["stats:trips"]),
                        entities: input,
                        options: options
                    )
                }?.message ?? "none"
            }
            let daily = EntityRowsInput.keys(
                from: second(0),
                to: second(9),
                everyMicroseconds: 1_000_000
            )
            #expect(error(daily) == "none")
            #expect(
                error(daily) { $0.maximumGeneratedRows = 9 }.contains(
                    "10 moments make 10 rows for each key, and the limit is 9 rows"
                )
            )
            #expect(error(.keys(to: second(10))) { $0.maximumGeneratedRows = 30 } == "none")
            let many = EntityRowsInput.keys(
                from: second(1),
                to: second(10),
                everyMicroseconds: 3_000_000
            )
            #expect(
                error(many) { $0.maximumGeneratedRows = 119 }
                    .contains("30 keys × 4 moments = 120 rows, and the limit is 119")
            )
            #expect(error(many) { $0.maximumGeneratedRows = 120 } == "none")
            #expect(error(.keys(from: second(2), to: second(1))).contains("later than the end"))
            #expect(error(.keys(everyMicroseconds: 5)).contains("need the start date"))
            #expect(error(.keys(from: second(1), everyMicroseconds: 0)).contains("above zero"))
            #expect(
                error(.keys(to: second(1))) { $0.timestampField = "driver_id" }
                    .contains("is a join key")
            )
            #expect(
                error(.keys(to: second(1))) { $0.timestampField = "trips" }
                    .contains("a feature of stats has the same name")
            )
            let extremes = EntityRowsInput.keys(
                from: Timestamp(microseconds: .min + 1),
                to: Timestamp(microseconds: .max),
                everyMicroseconds: 1
            )
            #expect(error(extremes).contains("too long"))
            try project.write([SmallProject.line(1, 10, trips: "x")])
            #expect(error(.keys()) { $0.strict = true }.contains("\"x\""))
            // A row that no training set would use makes no key.
            let set = try project.store.historicalFeatures(
                .features(["stats:trips"]),
                entities: .keys()
            )
            #expect(set.table.rowCount == 0)
            #expect(set.table.columnNames == ["driver_id", "event_timestamp", "trips"])
        }
    }
}
