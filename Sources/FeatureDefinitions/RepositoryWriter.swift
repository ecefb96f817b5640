public import FeatureModel
import Yams

/// Turns definitions into the YAML that reads back as the same definitions.
///
/// Objects keep their order, and every text is the same code points again. What equals a default is
/// left out of definitions, and stands in `feature_store.yaml`, which people edit; the size of the
/// row cache alone is left out there too.
public struct RepositoryWriter: Sendable {
    /// A writer.
    public init() {}

    /// The text of `feature_store.yaml`.
    ///
    /// - Throws: A diagnostic for each value that would read back as another one: `${` begins an
    ///   environment variable.
    public func text(of configuration: ProjectConfiguration) throws(DiagnosticsError) -> String {
        var map = YAMLMapBuilder()
        map.add("project", configuration.project)
        map.add("registry", configuration.registry)
        var offlineStore = YAMLMapBuilder()
        var paths = [configuration.project, configuration.registry]
        switch configuration.offlineStore {
        case .file: offlineStore.add("type", "file")
        case .sqlite(let path):
            offlineStore.add("type", "sqlite")
            offlineStore.add("path", path)
            paths.append(path)
        }
        if let cache = configuration.sourceCache {
            offlineStore.add("cache", cache)
            paths.append(cache)
        }
        map.add("offline_store", offlineStore.node(.flow))
        var onlineStore = YAMLMapBuilder()
        switch configuration.onlineStore {
        case .rocksdb(let path):
            onlineStore.add("type", "rocksdb")
            onlineStore.add("path", path)
            paths.append(path)
        }
        if configuration.rowCacheBytes != ProjectConfiguration.defaultRowCacheBytes {
            onlineStore.add("row_cache", ByteSizeText.text(configuration.rowCacheBytes))
        }
        map.add("online_store", onlineStore.node(.flow))
        if let retention = configuration.retentionMicroseconds {
            map.add("retention", microseconds: retention)
        }
        if let allowed = configuration.allowedPaths, !allowed.isEmpty {
            map.add("allowed_paths", allowed)
            paths += allowed
        }
        switch configuration.auditLog {
        case .besideRegistry: break
        case .none: map.add("audit_log", false)
        case .file(let path):
            map.add("audit_log", path)
            paths.append(path)
        }
        let problems = paths.filter { $0.contains("${") }.map { path in
            Diagnostic(
                message: "\"\(path)\" cannot be written into \(RepositoryFiles.configurationName), "
                    + "where \"${\" begins an environment variable",
                fix: "give it another name"
            )
        }
        guard problems.isEmpty else { throw DiagnosticsError(diagnostics: problems) }
        return try Self.text(map.node(.block))
    }

    /// The text of a file with definitions; empty when there are none, which a file may not say.
    ///
    /// - Parameter repository: Definitions that validation finds nothing wrong with.
    /// - Returns: YAML, a list for each kind of objects.
    /// - Throws: A diagnostic for each value that no YAML can say: durations have whole seconds,
    ///   and at most ten thousand years.
    public func text(of repository: FeatureRepository) throws(DiagnosticsError) -> String {
        let problems = Self.problems(of: repository)
        guard problems.isEmpty else { throw DiagnosticsError(diagnostics: problems) }
        var sections: [String] = []
        for kind in DefinitionKind.allCases {
            let objects =
                switch kind {
                case .entity: repository.entities.map { Self.node($0) }
                case .dataSource: repository.dataSources.map { Self.node($0) }
                case .featureView: repository.featureViews.map { Self.node($0) }
                case .onDemandFeatureView:
                    repository.onDemandFeatureViews.map { Self.node($0) }
                case .featureService: repository.featureServices.map { Self.node($0) }
                }
            guard !objects.isEmpty else { continue }
            var section = YAMLMapBuilder()
            section.add(kind.listKey, YAMLMapBuilder.list(objects))
            sections.append(try Self.text(section.node(.block)))
        }
        return sections.joined(separator: "\n")
    }

    private static func text(_ node: Node) throws(DiagnosticsError) -> String {
        do {
            return try Yams.serialize(node: node, width: -1, allowUnicode: true)
        } catch {
            let problem = Diagnostic(message: "the definitions cannot be written as YAML: \(error)")
            throw DiagnosticsError(diagnostics: [problem])
        }
    }

    private static func problems(of repository: FeatureRepository) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        func check(_ microseconds: Int64, _ key: String, of kind: DefinitionKind, _ name: String) {
            let text = DurationText.text(microseconds: microseconds)
            guard DurationText.microseconds(text) != microseconds else { return }
            problems.append(
                Diagnostic(
                    message: "\"\(key)\" of \(kind.title) \"\(name)\" is \(text), which a "
                        + "definition cannot say",
                    fix: "round it to whole seconds, of ten thousand years at most"
                )
            )
        }
        for source in repository.dataSources {
            check(source.latenessMicroseconds, "lateness", of: .dataSource, source.name)
        }
        for view in repository.featureViews {
            check(view.ttlMicroseconds, "ttl", of: .featureView, view.name)
            check(view.retentionMicroseconds ?? 0, "retention", of: .featureView, view.name)
        }
        return problems
    }
}

// MARK: Objects

extension RepositoryWriter {
    /// An entity as a file defines it.
    public static func value(of entity: Entity) -> DefinitionValue {
        DefinitionValue(self.node(entity))
    }

    /// A data source as a file defines it.
    public static func value(of source: DataSource) -> DefinitionValue {
        DefinitionValue(self.node(source))
    }

    /// A feature view as a file defines it.
    public static func value(of view: FeatureView) -> DefinitionValue {
        DefinitionValue(self.node(view))
    }

    /// An on-demand feature view as a file defines it.
    public static func value(of view: OnDemandFeatureView) -> DefinitionValue {
        DefinitionValue(self.node(view))
    }

    /// A feature service as a file defines it.
    public static func value(of service: FeatureService) -> DefinitionValue {
        DefinitionValue(self.node(service))
    }

    private static func node(_ entity: Entity) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", entity.name)
        map.add("join_keys", entity.joinKeys.map(\.name))
        if entity.joinKeys.count == 1, let key = entity.joinKeys.first {
            map.add("value_type", key.type.description)
        } else {
            var types = YAMLMapBuilder()
            for key in entity.joinKeys {
                types.add(key.name, key.type.description)
            }
            map.add("value_type", types.node(.flow))
        }
        map.add(description: entity.description, owner: entity.owner, tags: entity.tags)
        return map.node(.block)
    }

    private static func node(_ source: DataSource) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", source.name)
        switch source.kind {
        case .csv(let options):
            map.add("type", "csv")
            map.add("path", options.path)
            if options.delimiter != "," {
                map.add("delimiter", options.delimiter)
            }
            if options.nullValues != [""] {
                map.add("null_values", options.nullValues)
            }
        case .sqlite(let options):
            map.add("type", "sqlite")
            map.addUnlessEmpty("path", options.path ?? "")
            switch options.relation {
            case .table(let name): map.add("table", name)
            case .query(let text): map.add("query", text)
            }
        case .push(let options):
            map.add("type", "push")
            map.addUnlessEmpty("batch_source", options.batchSource ?? "")
        case .request(let options):
            map.add("type", "request")
            map.add("schema", YAMLMapBuilder.list(options.schema.map { self.node($0) }))
        }
        map.addUnlessEmpty("timestamp_field", source.timestampField ?? "")
        map.addUnlessEmpty("created_timestamp_column", source.createdTimestampColumn ?? "")
        map.addUnlessEmpty("field_mapping", source.fieldMapping)
        map.addUnlessEmpty("timezone", source.timezone ?? "")
        if source.latenessMicroseconds != 0 {
            map.add("lateness", microseconds: source.latenessMicroseconds)
        }
        map.add(description: source.description, owner: source.owner, tags: source.tags)
        return map.node(.block)
    }

    private static func node(_ view: FeatureView) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", view.name)
        map.add("entities", view.entities)
        if view.ttlMicroseconds != 0 {
            map.add("ttl", microseconds: view.ttlMicroseconds)
        }
        if let retention = view.retentionMicroseconds {
            map.add("retention", microseconds: retention)
        }
        map.add("schema", YAMLMapBuilder.list(view.schema.map { self.node($0) }))
        if !view.online {
            map.add("online", false)
        }
        map.add("source", view.source)
        if view.filterByCreatedTimestamp {
            map.add("filter_by_created_timestamp", true)
        }
        map.add(description: view.description, owner: view.owner, tags: view.tags)
        return map.node(.block)
    }

    private static func node(_ view: OnDemandFeatureView) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", view.name)
        map.add("sources", view.sources)
        map.add("features", YAMLMapBuilder.list(view.features.map { self.node($0) }))
        map.add(description: view.description, owner: view.owner, tags: view.tags)
        return map.node(.block)
    }

    private static func node(_ feature: OnDemandFeature) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", feature.name)
        map.add("dtype", feature.type.description)
        switch feature.transformation {
        case .expression(let text): map.add("expression", text)
        case .function(let name): map.add("function", name)
        }
        map.add(description: feature.description, owner: "", tags: feature.tags)
        return map.node(.block)
    }

    private static func node(_ field: Field) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", field.name)
        map.add("dtype", field.type.description)
        map.add(description: field.description, owner: "", tags: field.tags)
        return map.node(.flow)
    }

    private static func node(_ service: FeatureService) -> Node {
        var map = YAMLMapBuilder()
        map.add("name", service.name)
        map.add("features", YAMLMapBuilder.list(service.features.map { self.node($0) }))
        map.add(description: service.description, owner: service.owner, tags: service.tags)
        return map.node(.block)
    }

    /// Keys that tell a projection that is written out from a view's name with its features.
    private static let projectionKeys: Set<String> = ["alias", "join_key_map"]

    private static func node(_ projection: FeatureService.Projection) -> Node {
        let isWrittenOut =
            projection.alias != nil || !projection.joinKeyMap.isEmpty
            || self.projectionKeys.contains(projection.reference)
        var map = YAMLMapBuilder()
        if isWrittenOut {
            map.add("feature_view", projection.reference)
            if let features = projection.features {
                map.add("features", features)
            }
            map.addUnlessEmpty("alias", projection.alias ?? "")
            map.addUnlessEmpty("join_key_map", projection.joinKeyMap)
        } else if let features = projection.features {
            map.add(projection.reference, features)
        } else {
            return YAMLMapBuilder.node(projection.reference)
        }
        return map.node(.block)
    }
}

extension YAMLMapBuilder {
    fileprivate mutating func add(description: String, owner: String, tags: [String: String]) {
        self.addUnlessEmpty("description", description)
        self.addUnlessEmpty("owner", owner)
        self.addUnlessEmpty("tags", tags)
    }
}
