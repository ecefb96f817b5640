/// The keys of one map of a definition file.
///
/// The readers check files against these tables, and the tests hold the reference of the format and
/// its JSON Schema against them, so that all three know the same keys.
package struct DefinitionKeys: Sendable {
    /// What the map is called in the JSON Schema: `feature_view`.
    package let map: String
    /// The keys that must be there.
    package let required: [String]
    /// The keys that may be there.
    package let optional: [String]

    init(_ map: String, required: [String] = [], optional: [String] = []) {
        self.map = map
        self.required = required
        self.optional = optional
    }

    /// All keys.
    package var all: [String] { self.required + self.optional }
}

extension DefinitionKeys {
    private static let labels = ["description", "tags", "owner"]

    static let entity = DefinitionKeys(
        "entity",
        required: ["name", "value_type"],
        optional: ["join_keys", "join_key"] + labels
    )

    static let featureView = DefinitionKeys(
        "feature_view",
        required: ["name", "source"],
        optional: [
            "schema", "entities", "ttl", "retention", "online", "filter_by_created_timestamp",
        ] + labels
    )

    static let field = DefinitionKeys(
        "field",
        required: ["name", "dtype"],
        optional: ["description", "tags"]
    )

    static let onDemandFeatureView = DefinitionKeys(
        "on_demand_feature_view",
        required: ["name", "sources", "features"],
        optional: labels
    )

    static let onDemandFeature = DefinitionKeys(
        "on_demand_feature",
        required: ["name", "dtype"],
        optional: ["expression", "function", "description", "tags"]
    )

    static let featureService = DefinitionKeys(
        "feature_service",
        required: ["name", "features"],
        optional: labels
    )

    /// An item of a feature service that is written out.
    static let projection = DefinitionKeys(
        "projection",
        required: ["feature_view"],
        optional: ["features", "alias", "join_key_map"]
    )

    // MARK: Sources

    private static let times = ["timestamp_field", "created_timestamp_column"]
    private static let columns = ["field_mapping", "timezone", "lateness"]

    /// The keys of a source in a list, by its type.
    static let sources = [
        "csv": DefinitionKeys(
            "csv_source",
            required: ["name", "type", "path"],
            optional: ["null_values", "delimiter"] + times + columns + labels
        ),
        "sqlite": DefinitionKeys(
            "sqlite_source",
            required: ["name", "type"],
            optional: ["path", "table", "query"] + times + columns + labels
        ),
        "push": DefinitionKeys(
            "push_source",
            required: ["name", "type"],
            optional: ["batch_source"] + times + labels
        ),
        "request": DefinitionKeys(
            "request_source",
            required: ["name", "type", "schema"],
            optional: labels
        ),
    ]

    // MARK: feature_store.yaml

    static let configuration = DefinitionKeys(
        "configuration",
        required: ["project"],
        optional: [
            "registry", "offline_store", "online_store", "retention", "allowed_paths",
            "audit_log", "provider",
            "entity_key_serialization_version",
        ]
    )

    /// The keys of `offline_store` by its type.
    static let offlineStores = [
        "file": DefinitionKeys("file_offline_store", required: ["type"], optional: ["cache"]),
        "sqlite": DefinitionKeys(
            "sqlite_offline_store",
            required: ["type"],
            optional: ["path", "cache"]
        ),
    ]

    /// The keys of `online_store` by its type.
    static let onlineStores = [
        "rocksdb": DefinitionKeys(
            "rocksdb_online_store",
            required: ["type"],
            optional: ["path", "row_cache"]
        )
    ]

    // MARK: All

    /// Every map of the files that define objects.
    package static var definitionMaps: [DefinitionKeys] {
        [
            Self.entity, Self.featureView, Self.field, Self.onDemandFeatureView,
            Self.onDemandFeature, Self.featureService, Self.projection,
        ] + Self.sources.keys.sorted().compactMap { Self.sources[$0] }
    }

    /// Every map of `feature_store.yaml`.
    package static var configurationMaps: [DefinitionKeys] {
        let stores = [Self.offlineStores, Self.onlineStores].flatMap { stores in
            stores.keys.sorted().compactMap { stores[$0] }
        }
        return [Self.configuration] + stores
    }
}
