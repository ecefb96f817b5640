extension RepositoryValidator {
    // MARK: Views

    mutating func check(_ view: FeatureView) {
        self.checkEntities(of: view)
        let named = self.dataSources[view.source]
        if named == nil, !self.unreadable.contains("source", of: .featureView, view.name),
            !self.unreadable.contains(objectsOf: .dataSource)
        {
            let names = self.repository.dataSources.map(\.name)
            self.report(
                .featureView,
                view.name,
                part: "source",
                "names an unknown data source \"\(view.source)\"",
                fix: DefinitionKind.dataSource.wayOut(of: view.source, among: names)
            )
        }
        if named?.requestSchema != nil {
            self.report(
                .featureView,
                view.name,
                part: "source",
                "has the source \"\(view.source)\", whose values come with each request",
                fix: "name a source with history, or use it in an on-demand feature view"
            )
        }
        let source = self.repository.rowSource(of: view)
        if let source, view.filterByCreatedTimestamp, source.createdTimestampColumn == nil,
            !self.unreadable.contains("created_timestamp_column", of: .dataSource, source.name)
        {
            self.report(
                .featureView,
                view.name,
                part: "filter_by_created_timestamp",
                "filters by created timestamp, but data source \"\(source.name)\" has no "
                    + "created_timestamp_column",
                fix: "add created_timestamp_column to the source, or remove the filter"
            )
        }
        self.checkRetention(of: view, source: source)
        self.checkSchema(of: view, source: source)
    }

    /// What is kept must be all that can be valid now: else removing it would change what is
    /// served, and training would not know.
    private mutating func checkRetention(of view: FeatureView, source: DataSource?) {
        guard let retention = view.retentionMicroseconds else { return }
        if let source, source.isStatic {
            self.report(
                .featureView,
                view.name,
                part: "retention",
                "has a retention, but data source \"\(source.name)\" has no times that it could "
                    + "count from",
                fix: "remove retention, or add timestamp_field to the source"
            )
        } else if view.ttlMicroseconds == 0 || retention < view.ttlMicroseconds {
            let ttl = DurationText.text(microseconds: view.ttlMicroseconds)
            self.report(
                .featureView,
                view.name,
                part: "retention",
                view.ttlMicroseconds == 0
                    ? "has a retention and no ttl: rows stay valid for ever, and would be removed "
                        + "while they are"
                    : "has a retention that is shorter than its ttl \(ttl): rows would be removed "
                        + "while they are valid",
                fix: view.ttlMicroseconds == 0
                    ? "add a ttl that is not longer than retention, or remove retention"
                    : "make retention \(ttl) or more"
            )
        }
    }

    private mutating func checkEntities(of view: FeatureView) {
        var seen: Set<String> = []
        for (index, entity) in view.entities.enumerated() {
            if !seen.insert(entity).inserted {
                self.report(
                    .featureView,
                    view.name,
                    part: "entities.\(index)",
                    "names the entity \"\(entity)\" more than once",
                    fix: "name it once"
                )
            } else if self.entities[entity] == nil, !self.unreadable.contains(objectsOf: .entity) {
                let names = self.repository.entities.map(\.name)
                self.report(
                    .featureView,
                    view.name,
                    part: "entities.\(index)",
                    "names an unknown entity \"\(entity)\"",
                    fix: DefinitionKind.entity.wayOut(of: entity, among: names)
                )
            }
        }
    }

    private mutating func checkSchema(of view: FeatureView, source: DataSource?) {
        if view.schema.isEmpty, !self.unreadable.contains("schema", of: .featureView, view.name) {
            self.report(
                .featureView,
                view.name,
                part: "schema",
                "has no features",
                fix: "list them: schema: [{ name: …, dtype: float32 }]"
            )
        }
        let keys = Set(view.entities.flatMap { self.entities[$0]?.joinKeys.map(\.name) ?? [] })
        var seen: Set<String> = []
        for (index, field) in view.schema.enumerated() {
            let part = "schema.\(field.name)"
            if !seen.insert(field.name).inserted {
                self.report(
                    .featureView,
                    view.name,
                    part: "schema.[\(index)]",
                    "defines the feature \"\(field.name)\" more than once",
                    fix: "rename or remove one of them"
                )
            } else if let reason = Self.flaw(ofName: field.name) {
                self.report(
                    .featureView,
                    view.name,
                    part: part,
                    "has a feature \"\(field.name)\" that \(reason)",
                    fix: "rename it, with field_mapping if the column must keep its name"
                )
            } else if let role = Self.role(of: field.name, keys: keys, source: source) {
                self.report(
                    .featureView,
                    view.name,
                    part: part,
                    "has a feature named \"\(field.name)\" like \(role)",
                    fix: "rename or remove the feature"
                )
            }
        }
    }

    /// What else than a feature a column of a view's rows already is: `a join key`.
    private static func role(
        of name: String,
        keys: Set<String>,
        source: DataSource?
    ) -> String? {
        if keys.contains(name) { return "a join key of the view" }
        if name == source?.timestampField { return "the timestamp field of its source" }
        if name == source?.createdTimestampColumn { return "the created column of its source" }
        return name == "event_timestamp" ? "the time column of every result" : nil
    }
}
