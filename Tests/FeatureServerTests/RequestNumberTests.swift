import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@testable import FeatureServer

/// A number in the body of a request is the same value in training and in serving, or none in
/// either, however it is written.
@Suite struct RequestNumberTests {
    private static let types = [
        "int32", "int64", "float32", "float64", "bool", "unix_timestamp", "json",
    ]

    /// Numbers on the edges of the types, and what rounds another way by way of a double.
    private static let edges = [
        "0", "-0", "-0.0", "1", "2", "1.0", "1e0", "1e2", "1E+2", "10e-1", "1.5", "2147483647.0",
        "2147483648", "-2147483648e0", "9007199254740993", "9007199254740993.0", "1e18", "1e19",
        "9223372036854775807", "9223372036854775808", "-9.223372036854775808e18", "1e39",
        "3.4028235e38", "1e400", "-1e400", "1e-400", "5e-324",
        "1.0000000596046447753906250000001", "16777217", "16777216.99999999999999999999",
        "1700000000.1234565", "1.7e9", "1.7000000005e9", "253402300799.999999", "253402300800",
        "-62135596800", "-62135596801", "20240101", "0.0000005", "0.00000050000000000000000001",
    ]

    private static func randomNumber(using random: inout SeededGenerator) -> String {
        func digits(_ count: ClosedRange<Int>) -> String {
            (0..<Int.random(in: count, using: &random)).map { _ in
                "0012345678999".randomElement(using: &random).map(String.init) ?? "0"
            }.joined()
        }
        var text = Bool.random(using: &random) ? "-" : ""
        text += "\(Int.random(in: 1...9, using: &random))" + digits(0...19)
        if Bool.random(using: &random) { text += "." + digits(1...9) }
        if Int.random(in: 0..<3, using: &random) == 0 {
            text += "e\(Int.random(in: -12...12, using: &random))"
        }
        return text
    }

    private func store(in directory: URL) throws -> FeatureStore {
        let fields = Self.types.map { "{ name: x_\($0), dtype: \($0) }" }
        let features = Self.types.map { "{ name: y_\($0), dtype: \($0), expression: x_\($0) }" }
        let repository = """
            entities: [{ name: driver, join_keys: [driver_id], value_type: int64 }]
            data_sources:
              - { name: rows, type: csv, path: rows.csv, timestamp_field: t }
              - { name: ask, type: request, schema: [\(fields.joined(separator: ", "))] }
            feature_views:
              - name: trips
                entities: [driver]
                source: rows
                schema: [{ name: trips, dtype: int64 }]
            on_demand_feature_views:
              - name: asked
                sources: [trips, ask]
                features: [\(features.joined(separator: ", "))]
            """
        for (name, text) in [
            ("feature_store.yaml", "project: numbers\n"), ("a.yaml", repository),
            ("rows.csv", "driver_id,t,trips\n1,2024-01-01,5\n"),
        ] {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        let files = try LoadedRepository(directory: directory.path)
        let store = FeatureStore(
            directory: directory.path,
            configuration: files.configuration,
            now: { Timestamp(microseconds: 1_800_000_000_000_000) }
        )
        try store.apply(store.plan(files))
        try store.materialize()
        return store
    }

    @Test func `Training and serving read the numbers of a request alike`() throws {
        var random = SeededGenerator(seed: 7)
        let numbers = Self.edges + (0..<120).map { _ in Self.randomNumber(using: &random) }
        try withTemporaryDirectory { directory in
            let store = try self.store(in: directory)
            for type in Self.types {
                let features = "\"features\":[\"asked:y_\(type)\"]"
                let list = numbers.joined(separator: ",")
                let training = try TrainingSetRequest(
                    json: Array(
                        (#"{\#(features),"entities":{"x_\#(type)":[\#(list)],"driver_id":["#
                            + numbers.map { _ in "1" }.joined(separator: ",")
                            + #"],"event_timestamp":["#
                            + numbers.map { _ in "1750000000" }.joined(separator: ",") + "]}}").utf8
                    ).span
                )
                let set = try store.historicalFeatures(
                    training.selection,
                    entities: training.entities,
                    options: training.options
                )
                let trained = try #require(set.table["y_\(type)"]).values
                for (row, number) in numbers.enumerated() {
                    let body =
                        #"{\#(features),"entities":{"driver_id":[1],"x_\#(type)":[\#(number)]}}"#
                    let request = try OnlineFeaturesRequest(
                        json: Array(body.utf8).span,
                        limits: testLimits()
                    )
                    let served: Value
                    do {
                        served = try store.onlineFeatures(request).features[0].values.values[0]
                    } catch let error as FeatureStoreError where error.code == .invalidValue {
                        served = .null
                    }
                    // As text, which keeps the sign of a zero.
                    #expect("\(trained[row])" == "\(served)", "\(number) as \(type)")
                }
                #expect(trained.contains(.null) == (type != "json"), "\(type)")
            }
        }
    }

    @Test func `Ids are the same keys in training and in serving`() throws {
        try withTemporaryDirectory { directory in
            let store = try self.store(in: directory)
            for (id, isThere) in [
                ("1", true), ("1.0", true), ("1e0", true), ("10e-1", true), ("0.1e1", true),
                ("1.5", false), ("2", false), ("1e400", false),
            ] {
                let training = try TrainingSetRequest(
                    json: Array(
                        #"{"features":["trips:trips"],"entities":{"driver_id":[\#(id)],"event_timestamp":[1.75e9]}}"#
                            .utf8
                    ).span
                )
                let set = try store.historicalFeatures(
                    training.selection,
                    entities: training.entities
                )
                #expect(set.table["trips"]?.values == [isThere ? 5 : .null], "\(id)")
                let body = #"{"features":["trips:trips"],"entities":{"driver_id":[\#(id)]}}"#
                let request = try OnlineFeaturesRequest(
                    json: Array(body.utf8).span,
                    limits: testLimits()
                )
                let served =
                    (try? store.onlineFeatures(request).features[0].values.values) ?? [.null]
                #expect(served == [isThere ? 5 : .null], "\(id)")
            }
        }
    }
}
