import FeastProtos
import FeatureModel

extension FeastRegistryReader {
    /// Reads the entities; those that an export made of one become one again.
    mutating func readEntities() {
        var parts: [String: [Int: FeastProtoEntity]] = [:]
        var order: [String] = []
        for message in self.registry.entities where self.isOwn(message.spec.project) {
            let spec = message.spec
            guard spec.name != FeastRegistryWriter.noEntity else { continue }
            self.noteFields(of: spec, .entity, "entity \"\(spec.name)\"")
            self.noteFields(of: message.meta, .objectMeta, "entity \"\(spec.name)\"")
            let name = self.entityNames[spec.tags[FStoreTag.entity] ?? spec.name]
            let position = spec.tags[FStoreTag.joinKey].flatMap { Int($0) } ?? 0
            guard parts[name]?[position] == nil else {
                self.note("entity \"\(spec.name)\"", "is in the registry twice; the first counts")
                continue
            }
            if parts[name] == nil {
                order.append(name)
            }
            self.entities[spec.name] = name
            parts[name, default: [:]][position] = message
        }
        var keyTypes: [String: ValueType] = [:]
        for name in order {
            let messages = parts[name, default: [:]].sorted { $0.key < $1.key }.map(\.value)
            self.append(name, messages, keyTypes: &keyTypes)
        }
    }

    private mutating func append(
        _ name: String,
        _ messages: [FeastProtoEntity],
        keyTypes: inout [String: ValueType]
    ) {
        guard let first = messages.first else { return }
        var keys: [Entity.JoinKey] = []
        for message in messages {
            let original = message.spec.joinKey.isEmpty ? message.spec.name : message.spec.joinKey
            let key = self.columnNames[original]
            var type = self.keyType(message.spec, key: original)
            if let known = keyTypes[key], known != type {
                self.note(
                    "entity \"\(message.spec.name)\"",
                    "gives its join key \"\(key)\" the type \(type), and another entity \(known), "
                        + "which counts",
                    advice: "a column of the entity rows has one type"
                )
                type = known
            }
            keyTypes[key] = type
            guard !keys.contains(where: { $0.name == key }) else { continue }
            keys.append(Entity.JoinKey(name: key, type: type))
        }
        self.repository.entities.append(
            Entity(
                name: name,
                joinKeys: keys,
                description: first.spec.description_p,
                tags: FStoreTag.without(first.spec.tags),
                owner: first.spec.owner
            )
        )
    }

    /// The type of a join key: what the entity says, or else what a view says about the column.
    private mutating func keyType(_ spec: FeastProtoEntitySpecV2, key: String) -> ValueType {
        var found = spec.valueType
        if found == .invalid {
            for view in self.views where view.spec.entities.contains(spec.name) {
                let column = view.spec.entityColumns.first { $0.name == key }
                if let column, column.valueType != .invalid {
                    found = column.valueType
                    break
                }
            }
        }
        if let type = found.translation?.type, type.canBeJoinKey { return type }
        self.note(
            "entity \"\(spec.name)\"",
            found == .invalid
                ? "does not say the type of its join key \"\(key)\", which is string here"
                : "has a join key \"\(key)\" of the type \(found.title), which is string here",
            advice: "write the right value_type: int32, int64, string, bytes or unix_timestamp"
        )
        return .string
    }
}
