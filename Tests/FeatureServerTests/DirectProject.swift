import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport

@testable import FeatureServer

/// A project with values of every type, nulls, old rows and rows from the future, which is served
/// at a time in the middle.
struct DirectProject {
    /// The time now: 100 seconds after the first event time.
    static let now = Timestamp(microseconds: 1_700_000_100_000_000)

    let store: FeatureStore
    let directory: URL

    private static let types: [(type: String, texts: [String])] = [
        ("int32", ["0", "-5", "2147483647"]), ("int64", ["1", "-9223372036854775808"]),
        ("float32", ["0.1", "-2.5", "NaN"]), ("float64", ["0.1", "1e300", "-Infinity", "3"]),
        ("bool", ["true", "false"]), ("string", ["\"\"", "é\\\"", "plain", "a\tb"]),
        ("bytes", ["AP8=", "AQ=="]),
        ("unix_timestamp", ["2026-01-01T00:00:00Z", "1969-12-31T23:59:59.5Z"]),
        ("array(float32)", ["[0.1,2]", "[]"]), ("map", [#"{"a":[1,"x"]}"#]),
        ("json", [#"{"z": [1, 2]}"#, "7"]), ("uuid", ["00000000-0000-0000-0000-00000000000a"]),
        ("decimal", ["1.50"]),
    ]

    /// The features of each view.
    static let features: [String: [String]] = [
        "drivers": types.indices.map { "f\($0)" }, "places": ["f3", "f5"],
        "recent": ["f1", "f3"], "known": ["f0", "f5"],
    ]

    init(directory: URL, rowCache: String, using random: inout SeededGenerator) throws {
        self.directory = directory
        func schema(_ view: String) -> String {
            (Self.features[view] ?? []).map { name in
                let type = Self.types[Int(name.dropFirst()) ?? 0].type
                return "      - { name: \(name), dtype: \(type) }"
            }.joined(separator: "\n")
        }
        let views: [(name: String, entity: String, extra: String)] = [
            ("drivers", "driver", ""), ("places", "place", "\n    ttl: 50s"),
            ("recent", "driver", "\n    ttl: 30s"),
            ("known", "driver", "\n    filter_by_created_timestamp: true"),
        ]
        var text = """
            entities:
              - { name: driver, join_keys: [driver_id], value_type: int64 }
              - name: place
                join_keys: [city, area]
                value_type: { city: string, area: int32 }
            feature_services:
              - { name: one, features: [drivers] }
              - name: twice
                features:
                  - { feature_view: recent, alias: a }
                  - { feature_view: recent, alias: b, join_key_map: { driver_id: other_id } }
                  - places
            data_sources:

            """
        for view in views {
            text +=
                "  - { name: \(view.name), type: csv, path: \(view.name).csv, "
                + "timestamp_field: t, created_timestamp_column: c }\n"
        }
        text += "feature_views:\n"
        for view in views {
            text +=
                "  - name: \(view.name)\n    entities: [\(view.entity)]\n"
                + "    source: \(view.name)\(view.extra)\n    schema:\n\(schema(view.name))\n"
        }
        try Data(text.utf8).write(to: directory.appendingPathComponent("a.yaml"))
        let configuration =
            "project: direct\nonline_store: { type: rocksdb, row_cache: \(rowCache) }\n"
        try Data(configuration.utf8).write(
            to: directory.appendingPathComponent("feature_store.yaml")
        )
        for view in views {
            try Self.csv(view.name, isPlace: view.entity == "place", using: &random)
                .write(to: directory.appendingPathComponent("\(view.name).csv"))
        }
        let files = try LoadedRepository(directory: directory.path)
        self.store = FeatureStore(
            directory: directory.path,
            configuration: files.configuration,
            now: { Self.now }
        )
        try self.store.apply(self.store.plan(files))
        // To the end of time: rows from the future are stored, and not served.
        try self.store.materialize(to: Timestamp.latest)
    }

    private static func csv(
        _ view: String,
        isPlace: Bool,
        using random: inout SeededGenerator
    ) -> Data {
        let features = Self.features[view] ?? []
        var lines = [
            (isPlace ? "city,area" : "driver_id") + ",t,c," + features.joined(separator: ",")
        ]
        for _ in 0..<30 {
            let time = 1_700_000_000 + Int.random(in: 0...110, using: &random)
            let created = 1_700_000_000 + Int.random(in: 0...110, using: &random)
            var cells =
                isPlace
                ? [
                    ["Ulm", "Köln", ""].randomElement(using: &random) ?? "",
                    "\(Int.random(in: 0...2, using: &random))",
                ]
                : ["\(Int.random(in: 0...9, using: &random))"]
            if isPlace { cells[0] = "\"\(cells[0])\"" }
            cells += ["\(time)", "\(created)"]
            for feature in features {
                let texts = Self.types[Int(feature.dropFirst()) ?? 0].texts
                let text = texts.randomElement(using: &random) ?? ""
                let quoted = text.replacingOccurrences(of: "\"", with: "\"\"")
                cells.append(Int.random(in: 0..<4, using: &random) == 0 ? "" : "\"\(quoted)\"")
            }
            lines.append(cells.joined(separator: ","))
        }
        return Data((lines.joined(separator: "\n") + "\n").utf8)
    }

    /// The body of a request for something; most are plain.
    static func body(using random: inout SeededGenerator) -> String {
        let isOdd = Int.random(in: 0..<6, using: &random) == 0
        let count =
            isOdd ? Int.random(in: 0...3, using: &random) : Int.random(in: 1...12, using: &random)
        func list(_ value: (inout SeededGenerator) -> String) -> String {
            let comma = Bool.random(using: &random) ? "," : " ,\n "
            var values = (0..<count).map { _ in value(&random) }
            if isOdd, count > 0, Bool.random(using: &random) {
                values[0] =
                    ["null", "\"3\"", "1.0", "01", "[]", "true", "\"\\u0041\"", "-0", "1e2"]
                    .randomElement(using: &random) ?? ""
            }
            return "[" + values.joined(separator: comma) + "]"
        }
        func drivers() -> String {
            list {
                ["-3", "99", "9223372036854775807", "999999999999999999"].randomElement(using: &$0)
                    .map { $0 } ?? ""
            }
        }
        func ids() -> String { list { "\(Int.random(in: 0...11, using: &$0))" } }
        let keys: [String: String] = [
            "driver_id": Int.random(in: 0..<5, using: &random) == 0 ? drivers() : ids(),
            "other_id": ids(),
            "city": list {
                ["\"Ulm\"", "\"Köln\"", "\"\"", "\"x y\""].randomElement(using: &$0) ?? ""
            },
            "area": list { "\(Int.random(in: 0...3, using: &$0))" },
        ]
        var wanted: [String]
        let selection: String
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            selection = #""feature_service":"one""#
            wanted = ["driver_id"]
        case 1:
            selection = #""feature_service" : "twice", "full_feature_names" : true"#
            wanted = ["driver_id", "other_id", "city", "area"]
        default:
            let views = Self.features.keys.sorted().shuffled(using: &random).prefix(2)
            let names = views.flatMap { view in
                (Self.features[view] ?? []).shuffled(using: &random).prefix(4)
                    .map { "\"\(view):\($0)\"" }
            }.shuffled(using: &random)
            selection =
                #""features":[\#(names.joined(separator: ","))],"full_feature_names":"#
                + (Int.random(in: 0..<8, using: &random) > 0 ? "true" : "false")
            wanted = views.contains { $0 != "places" } ? ["driver_id"] : []
            if views.contains("places") { wanted += ["city", "area"] }
        }
        wanted.shuffle(using: &random)
        if isOdd, Bool.random(using: &random) {
            wanted = wanted.dropLast() + (Bool.random(using: &random) ? ["other_id"] : [])
        }
        let space = Bool.random(using: &random) ? "" : " "
        let entities =
            "\"entities\":\(space){"
            + wanted.map { "\"\($0)\":\(space)\(keys[$0] ?? "[1]")" }.joined(separator: ",") + "}"
        return Bool.random(using: &random)
            ? "{\(selection),\(entities)}" : "{\(entities)\(space),\(selection)\(space)}"
    }
}

extension DirectProject {
    /// Applies what its files say now.
    func apply() throws {
        try self.store.apply(self.store.plan(LoadedRepository(directory: self.directory.path)))
    }
}
