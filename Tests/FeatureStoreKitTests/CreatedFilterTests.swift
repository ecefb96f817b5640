import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

private let definitions = """
    entities:
      - { name: driver, join_keys: [driver_id], value_type: int64 }
    feature_views:
      - name: trips
        entities: [driver]
        schema: [{ name: count, dtype: int64 }]
        filter_by_created_timestamp: FILTER
        source:
          { type: csv, path: trips.csv, timestamp_field: t, created_timestamp_column: created }
    """

/// A store on a repository of one view, at 2026-01-10.
private func makeStore(in directory: URL, filter: Bool) throws -> FeatureStore {
    let configuration = """
        project: p
        registry: registry.db
        online_store: { type: rocksdb, path: online }
        """
    let files = [
        "feature_store.yaml": configuration,
        "views.yaml": definitions.replacing("FILTER", with: "\(filter)"),
        "trips.csv": """
        driver_id,t,created,count
        1,2026-01-01,2026-01-01,10
        1,2026-01-02,2026-02-01,20
        2,2026-01-01,2026-01-10,30
        2,2026-01-02,,40
        3,2026-01-01,2026-01-11,50

        """,
    ]
    for (name, text) in files {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }
    let loaded = try LoadedRepository(directory: directory.path)
    let now = try #require(Timestamp("2026-01-10"))
    let store = FeatureStore(
        directory: directory.path,
        configuration: loaded.configuration,
        now: { now }
    )
    try store.apply(store.plan(loaded))
    return store
}

private func online(_ store: FeatureStore) throws -> [Value] {
    let request = OnlineFeaturesRequest(
        selection: .features(["trips:count"]),
        entities: [.init(name: "driver_id", values: [1, 2, 3])]
    )
    return try store.onlineFeatures(request).features[0].values.values
}

private func historical(_ store: FeatureStore, in directory: URL) throws -> [Value] {
    let file = directory.appendingPathComponent("entities.csv")
    try Data("driver_id,event_timestamp\n1,2026-01-10\n2,2026-01-10\n3,2026-01-10".utf8)
        .write(to: file)
    let set = try store.historicalFeatures(.features(["trips:count"]), entities: .file(file.path))
    return set.table["count"]?.values ?? []
}

@Suite struct CreatedFilterTests {
    @Test("A view that filters by created time serves what its training set has now")
    func onlineEqualsHistorical() throws {
        try withTemporaryDirectory { directory in
            let store = try makeStore(in: directory, filter: true)
            let report = try store.materialize()

            #expect(report.views[0].createdLater == 3)
            #expect(try online(store) == [10, 30, .null])
            #expect(try historical(store, in: directory) == [10, 30, .null])
        }
    }

    @Test("A filter that is declared later hides what was loaded without it")
    func filterDeclaredLater() throws {
        try withTemporaryDirectory { directory in
            do {
                let store = try makeStore(in: directory, filter: false)
                try store.materialize()
                #expect(try online(store) == [20, 40, 50])
                #expect(try historical(store, in: directory) == [20, 40, 50])
            }
            let store = try makeStore(in: directory, filter: true)
            try store.materialize()
            #expect(try online(store) == [10, 30, .null])
        }
    }
}
