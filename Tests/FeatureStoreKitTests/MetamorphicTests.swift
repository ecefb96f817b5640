import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// What must not change a training set, or change it in one way only, whatever the data are.
@Suite struct MetamorphicTests {
    /// An entity row: the keys of all entities, and a time in seconds.
    private struct Row {
        var keys: [PlainCell?]
        var time: Int64?
    }

    /// A random project, its entity rows, and what they get.
    private struct Sample {
        let project: RandomProject
        let rows: [Row]
        let filtersByCreated: Bool
        /// By row: the exact cells of all features of all views.
        let cells: [[String]]

        func cells(
            of project: RandomProject,
            rows: [Row]? = nil,
            laterBy shift: Int64 = 0
        ) throws -> [[String]] {
            try MetamorphicTests.trainingSet(
                project,
                rows ?? self.rows,
                self.filtersByCreated,
                shift
            )
        }
    }

    private func withSample(
        _ seed: Int,
        _ body: (Sample, URL, inout SeededGenerator) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            let first = directory.appendingPathComponent("first")
            try FileManager.default.createDirectory(at: first, withIntermediateDirectories: true)
            var project = try RandomProject(directory: first, using: &random)
            try project.addLines(upTo: 25, mayBeBad: true, using: &random)
            for index in project.views.indices {
                // A column that is mostly unreadable cannot be applied.
                let filled = project.views[index].lines.filter { $0.features[0] != nil }
                if filled.count(where: \.isBad) * 2 > filled.count {
                    project.views[index].lines.removeAll(where: \.isBad)
                }
            }
            try project.writeSources(using: &random)
            try project.store.apply(project.store.plan(project.definitions))
            let rows = project.entityRows(20, using: &random).map { keys in
                let isNull = Int.random(in: 0..<12, using: &random) == 0
                return Row(keys: keys, time: isNull ? nil : .random(in: -1...26, using: &random))
            }
            let filters = Bool.random(using: &random)
            let sample = Sample(
                project: project,
                rows: rows,
                filtersByCreated: filters,
                cells: try MetamorphicTests.trainingSet(project, rows, filters, 0)
            )
            #expect(sample.cells.count == rows.count)
            try body(sample, directory.appendingPathComponent("second"), &random)
        }
    }

    @Test("A row of the future never changes a training set", arguments: 0..<40)
    func futureRows(seed: Int) throws {
        try withSample(seed) { sample, directory, random in
            let last = sample.rows.compactMap(\.time).max() ?? 0
            var views = sample.project.views
            for index in views.indices where !views[index].source.isStatic {
                var future = views[index].lines.shuffled(using: &random)
                for line in future.indices {
                    future[line].time = last + .random(in: 1...9, using: &random)
                }
                for line in future {
                    let place = Int.random(in: 0...views[index].lines.count, using: &random)
                    views[index].lines.insert(line, at: place)
                }
            }
            let other = try RandomProject(
                copyOf: sample.project,
                views: views,
                directory: directory,
                using: &random
            )
            #expect(try sample.cells(of: other) == sample.cells)
        }
    }

    @Test("Permuting, repeating or dropping entity rows does so with the result", arguments: 0..<40)
    func permutation(seed: Int) throws {
        try withSample(seed) { sample, _, random in
            let all = Array(sample.rows.indices)
            let some = (0..<30).map { _ in Int.random(in: all.indices, using: &random) }
            for order in [all.shuffled(using: &random), all.reversed(), some, [], [all[0]]] {
                let cells = try sample.cells(
                    of: sample.project,
                    rows: order.map { sample.rows[$0] }
                )
                #expect(cells == order.map { sample.cells[$0] })
            }
        }
    }

    @Test("Where the rows of a source lie does not matter", arguments: 0..<40)
    func layouts(seed: Int) throws {
        try withSample(seed) { sample, directory, random in
            try sample.project.store.materialize()
            let online = try Self.onlineCells(sample.project, sample.rows)
            for layout in RandomView.Layout.allCases {
                let other = try RandomProject(
                    copyOf: sample.project,
                    views: sample.project.views.map { $0.stored(as: layout) },
                    directory: directory.appendingPathComponent("\(layout)"),
                    using: &random
                )
                #expect(try sample.cells(of: other) == sample.cells, "\(layout)")
                try other.store.materialize()
                #expect(try Self.onlineCells(other, sample.rows) == online, "\(layout)")
            }
        }
    }

    @Test("Rows of other keys, or of no key, never change a training set", arguments: 0..<40)
    func unrelatedKeys(seed: Int) throws {
        try withSample(seed) { sample, directory, random in
            let rows = sample.rows.filter { row in
                zip(row.keys, sample.project.joinKeys).allSatisfy { cell, key in
                    cell?.value != CellPool.unknownKey(key.type).value
                }
            }
            let before = try sample.cells(of: sample.project, rows: rows)
            var views = sample.project.views
            for index in views.indices where !views[index].joinKeys.isEmpty {
                let keys = views[index].joinKeys
                for var line in views[index].lines {
                    let number = Int.random(in: keys.indices, using: &random)
                    let isNull = Bool.random(using: &random)
                    line.keys[number] = isNull ? nil : CellPool.unknownKey(keys[number].type)
                    let place = Int.random(in: 0...views[index].lines.count, using: &random)
                    views[index].lines.insert(line, at: place)
                }
            }
            let other = try RandomProject(
                copyOf: sample.project,
                views: views,
                directory: directory,
                using: &random
            )
            #expect(try sample.cells(of: other, rows: rows) == before)
        }
    }

    @Test("Shifting every time by as much changes no feature", arguments: 0..<40)
    func shiftedTimes(seed: Int) throws {
        try withSample(seed) { sample, directory, random in
            try sample.project.store.materialize()
            let online = try Self.onlineCells(sample.project, sample.rows)
            // Into another season, another century, before 1970, and the far future.
            let shifts: [Int64] = [1, 15_897_600, 4_102_444_800, -1_700_000_010, 200_000_000_000]
            for shift in shifts {
                var views = sample.project.views
                for index in views.indices {
                    for line in views[index].lines.indices {
                        views[index].lines[line].time? += shift
                        views[index].lines[line].created? += shift
                    }
                }
                let other = try RandomProject(
                    copyOf: sample.project,
                    views: views,
                    directory: directory.appendingPathComponent("\(shift)"),
                    using: &random
                )
                #expect(try sample.cells(of: other, laterBy: shift) == sample.cells, "\(shift)")
                other.clock.now = Timestamp(
                    microseconds: sample.project.clock.now.microseconds + shift * 1_000_000
                )
                try other.store.materialize()
                #expect(try Self.onlineCells(other, sample.rows) == online, "\(shift)")
            }
        }
    }

    @Test("Applying, loading and opening again change nothing", arguments: 0..<20)
    func again(seed: Int) throws {
        try withSample(seed) { sample, directory, random in
            var online: [[String]]?
            do {
                let project = try RandomProject(
                    copyOf: sample.project,
                    views: sample.project.views,
                    directory: directory,
                    using: &random
                )
                try project.store.materialize()
                online = try Self.onlineCells(project, sample.rows)
                #expect(try project.store.plan(project.definitions).isEmpty)
                try project.store.materialize()
                try project.store.materializeIncremental()
                try project.store.materialize(from: second(-5), to: second(4))
                #expect(try Self.onlineCells(project, sample.rows) == online)
            }
            let reopened = try RandomProject(
                copyOf: sample.project,
                views: sample.project.views,
                directory: directory,
                using: &random
            )
            #expect(try Self.onlineCells(reopened, sample.rows) == online)
            let report = try reopened.store.materialize()
            #expect(report.views.allSatisfy { $0.keysWritten == 0 })
            #expect(try Self.onlineCells(reopened, sample.rows) == online)
            #expect(try sample.cells(of: reopened) == sample.cells)
        }
    }

    /// The exact cells of all features, by row.
    private static func trainingSet(
        _ project: RandomProject,
        _ rows: [Row],
        _ filtersByCreated: Bool,
        _ shift: Int64
    ) throws -> [[String]] {
        var options = HistoricalFeaturesOptions()
        options.fullFeatureNames = true
        options.filterByCreatedTimestamp = filtersByCreated
        var columns = try project.joinKeys.enumerated().map { index, key in
            Table.NamedColumn(
                name: key.name,
                column: try Column(
                    type: key.type,
                    values: rows.map { $0.keys[index]?.value ?? .null }
                )
            )
        }
        let times = rows.map { row in row.time.map { Value.timestamp(second($0 + shift)) } ?? .null
        }
        columns.append(
            .init(
                name: options.timestampField,
                column: try Column(type: .unixTimestamp, values: times)
            )
        )
        let set = try project.store.historicalFeatures(
            selection(project),
            entities: .table(Table(columns: columns, rowCount: rows.count)),
            options: options
        )
        #expect(set.report.rows == rows.count)
        let features = try set.table.columnNames.dropFirst(columns.count)
            .map { try #require(set.table[$0]).values }
        return rows.indices.map { row in features.map { exactText($0[row]) } }
    }

    /// The exact online cells of all features with their statuses, by row.
    private static func onlineCells(_ project: RandomProject, _ rows: [Row]) throws -> [[String]] {
        let answer = try project.store.onlineFeatures(
            OnlineFeaturesRequest(
                selection: selection(project),
                entities: project.joinKeys.enumerated().map { index, key in
                    .init(name: key.name, values: rows.map { $0.keys[index]?.value ?? .null })
                },
                fullFeatureNames: true
            )
        )
        return rows.indices.map { row in
            answer.features.map { "\(exactText($0.values[row])) \($0.statuses[row])" }
        }
    }

    private static func selection(_ project: RandomProject) -> FeatureSelection {
        .features(
            project.views.flatMap { view in
                view.view.schema.map { "\(view.view.name):\($0.name)" }
            }
        )
    }
}
