import FeatureModel

/// The absolute paths of a project's files.
struct StorePaths: Sendable {
    let directory: String
    let registry: String
    /// The offline store's database; `nil` when the offline store is files alone.
    let offlineDatabase: String?
    let online: String
    /// The folder of the caches of CSV sources; `nil` for none.
    let sourceCache: String?
    /// The database of pushed rows, beside the registry: apart from the offline store's own, so
    /// that whoever fills that for minutes does not hold up pushes.
    let pushLog: String
    /// Where changes are told; `nil` for nowhere.
    let auditLog: String?

    /// The folder of the saved datasets, beside the registry.
    var savedDatasets: String { self.besideRegistry("saved_datasets") }

    /// The folder that the registry lies in.
    var registryFolder: String {
        self.registry.lastIndex(of: "/").map { String(self.registry[..<$0]) } ?? "."
    }

    /// The folder beside the online store where snapshots are made; hidden, since a snapshot has a
    /// `feature_store.yaml` of its own, which is none of the repository.
    var snapshotArea: String {
        let slash = self.online.lastIndex(of: "/") ?? self.online.startIndex
        return "\(self.online[...slash]).\(self.online[slash...].dropFirst()).snapshot"
    }

    /// The journal of a restore that is putting its files in place.
    var restoreJournal: String { "\(self.registry).restore" }

    /// What was applied last.
    var appliedFiles: String { "\(self.registry).applied" }

    /// The tokens of the feature server, unless it is told another file.
    var tokens: String { self.besideRegistry("tokens.json") }

    init(directory: String, configuration: ProjectConfiguration) {
        func absolute(_ path: String) -> String {
            path.hasPrefix("/") ? path : "\(directory)/\(path)"
        }
        self.directory = directory
        self.registry = absolute(configuration.registry)
        self.pushLog = Self.pushLog(besides: self.registry)
        self.auditLog =
            switch configuration.auditLog {
            case .none: nil
            case .besideRegistry: Self.path("audit.jsonl", besides: self.registry)
            case .file(let path): absolute(path)
            }
        switch configuration.offlineStore {
        case .file: self.offlineDatabase = nil
        case .sqlite(let path): self.offlineDatabase = absolute(path)
        }
        self.sourceCache = configuration.sourceCache.map(absolute)
        switch configuration.onlineStore {
        case .rocksdb(let path): self.online = absolute(path)
        }
    }

    private func besideRegistry(_ name: String) -> String {
        Self.path(name, besides: self.registry)
    }

    private static func path(_ name: String, besides registry: String) -> String {
        let folder = registry.lastIndex(of: "/").map { registry[..<$0] } ?? "."
        return "\(folder)/\(name)"
    }

    /// `pushed.db` beside `registry.db`, and `name-pushed.db` beside any other `name.db`.
    private static func pushLog(besides registry: String) -> String {
        let parts = registry.split(separator: "/", omittingEmptySubsequences: false)
        let file = parts.last ?? ""
        let name = file.hasSuffix(".db") ? file.dropLast(3) : file[...]
        let log = name == "registry" ? "pushed.db" : "\(name)-pushed.db"
        return (parts.dropLast().map(String.init) + [log]).joined(separator: "/")
    }
}
