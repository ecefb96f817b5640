import FeatureModel
import OfflineStores

// What clients that come over the network are told of the server's files: what the definitions say
// of them, and no folders.

extension FeatureStore {
    /// What a caller is told of an error: one that reaches the server over the network, nothing
    /// about its folders.
    public func message(of error: FeatureStoreError, for caller: Caller) -> String {
        guard caller.isRemote else { return error.message }
        if let partial = error.cause as? PartialMaterialization {
            let failed = partial.report.views.filter { $0.error != nil }.map(\.name)
            return zip(failed, partial.failures).map { name, failure in
                "feature view \"\(name)\" was not loaded and is as it was: "
                    + self.message(of: failure, for: caller)
            }.joined(separator: "\n")
        }
        if let path = (error.cause as? OfflineStoreError)?.missingPath {
            let names = self.sources(at: path).map { " \"\($0)\"" }.joined(separator: " and")
            return "the data source\(names) cannot be read: \(self.withoutFolders(path)) is not "
                + "there"
        }
        return self.withoutFolders(error.message)
    }

    /// A text with paths as the repository writes them: without the folders that it lies in.
    public func withoutFolders(_ text: String) -> String {
        var text = text
        for folder in self.ownFolders {
            text = text.replacing("\(folder)/", with: "")
            // Not a folder whose name only begins so.
            for end in [" ", "\"", ";", ":", ",", "\n"] {
                text = text.replacing("\(folder)\(end)", with: ".\(end)")
            }
            if text.hasSuffix(folder) { text = text.dropLast(folder.count) + "." }
        }
        return text
    }

    /// The names of the sources that lie at a path, which is absolute or as they write it.
    private func sources(at path: String) -> [String] {
        (self.knownDefinitions?.repository.dataSources ?? []).filter { source in
            let written: String? =
                switch source.kind {
                case .csv(let options): options.path
                case .sqlite(let options): options.path ?? self.paths.offlineDatabase
                default: nil
                }
            return written == path || written.map { "\(self.directory)/\($0)" } == path
        }.map(\.name)
    }

    /// The folders of the project, the longest first; never the root.
    private var ownFolders: [String] {
        var folders: Set<String> = [self.directory]
        for path in [self.paths.registry, self.paths.online, self.snapshotPath ?? ""] {
            guard let slash = path.lastIndex(of: "/"), !path.hasPrefix("\(self.directory)/") else {
                continue
            }
            folders.insert(String(path[..<slash]))
        }
        return folders.filter { $0.utf8.count > 1 }
            .sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    }
}
