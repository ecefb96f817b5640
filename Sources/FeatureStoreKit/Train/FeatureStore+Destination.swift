import Glibc
import OfflineStores

extension FeatureStore {
    /// Checks before the work begins where a training set is to go.
    ///
    /// - Throws: ``FeatureStoreError``: `invalidArgument` for an ending that names no format, for a
    ///   folder that is not there, for a file or table that a data source reads, and for the
    /// project's own files.
    public func check(_ destination: TrainingSetDestination) throws(FeatureStoreError) {
        guard case .path(let path, let table) = destination, path != "-" else { return }
        let resolved = try destination.resolved()
        do {
            try resolved.check()
        } catch {
            throw FeatureStoreError(error)
        }
        // The log of pushes may not be there yet, and would then be made as something else.
        if FileIdentity.sameName(path, self.paths.pushLog) {
            throw Self.ownedByOthers(path, owner: "the log of pushed rows")
        }
        guard let file = FileIdentity(path) else { return }
        var owner: String?
        if file == FileIdentity(self.paths.registry) {
            owner = "the registry"
        }
        for source in try self.snapshot().repository.dataSources {
            let isRead = self.sources.files(of: source).contains { FileIdentity($0) == file }
            guard isRead else { continue }
            // Another table of a source's database may well hold training sets.
            if case .sqlite(let options) = source.kind, case .table(let read) = options.relation,
                read.lowercased() != table.lowercased()
            {
                continue
            }
            owner = "the data source \"\(source.name)\""
        }
        for name in try self.savedDatasetFolder.names() {
            let folder = self.savedDatasetFolder
            let files = SavedDatasetFolder.fileNames.map { folder.path(of: $0, in: name) }
            if files.contains(where: { FileIdentity($0) == file }) {
                owner = "the saved dataset \"\(name)\""
            }
        }
        if let owner {
            throw Self.ownedByOthers(path, owner: owner)
        }
    }

    private static func ownedByOthers(_ path: String, owner: String) -> FeatureStoreError {
        FeatureStoreError(
            code: .invalidArgument,
            message: "\(path) belongs to \(owner) and would be replaced; name another output"
        )
    }
}

/// Tells whether two paths name one file, whatever links lead to it.
private struct FileIdentity: Equatable {
    private let device: UInt64
    private let inode: UInt64

    /// - Returns: `nil` when there is no such file.
    init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        self.device = UInt64(status.st_dev)
        self.inode = UInt64(status.st_ino)
    }

    /// Whether two paths would name one file, also when it is not there yet.
    static func sameName(_ left: String, _ right: String) -> Bool {
        if let file = FileIdentity(left) { return file == FileIdentity(right) }
        let (one, other) = (self.parts(left), self.parts(right))
        guard one.name == other.name, let folder = FileIdentity(one.folder) else { return false }
        return folder == FileIdentity(other.folder)
    }

    private static func parts(_ path: String) -> (folder: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
        return (String(path[...slash]), path[path.index(after: slash)...])
    }
}
