import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// What a request brings is the same value in training and in serving, or none in either.
@Suite("Request data")
struct RequestDataTests {
    private struct Given: Sendable {
        let type: ValueType
        /// As a request has it.
        let value: Value
        /// As an entity file has it.
        let cell: String
        let isOfTheType: Bool

        init(_ type: ValueType, _ value: Value, _ cell: String, _ isOfTheType: Bool = true) {
            self.type = type
            self.value = value
            self.cell = cell
            self.isOfTheType = isOfTheType
        }
    }

    private static let all = [
        Given(.int32, 2_147_483_647, "2147483647"),
        Given(.int32, 2_147_483_648, "2147483648", false),
        Given(.int64, 1.0, "1.0"), Given(.int64, 1.5, "1.5", false), Given(.int64, "01", "01"),
        Given(.int64, true, "true", false), Given(.int64, "", "\"\"", false),
        Given(.float32, 0.1, "0.1"), Given(.float32, 16_777_217, "16777217"),
        Given(.float32, .float(1e39), "1e39", false), Given(.float32, "1e39", "1e39", false),
        Given(.float32, .float(-.infinity), "-inf"), Given(.float32, "Infinity", "Infinity"),
        Given(.float64, 9_007_199_254_740_993, "9007199254740993"),
        Given(.float64, .float(.leastNonzeroMagnitude), "5e-324"),
        Given(.float64, "1e400", "1e400", false), Given(.float64, "-0.0", "-0.0"),
        Given(.bool, true, "true"), Given(.bool, 1, "1"), Given(.bool, 0, "0"),
        Given(.bool, "T", "T"),
        Given(.bool, 2, "2", false), Given(.bool, "yes", "yes", false),
        Given(.unixTimestamp, 1_704_067_200, "1704067200"), Given(.unixTimestamp, -1.5, "-1.5"),
        Given(.unixTimestamp, "2024-01-01T02:00:00+02:00", "2024-01-01"),
        Given(.unixTimestamp, .float(1e20), "1e20", false),
        Given(.unixTimestamp, "soon", "soon", false),
        Given(.string, "null", "null"), Given(.string, "", "\"\""), Given(.bytes, "AP8=", "AP8="),
        Given(.bytes, "%%", "%%", false), Given(.json, "[1, 2.50]", "\"[1, 2.50]\""),
        Given(.json, "{", "{", false), Given(.map, "[]", "[]", false),
        Given(.array(.int64), "[9007199254740993]", "[9007199254740993]"),
        Given(.array(.int64), "[1.5]", "[1.5]", false), Given(.decimal, "+1.50", "+1.50"),
        Given(.decimal, "1e5", "1e5", false),
        Given(
            .uuid,
            "0F8FAD5B-D9CB-469F-A165-70867728950E",
            "0f8fad5b-d9cb-469f-a165-70867728950e"
        ),
    ]

    @Test("A value is the same in training and in serving; what is no value of the type is refused")
    func trainingAndServing() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 10, trips: "10")])
            project.repository.dataSources.append(
                DataSource(
                    name: "ask",
                    kind: .request(
                        .init(
                            schema: Self.all.enumerated().map {
                                Field(name: "x\($0)", type: $1.type)
                            }
                        )
                    )
                )
            )
            project.repository.onDemandFeatureViews = [
                OnDemandFeatureView(
                    name: "computed",
                    sources: ["stats", "ask"],
                    features: Self.all.enumerated().map {
                        OnDemandFeature(
                            name: "y\($0)",
                            type: $1.type,
                            transformation: .expression("x\($0)")
                        )
                    }
                )
            ]
            try project.apply()
            try project.store.materialize()
            let rows = directory.appendingPathComponent("rows.csv")
            for (number, given) in Self.all.enumerated() {
                let selection = FeatureSelection.features(["computed:y\(number)"])
                let text = "driver_id,event_timestamp,x\(number)\n1,\(second(100)),\(given.cell)\n"
                try Data(text.utf8).write(to: rows)
                let training = try project.store.historicalFeatures(
                    selection,
                    entities: .file(rows.path)
                )
                let entities: [OnlineFeaturesRequest.EntityColumn] = [
                    .init(name: "driver_id", values: [1]),
                    .init(name: "x\(number)", values: [given.value]),
                ]
                let read = { () throws in
                    try project.store.onlineFeatures(
                        OnlineFeaturesRequest(selection: selection, entities: entities)
                    )
                }
                let trained = training.table["y\(number)"]?.values
                if given.isOfTheType {
                    #expect(try read().features[0].values.values == trained, "\(given)")
                    #expect(trained != [nil], "\(given)")
                } else {
                    #expect(failure(read)?.code == .invalidValue, "\(given)")
                    #expect(trained == [nil], "\(given)")
                }
            }
        }
    }
}
