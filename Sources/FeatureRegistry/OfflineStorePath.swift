import FeatureModel

extension RegistrySnapshot {
    /// The same definitions, whose sources and those of pinned generations say where they lie when
    /// they lie in the offline store.
    func naming(offlineStore path: String) -> RegistrySnapshot {
        var snapshot = self
        snapshot.repository = self.repository.naming(offlineStore: path)
        snapshot.generations.held = self.generations.held.map { generation in
            var generation = generation
            generation.source = generation.source.naming(offlineStore: path)
            return generation
        }
        return snapshot
    }
}

extension FeatureRepository {
    /// Whether a source lies in the offline store, because it names no file.
    var usesOfflineStore: Bool { self.dataSources.contains(where: \.isInOfflineStore) }

    /// The same definitions, whose sources say where they lie when they lie in the offline store.
    func naming(offlineStore path: String) -> FeatureRepository {
        var repository = self
        repository.dataSources = self.dataSources.map { $0.naming(offlineStore: path) }
        return repository
    }
}

extension DataSource {
    fileprivate var isInOfflineStore: Bool {
        guard case .sqlite(let options) = self.kind else { return false }
        return options.path == nil
    }

    fileprivate func naming(offlineStore path: String) -> DataSource {
        guard case .sqlite(var options) = self.kind, options.path == nil else { return self }
        options.path = path
        var source = self
        source.kind = .sqlite(options)
        return source
    }
}

/// A path without parts that make no difference, such as `./`.
func plainPath(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
}
