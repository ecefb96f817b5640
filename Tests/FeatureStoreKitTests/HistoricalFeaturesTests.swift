import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct HistoricalFeaturesTests {
    private static let lines = [
        SmallProject.line(1, 10, created: 12, trips: "10", rate: "0.5"),
        SmallProject.line(1, 20, created: 40, trips: "20"),
        SmallProject.line(2, 30, trips: "30", rate: "NaN"),
    ]

    private func withProject(_ body: (SmallProject) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            project.repository.featureViews[0].ttlMicroseconds = 15_000_000
            try project.write(Self.lines)
            try project.apply()
            try body(project)
        }
    }

    private func entityFile(_ text: String, in project: SmallProject) throws -> EntityRowsInput {
        let file = project.directory.appendingPathComponent("entities.csv")
        try Data(text.utf8).write(to: file)
        return .file(file.path)
    }

    private let trips = FeatureSelection.features(["stats:trips"])

    @Test("Every row comes out once, in order, and every null has its reason")
    func reasons() throws {
        try withProject { project in
            let text = """
                note,event_timestamp,driver_id
                "a ",\(second(10)),1
                ,\(second(9)),1
                "",2023-11-14 22:13:40,1
                x,\(second(25)),"1"
                x,\(second(36)),1
                x,\(second(35)),1
                x,\(second(25)),3
                x,\(second(25)),
                x,\(second(25)),one
                x,,1
                x,yesterday,1
                x,1700000031,2

                """
            let set = try project.store.historicalFeatures(
                .features(["stats:rate", "stats:trips"]),
                entities: entityFile(text, in: project)
            )
            #expect(
                set.table.columnNames == ["note", "event_timestamp", "driver_id", "rate", "trips"]
            )
            #expect(
                set.table["note"]?.values
                    == ["a ", nil, "", "x", "x", "x", "x", "x", "x", "x", "x", "x"]
            )
            #expect(
                set.table["trips"]?.values
                    == [10, nil, 20, 20, nil, 20, nil, nil, nil, nil, nil, 30]
            )
            #expect(
                set.table["rate"]?.values.map(exactText)
                    == [
                        .float(0.5), nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, .float(.nan),
                    ]
                    .map(exactText)
            )
            #expect(set.table["event_timestamp"]?[11] == .timestamp(second(31)))
            #expect(set.table["event_timestamp"]?[10] == .null)
            #expect(set.table["driver_id"]?[8] == "one")

            let report = set.report
            #expect(report.rows == 12 && report.columns.map(\.name) == ["rate", "trips"])
            for column in report.columns {
                #expect(column.view == "stats")
                #expect(column.values + column.nulls == 12)
                #expect(column.onlyInFuture == 1 && column.olderThanTTL == 1)
                #expect(column.noRow == 1 && column.nullKey == 2 && column.nullTime == 2)
                #expect(column.notYetCreated == 0)
            }
            #expect(report.columns.map(\.values) == [2, 5])
            #expect(report.columns.map(\.nullInSource) == [3, 0])
            #expect(report.sources.map(\.rowsRead) == [3])
            #expect(report.sources.map(\.bad) == [0])
            for part in [
                "\"driver_id\": 1 cell is no int64",
                "entities.csv:10: column \"driver_id\": \"one\"",
                "\"event_timestamp\": 1 cell is no time", "\"yesterday\" is no time",
                "times without zone in \"event_timestamp\" were read as UTC",
                "cells come from rows that were created after",
            ] {
                #expect(report.warnings.contains { $0.contains(part) }, "\(part)")
            }
        }
    }

    @Test("With strict, one unreadable key, time or source row is an error")
    func strict() throws {
        try withProject { project in
            var options = HistoricalFeaturesOptions()
            options.strict = true
            let time = second(25)
            let cases = [
                ("one,\(time)", "\"one\" is no int64"), ("1,never", "\"never\" is no time"),
            ]
            for (row, part) in cases {
                let input = try entityFile("driver_id,event_timestamp\n\(row)\n", in: project)
                let error = failure {
                    try project.store.historicalFeatures(trips, entities: input, options: options)
                }
                #expect(error?.code == .invalidData)
                #expect(error?.message.contains("entities.csv:2") ?? false)
                #expect(error?.message.contains(part) ?? false)
            }
            let input = try entityFile("driver_id,event_timestamp\n,\n1,\(time)\n", in: project)
            let nulls = try project.store.historicalFeatures(
                trips,
                entities: input,
                options: options
            )
            #expect(nulls.table["trips"]?.values == [nil, 20])
            try project.write(Self.lines + [SmallProject.line(1, 24, trips: "x")])
            let set = try project.store.historicalFeatures(trips, entities: input)
            #expect(set.table["trips"]?.values == [nil, 20])
            #expect(set.report.sources.map(\.bad) == [1])
            #expect(set.report.warnings.contains { $0.contains("stats.csv:5: column \"trips\"") })
            let error = failure {
                try project.store.historicalFeatures(trips, entities: input, options: options)
            }
            #expect(error?.code == .invalidData)
            #expect(error?.message.contains("stats.csv:5: column \"trips\": \"x\"") ?? false)
        }
    }

    @Test("The warning about created times counts the cells that the filter would change")
    func createdFilter() throws {
        try withProject { project in
            let rows: [(driver: Value, time: Value)] = [
                (1, .timestamp(second(11))), (1, .timestamp(second(12))),
                (1, .timestamp(second(25))), (1, .timestamp(second(40))),
                (2, .timestamp(second(31))),
            ]
            let features = FeatureSelection.features(["stats:trips", "stats:rate"])
            let entities = try SmallProject.entities(rows)
            let plain = try project.store.historicalFeatures(features, entities: entities)
            #expect(plain.table["trips"]?.values == [10, 10, 20, nil, 30])
            var options = HistoricalFeaturesOptions()
            options.filterByCreatedTimestamp = true
            let filtered = try project.store.historicalFeatures(
                features,
                entities: entities,
                options: options
            )
            #expect(filtered.table["trips"]?.values == [nil, 10, 10, nil, nil])
            var changed = 0
            for name in ["trips", "rate"] {
                let before = plain.table[name]?.values.map(exactText) ?? []
                let after = filtered.table[name]?.values.map(exactText) ?? []
                changed += zip(before, after).count { $0 != $1 }
            }
            #expect(changed == 6)
            #expect(
                plain.report.warnings.contains { $0.contains("\(changed) cells come from rows") }
            )
            #expect(
                !filtered.report.warnings.contains { $0.contains("--filter-by-created-timestamp") }
            )
            #expect(filtered.report.columns.map(\.notYetCreated) == [2, 2])
            #expect(filtered.report.columns.allSatisfy { $0.values + $0.nulls == 5 })
        }
    }

    @Test("Missing columns and equal names are errors before any source is read")
    func errorsBeforeReading() throws {
        try withProject { project in
            try FileManager.default.removeItem(
                at: project.directory.appendingPathComponent("stats.csv")
            )
            func error(
                _ header: String,
                _ features: [String] = ["stats:trips"]
            ) throws -> FeatureStoreError? {
                let input = try entityFile(header + "\n", in: project)
                return failure {
                    try project.store.historicalFeatures(.features(features), entities: input)
                }
            }
            let key = try error("driver,event_timestamp")
            #expect(key?.code == .missingJoinKey)
            #expect(key?.message.contains("no column \"driver_id\", a join key of stats") ?? false)
            let time = try error("driver_id,event_time")
            #expect(time?.code == .invalidArgument)
            #expect(time?.message.contains("did you mean") ?? false)
            let collision = try error("driver_id,event_timestamp,trips")
            #expect(collision?.code == .featureNameCollision)
            #expect(try error("driver_id,event_timestamp,trips,rate", [])?.code == .invalidArgument)
            #expect(
                try error("driver_id,event_timestamp", ["stats:rate", "stats:rate"])?.code
                    == .featureNameCollision
            )
            #expect(
                try error("driver_id,event_timestamp", ["stats:rat"])?.code == .featureNotFound
            )
            let read = try error("driver_id,event_timestamp")
            #expect(read?.code == .unavailable)
            #expect(read?.message.contains("stats.csv") ?? false)
            let noFile = failure {
                try project.store.historicalFeatures(trips, entities: .file("/no/such/file.csv"))
            }
            #expect(noFile?.code == .invalidArgument)
        }
    }

    @Test("No rows are no rows, with all columns; another time column may be named")
    func noRows() throws {
        try withProject { project in
            var options = HistoricalFeaturesOptions()
            options.timestampField = "at"
            options.fullFeatureNames = true
            for rows in ["", "1,\(second(25))\n"] {
                let set = try project.store.historicalFeatures(
                    .features(["stats:trips", "stats:rate"]),
                    entities: entityFile("driver_id,at\n" + rows, in: project),
                    options: options
                )
                #expect(
                    set.table.columnNames == ["driver_id", "at", "stats__trips", "stats__rate"]
                )
                #expect(set.table.rowCount == (rows.isEmpty ? 0 : 1))
                #expect(set.report.rows == set.table.rowCount)
                #expect(set.table["stats__trips"]?.type == .int64)
                #expect(
                    set.report.columns.allSatisfy { $0.values + $0.nulls == set.report.rows }
                )
            }
        }
    }

    @Test("A training set is written as it is read: nulls, empty strings, times in UTC")
    func writing() throws {
        try withProject { project in
            let text = """
                note,event_timestamp,driver_id
                "",2023-11-14T23:13:45+01:00,1
                ,2023-11-14 22:13:51.5,2

                """
            let set = try project.store.historicalFeatures(
                .features(["stats:rate", "stats:trips"]),
                entities: entityFile(text, in: project)
            )
            let path = project.directory.appendingPathComponent("out.csv").path
            try set.write(to: .path(path))
            #expect(
                try String(contentsOfFile: path, encoding: .utf8) == """
                    note,event_timestamp,driver_id,rate,trips
                    "",2023-11-14T22:13:45Z,1,,20
                    ,2023-11-14T22:13:51.500Z,2,NaN,30

                    """
            )
            #expect(failure { try set.write(to: .path("/tmp/out.txt")) }?.code == .invalidArgument)
        }
    }
}
