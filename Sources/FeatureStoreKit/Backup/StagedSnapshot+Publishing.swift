import FeatureRegistry
import Glibc
import NativeStorage

extension StagedSnapshot {
    /// Takes the snapshot to a folder, with its manifest, and removes what lies beside the store.
    ///
    /// The bytes are copied, so that the snapshot shares nothing with the store that it was taken
    /// of: not its disk's faults either. The folder is there as a whole or not at all.
    ///
    /// - Parameters:
    ///   - directory: The folder: there is none, or an empty one.
    ///   - program: The release of fstore.
    /// - Returns: The manifest.
    /// - Throws: ``FeatureStoreError``: `invalidArgument` when something is in the folder,
    ///   `unavailable` when it cannot be written or the snapshot has gone. There is no folder then.
    @discardableResult
    public func publish(
        to directory: String,
        program: String
    ) throws(FeatureStoreError) -> SnapshotManifest {
        guard let hold = FolderHold(free: self.folder) else {
            throw FeatureStoreError(
                code: .unavailable,
                message: "the snapshot in \(self.folder) is gone; take another"
            )
        }
        defer {
            FileTree.remove(self.folder)
            removeEmptyFolder(FileTree.parent(of: self.folder))
            _ = hold
        }
        let target = try SnapshotTarget(directory)
        let hidden = try target.makeHidden()
        do {
            let files = try inFiles { () throws(FileError) in try self.copyFiles(to: hidden.path) }
            let manifest = SnapshotManifest(self, program: program, files: files)
            let text = try manifest.text()
            try inFiles { () throws(FileError) in
                try FileTree.write(text, to: "\(hidden.path)/\(SnapshotManifest.fileName)")
                try FileTree.syncFolders(below: hidden.path)
                try FileTree.rename(hidden.path, to: target.path)
            }
            return manifest
        } catch {
            FileTree.remove(hidden.path)
            throw error
        }
    }

    private func copyFiles(
        to target: String
    ) throws(FileError) -> [SnapshotManifest.File] {
        var files: [SnapshotManifest.File] = []
        for name in try FileTree.files(in: self.folder) {
            try makeFolder(FileTree.parent(of: "\(target)/\(name)"))
            var hash = ContentHash()
            let size = try FileTree.copy("\(self.folder)/\(name)", to: "\(target)/\(name)") {
                hash.add($0)
            }
            files.append(SnapshotManifest.File(name: name, size: size, sha256: hash.text))
        }
        return files
    }
}

/// Where a snapshot shall be.
public struct SnapshotTarget: Sendable {
    /// The absolute path.
    let path: String

    /// A folder that may become a snapshot.
    ///
    /// - Throws: `invalidArgument` when something is there.
    public init(_ directory: String) throws(FeatureStoreError) {
        var path = directory
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let name = path.split(separator: "/").last ?? ""
        guard !name.isEmpty, name != ".", name != ".." else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\"\(directory)\" is no name for a snapshot; name a new folder"
            )
        }
        path = FileTree.absolute(path)
        self.path = path
        guard FileTree.exists(path) else { return }
        guard FileTree.isFolder(path), fileNames(in: path).isEmpty else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path) is there already, and is no empty folder; name a new folder for "
                    + "the snapshot"
            )
        }
    }

    /// Makes the folder that gets the path when it is whole, beside it.
    fileprivate func makeHidden() throws(FeatureStoreError) -> (path: String, hold: FolderHold) {
        let parent = FileTree.parent(of: self.path)
        let name = self.path.split(separator: "/").last ?? ""
        return try inFiles { () throws(FileError) in
            try makeFolder(parent)
            FolderHold.removeLeftovers(in: parent, prefix: ".\(name).fstore-")
            let hidden = "\(parent)/.\(name).fstore-\(getpid())"
            return (hidden, try FolderHold.make(hidden))
        }
    }
}
