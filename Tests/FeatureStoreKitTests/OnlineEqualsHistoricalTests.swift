import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct OnlineEqualsHistoricalTests {
    @Test("Online reads now equal a training set of now, cell by cell", arguments: 0..<160)
    func onlineEqualsHistorical(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try RandomProject(directory: directory, using: &random)
            try project.addLines(upTo: 25, mayBeBad: false, using: &random)
            try project.store.apply(project.store.plan(project.definitions))
            try self.compare(project, isLoaded: false, using: &random)
            if Bool.random(using: &random) {
                for _ in 0..<2 {
                    let times = (0..<2).map { _ in Int64.random(in: 0...12, using: &random) }
                    try project.store.materialize(
                        from: second(min(times[0], times[1])),
                        to: second(max(times[0], times[1]))
                    )
                }
            }
            try self.load(project, using: &random)
            try self.compare(project, using: &random)

            project.clock.now = second(Int64.random(in: RandomView.gap, using: &random))
            try self.compare(project, using: &random)

            try project.addLines(upTo: 10, mayBeBad: true, using: &random)
            try self.load(project, using: &random)
            try self.compare(project, using: &random)

            project.clock.now = second(Int64.random(in: 18...40, using: &random))
            try self.load(project, using: &random)
            try self.compare(project, using: &random)
            let again = try project.store.materialize()
            #expect(again.views.allSatisfy { $0.keysWritten == 0 && $0.stale == 0 })
        }
    }

    private func load(_ project: RandomProject, using random: inout SeededGenerator) throws {
        let end = Bool.random(using: &random) ? nil : second(1000)
        if Bool.random(using: &random) {
            try project.store.materialize(to: end)
        } else {
            try project.store.materializeIncremental(to: end)
        }
    }

    private func compare(
        _ project: RandomProject,
        isLoaded: Bool = true,
        using random: inout SeededGenerator
    ) throws {
        let rows = project.entityRows(24, using: &random)
        let features = project.views
            .flatMap { view in view.view.schema.map { (view, $0) } }
            .shuffled(using: &random)
        let selection = FeatureSelection.features(
            features.map { "\($0.0.view.name):\($0.1.name)" }
        )
        let online = try project.store.onlineFeatures(
            selection,
            project: project,
            rows: rows,
            using: &random
        )
        guard isLoaded else {
            for feature in online.features {
                #expect(feature.statuses.allSatisfy { $0 == .notFound })
            }
            return
        }
        let training = try self.trainingSet(selection, project, rows, using: &random)

        #expect(online.features.map(\.name) == features.map { "\($0.0.view.name)__\($0.1.name)" })
        let now = (project.clock.now.microseconds - testStart) / 1_000_000
        for (feature, (view, field)) in zip(online.features, features) {
            let historical = try #require(training.table[feature.name])
            #expect(feature.values.type == field.type && historical.type == field.type)
            for row in rows.indices {
                let keys = view.joinKeys.map { key in
                    rows[row][project.joinKeys.firstIndex(of: key) ?? 0]
                }
                let expectation = view.expected(keys, at: now)
                let (value, status, time) = expectation.cell(of: field, in: view.view)
                let comment: Comment = "row \(row) \(keys) of \(feature.name) at \(now)"
                #expect(exactText(historical[row]) == exactText(value), comment)
                #expect(exactText(feature.values[row]) == exactText(value), comment)
                #expect(feature.statuses[row] == status, comment)
                #expect(feature.eventTimestamps[row] == time, comment)
            }
            try self.compareCounts(feature, view, training.report)
        }
    }

    /// The reasons of a training set say the same as the statuses of the online read.
    private func compareCounts(
        _ feature: OnlineFeatures.FeatureColumn,
        _ view: RandomView,
        _ report: TrainingSetReport
    ) throws {
        let column = try #require(report.columns.first { $0.name == feature.name })
        func count(_ status: FeatureStatus) -> Int { feature.statuses.count { $0 == status } }
        #expect(column.values + column.nulls == report.rows)
        #expect(column.values == count(.present))
        #expect(column.nullInSource == count(.nullValue))
        #expect(column.nullTime == 0)
        if view.view.filterByCreatedTimestamp || view.lines.contains(where: \.isBad) {
            // The report names what the filter took away; online there is just no such row. And a
            // row that is too old to matter is not read far enough to find that it is bad.
            #expect(column.nulls == feature.statuses.count { $0 != .present })
        } else {
            #expect(column.olderThanTTL == count(.outsideMaxAge))
            #expect(column.noRow + column.onlyInFuture + column.nullKey == count(.notFound))
        }
    }

    private func trainingSet(
        _ selection: FeatureSelection,
        _ project: RandomProject,
        _ rows: [[PlainCell?]],
        using random: inout SeededGenerator
    ) throws -> TrainingSet {
        var options = HistoricalFeaturesOptions()
        options.fullFeatureNames = true
        let input: EntityRowsInput
        if Bool.random(using: &random) {
            var columns = try project.joinKeys.enumerated().map { index, key in
                Table.NamedColumn(
                    name: key.name,
                    column: try Column(
                        type: key.type,
                        values: rows.map { $0[index]?.value ?? .null }
                    )
                )
            }
            let times = Array(repeating: Value.timestamp(project.clock.now), count: rows.count)
            columns.append(
                .init(
                    name: options.timestampField,
                    column: try Column(type: .unixTimestamp, values: times)
                )
            )
            input = .table(Table(columns: columns, rowCount: rows.count))
        } else {
            var text =
                (project.joinKeys.map(\.name) + ["event_timestamp"])
                .joined(separator: ",") + "\r\n"
            for row in rows {
                let cells = row.map { cell in
                    cell.map { "\"" + $0.text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }
                        ?? ""
                }
                text += (cells + [project.clock.now.description]).joined(separator: ",") + "\r\n"
            }
            let file = project.directory.appendingPathComponent("entities.csv")
            try Data(text.utf8).write(to: file)
            input = .file(file.path)
        }
        return try project.store.historicalFeatures(selection, entities: input, options: options)
    }
}

extension RandomView.Expectation {
    fileprivate func cell(
        of field: Field,
        in view: FeatureView
    ) -> (Value, FeatureStatus, Timestamp) {
        switch self {
        case .notFound: return (.null, .notFound, .epoch)
        case .outsideMaxAge(let time): return (.null, .outsideMaxAge, time)
        case .row(let features, let time):
            let value = features[view.schema.firstIndex(of: field) ?? 0]
            return (value, value == .null ? .nullValue : .present, time ?? .epoch)
        }
    }
}

extension FeatureStore {
    /// Reads with ids as they may be given: typed, or as text.
    fileprivate func onlineFeatures(
        _ selection: FeatureSelection,
        project: RandomProject,
        rows: [[PlainCell?]],
        using random: inout SeededGenerator
    ) throws -> OnlineFeatures {
        var columns = project.joinKeys.enumerated().map { index, key in
            OnlineFeaturesRequest.EntityColumn(
                name: key.name,
                values: rows.map { row in
                    guard let cell = row[index] else { return .null }
                    return Bool.random(using: &random) ? cell.value : .string(cell.text)
                }
            )
        }
        columns.shuffle(using: &random)
        var answer = OnlineFeatures()
        if Bool.random(using: &random), case .features(let features) = selection {
            // An answer that is read into may have been one to anything else.
            answer = try self.onlineFeatures(
                OnlineFeaturesRequest(
                    selection: .features(features.shuffled(using: &random)),
                    entities: columns.map { .init(name: $0.name, values: $0.values.reversed()) },
                    fullFeatureNames: true
                )
            )
        }
        let before = answer
        let copied = before.features.map(\.values.values)
        try self.readOnlineFeatures(
            OnlineFeaturesRequest(
                selection: selection,
                entities: columns,
                fullFeatureNames: true
            ),
            into: &answer
        )
        // NaN is not itself.
        #expect("\(before.features.map(\.values.values))" == "\(copied)")
        #expect(answer.rowCount == rows.count)
        for (given, echoed) in zip(columns, answer.entities) {
            let index = try #require(project.joinKeys.firstIndex { $0.name == given.name })
            #expect(given.name == echoed.name)
            #expect(echoed.values.values == rows.map { $0[index]?.value ?? .null })
        }
        return answer
    }
}
