/// Finds what is wrong with the definitions of a repository; see `FeatureRepository.problems`.
///
/// Of several objects with one name only the first is looked into.
struct RepositoryValidator {
    let repository: FeatureRepository
    let configuration: ProjectConfiguration?
    let locations: DefinitionLocations
    let unreadable: UnreadableParts
    /// The first object of each name.
    let entities: [String: Entity]
    let dataSources: [String: DataSource]
    let featureViews: [String: FeatureView]
    let onDemandFeatureViews: [String: OnDemandFeatureView]
    private var found: [Diagnostic] = []

    init(
        repository: FeatureRepository,
        configuration: ProjectConfiguration?,
        locations: DefinitionLocations,
        unreadable: UnreadableParts
    ) {
        self.repository = repository
        self.configuration = configuration
        self.locations = locations
        self.unreadable = unreadable
        self.entities = Dictionary(repository.entities.map { ($0.name, $0) }) { first, _ in first }
        self.dataSources = Dictionary(repository.dataSources.map { ($0.name, $0) }) { first, _ in
            first
        }
        self.featureViews = Dictionary(repository.featureViews.map { ($0.name, $0) }) { first, _ in
            first
        }
        self.onDemandFeatureViews = Dictionary(
            repository.onDemandFeatureViews.map { ($0.name, $0) }
        ) { first, _ in first }
    }

    mutating func problems() -> [Diagnostic] {
        self.found = []
        let entities = self.firsts(of: self.repository.entities.map { ($0.name, $0) }, .entity)
        for entity in entities {
            self.check(entity)
        }
        self.checkKeyTypes(of: entities)
        let sources = self.repository.dataSources.map { ($0.name, $0) }
        for source in self.firsts(of: sources, .dataSource) {
            self.check(source)
        }
        let views = self.repository.featureViews.map { ($0.name, $0) }
        for view in self.firsts(of: views, .featureView) {
            self.check(view)
        }
        let onDemandViews = self.repository.onDemandFeatureViews.map { ($0.name, $0) }
        for view in self.firsts(of: onDemandViews, .onDemandFeatureView) {
            self.check(view)
        }
        let services = self.repository.featureServices.map { ($0.name, $0) }
        for service in self.firsts(of: services, .featureService) {
            self.check(service)
        }
        return self.found
    }

    /// Reports a problem of a part of an object.
    mutating func report(
        _ kind: DefinitionKind,
        _ name: String,
        part: String = "",
        _ message: String,
        fix: String
    ) {
        let place = self.locations.location(of: kind, name, part: part)
        let problem = Diagnostic(
            message: "\(kind.title) \"\(name)\" \(message)",
            fix: fix,
            location: place
        )
        self.found.append(problem)
    }

    // MARK: Names

    /// The first object of each name; reports the others, and names that no reference can use.
    private mutating func firsts<Definition>(
        of named: [(name: String, definition: Definition)],
        _ kind: DefinitionKind
    ) -> [Definition] {
        var firstNames: [String: String] = [:]
        var copies: [String: Int] = [:]
        var firsts: [Definition] = []
        for (name, definition) in named {
            let folded = kind.isFeatureView ? name.lowercased() : name
            guard let first = firstNames[folded] else {
                firstNames[folded] = name
                firsts.append(definition)
                self.checkName(name, of: kind)
                continue
            }
            var part = ""
            if name == first {
                copies[name, default: 0] += 1
                part = "duplicate.\(copies[name, default: 0])"
            }
            var earlier = ""
            if let place = self.locations.location(of: kind, first) {
                earlier = " at \(place.file):\(place.line)"
            }
            let message =
                name == first
                ? "is defined again; it is defined\(earlier.isEmpty ? " before" : earlier)"
                : "differs only in case from \"\(first)\"\(earlier)"
            self.report(kind, name, part: part, message, fix: "rename or remove one of them")
        }
        return firsts
    }

    private mutating func checkName(_ name: String, of kind: DefinitionKind) {
        if let reason = Self.flaw(ofName: name) {
            self.report(kind, name, part: "name", reason, fix: "give it another name")
        } else if kind.isFeatureView, let reason = Self.flaw(ofViewName: name) {
            self.report(
                kind,
                name,
                part: "name",
                reason,
                fix: "give it another name, with single underscores between words"
            )
        }
    }

    /// Why a name cannot be used in references, if it cannot: `has a ":" in its name`.
    static func flaw(ofName name: String) -> String? {
        guard !name.isEmpty else { return "has an empty name" }
        for scalar in name.unicodeScalars {
            switch scalar {
            case ":", "@", ",":
                return "has a \"\(scalar)\" in its name, which separates names in references"
            default:
                if scalar.properties.generalCategory == .control {
                    return "has a control character in its name"
                }
            }
        }
        return nil
    }

    /// Why a name cannot stand before a feature in a full feature name, if it cannot.
    static func flaw(ofViewName name: String) -> String? {
        guard name.contains("__") || name.hasSuffix("_") else { return nil }
        let reason =
            name.contains("__") ? "has \"__\" in its name" : "has a name that ends in \"_\""
        return "\(reason), which makes full feature names (view__feature) ambiguous"
    }

    // MARK: Entities

    private mutating func check(_ entity: Entity) {
        guard !self.unreadable.contains("join_keys", of: .entity, entity.name) else { return }
        if entity.joinKeys.isEmpty {
            self.report(
                .entity,
                entity.name,
                part: "join_keys",
                "has no join keys",
                fix: "name the columns that identify it: join_keys: [\(entity.name)_id]"
            )
        }
        var seen: Set<String> = []
        for (index, key) in entity.joinKeys.enumerated() {
            let part = "join_keys.\(index)"
            if let reason = Self.flaw(ofName: key.name) {
                self.report(
                    .entity,
                    entity.name,
                    part: part,
                    "has a join key \"\(key.name)\" that \(reason)",
                    fix: "rename it, with field_mapping if the column must keep its name"
                )
            } else if !seen.insert(key.name).inserted {
                self.report(
                    .entity,
                    entity.name,
                    part: part,
                    "names the join key \"\(key.name)\" more than once",
                    fix: "name it once"
                )
            } else if !key.type.canBeJoinKey {
                self.report(
                    .entity,
                    entity.name,
                    part: "value_type.\(key.name)",
                    "has a join key \"\(key.name)\" of the type \(key.type), "
                        + "which keys cannot have",
                    fix: "keys are int32, int64, string, bytes or unix_timestamp"
                )
            }
        }
    }

    /// A column of the entity rows has one type, so a key name has one type in a project.
    private mutating func checkKeyTypes(of entities: [Entity]) {
        var firsts: [String: (type: ValueType, entity: String)] = [:]
        for entity in entities {
            guard !self.unreadable.contains("value_type", of: .entity, entity.name) else {
                continue
            }
            for key in entity.joinKeys {
                guard let first = firsts[key.name] else {
                    firsts[key.name] = (key.type, entity.name)
                    continue
                }
                guard first.type != key.type, first.entity != entity.name else { continue }
                self.report(
                    .entity,
                    entity.name,
                    part: "value_type.\(key.name)",
                    "gives the join key \"\(key.name)\" the type \(key.type), but entity "
                        + "\"\(first.entity)\" gives it \(first.type)",
                    fix: "give both the same type, or name the keys differently"
                )
            }
        }
    }
}

extension DefinitionKind {
    /// Whether names of the kind stand before features in references.
    fileprivate var isFeatureView: Bool { self == .featureView || self == .onDemandFeatureView }
}
