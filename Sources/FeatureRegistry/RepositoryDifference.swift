import FeatureModel

/// The changes between two repositories, and what each of them would lose.
struct RepositoryDifference {
    let old: FeatureRepository
    let new: FeatureRepository

    /// The changes in the order of a plan.
    func changes() -> [RegistryChange] {
        let entities = self.changes(
            .entity,
            self.old.entities,
            self.new.entities,
            name: \.name,
            fields: { DefinitionFields($0) },
            losses: { self.losses(of: $0, $1) }
        )
        let sources = self.changes(
            .dataSource,
            self.old.dataSources,
            self.new.dataSources,
            name: \.name,
            fields: { DefinitionFields($0) },
            losses: { self.losses(of: $0, $1) }
        )
        let views = self.changes(
            .featureView,
            self.old.featureViews,
            self.new.featureViews,
            name: \.name,
            fields: { DefinitionFields($0) },
            losses: { self.losses(of: $0, $1) }
        )
        let onDemandViews = self.changes(
            .onDemandFeatureView,
            self.old.onDemandFeatureViews,
            self.new.onDemandFeatureViews,
            name: \.name,
            fields: { DefinitionFields($0) },
            losses: { self.losses(of: $0, $1) }
        )
        let services = self.changes(
            .featureService,
            self.old.featureServices,
            self.new.featureServices,
            name: \.name,
            fields: { DefinitionFields($0) },
            losses: { _, _ in [] }
        )
        let inOrder = [entities, sources, views, onDemandViews, services]
        return inOrder.flatMap(\.kept) + inOrder.reversed().flatMap(\.deleted)
    }

    /// The changes of one kind: what is created or changed, and what is deleted.
    private func changes<Definition: Hashable>(
        _ kind: DefinitionKind,
        _ old: [Definition],
        _ new: [Definition],
        name: (Definition) -> String,
        fields: (Definition) -> DefinitionFields,
        losses: (Definition, Definition?) -> [String]
    ) -> (kept: [RegistryChange], deleted: [RegistryChange]) {
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        let after = Set(new.map(name))
        var kept: [RegistryChange] = []
        for definition in new {
            guard let earlier = before[name(definition)] else {
                let values = fields(definition).fields.map {
                    RegistryChange.FieldChange(path: $0.path, old: nil, new: $0.value)
                }
                kept.append(
                    RegistryChange(
                        kind: kind,
                        name: name(definition),
                        action: .created,
                        fields: values
                    )
                )
                continue
            }
            guard earlier != definition else { continue }
            kept.append(
                RegistryChange(
                    kind: kind,
                    name: name(definition),
                    action: .changed,
                    fields: fieldChanges(fields(earlier).fields, fields(definition).fields),
                    destructiveReasons: losses(earlier, definition)
                )
            )
        }
        let deleted = old.filter { !after.contains(name($0)) }.map {
            RegistryChange(
                kind: kind,
                name: name($0),
                action: .deleted,
                destructiveReasons: losses($0, nil)
            )
        }
        return (kept, deleted)
    }

    // MARK: Losses

    /// What a change or, without a new definition, the deletion of an entity loses.
    private func losses(of old: Entity, _ new: Entity?) -> [String] {
        guard let new, old.joinKeys != new.joinKeys else { return [] }
        let views = self.old.featureViews.filter { $0.entities.contains(old.name) }.map(\.name)
        guard !views.isEmpty else { return [] }
        let noun = views.count == 1 ? "feature view" : "feature views"
        let users = self.services(using: { views.contains($0) })
        return ["changes the keys of \(noun) \(Self.list(views))\(Self.clause(users))"]
    }

    /// What a change of a source loses: nothing, unless a service uses a view whose rows would then
    /// be others, because the view serves nothing until it is loaded again.
    private func losses(of old: DataSource, _ new: DataSource?) -> [String] {
        guard let new else { return [] }
        let views = self.old.featureViews
            .filter {
                self.isRead(old, by: $0) && $0.rowIdentity(in: old) != $0.rowIdentity(in: new)
            }
            .map(\.name)
        let users = self.services(using: { views.contains($0) })
        guard !users.isEmpty else { return [] }
        let noun = views.count == 1 ? "feature view" : "feature views"
        let verb = views.count == 1 ? "serves" : "serve"
        return [
            "changes the rows of \(noun) \(Self.list(views)), which \(verb) nothing until the "
                + "next load"
                + Self.clause(users)
        ]
    }

    /// What a change or, without a new definition, the deletion of a view loses.
    private func losses(of old: FeatureView, _ new: FeatureView?) -> [String] {
        let users = self.services(using: { $0 == old.name })
        guard let new else { return ["deletes the view and its rows\(Self.clause(users))"] }
        var losses: [String] = []
        let newFields = Dictionary(new.schema.map { ($0.name, $0) }) { first, _ in first }
        for field in old.schema {
            let newField = newFields[field.name]
            guard newField?.type != field.type else { continue }
            let clause = Self.clause(self.services(usingView: old.name, feature: field.name))
            if let newField {
                losses.append(
                    "changes feature \"\(field.name)\" from \(field.type) to \(newField.type)"
                        + clause
                )
            } else {
                losses.append("drops feature \"\(field.name)\"\(clause)")
            }
        }
        if old.entities != new.entities {
            losses.append(
                "changes the entities from [\(old.entities.joined(separator: ", "))] to "
                    + "[\(new.entities.joined(separator: ", "))]\(Self.clause(users))"
            )
        }
        if self.old.rowSource(of: old)?.name != self.new.rowSource(of: new)?.name {
            losses.append(
                "changes the source from \"\(old.source)\" to \"\(new.source)\""
                    + Self.clause(users)
            )
        } else if old.filterByCreatedTimestamp != new.filterByCreatedTimestamp, !users.isEmpty {
            losses.append("serves nothing until it is loaded again\(Self.clause(users))")
        }
        if old.online, !new.online {
            losses.append("is no longer served, and its rows are removed\(Self.clause(users))")
        }
        return losses
    }

    /// What a change or, without a new definition, the deletion of an on-demand view loses: what
    /// services read of it.
    private func losses(of old: OnDemandFeatureView, _ new: OnDemandFeatureView?) -> [String] {
        guard let new else {
            let users = self.services(using: { $0 == old.name })
            return users.isEmpty ? [] : ["deletes the view\(Self.clause(users))"]
        }
        let newFeatures = Dictionary(new.features.map { ($0.name, $0) }) { first, _ in first }
        return old.features.compactMap { feature in
            let users = self.services(usingView: old.name, feature: feature.name)
            guard !users.isEmpty else { return nil }
            guard let newFeature = newFeatures[feature.name] else {
                return "drops feature \"\(feature.name)\"\(Self.clause(users))"
            }
            if newFeature.type != feature.type {
                return "changes feature \"\(feature.name)\" from \(feature.type) to "
                    + "\(newFeature.type)\(Self.clause(users))"
            }
            guard newFeature.transformation != feature.transformation else { return nil }
            return "computes feature \"\(feature.name)\" in another way\(Self.clause(users))"
        }
    }

    /// The applied services that take anything from a view.
    private func services(using isUsed: (String) -> Bool) -> [String] {
        self.old.featureServices
            .filter { $0.features.contains { isUsed($0.view) } }
            .map(\.name)
    }

    /// Whether the applied rows of a view come from a source.
    private func isRead(_ source: DataSource, by view: FeatureView) -> Bool {
        self.old.rowSource(of: view)?.name == source.name
    }

    /// The applied services that take one feature.
    private func services(usingView view: String, feature: String) -> [String] {
        let users = self.old.featureServices.filter { service in
            service.features.contains { projection in
                projection.view == view && projection.features?.contains(feature) != false
            }
        }
        return users.map(\.name)
    }

    private static func list(_ names: [String]) -> String {
        names.map { "\"\($0)\"" }.joined(separator: ", ")
    }

    private static func clause(_ services: [String]) -> String {
        guard !services.isEmpty else { return "" }
        let noun = services.count == 1 ? "feature service" : "feature services"
        let verb = services.count == 1 ? "uses" : "use"
        return ", which \(noun) \(self.list(services)) \(verb)"
    }
}

/// The values that differ, in the order of the new definition; those that are gone come where they
/// stood.
///
/// When the features of a view are the same but in another order, one change of `schema` says so.
func fieldChanges(
    _ old: [DefinitionField],
    _ new: [DefinitionField]
) -> [RegistryChange.FieldChange] {
    let oldValues = Dictionary(old.map { ($0.path, $0.value) }) { first, _ in first }
    let newValues = Dictionary(new.map { ($0.path, $0.value) }) { first, _ in first }
    var changes: [RegistryChange.FieldChange] = []
    var remaining = old[...]
    for field in new {
        guard let oldValue = oldValues[field.path] else {
            changes.append(.init(path: field.path, old: nil, new: field.value))
            continue
        }
        // What stood before this path in the old definition and is gone.
        if let position = remaining.firstIndex(where: { $0.path == field.path }) {
            for gone in remaining[..<position] where newValues[gone.path] == nil {
                changes.append(.init(path: gone.path, old: gone.value, new: nil))
            }
            remaining = remaining[(position + 1)...]
        }
        if oldValue != field.value {
            changes.append(.init(path: field.path, old: oldValue, new: field.value))
        }
    }
    let said = Set(changes.map(\.path))
    for gone in old where newValues[gone.path] == nil && !said.contains(gone.path) {
        changes.append(.init(path: gone.path, old: gone.value, new: nil))
    }
    if let order = orderChange(old.map(\.path), new.map(\.path)) {
        changes.append(order)
    }
    return changes
}

/// The change of order among the features that both definitions have.
private func orderChange(
    _ old: [String],
    _ new: [String]
) -> RegistryChange.FieldChange? {
    let prefix = DefinitionFields.path(ofFeature: "")
    let oldFeatures = old.filter { $0.hasPrefix(prefix) }
    let newFeatures = new.filter { $0.hasPrefix(prefix) }
    let inOld = Set(oldFeatures)
    let inNew = Set(newFeatures)
    let oldOrder = oldFeatures.filter(inNew.contains)
    let newOrder = newFeatures.filter(inOld.contains)
    guard oldOrder != newOrder else { return nil }
    func names(_ paths: [String]) -> String {
        // Labels and descriptions of a feature lie below its path, and move with it.
        let own = paths.filter { path in !paths.contains { path.hasPrefix($0 + ".") } }
        return own.map { $0.dropFirst(prefix.count) }.joined(separator: ", ")
    }
    return .init(path: "schema", old: names(oldOrder), new: names(newOrder))
}
