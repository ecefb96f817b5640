import FeatureModel
import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("On-demand feature views")
struct OnDemandTests {
    /// Drivers 1 (row at 10 s) and 2 (row at 95 s, its rate null); the clock stands at 100 s.
    private func withProject(
        _ features: [OnDemandFeature],
        functions: [String: OnDemandFunction] = [:],
        isApplied: Bool = true,
        _ body: (inout SmallProject) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory, functions: functions)
            try project.write([
                SmallProject.line(1, 10, trips: "10", rate: "0.5"),
                SmallProject.line(2, 95, trips: "20"),
            ])
            project.repository.dataSources.append(
                DataSource(
                    name: "ask",
                    kind: .request(
                        .init(schema: [
                            Field(name: "add", type: .int64), Field(name: "note", type: .string),
                        ])
                    )
                )
            )
            project.repository.onDemandFeatureViews = [
                OnDemandFeatureView(
                    name: "computed",
                    sources: ["stats", "ask"],
                    features: features
                )
            ]
            if isApplied {
                try project.apply()
                try project.store.materialize()
            }
            try body(&project)
        }
    }

    private func feature(
        _ name: String,
        _ type: ValueType,
        _ expression: String
    ) -> OnDemandFeature {
        OnDemandFeature(name: name, type: type, transformation: .expression(expression))
    }

    private func entities(_ lines: [String], of project: SmallProject) throws -> EntityRowsInput {
        let file = project.directory.appendingPathComponent("entities.csv")
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        return .file(file.path)
    }

    @Test("Only what was asked for comes out, inputs are read but not returned")
    func columns() throws {
        let features = [
            feature("sum", .float64, "rate + add"), feature("twice", .int64, "trips * 2"),
        ]
        try withProject(features) { project in
            let selection = FeatureSelection.features([
                "computed:twice", "stats:trips", "computed:sum",
            ])
            let online = try project.store.onlineFeatures(
                selection,
                entities: ["add": [1, 2, 3], "driver_id": [1, 2, 3]]
            )
            #expect(online.entities.map(\.name) == ["driver_id"])
            #expect(online.features.map(\.name) == ["twice", "trips", "sum"])
            #expect(
                online.features.map(\.values.values) == [
                    [20, 40, nil], [10, 20, nil], [1.5, nil, nil],
                ]
            )
            #expect(online.features[2].statuses == [.present, .nullValue, .nullValue])
            #expect(online.features[2].eventTimestamps == [.epoch, .epoch, .epoch])

            let rows = try entities(
                ["driver_id,event_timestamp,add", "1,\(second(100)),1", "2,\(second(100)),2"],
                of: project
            )
            let training = try project.store.historicalFeatures(selection, entities: rows)
            #expect(
                training.table.columnNames
                    == ["driver_id", "event_timestamp", "add", "twice", "sum", "trips"]
            )
            #expect(training.table["sum"]?.values == [1.5, nil])
            #expect(training.report.columns.map(\.view) == ["computed", "computed", "stats"])
            #expect(training.report.columns[1].nullResult == 1)
            var options = HistoricalFeaturesOptions()
            options.fullFeatureNames = true
            let full = try project.store.historicalFeatures(
                selection,
                entities: rows,
                options: options
            )
            #expect(full.table.columnNames.last == "stats__trips")
            #expect(full.table["computed__sum"]?.values == [1.5, nil])
        }
    }

    @Test("Inputs that no wanted feature uses are neither read nor required")
    func unusedInputs() throws {
        let features = [feature("sum", .float64, "rate + add"), feature("one", .int64, "add + 1")]
        try withProject(features) { project in
            let online = try project.store.onlineFeatures(
                .features(["computed:one"]),
                entities: ["add": [4, nil]]
            )
            #expect(online.rowCount == 2)
            #expect(online.features[0].values.values == [5, nil])
            #expect(project.store.featureCount(of: .features(["computed:one"])) == 2)
            #expect(
                project.store.featureCount(of: .features(["computed:sum", "stats:rate"])) == 4
            )
        }
    }

    @Test("An input that is older than its view's ttl is null")
    func expired() throws {
        let features = [feature("known", .bool, "trips IS NOT NULL")]
        try withProject(features, isApplied: false) { project in
            project.repository.featureViews[0].ttlMicroseconds = 50_000_000
            try project.apply()
            try project.store.materialize()
            let online = try project.store.onlineFeatures(
                .features(["computed:known"]),
                entities: ["driver_id": [1, 2]]
            )
            #expect(online.features[0].values.values == [false, true])
            let training = try project.store.historicalFeatures(
                .features(["computed:known"]),
                entities: try entities(
                    ["driver_id,event_timestamp", "1,\(second(100))", "2,\(second(100))"],
                    of: project
                )
            )
            #expect(training.table["known"]?.values == [false, true])
        }
    }

    @Test("Request data that is missing or cannot be read is told by name")
    func requestData() throws {
        let features = [feature("sum", .float64, "rate + add + length(note)")]
        try withProject(features) { project in
            let sum = FeatureSelection.features(["computed:sum"])
            let store = project.store
            let missing = failure {
                try store.onlineFeatures(sum, entities: ["driver_id": [1]])
            }
            #expect(missing?.code == .missingRequestData)
            #expect(
                missing?.message.hasPrefix(
                    "Required request data source features ['add', 'note'] not found in the "
                        + "entity rows, but required by feature views: computed"
                ) ?? false
            )
            for wrong: Value in ["x", 1.5, true, "9223372036854775808"] {
                let error = failure {
                    try store.onlineFeatures(
                        sum,
                        entities: ["driver_id": [1], "add": [wrong], "note": ["n"]]
                    )
                }
                #expect(error?.code == .invalidValue, "\(wrong)")
                #expect(error?.message.hasPrefix("request data \"add\" is int64") ?? false)
            }
            for right: Value in ["2", 2, 2.0] {
                let online = try store.onlineFeatures(
                    sum,
                    entities: ["driver_id": [1], "add": [right], "note": ["n"]]
                )
                #expect(online.features[0].values.values == [3.5], "\(right)")
            }

            let noColumn = failure {
                try store.historicalFeatures(
                    sum,
                    entities: try entities(
                        ["driver_id,event_timestamp,note,ad", "1,\(second(100)),n,1"],
                        of: project
                    )
                )
            }
            #expect(noColumn?.code == .missingRequestData)
            #expect(
                noColumn?.message == """
                    the entity rows have no column "add" (int64), request data of computed; \
                    did you mean "ad"?
                    """
            )
            let rows = try entities(
                ["driver_id,event_timestamp,note,add", "1,\(second(100)),n,1.5"],
                of: project
            )
            let training = try store.historicalFeatures(sum, entities: rows)
            #expect(training.table["sum"]?.values == [nil])
            #expect(training.table["add"]?.values == ["1.5"])
            #expect(
                training.report.warnings.contains {
                    $0.contains("entity column \"add\": 1 cell is no int64")
                        && $0.contains("entities.csv:2")
                }
            )
            var options = HistoricalFeaturesOptions()
            options.strict = true
            let strict = failure {
                try store.historicalFeatures(sum, entities: rows, options: options)
            }
            #expect(strict?.code == .invalidData)
        }
    }

    @Test("A row that cannot be computed is null, counted and told, or fatal when strict")
    func notComputable() throws {
        let features = [
            feature("json", .int64, "json_extract(note, '$.a')"),
            feature("small", .int32, "add * 1000000"),
            feature("name", .string, "coalesce(add, 'x')"),
        ]
        try withProject(features) { project in
            let rows = try entities(
                [
                    "driver_id,event_timestamp,add,note", "1,\(second(100)),1,\"{\"\"a\"\": 7}\"",
                    "1,\(second(100)),999999,{", "1,\(second(100)),,",
                ],
                of: project
            )
            let all = FeatureSelection.features([
                "computed:json", "computed:small", "computed:name",
            ])
            let training = try project.store.historicalFeatures(all, entities: rows)
            #expect(training.table["json"]?.values == [7, nil, nil])
            #expect(training.table["small"]?.values == [1_000_000, nil, nil])
            #expect(training.table["name"]?.values == [nil, nil, "x"])
            #expect(training.report.columns.map(\.notComputable) == [1, 1, 2])
            #expect(training.report.columns.map(\.nullResult) == [1, 1, 0])
            #expect(
                training.report.warnings.contains(
                    """
                    on-demand feature view "computed": json cannot be computed for 1 of 3 rows \
                    and is null there, such as entity row 2: malformed JSON
                    """
                )
            )
            let online = try project.store.onlineFeatures(
                all,
                entities: ["add": [1, 999_999, nil], "note": ["{\"a\": 7}", "{", nil]]
            )
            #expect(
                online.features.map(\.values.values) == [
                    [7, nil, nil], [1_000_000, nil, nil], [nil, nil, "x"],
                ]
            )
            var options = HistoricalFeaturesOptions()
            options.strict = true
            let strict = failure {
                try project.store.historicalFeatures(all, entities: rows, options: options)
            }
            #expect(strict?.code == .invalidData)
            #expect(strict?.message.contains("malformed JSON (strict)") ?? false)
        }
    }

    @Test(
        "A plan finds what cannot be computed, and says how to mend it",
        arguments: [
            ("rat + add", ValueType.float64, "uses an unknown name \"rat\"; did you mean \"rate\""),
            ("stats_rate", .float64, "did you mean \"stats__rate\""),
            ("lenght(note)", .int64, "there is no function lenght(); did you mean \"length\"?"),
            ("trips +", .float64, "has the expression \"trips +\": SQLite says: near \")\""),
            ("abs(trips, 2)", .float64, "wrong number of arguments to function abs()"),
            ("note || 'x'", .float64, "gives text; write CAST(… AS REAL)"),
            ("trips + 1", .string, "gives a number; write CAST(… AS TEXT)"),
            ("CAST(note AS BLOB)", .string, "gives bytes; write hex(…)"),
            ("trips", .map, "is map, and its expression \"trips\" gives a number"),
            ("note; DROP TABLE x", .string, "\";\" cannot stand in an expression"),
            ("(SELECT 1)", .int64, "there are no tables to read"),
        ]
    )
    func plan(expression: String, type: ValueType, message: String) throws {
        try withProject([feature("f", type, expression)], isApplied: false) { project in
            var locations = DefinitionLocations()
            locations.record(
                SourceLocation(file: "driver.yaml", line: 7, column: 9),
                of: .onDemandFeatureView,
                "computed",
                part: "features.f.expression"
            )
            var files = project.files
            files.locations = locations
            let error = failure { try project.store.plan(files) }
            #expect(error?.code == .invalidArgument)
            let text = try #require(error?.message)
            #expect(
                text.hasPrefix(
                    "driver.yaml:7:9: error: feature \"f\" of on-demand feature view \"computed\" "
                )
            )
            #expect(text.contains(message), "\(text)")
        }
    }

    @Test(
        "A plan takes what may be of its type, whatever the samples give",
        arguments: [
            ("iif(trips > 123456, 'many', 0)", ValueType.string), ("note ->> 'a'", .float64),
            ("json_extract(note, '$.a')", .bool), ("trips / 2.0", .int64), ("NULL", .uuid),
            ("note", .json), ("coalesce(note, 1)", .int64),
            ("json_array(trips, add)", .array(.int64)),
        ]
    )
    func planned(expression: String, type: ValueType) throws {
        try withProject([feature("f", type, expression)]) { project in
            #expect(project.repository.onDemandFeatureViews.count == 1)
        }
    }

    @Test("A name that two sources have must be written in full")
    func ambiguous() throws {
        try withProject([feature("f", .float64, "rate * 2")], isApplied: false) { project in
            project.repository.dataSources.append(
                DataSource(
                    name: "more",
                    kind: .request(.init(schema: [Field(name: "rate", type: .int64)]))
                )
            )
            project.repository.onDemandFeatureViews[0].sources.append("more")
            let message = failure { try project.apply() }?.message ?? ""
            #expect(
                message.contains("uses the name \"rate\", which \"stats\" and \"more\" have")
            )
            #expect(message.contains("write stats__rate or more__rate"))

            project.repository.onDemandFeatureViews[0].features[0].transformation =
                .expression("stats__rate * more__rate")
            try project.apply()
            try project.store.materialize()
            let online = try project.store.onlineFeatures(
                .features(["computed:f"]),
                entities: ["driver_id": [1], "rate": [3]]
            )
            #expect(online.features[0].values.values == [1.5])
        }
    }

    @Test("A Swift function stands in for an expression, in training and in serving")
    func function() throws {
        struct TooMany: Error {}
        let functions = [
            "label": OnDemandFunction(inputs: ["trips", "stats__rate", "add"]) { row in
                guard let add = try row.integer("add") else { return .null }
                if add > 100 { throw TooMany() }
                let rate = try row.float("stats__rate").map { "\($0)" } ?? "-"
                return .string("\(try row.integer("trips") ?? 0) \(rate) \(add)")
            },
            "wrong": OnDemandFunction(inputs: ["trips"]) { row in try row["rate"] },
        ]
        let features = [
            OnDemandFeature(name: "label", type: .string, transformation: .function("label")),
            OnDemandFeature(name: "wrong", type: .int64, transformation: .function("wrong")),
        ]
        try withProject(features, functions: functions) { project in
            let label = FeatureSelection.features(["computed:label"])
            let online = try project.store.onlineFeatures(
                label,
                entities: ["driver_id": [1, 2, 3, 1], "add": [7, 8, nil, 101]]
            )
            #expect(online.features[0].values.values == ["10 0.5 7", "20 - 8", nil, nil])
            let training = try project.store.historicalFeatures(
                label,
                entities: try entities(
                    [
                        "driver_id,event_timestamp,add", "1,\(second(100)),7",
                        "1,\(second(100)),101",
                    ],
                    of: project
                )
            )
            #expect(training.table["label"]?.values == ["10 0.5 7", nil])
            #expect(training.report.columns[0].notComputable == 1)
            #expect(training.report.warnings.contains { $0.contains("TooMany") })

            let undeclared = failure {
                try project.store.onlineFeatures(
                    .features(["computed:wrong"]),
                    entities: ["driver_id": [1]]
                )
            }
            #expect(undeclared?.message.contains("not among its inputs (trips)") ?? false)

            // A program without the functions reads everything else.
            let other = project.anotherStore()
            let plan = failure { try other.plan(project.files) }
            #expect(plan?.message.contains("which this program does not have") ?? false)
            #expect(plan?.message.contains("`fstore` can only evaluate expressions") ?? false)
            let rows = try entities(["driver_id,event_timestamp", "1,\(second(100))"], of: project)
            let read = failure { try other.historicalFeatures(label, entities: rows) }
            #expect(read?.code == .invalidArgument)
            #expect(read?.message.contains("function \"label\"") ?? false)
            let trips = try other.historicalFeatures(.features(["stats:trips"]), entities: rows)
            #expect(trips.table["trips"]?.values == [10])
        }
    }

    @Test("A text of more than 64 KiB is null, and the rows around it are not")
    func longText() throws {
        try withProject([feature("size", .int64, "length(note)")]) { project in
            let notes = [65_536, 65_537, 3].map { Value.string(String(repeating: "x", count: $0)) }
            let online = try project.store.onlineFeatures(
                .features(["computed:size"]),
                entities: ["note": notes]
            )
            #expect(online.features[0].values.values == [65_536, nil, 3])
        }
    }

    @Test("Many threads compute at once, each its own rows")
    func threads() throws {
        let features = [
            feature("sum", .int64, "add * 3 + length(note)"),
            feature("text", .string, "note || add"),
        ]
        try withProject(features) { project in
            let store = project.store
            let wrong = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for round in 0..<100 {
                    let add = Int64(thread * 1000 + round)
                    let online = try? store.onlineFeatures(
                        .features(["computed:sum", "computed:text"]),
                        entities: ["add": [.integer(add), 1], "note": ["ab", "c"]]
                    )
                    let expected: [[Value]] = [
                        [.integer(add * 3 + 2), 4], [.string("ab\(add)"), "c1"],
                    ]
                    if online?.features.map(\.values.values) != expected {
                        wrong.withLock { $0 += 1 }
                    }
                }
            }
            #expect(wrong.withLock { $0 } == 0)
        }
    }
}
