import FeatureModel
import Yams

/// Reads `feature_store.yaml`.
struct ConfigurationReader {
    let collector: DefinitionCollector
    /// The environment that `${NAME}` is taken from.
    let environment: [String: String]
    /// The absolute path of the repository.
    let directory: String
    private let file = RepositoryFiles.configurationName

    init(collector: DefinitionCollector, environment: [String: String], directory: String) {
        self.collector = collector
        self.environment = environment
        self.directory = directory
    }

    /// The configuration; `nil` when something is wrong with it, which is reported.
    func configuration(_ roots: [Node]) -> ProjectConfiguration? {
        let before = self.collector.diagnostics.count
        guard let root = roots.first, roots.count == 1 else {
            self.collector.report(
                roots.isEmpty
                    ? "\(self.file) is empty" : "\(self.file) holds more than one document",
                fix: roots.isEmpty ? "add \"project: …\"" : "keep one, without \"---\" lines",
                at: roots.dropFirst().first?.place(in: self.file)
                    ?? SourceLocation(file: self.file, line: 1, column: 1)
            )
            return nil
        }
        guard let map = self.map(root, subject: self.file) else { return nil }
        map.check(.configuration)
        var configuration = ProjectConfiguration(project: self.project(map) ?? "")
        let allowed = self.allowedPaths(map)
        configuration.allowedPaths = allowed
        let paths = AllowedPaths(repository: self.directory, others: allowed)
        if let registry = self.path("registry", of: map, in: paths) {
            configuration.registry = registry
        }
        if let (offlineStore, cache) = self.offlineStore(
            map,
            registry: configuration.registry,
            in: paths
        ) {
            configuration.offlineStore = offlineStore
            configuration.sourceCache = cache
        }
        if let (onlineStore, rowCacheBytes) = self.onlineStore(map, in: paths) {
            configuration.onlineStore = onlineStore
            configuration.rowCacheBytes = rowCacheBytes
        }
        configuration.retentionMicroseconds = map.duration("retention").flatMap { retention in
            retention == 0 ? nil : retention
        }
        configuration.auditLog = self.auditLog(map, in: paths)
        self.checkIgnoredKeys(map)
        return self.collector.diagnostics.count == before ? configuration : nil
    }

    private func map(_ node: Node, subject: String) -> DefinitionMap? {
        DefinitionMap(node, file: self.file, subject: subject, collector: self.collector)
    }

    private func project(_ map: DefinitionMap) -> String? {
        guard let node = map["project"], let name = self.expandedText("project", of: map) else {
            return nil
        }
        let isWord = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isWord, let first = name.first, first != "_", first != "-" else {
            map.report(
                "project",
                node,
                "the project's name \"\(name)\" is not allowed",
                fix: "use letters, digits, _ and -, and begin with a letter or digit"
            )
            return nil
        }
        return name
    }

    private func offlineStore(
        _ map: DefinitionMap,
        registry: String,
        in paths: AllowedPaths
    ) -> (store: ProjectConfiguration.OfflineStore, cache: String?)? {
        let types = DefinitionKeys.offlineStores
        guard let (type, store) = self.store("offline_store", of: map, types: types) else {
            return nil
        }
        let cache = self.cache(store, registry: registry, in: paths)
        if type == "file" { return (.file, cache) }
        return (.sqlite(path: self.path("path", of: store, in: paths) ?? "data/offline.db"), cache)
    }

    /// The folder of the caches of CSV sources: one that is named, or with `true` the folder
    /// `cache` beside the registry.
    private func cache(
        _ map: DefinitionMap,
        registry: String,
        in paths: AllowedPaths
    ) -> String? {
        guard let node = map["cache"] else { return nil }
        switch node.scalarKind {
        case .bool:
            guard node.bool == true else { return nil }
            return (registry.lastIndex(of: "/").map { registry[...$0] } ?? "") + "cache"
        case .text:
            return self.path("cache", of: map, in: paths)
        default:
            map.report(
                "cache",
                node,
                mustBe: "true, false or a folder",
                fix: "write cache: true, or name a folder such as cache: data/cache"
            )
            return nil
        }
    }

    /// Where changes are told: a file, or with `false` nowhere.
    private func auditLog(
        _ map: DefinitionMap,
        in paths: AllowedPaths
    ) -> ProjectConfiguration.AuditLog {
        guard let node = map["audit_log"] else { return .besideRegistry }
        switch node.scalarKind {
        case .bool: return node.bool == true ? .besideRegistry : .none
        case .text:
            let path = self.path("audit_log", of: map, in: paths)
            return path.map { .file(path: $0) } ?? .besideRegistry
        default:
            map.report(
                "audit_log",
                node,
                mustBe: "true, false or a file",
                fix: "write audit_log: false, or name a file such as audit_log: data/audit.jsonl"
            )
            return .besideRegistry
        }
    }

    /// Folders besides the repository's in which sources may lie.
    private func allowedPaths(_ map: DefinitionMap) -> [String] {
        (map.list("allowed_paths") ?? []).compactMap { node in
            guard let text = map.text(node, key: "allowed_paths"),
                let path = self.expanded(text, node, key: "allowed_paths", of: map)
            else { return nil }
            if path.isEmpty {
                map.report(
                    "allowed_paths",
                    node,
                    "a folder of \"allowed_paths\" is empty",
                    fix: "name a folder such as /data/warehouse, or remove the item"
                )
            }
            return path
        }
    }

    private func onlineStore(
        _ map: DefinitionMap,
        in paths: AllowedPaths
    ) -> (store: ProjectConfiguration.OnlineStore, rowCacheBytes: Int)? {
        let types = DefinitionKeys.onlineStores
        guard let (_, store) = self.store("online_store", of: map, types: types) else { return nil }
        return (
            .rocksdb(path: self.path("path", of: store, in: paths) ?? "data/online"),
            store.byteCount("row_cache") ?? ProjectConfiguration.defaultRowCacheBytes
        )
    }

    /// The type of a store, and the map that has its keys.
    private func store(
        _ key: String,
        of map: DefinitionMap,
        types: [String: DefinitionKeys]
    ) -> (type: String, map: DefinitionMap)? {
        guard let node = map[key], let store = self.map(node, subject: "\"\(key)\"") else {
            return nil
        }
        let known = types.keys.sorted()
        guard let typeNode = store["type"] else {
            store.checkKeys(required: ["type"], optional: ["path"])
            return nil
        }
        guard let type = self.expandedText("type", of: store) else { return nil }
        guard let keys = types[type] else {
            let near = nearestNames(to: type, among: known)
            store.report(
                "type",
                typeNode,
                "\"\(key)\" has an unknown type \"\(type)\"",
                fix: near.isEmpty
                    ? "the types are: \(known.joined(separator: ", "))"
                    : suggestion(for: type, among: known, noun: "type")
            )
            return nil
        }
        var foreign: [String: String] = [:]
        for key in Set(types.values.flatMap(\.all)).subtracting(keys.all) {
            foreign[key] = "which the type \(type) does not have"
        }
        store.checkKeys(required: keys.required, optional: keys.optional, foreign: foreign)
        return (type, store)
    }

    /// Feast's keys that say nothing here, as long as they say what Feast's local default says.
    private func checkIgnoredKeys(_ map: DefinitionMap) {
        if let node = map["provider"], node.scalar?.string != "local" {
            map.report(
                "provider",
                node,
                mustBe: "local",
                fix: "write provider: local, or remove the key"
            )
        }
        let version = "entity_key_serialization_version"
        if let node = map[version], node.scalar?.string != "3" {
            map.report(version, node, mustBe: "3", fix: "write 3, or remove the key")
        }
    }

    // MARK: Texts

    /// The path that a key says.
    ///
    /// An absolute one is the word of who runs the project; a relative one stays in the repository,
    /// or where sources may lie.
    private func path(
        _ key: String,
        of map: DefinitionMap,
        in paths: AllowedPaths
    ) -> String? {
        guard let node = map[key], let path = self.expandedText(key, of: map) else { return nil }
        guard !path.isEmpty else {
            map.report(
                key,
                node,
                "\"\(key)\" of \(map.subject) is empty",
                fix: "give it a path or remove the key"
            )
            return nil
        }
        guard path.hasPrefix("/") || paths.contains("\(self.directory)/\(path)") else {
            map.report(
                key,
                node,
                "\"\(key)\" of \(map.subject) leads out of the repository: \(path)",
                fix: "write an absolute path, or one that stays in the repository"
            )
            return nil
        }
        return path
    }

    /// A text in which each `${NAME}` has become the value of that environment variable.
    private func expandedText(_ key: String, of map: DefinitionMap) -> String? {
        guard let node = map[key], let text = map.text(key) else { return nil }
        return self.expanded(text, node, key: key, of: map)
    }

    private func expanded(
        _ text: String,
        _ node: Node,
        key: String,
        of map: DefinitionMap
    ) -> String? {
        var expanded = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            expanded += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                map.report(
                    key,
                    node,
                    "\"\(key)\" of \(map.subject) has a \"${\" without its \"}\"",
                    fix: "write ${NAME}"
                )
                return nil
            }
            let name = String(rest[start.upperBound..<end])
            guard let value = self.environment[name] else {
                map.report(
                    key,
                    node,
                    "\"\(key)\" of \(map.subject) needs the environment variable \"\(name)\", "
                        + "which is not set",
                    fix: "set it, or write the value here"
                )
                return nil
            }
            expanded += value
            rest = rest[rest.index(after: end)...]
        }
        return expanded + rest
    }
}
