import FeastProtos
import FeatureModel
import SwiftProtobuf

/// Turns definitions into Feast's messages, and notes what they do not say.
struct FeastRegistryWriter {
    let repository: FeatureRepository
    let project: String
    let meta: FeastProtoObjectMeta
    var notes: [FeastNote] = []
    /// The messages of each entity here: Feast's entities have one join key each.
    private var entities: [String: [FeastProtoEntity]] = [:]

    /// The entity that views without entities have in Feast, and its join key.
    static let noEntity = "__dummy"
    static let noEntityKey = "__dummy_id"

    init(_ repository: FeatureRepository, project: String, appliedAt: Timestamp) {
        self.repository = repository
        self.project = project
        var meta = FeastProtoObjectMeta()
        meta.createdTimestamp = Google_Protobuf_Timestamp(appliedAt)
        meta.lastUpdatedTimestamp = meta.createdTimestamp
        self.meta = meta
    }

    mutating func registry() -> FeastProtoRegistry {
        var registry = FeastProtoRegistry()
        var projectMessage = FeastProtoProject()
        projectMessage.spec.name = self.project
        projectMessage.meta = self.meta
        registry.projects = [projectMessage]
        registry.entities = self.entityMessages()
        registry.dataSources = self.repository.dataSources.map { self.message($0) }
        registry.featureViews = self.repository.featureViews.map { self.message($0) }
        registry.onDemandFeatureViews = self.repository.onDemandFeatureViews.map {
            self.message($0)
        }
        registry.featureServices = self.repository.featureServices.map { self.message($0) }
        return registry
    }

    /// An object's labels without those that only an export may have.
    mutating func tags(
        _ tags: [String: String],
        of kind: DefinitionKind,
        _ name: String
    ) -> [String: String] {
        let (kept, refused) = FStoreTag.own(tags)
        for tag in refused {
            self.notes.append(
                FeastNote(
                    "\(kind.title) \"\(name)\"",
                    "its label \"\(tag)\" is left out, as an export has such labels of its own",
                    advice: "give it a name that does not begin with \"\(FStoreTag.prefix)\""
                )
            )
        }
        return kept
    }

    // MARK: Entities

    private mutating func entityMessages() -> [FeastProtoEntity] {
        var messages: [FeastProtoEntity] = []
        // Names of entities with one key are kept first, whatever the order of the definitions.
        var taken: Set<String> = [Self.noEntity]
        for entity in self.repository.entities where entity.joinKeys.count == 1 {
            taken.insert(entity.name)
        }
        for entity in self.repository.entities {
            let parts = self.messages(entity, taken: &taken)
            self.entities[entity.name] = parts
            messages += parts
        }
        if self.repository.featureViews.contains(where: \.entities.isEmpty) {
            var message = FeastProtoEntity()
            message.spec.name = Self.noEntity
            message.spec.project = self.project
            message.spec.joinKey = Self.noEntityKey
            message.spec.valueType = .string
            message.meta = self.meta
            messages.append(message)
        }
        return messages
    }

    private mutating func messages(
        _ entity: Entity,
        taken: inout Set<String>
    ) -> [FeastProtoEntity] {
        let isSplit = entity.joinKeys.count > 1
        let tags = self.tags(entity.tags, of: .entity, entity.name)
        var parts: [FeastProtoEntity] = []
        for (position, key) in entity.joinKeys.enumerated() {
            var message = FeastProtoEntity()
            message.spec.name = entity.name
            if isSplit || entity.name == Self.noEntity {
                message.spec.name = free("\(entity.name)_\(key.name)", taken: &taken)
                message.spec.tags[FStoreTag.entity] = entity.name
                message.spec.tags[FStoreTag.joinKey] = String(position)
            }
            message.spec.project = self.project
            message.spec.joinKey = key.name
            message.spec.valueType = FeastValueType(key.type)
            message.spec.description_p = entity.description
            message.spec.owner = entity.owner
            message.spec.tags.merge(tags) { own, _ in own }
            message.meta = self.meta
            parts.append(message)
        }
        if isSplit {
            let names = parts.map { "\"\($0.spec.name)\"" }.joined(separator: ", ")
            self.notes.append(
                FeastNote(
                    "entity \"\(entity.name)\"",
                    "is \(parts.count) entities in Feast, whose entities have one join key each: "
                        + names
                )
            )
        }
        return parts
    }

    // MARK: Views

    private mutating func message(_ view: FeatureView) -> FeastProtoFeatureView {
        var spec = FeastProtoFeatureViewSpec()
        spec.name = view.name
        spec.project = self.project
        spec.entities = view.entities.flatMap { name in
            self.entities[name, default: []].map(\.spec.name)
        }
        spec.entityColumns = self.repository.joinKeys(of: view).map { key in
            Self.column(key.name, key.type)
        }
        if view.entities.isEmpty {
            spec.entities = [Self.noEntity]
            spec.entityColumns = [Self.column(Self.noEntityKey, .string)]
        }
        spec.features = view.schema.map { self.message($0, of: .featureView, view.name) }
        spec.tags = self.tags(view.tags, of: .featureView, view.name)
        if view.filterByCreatedTimestamp {
            spec.tags[FStoreTag.filterByCreatedTimestamp] = "true"
        }
        spec.ttl = Google_Protobuf_Duration(microseconds: view.ttlMicroseconds)
        spec.online = view.online
        spec.description_p = view.description
        spec.owner = view.owner
        self.addSources(of: view, to: &spec)
        var message = FeastProtoFeatureView()
        message.spec = spec
        message.meta.createdTimestamp = self.meta.createdTimestamp
        message.meta.lastUpdatedTimestamp = self.meta.lastUpdatedTimestamp
        return message
    }

    private static func column(_ name: String, _ type: ValueType) -> FeastProtoFeatureSpecV2 {
        var column = FeastProtoFeatureSpecV2()
        column.name = name
        column.valueType = FeastValueType(type)
        return column
    }

    mutating func message(
        _ field: Field,
        of kind: DefinitionKind,
        _ name: String
    ) -> FeastProtoFeatureSpecV2 {
        var column = Self.column(field.name, field.type)
        column.description_p = field.description
        column.tags = self.tags(field.tags, of: kind, name)
        return column
    }

    // MARK: Services

    private mutating func message(_ service: FeatureService) -> FeastProtoFeatureService {
        var message = FeastProtoFeatureService()
        message.spec.name = service.name
        message.spec.project = self.project
        message.spec.features = service.features.map { self.message($0) }
        message.spec.tags = self.tags(service.tags, of: .featureService, service.name)
        message.spec.description_p = service.description
        message.spec.owner = service.owner
        message.meta = self.meta
        return message
    }

    mutating func message(
        _ projection: FeatureService.Projection
    ) -> FeastProtoFeatureViewProjection {
        var message = FeastProtoFeatureViewProjection()
        message.featureViewName = projection.view
        message.featureViewNameAlias = projection.alias ?? ""
        message.joinKeyMap = projection.joinKeyMap
        if let version = projection.version {
            message.versionTag = Int32(clamping: version)
        }
        if let view = self.repository.featureView(projection.view) {
            message.viewType = "featureView"
            message.featureColumns = self.columns(projection.features, of: view.schema)
            if let source = self.repository.rowSource(of: view) {
                message.timestampField = source.timestampField ?? ""
                message.createdTimestampColumn = source.createdTimestampColumn ?? ""
            }
        } else if let view = self.repository.onDemandFeatureView(projection.view) {
            message.viewType = "onDemandFeatureView"
            let fields = view.features.map { feature in
                Field(
                    name: feature.name,
                    type: feature.type,
                    description: feature.description,
                    tags: feature.tags
                )
            }
            message.featureColumns = self.columns(projection.features, of: fields)
        }
        return message
    }

    /// The chosen fields, or all; a feature that only an earlier generation has is a column without
    /// a type.
    func columns(_ names: [String]?, of schema: [Field]) -> [FeastProtoFeatureSpecV2] {
        (names ?? schema.map(\.name)).map { name in
            var column = FeastProtoFeatureSpecV2()
            column.name = name
            if let field = schema.first(where: { $0.name == name }) {
                column.valueType = FeastValueType(field.type)
                column.description_p = field.description
                column.tags = FStoreTag.own(field.tags).kept
            }
            return column
        }
    }
}

/// A name that is not taken yet, which it is then: the wanted one, or that with a number after it.
func free(_ name: String, taken: inout Set<String>) -> String {
    var candidate = name
    var number = 2
    while !taken.insert(candidate).inserted {
        candidate = "\(name)_\(number)"
        number += 1
    }
    return candidate
}
