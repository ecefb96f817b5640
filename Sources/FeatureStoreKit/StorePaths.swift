import FeatureModel

/// The absolute paths of a project's files.
struct StorePaths: Sendable {
    let directory: String
    let registry: String
    /// The offline store's database; `nil` when the offline store is files alone.
    let offlineDatabase: String?
    let online: String

    /// The folder of the saved datasets, beside the registry.
    var savedDatasets: String {
        let folder = self.registry.lastIndex(of: "/").map { self.registry[..<$0] } ?? "."
        return "\(folder)/saved_datasets"
    }

    init(directory: String, configuration: ProjectConfiguration) {
        func absolute(_ path: String) -> String {
            path.hasPrefix("/") ? path : "\(directory)/\(path)"
        }
        self.directory = directory
        self.registry = absolute(configuration.registry)
        switch configuration.offlineStore {
        case .file: self.offlineDatabase = nil
        case .sqlite(let path): self.offlineDatabase = absolute(path)
        }
        switch configuration.onlineStore {
        case .rocksdb(let path): self.online = absolute(path)
        }
    }
}
