import FeatureDefinitions
import FeatureModel
import Foundation
import TestSupport

/// Loads a repository from files that are made for it.
func loaded(
    _ files: [String: String],
    environment: [String: String] = [:]
) throws -> LoadedRepository {
    try withTemporaryDirectory { directory in
        for (path, text) in files {
            let file = directory.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        return try LoadedRepository(directory: directory.path, environment: environment)
    }
}

/// The problems of a repository, one text each.
func problems(
    _ files: [String: String],
    environment: [String: String] = [:]
) throws -> [String] {
    do {
        _ = try loaded(files, environment: environment)
        return []
    } catch let error as DiagnosticsError {
        return error.diagnostics.map(\.description)
    }
}

/// A repository without a mistake, in one file.
let goodDefinitions = """
    entities:
      - name: airport
        join_keys: [airport_id]
        value_type: int64
    data_sources:
      - name: weather_csv
        type: csv
        path: data/weather.csv
        timestamp_field: time
        created_timestamp_column: created
    feature_views:
      - name: weather
        entities: [airport]
        ttl: 1d
        schema:
          - { name: temp, dtype: float32 }
          - { name: wind, dtype: float64 }
        source: weather_csv
    feature_services:
      - name: delays_v1
        features:
          - weather: [temp]

    """

let goodConfiguration = "project: demo\n"

/// The good repository with one text of its definitions replaced by another.
func changed(_ old: String, to new: String) -> [String: String] {
    precondition(goodDefinitions.contains(old), "\(old) is not in the definitions")
    let text = goodDefinitions.replacingOccurrences(of: old, with: new)
    return ["feature_store.yaml": goodConfiguration, "all.yaml": text]
}
