import Foundation

/// Writes a repository of many views of 10 features, each of a source with one row.
func writeWideRepository(viewCount: Int, in directory: URL) throws {
    var sources = "data_sources:\n"
    var views = "feature_views:\n"
    for view in 0..<viewCount {
        let names = driverFeatures.map { "\($0.name)_\(view)" }
        let header = (["driver_id", "at"] + names).joined(separator: ",")
        try "\(header)\n1,2026-01-01,0.5,0.5,0.5,0.5,0.5,1,1,1,a,a\n".write(
            to: directory.appendingPathComponent("history_\(view).csv"),
            atomically: false,
            encoding: .utf8
        )
        sources +=
            "  - { name: source_\(view), type: csv, path: history_\(view).csv,"
            + " timestamp_field: at }\n"
        views +=
            "  - name: view_\(view)\n    entities: [driver]\n    source: source_\(view)\n"
            + "    schema:\n"
        for (name, feature) in zip(names, driverFeatures) {
            views += "      - { name: \(name), dtype: \(feature.type) }\n"
        }
    }
    let entities = "entities:\n  - { name: driver, join_keys: [driver_id], value_type: int64 }\n"
    try (entities + sources + views).write(
        to: directory.appendingPathComponent("definitions.yaml"),
        atomically: false,
        encoding: .utf8
    )
    let configuration = """
        project: kernels
        registry: data/registry.db
        offline_store: { type: sqlite, path: data/offline.db }
        online_store: { type: rocksdb, path: data/online }
        """
    try configuration.write(
        to: directory.appendingPathComponent("feature_store.yaml"),
        atomically: false,
        encoding: .utf8
    )
}
