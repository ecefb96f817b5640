/// One line of a definition for people: a path such as `schema.temp`, and its value as text.
package struct DefinitionField: Hashable, Codable, Sendable {
    /// The place in the definition, with the keys of a definition file.
    package var path: String
    /// The value on one line; line breaks are written `\n`.
    package var value: String

    package init(path: String, value: String) {
        self.path = path
        self.value = value
    }
}

/// A definition as ordered (path, text) pairs; `describe`, `plan` and `apply` show these.
///
/// Values that are absent, empty or a default that says nothing have no pair. Labels come by name,
/// everything else in the order of the definition.
package struct DefinitionFields: Sendable {
    /// The pairs, in the order in which they are shown.
    package private(set) var fields: [DefinitionField] = []

    /// The pairs of an entity.
    package init(_ entity: Entity) {
        let keys = entity.joinKeys.map { "\($0.name) \($0.type)" }
        self.append("join_keys", keys.joined(separator: ", "))
        self.append(description: entity.description, owner: entity.owner, tags: entity.tags)
    }

    /// The pairs of a data source.
    package init(_ source: DataSource) {
        switch source.kind {
        case .csv(let options):
            self.append("type", "csv")
            self.append("path", options.path)
            if options.delimiter != "," {
                self.append("delimiter", options.delimiter == "\t" ? "tab" : options.delimiter)
            }
            if options.nullValues != [""] {
                let values = options.nullValues.map { "\"\(Self.oneLine($0))\"" }
                self.append("null_values", "[\(values.joined(separator: ", "))]")
            }
        case .sqlite(let options):
            self.append("type", "sqlite")
            self.append("path", options.path ?? "")
            switch options.relation {
            case .table(let name): self.append("table", name)
            case .query(let text): self.append("query", text)
            }
        case .push(let options):
            self.append("type", "push")
            self.append("batch_source", options.batchSource ?? "")
        case .request(let options):
            self.append("type", "request")
            self.append(schema: options.schema)
        }
        self.append("timestamp_field", source.timestampField ?? "")
        self.append("created_timestamp_column", source.createdTimestampColumn ?? "")
        for (column, name) in source.fieldMapping.sorted(by: { $0.key < $1.key }) {
            self.append("field_mapping.\(column)", name)
        }
        self.append("timezone", source.timezone ?? "")
        if source.latenessMicroseconds != 0 {
            self.append("lateness", DurationText.text(microseconds: source.latenessMicroseconds))
        }
        self.append(description: source.description, owner: source.owner, tags: source.tags)
    }

    /// The pairs of a feature view; each feature has one of its own.
    package init(_ view: FeatureView) {
        self.append("entities", view.entities.joined(separator: ", "))
        self.append("ttl", DurationText.text(microseconds: view.ttlMicroseconds))
        if let retention = view.retentionMicroseconds {
            self.append("retention", DurationText.text(microseconds: retention))
        }
        self.append(schema: view.schema)
        self.append("online", view.online ? "true" : "false")
        self.append("source", view.source)
        if view.filterByCreatedTimestamp {
            self.append("filter_by_created_timestamp", "true")
        }
        self.append(description: view.description, owner: view.owner, tags: view.tags)
    }

    /// The pairs of an on-demand feature view; each feature has one of its own.
    package init(_ view: OnDemandFeatureView) {
        self.append("sources", view.sources.joined(separator: ", "))
        for feature in view.features {
            let path = "features.\(feature.name)"
            let text =
                switch feature.transformation {
                case .expression(let text): text
                case .function(let name): "function \(name)"
                }
            self.append(path, "\(feature.type) = \(text)")
            self.append("\(path).description", feature.description)
            self.append(tags: feature.tags, path: "\(path).tags")
        }
        self.append(description: view.description, owner: view.owner, tags: view.tags)
    }

    /// The pairs of a feature service.
    package init(_ service: FeatureService) {
        let features = service.features.flatMap { projection in
            let text =
                projection.alias.map { "\(projection.reference) as \($0)" }
                ?? projection.reference
            return projection.features.map { $0.map { "\(text):\($0)" } } ?? ["\(text):*"]
        }
        self.append("features", features.joined(separator: ", "))
        for projection in service.features {
            for (key, column) in projection.joinKeyMap.sorted(by: { $0.key < $1.key }) {
                self.append("join_key_map.\(projection.viewName).\(key)", column)
            }
        }
        self.append(description: service.description, owner: service.owner, tags: service.tags)
    }

    /// The path of a feature of a view.
    package static func path(ofFeature name: String) -> String { "schema.\(name)" }

    private mutating func append(_ path: String, _ value: String) {
        guard !value.isEmpty else { return }
        self.fields.append(DefinitionField(path: path, value: Self.oneLine(value)))
    }

    private mutating func append(description: String, owner: String, tags: [String: String]) {
        self.append("description", description)
        self.append("owner", owner)
        self.append(tags: tags, path: "tags")
    }

    private mutating func append(tags: [String: String], path: String) {
        for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
            // A label without a value still is a label.
            self.append("\(path).\(key)", value.isEmpty ? "\"\"" : value)
        }
    }

    private mutating func append(schema: [Field]) {
        for field in schema {
            let path = Self.path(ofFeature: field.name)
            self.append(path, field.type.description)
            self.append("\(path).description", field.description)
            self.append(tags: field.tags, path: "\(path).tags")
        }
    }

    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) else { return text }
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": line += "\\n"
            case "\r": line += "\\r"
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }
}
