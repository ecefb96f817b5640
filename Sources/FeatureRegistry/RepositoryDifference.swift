import FeatureModel

/// The changes between two repositories, and what each of them would lose.
struct RepositoryDifference {
    /// What becomes of an object that is defined afterwards.
    private typealias Consequences = GenerationSuccession.Consequences

    let old: FeatureRepository
    let new: FeatureRepository
    /// What becomes of the generations of feature views.
    let succession: GenerationSuccession

    init(old: RegistrySnapshot, new: FeatureRepository) {
        self.old = old.repository
        self.new = new
        self.succession = GenerationSuccession(from: old, to: new)
    }

    /// The changes in the order of a plan.
    func changes() -> [RegistryChange] {
        let entities = self.changes(
            .entity,
            self.old.entities,
            self.new.entities,
            name: \.name,
            fields: { DefinitionFields($0) },
            consequences: { _, _ in Consequences() }
        )
        let sources = self.changes(
            .dataSource,
            self.old.dataSources,
            self.new.dataSources,
            name: \.name,
            fields: { DefinitionFields($0) },
            consequences: { _, _ in Consequences() }
        )
        let views = self.changes(
            .featureView,
            self.old.featureViews,
            self.new.featureViews,
            name: \.name,
            fields: { DefinitionFields($0) },
            consequences: { self.consequences(of: $0, $1) }
        )
        let onDemandViews = self.changes(
            .onDemandFeatureView,
            self.old.onDemandFeatureViews,
            self.new.onDemandFeatureViews,
            name: \.name,
            fields: { DefinitionFields($0) },
            consequences: { old, new in
                Consequences(losses: old.map { self.losses(of: $0, new) } ?? [])
            }
        )
        let services = self.changes(
            .featureService,
            self.old.featureServices,
            self.new.featureServices,
            name: \.name,
            fields: { DefinitionFields($0) },
            consequences: { _, _ in Consequences() }
        )
        let inOrder = [entities, sources, views, onDemandViews, services]
        return inOrder.flatMap(\.kept) + inOrder.reversed().flatMap(\.deleted)
    }

    /// The changes of one kind: what is created or changed, and what is deleted.
    private func changes<Definition: Hashable & Encodable>(
        _ kind: DefinitionKind,
        _ old: [Definition],
        _ new: [Definition],
        name: (Definition) -> String,
        fields: (Definition) -> DefinitionFields,
        consequences: (Definition?, Definition?) -> Consequences
    ) -> (kept: [RegistryChange], deleted: [RegistryChange]) {
        let before = Dictionary(old.map { (name($0), $0) }) { first, _ in first }
        let after = Set(new.map(name))
        func change(
            _ definition: Definition,
            _ action: RegistryChange.Action,
            fields: [RegistryChange.FieldChange] = [],
            _ consequences: Consequences
        ) -> RegistryChange {
            RegistryChange(
                kind: kind,
                name: name(definition),
                action: action,
                fields: fields,
                // A definition that is no JSON is an error of the apply.
                definitionHash: action == .deleted ? nil : try? DefinitionHash.text(of: definition),
                generation: consequences.generation,
                notes: consequences.notes,
                destructiveReasons: consequences.losses
            )
        }
        var kept: [RegistryChange] = []
        for definition in new {
            let earlier = before[name(definition)]
            let found = consequences(earlier, definition)
            guard let earlier else {
                let values = fields(definition).fields.map {
                    RegistryChange.FieldChange(path: $0.path, old: nil, new: $0.value)
                }
                kept.append(change(definition, .created, fields: values, found))
                continue
            }
            // A view can change by a change of what it names.
            guard earlier != definition || !found.isEmpty else { continue }
            let changed = fieldChanges(fields(earlier).fields, fields(definition).fields)
            kept.append(change(definition, .changed, fields: changed, found))
        }
        let deleted = old.filter { !after.contains(name($0)) }.map {
            change($0, .deleted, consequences($0, nil))
        }
        return (kept, deleted)
    }

    // MARK: Losses

    /// What becomes of a view that is created, changed or, without a new definition, deleted.
    private func consequences(of old: FeatureView?, _ new: FeatureView?) -> Consequences {
        guard let new else {
            let users = self.services { $0.view == old?.name }
            return Consequences(losses: ["deletes the view and its rows\(Self.clause(users))"])
        }
        var consequences = self.succession.consequences(of: new)
        if let old, old.online, !new.online {
            let number = self.succession.number(of: old.name)
            let users = self.services { projection in
                projection.view == old.name && [nil, number].contains(projection.version)
            }
            consequences.losses.append(
                "is no longer served, and its rows are removed\(Self.clause(users))"
            )
        }
        return consequences
    }

    /// What a change or, without a new definition, the deletion of an on-demand view loses: what
    /// services read of it.
    private func losses(of old: OnDemandFeatureView, _ new: OnDemandFeatureView?) -> [String] {
        guard let new else {
            let users = self.services { $0.view == old.name }
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

    /// The applied services with a projection of some kind.
    private func services(
        where isWanted: (FeatureService.Projection) -> Bool
    ) -> [String] {
        self.old.featureServices.filter { $0.features.contains(where: isWanted) }.map(\.name)
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

    private static func clause(_ services: [String]) -> String {
        guard !services.isEmpty else { return "" }
        return ", which \(serviceList(services)) \(services.count == 1 ? "uses" : "use")"
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
