import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct PushedEqualsHistoricalTests {
    /// Random views, each with a push source on its batch source or by itself.
    private struct PushedProject {
        var base: RandomProject
        /// The push source of each view.
        let pushSources: [String]

        init(directory: URL, using random: inout SeededGenerator) throws {
            self.base = try RandomProject(directory: directory, using: &random)
            self.pushSources = self.base.views.map { "push_to_\($0.view.name)" }
        }

        /// The definitions; views name their batch source or their push source.
        func definitions(using random: inout SeededGenerator) -> LoadedRepository {
            var files = self.base.definitions
            for (index, view) in self.base.views.enumerated() {
                files.repository.dataSources.append(
                    DataSource(
                        name: self.pushSources[index],
                        kind: .push(.init(batchSource: view.source.name))
                    )
                )
                if Bool.random(using: &random) {
                    files.repository.featureViews[index].source = self.pushSources[index]
                }
            }
            return files
        }

        /// Random rows for a view, with times up to some seconds after now.
        func rows(
            for index: Int,
            upTo later: Int64 = 0,
            using random: inout SeededGenerator
        ) throws -> PushRows {
            let view = self.base.views[index]
            let now = (self.base.clock.now.microseconds - testStart) / 1_000_000
            // With rows from the future all are close together, so that many of them tie.
            let range = later == 0 ? 0...min(now, 22) : now - 2...now + later
            let count = Int.random(in: 0...4, using: &random)
            var columns: [(String, [Value])] = []
            func cell(_ cells: [PlainCell], canBeNull: Bool) -> Value {
                if canBeNull, Int.random(in: 0..<6, using: &random) == 0 { return .null }
                guard let cell = cells.randomElement(using: &random) else { return .null }
                // Bytes go as bytes, and all else may go as text.
                return Bool.random(using: &random) ? cell.value : .string(cell.text)
            }
            for key in view.joinKeys {
                let values = (0..<count).map { _ in
                    cell(CellPool.keys(key.type), canBeNull: true)
                }
                columns.append((key.name, values))
            }
            func times(canBeNull: Bool) -> [Value] {
                (0..<count).map { _ in
                    if canBeNull, Bool.random(using: &random) { return .null }
                    let time = second(Int64.random(in: range, using: &random))
                    return Bool.random(using: &random)
                        ? .timestamp(time) : .string(time.description)
                }
            }
            if !view.source.isStatic {
                columns.append(("event_timestamp", times(canBeNull: false)))
            }
            if Bool.random(using: &random) { columns.append(("created", times(canBeNull: true))) }
            for field in view.view.schema {
                let values = (0..<count).map { _ in
                    cell(CellPool.features(field.type), canBeNull: true)
                }
                columns.append((view.source.sourceColumn(for: field.name), values))
            }
            return try PushRows(columns)
        }
    }

    @Test(
        "After pushes to both stores and loads, online reads equal a training set of now",
        arguments: 0..<80
    )
    func pushedEqualsHistorical(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try PushedProject(directory: directory, using: &random)
            project.base.clock.now = second(22)
            try project.base.addLines(upTo: 12, mayBeBad: false, using: &random)
            let store = project.base.store
            try store.apply(store.plan(project.definitions(using: &random)))
            try store.materialize()
            for _ in 0..<8 {
                let index = Int.random(in: project.pushSources.indices, using: &random)
                let name = project.pushSources[index]
                switch Int.random(in: 0..<6, using: &random) {
                case 0:
                    try project.base.addLines(upTo: 6, mayBeBad: true, using: &random)
                    try store.materializeIncremental()
                case 1:
                    try store.push(
                        name,
                        rows: project.rows(for: index, using: &random),
                        to: .offline
                    )
                    try store.materialize()
                case 2:
                    try store.materialize()
                default:
                    try store.push(
                        name,
                        rows: project.rows(for: index, using: &random),
                        to: .onlineAndOffline
                    )
                }
                // Push times are a few microseconds later than the clock said.
                project.base.clock.now.microseconds += 1_000_000
                try self.compare(project.base, using: &random)
            }
            let again = try store.materialize()
            #expect(again.views.allSatisfy { $0.keysWritten == 0 && $0.stale == 0 })
        }
    }

    @Test(
        "Rows from the future hide nothing before their time and are served from then on",
        arguments: 0..<80
    )
    func futureRows(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try PushedProject(directory: directory, using: &random)
            project.base.clock.now = second(22)
            try project.base.addLines(upTo: 12, mayBeBad: false, using: &random)
            let files = project.definitions(using: &random)
            try project.base.store.apply(project.base.store.plan(files))
            try project.base.store.materialize()
            for _ in 0..<14 {
                let index = Int.random(in: project.pushSources.indices, using: &random)
                switch Int.random(in: 0..<8, using: &random) {
                case 0: project.base.reopen()
                case 1: try project.base.store.materialize(to: second(1000))
                case 2: try project.base.store.refresh()
                default:
                    let result = try project.base.store.push(
                        project.pushSources[index],
                        rows: project.rows(for: index, upTo: 4, using: &random),
                        to: .onlineAndOffline
                    )
                    #expect(result.future <= result.accepted + result.stale)
                }
                try self.compare(project.base, using: &random)
                // To a moment before a whole second, to it, past it, or not at all.
                let now = project.base.clock.now.microseconds
                let next = (now / 1_000_000 + 1) * 1_000_000
                let times = [now, now, next - 1, next, next, next + 1, next + 2_000_000]
                project.base.clock.now.microseconds = times.randomElement(using: &random) ?? now
                // Without a read in between, the next step is the first after that time.
                if Bool.random(using: &random) { try self.compare(project.base, using: &random) }
            }
            project.base.clock.now = second(100)
            try self.compare(project.base, using: &random)
            let pushes = try project.base.store.status().pushes
            #expect(pushes?.waiting ?? 0 == 0)
            let again = try project.base.store.materialize()
            #expect(again.views.allSatisfy { $0.keysWritten == 0 && $0.stale == 0 })
        }
    }

    private func compare(_ project: RandomProject, using random: inout SeededGenerator) throws {
        let rows = project.entityRows(20, using: &random)
        let selection = FeatureSelection.features(
            project.views.flatMap { view in
                view.view.schema.map { "\(view.view.name):\($0.name)" }
            }
        )
        let keys = project.joinKeys.enumerated().map { index, key in
            OnlineFeaturesRequest.EntityColumn(
                name: key.name,
                values: rows.map { $0[index]?.value ?? .null }
            )
        }
        let online = try project.store.onlineFeatures(
            OnlineFeaturesRequest(selection: selection, entities: keys, fullFeatureNames: true)
        )
        var columns = try zip(project.joinKeys, keys).map { key, column in
            Table.NamedColumn(
                name: key.name,
                column: try Column(type: key.type, values: column.values)
            )
        }
        let times = rows.map { _ in Value.timestamp(project.clock.now) }
        columns.append(
            .init(name: "event_timestamp", column: try Column(type: .unixTimestamp, values: times))
        )
        var options = HistoricalFeaturesOptions()
        options.fullFeatureNames = true
        let training = try project.store.historicalFeatures(
            selection,
            entities: .table(Table(columns: columns, rowCount: rows.count)),
            options: options
        )
        for feature in online.features {
            let historical = try #require(training.table[feature.name])
            let served = feature.values.values.map(exactText)
            #expect(served == historical.values.map(exactText), "\(feature.name)")
        }
    }

    @Test("Pushes of several threads beside loads end as training says", arguments: 0..<3)
    func threads(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            project.repository.dataSources.append(
                DataSource(name: "stats_push", kind: .push(.init(batchSource: "stats_source")))
            )
            var random = SeededGenerator(seed: seed)
            try project.write(
                (0..<300).map { _ in
                    SmallProject.line(
                        .random(in: 0...9, using: &random),
                        .random(in: 0...3, using: &random),
                        created: .random(in: 0...1, using: &random),
                        trips: "1"
                    )
                }
            )
            try project.apply()
            let store = project.store
            try store.materialize()
            let failures = Failures()
            DispatchQueue.concurrentPerform(iterations: 4) { worker in
                var random = SeededGenerator(seed: seed * 10 + UInt64(worker))
                do {
                    for round in 0..<(worker == 0 ? 5 : 15) {
                        if worker == 0 {
                            try store.materialize()
                            continue
                        }
                        func cells(_ range: ClosedRange<Int64>) -> [Value] {
                            (0..<3).map { _ in .integer(.random(in: range, using: &random)) }
                        }
                        // Equal ages are common: the order of the pushes decides then.
                        let rows = try PushRows([
                            "driver_id": cells(0...9),
                            "event_time": cells(1_700_000_000...1_700_000_003),
                            "created": cells(1_700_000_000...1_700_000_001),
                            "trips": (0..<3).map { .integer(Int64(worker * 100 + round * 3 + $0)) },
                            "rate": [nil, nil, nil],
                        ])
                        try store.push("stats_push", rows: rows, to: .onlineAndOffline)
                    }
                } catch {
                    failures.add("\(error)")
                }
            }
            #expect(failures.all == [])
            let drivers = (0...9).map { Value.integer($0) }
            let online = try project.values(drivers)
            let training = try store.historicalFeatures(
                .features(["stats:trips"]),
                entities: SmallProject.entities(drivers.map { ($0, .timestamp(second(100))) })
            ).table.columns.last?.column.values
            #expect(online == training)
            try store.materialize()
            #expect(try project.values(drivers) == training)
        }
    }
}
