import FeatureModel
import Yams

/// Reads the definitions of one file into a collector.
struct DefinitionFileReader {
    let file: String
    let collector: DefinitionCollector

    /// Reads all documents of the file.
    func read(_ roots: [Node]) {
        if roots.isEmpty {
            self.collector.report(
                "\(self.file) defines nothing",
                fix: "add definitions, or remove the file",
                at: SourceLocation(file: self.file, line: 1, column: 1)
            )
        }
        for root in roots {
            self.readDocument(root)
        }
    }

    private func readDocument(_ root: Node) {
        let subject = "the file"
        guard
            let map = DefinitionMap(
                root,
                file: self.file,
                subject: subject,
                collector: self.collector
            )
        else {
            self.collector.unreadable.insertEverything()
            return
        }
        let known = DefinitionKind.allCases.map(\.listKey)
        map.checkKeys(required: [], optional: known)
        for key in map.keys where !known.contains(key) {
            let near = nearestNames(to: key, among: known)
            for kind in DefinitionKind.allCases where near.contains(kind.listKey) {
                self.collector.unreadable.insert(objectsOf: kind)
            }
        }
        for kind in DefinitionKind.allCases where map[kind.listKey] != nil {
            guard let nodes = map.list(kind.listKey) else {
                self.collector.unreadable.insert(objectsOf: kind)
                continue
            }
            for (index, node) in nodes.enumerated() {
                self.readObject(kind, node, number: index + 1)
            }
        }
    }

    private func readObject(_ kind: DefinitionKind, _ node: Node, number: Int) {
        let subject = "item \(number) of \"\(kind.listKey)\""
        guard
            let map = DefinitionMap(
                node,
                file: self.file,
                subject: subject,
                collector: self.collector
            )
        else {
            self.collector.unreadable.insert(objectsOf: kind)
            return
        }
        switch kind {
        case .entity: self.readEntity(map)
        case .dataSource: _ = self.readSource(map, isInline: false, fallbackName: nil)
        case .featureView: self.readView(map)
        case .onDemandFeatureView: self.readOnDemandView(map)
        case .featureService: self.readService(map)
        }
    }

    // MARK: Entities

    private func readEntity(_ map: DefinitionMap) {
        var map = map
        let name = map.beginObject(.entity)
        map.check(.entity)
        let keys = self.joinKeyNames(map, entity: name)
        let types = self.keyTypes(map, keys: keys)
        let entity = Entity(
            name: name,
            joinKeys: zip(keys ?? [], types).map { Entity.JoinKey(name: $0, type: $1) },
            description: map.text("description") ?? "",
            tags: map.tags(),
            owner: map.text("owner") ?? ""
        )
        if map.owner != nil {
            self.collector.repository.entities.append(entity)
        }
    }

    /// The names of the join keys; `nil` when they could not be read.
    private func joinKeyNames(_ map: DefinitionMap, entity: String) -> [String]? {
        if let node = map["join_key"] {
            if map["join_keys"] != nil {
                map.report(
                    "join_keys",
                    node,
                    "\(map.subject) has both \"join_key\" and \"join_keys\"",
                    fix: "keep join_keys"
                )
                return nil
            }
            guard let key = map.text("join_key") else {
                map.markUnreadable("join_keys")
                return nil
            }
            map.record(node, part: "join_keys.0")
            return [key]
        }
        guard let nodes = map["join_keys"] else { return map.owner == nil ? nil : [entity] }
        let keys = map.texts("join_keys")
        return keys?.count == nodes.sequence?.count ? keys : nil
    }

    /// The types of the join keys; those that could not be read stand as strings.
    private func keyTypes(_ map: DefinitionMap, keys: [String]?) -> [ValueType] {
        let unknown = Array(repeating: ValueType.string, count: keys?.count ?? 0)
        guard let node = map["value_type"] else { return unknown }
        if let mapping = node.mapping {
            return self.keyTypes(map, node: node, mapping: mapping, keys: keys)
        }
        guard node.scalar != nil else {
            map.report(
                "value_type",
                node,
                mustBe: "a type, or a map of types by join key",
                fix: "write value_type: int64, or value_type: {key: int64, …}"
            )
            return unknown
        }
        guard let type = map.valueType(node, key: "value_type") else { return unknown }
        guard let keys else { return unknown }
        guard Set(keys).count <= 1 else {
            let example = keys.map { "\($0): \(type)" }.joined(separator: ", ")
            map.report(
                "value_type",
                node,
                "\(map.subject) has \(keys.count) join keys, but one \"value_type\"",
                fix: "give each its type: value_type: {\(example)}"
            )
            return unknown
        }
        return Array(repeating: type, count: keys.count)
    }

    private func keyTypes(
        _ map: DefinitionMap,
        node: Node,
        mapping: Node.Mapping,
        keys: [String]?
    ) -> [ValueType] {
        let subject = "\"value_type\" of \(map.subject)"
        guard let types = map.map(node, under: "value_type", subject: subject) else { return [] }
        if let keys {
            types.checkKeys(required: keys, optional: [])
        }
        var read: [String: ValueType] = [:]
        for entry in types.entries {
            types.record(entry.value, part: "value_type.\(entry.name)")
            read[entry.name] = types.valueType(entry.value, key: entry.name)
        }
        return (keys ?? []).map { read[$0] ?? .string }
    }
}
