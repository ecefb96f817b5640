import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// A registry of many views serves as fast as one of a single view.
struct ManyViewsTests {
    private static let viewCount = 2_000

    /// A store with so many views of one source, the first of which is loaded.
    private func store(viewCount: Int, in directory: URL) throws -> FeatureStore {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var definitions = """
            entities:
              - { name: driver, join_keys: [driver_id], value_type: int64 }
            data_sources:
              - { name: stats, type: csv, path: stats.csv, timestamp_field: t }
            feature_views:

            """
        for number in 0..<viewCount {
            definitions +=
                "  - { name: view_\(number), entities: [driver], source: stats, "
                + "schema: [{ name: trips, dtype: int64 }] }\n"
        }
        let history = (0..<100).map { "\($0),2024-01-01T00:00:00Z,\($0)\n" }.joined()
        for (name, text) in [
            ("feature_store.yaml", "project: many\n"), ("views.yaml", definitions),
            ("stats.csv", "driver_id,t,trips\n" + history),
        ] {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }
        let files = try LoadedRepository(directory: directory.path)
        let store = FeatureStore(files)
        try store.apply(store.plan(files))
        try store.materialize(views: ["view_0"])
        return store
    }

    @Test
    func `A read beside 2,000 views costs what it costs alone`() throws {
        try withTemporaryDirectory { directory in
            let stores = try [1, Self.viewCount].map {
                try self.store(viewCount: $0, in: directory.appendingPathComponent("\($0)"))
            }
            let request = OnlineFeaturesRequest(
                selection: .features(["view_0:trips"]),
                entities: [.init(name: "driver_id", values: (0..<10).map { .integer($0) })]
            )
            // In turns; the least of many is what a read costs when nobody else is in the way.
            var least = [Duration.seconds(60), .seconds(60)]
            for _ in 0..<400 {
                for (index, store) in stores.enumerated() {
                    let began = ContinuousClock.now
                    let answer = try store.onlineFeatures(request)
                    least[index] = min(least[index], ContinuousClock.now - began)
                    #expect(answer.rowCount == 10)
                }
            }
            #expect(least[1] < least[0] * 2, "\(least)")
        }
    }
}
