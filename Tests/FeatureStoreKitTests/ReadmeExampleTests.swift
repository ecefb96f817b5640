// The example begins with its own imports, as a reader would write them.
// swift-format-ignore-file: OrderedImports

import Foundation
import TestSupport
import Testing

// README begin
import FeatureDefinitions
import FeatureStoreKit

func trainAndServe(repository: String, entityRows: String) throws -> OnlineFeatures {
    // The definitions: feature_store.yaml and the YAML files beside it.
    let files = try LoadedRepository(directory: repository)
    let store = FeatureStore(files)
    try store.apply(store.plan(files))

    // A training set: what was known at the time of each entity row.
    let features = FeatureSelection.service("driver_activity_v1")
    let training = try store.historicalFeatures(features, entities: .file(entityRows))
    try training.write(to: .path(repository + "/training.csv"))
    print(training.report.rows, "rows", training.report.warnings)

    // Serving: the newest values, by the same definitions.
    try store.materialize()
    return try store.onlineFeatures(features, entities: ["driver_id": [1001, 1002]])
}
// README end

@Suite struct ReadmeExampleTests {
    @Test("The library example of the README works")
    func example() throws {
        try withTemporaryDirectory { directory in
            let files = [
                "feature_store.yaml": "project: driver_ranking\n",
                "driver.yaml": """
                entities:
                  - { name: driver, join_keys: [driver_id], value_type: int64 }
                data_sources:
                  - { name: stats, type: csv, path: stats.csv, timestamp_field: event_timestamp }
                feature_views:
                  - name: driver_hourly_stats
                    entities: [driver]
                    schema:
                      - { name: conv_rate, dtype: float32 }
                      - { name: avg_daily_trips, dtype: int64 }
                    source: stats
                feature_services:
                  - name: driver_activity_v1
                    features:
                      - driver_hourly_stats: [conv_rate, avg_daily_trips]

                """,
                "stats.csv": """
                driver_id,event_timestamp,conv_rate,avg_daily_trips
                1001,2024-01-01T00:00:00Z,0.5,10
                1001,2024-01-02T00:00:00Z,0.75,20

                """,
                "entities.csv": """
                driver_id,event_timestamp
                1001,2024-01-01T12:00:00Z

                """,
            ]
            for (name, text) in files {
                try Data(text.utf8).write(to: directory.appendingPathComponent(name))
            }
            let online = try trainAndServe(
                repository: directory.path,
                entityRows: directory.appendingPathComponent("entities.csv").path
            )
            #expect(online.features.map(\.name) == ["conv_rate", "avg_daily_trips"])
            #expect(online.features.map(\.values.values) == [[0.75, nil], [20, nil]])
            let training = directory.appendingPathComponent("training.csv")
            #expect(
                try String(contentsOf: training, encoding: .utf8) == """
                    driver_id,event_timestamp,conv_rate,avg_daily_trips
                    1001,2024-01-01T12:00:00Z,0.5,10

                    """
            )
        }
    }

    @Test("The README has this very example")
    func readme() throws {
        let thisFile = try String(contentsOfFile: #filePath, encoding: .utf8)
        let begin = try #require(thisFile.range(of: "// README begin\n"))
        let end = try #require(thisFile.range(of: "// README end\n"))
        let example = String(thisFile[begin.upperBound..<end.lowerBound])
        #expect(example.split(separator: "\n", omittingEmptySubsequences: false).count <= 21)

        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("README.md")
        let readme = try #require(
            try? String(contentsOf: path, encoding: .utf8),
            "there is no README.md at the root of the package"
        )
        let blocks = readme.components(separatedBy: "```swift\n").dropFirst().map { text in
            text.components(separatedBy: "```").first ?? ""
        }
        #expect(
            blocks.contains(example),
            """
            README.md must have a ```swift block with exactly these lines:
            \(example)
            """
        )
    }
}
