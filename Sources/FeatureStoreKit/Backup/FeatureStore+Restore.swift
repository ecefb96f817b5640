import FeatureRegistry
import NativeStorage
import OnlineStores
import Synchronization

// A restore has three steps:
//
// 1. The snapshot's files are copied beside the places where they shall be, as `NAME.restoring`,
//    and are compared with the manifest on the way.
// 2. The journal beside the registry, `registry.db.restore`, says that they are whole.
// 3. Each part gets its name; what had it lies aside as `NAME.replaced`. Then the journal goes, and
//    what lies aside.
//
// A process that ends before the second step has changed nothing. One that ends after it has left
// the rest of the third to whoever uses the project next, which does it before anything else.

extension FeatureStore {
    /// Puts a snapshot in the place of the project's files.
    ///
    /// - Parameters:
    ///   - snapshot: The folder of the snapshot, which stays as it is.
    ///   - replacing: Whether files that are there may be replaced.
    /// - Returns: What was restored.
    /// - Throws: ``FeatureStoreError``: `corruptData` when the snapshot is not whole, `conflict`
    ///   when somebody has the online store open, `invalidArgument` when it is another project's or
    ///   files are there that may not be replaced. Nothing has changed then.
    @discardableResult
    public func restore(
        from snapshot: String,
        replacing: Bool = false
    ) throws(FeatureStoreError) -> SnapshotManifest {
        try self.checkWritable("nothing can be restored into it")
        // The audit log lies there, too.
        try inFiles { () throws(FileError) in
            try makeFolder(FileTree.parent(of: self.paths.registry))
        }
        return try self.audited(.restore) { (details) throws(FeatureStoreError) in
            let manifest = try self.putInPlace(snapshot, replacing: replacing)
            details.count("registry_version", manifest.registryVersion)
            return manifest
        }
    }

    private func putInPlace(
        _ snapshot: String,
        replacing: Bool
    ) throws(FeatureStoreError) -> SnapshotManifest {
        let manifest = try SnapshotManifest(ofSnapshotAt: snapshot)
        guard manifest.project == self.configuration.project else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the snapshot \(snapshot) is of the project \"\(manifest.project)\", and "
                    + "this repository is \"\(self.configuration.project)\"; restore it into a "
                    + "folder without feature_store.yaml"
            )
        }
        let problems = SnapshotReport.fileProblems(manifest, at: snapshot)
        guard problems.isEmpty else {
            throw FeatureStoreError(
                code: .corruptData,
                message: "the snapshot is not whole, and nothing was restored:\n"
                    + problems.map { "  \($0)" }.joined(separator: "\n")
            )
        }
        try self.completeRestore()
        guard !self.isOnlineOpen else {
            throw FeatureStoreError(
                code: .conflict,
                message: "this process has the online store open; restore before it is used"
            )
        }
        try inFiles { () throws(FileError) in
            try makeFolder(FileTree.parent(of: self.paths.online))
        }
        // Until the end nobody opens the store.
        let lock = try inOnlineStore { () throws(OnlineStoreError) in
            try RocksDBOnlineStore.lock(self.paths.online)
        }
        let restoring = RestoredFiles(self.paths)
        if !replacing, let path = restoring.firstInTheWay {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path) is there, and would be replaced; --replace allows that, or "
                    + "restore with -c into an empty folder"
            )
        }
        self.pushLog.withLock { $0 = nil }
        try inFiles { () throws(FileError) in
            try restoring.stage(manifest, from: snapshot)
            let hold = try FolderHold(waitingFor: FileTree.parent(of: self.paths.registry))
            try restoring.writeJournal(manifest)
            try restoring.complete()
            _ = hold
        }
        _ = consume lock
        try self.reloadDefinitions()
        return manifest
    }

    /// Ends a restore that another process began to put in place.
    ///
    /// - Complexity: One look at the file system when there is none.
    func completeRestore() throws(FeatureStoreError) {
        guard self.snapshotPath == nil, fileExists(self.paths.restoreJournal) else { return }
        try inFiles { () throws(FileError) in
            let hold = try FolderHold(waitingFor: FileTree.parent(of: self.paths.registry))
            try RestoredFiles(self.paths).complete()
            _ = hold
        }
    }
}

/// The places of a project's files, and what a restore puts there.
struct RestoredFiles {
    private static let newSuffix = ".restoring"
    private static let oldSuffix = ".replaced"
    /// What SQLite has beside a database; it belongs to the one that is replaced.
    private static let logSuffixes = ["-wal", "-shm", "-journal"]
    private static let journalHead = "fstore restore 1\n"

    private let paths: StorePaths

    init(_ paths: StorePaths) { self.paths = paths }

    private func place(of part: SnapshotPart) -> String {
        switch part {
        case .registry: self.paths.registry
        case .pushLog: self.paths.pushLog
        case .online: self.paths.online
        case .savedDatasets: self.paths.savedDatasets
        }
    }

    /// Everything that a snapshot replaces, logs before their databases.
    private var places: [(path: String, part: SnapshotPart?)] {
        var places: [(path: String, part: SnapshotPart?)] = []
        for part in SnapshotPart.allCases {
            let path = self.place(of: part)
            if part == .registry || part == .pushLog {
                for suffix in Self.logSuffixes { places.append((path + suffix, nil)) }
            }
            places.append((path, part))
        }
        return places
    }

    /// A file, or a folder that is not empty, where a part of the snapshot goes.
    var firstInTheWay: String? {
        SnapshotPart.allCases.map { self.place(of: $0) }.first { path in
            guard FileTree.isFolder(path) else { return FileTree.exists(path) }
            return fileNames(in: path).contains { $0 != ".lock" }
        }
    }

    /// What a restore left that ended too early.
    var leftovers: [String] {
        self.places.flatMap { [$0.path + Self.newSuffix, $0.path + Self.oldSuffix] }
            .filter(FileTree.exists)
    }

    // MARK: Steps

    /// Copies the files beside their places.
    func stage(_ manifest: SnapshotManifest, from snapshot: String) throws(FileError) {
        for (path, _) in self.places {
            FileTree.remove(path + Self.newSuffix)
            FileTree.remove(path + Self.oldSuffix)
        }
        for file in manifest.files {
            guard let (part, rest) = Self.split(file.name) else { continue }
            let target = self.place(of: part) + Self.newSuffix + rest
            try makeFolder(FileTree.parent(of: target))
            var hash = ContentHash()
            try FileTree.copy("\(snapshot)/\(file.name)", to: target) { hash.add($0) }
            guard hash.text == file.sha256 else {
                throw FileError(code: .corrupt, message: "\(file.name) changed while it was read")
            }
        }
        for (path, _) in self.places where FileTree.isFolder(path + Self.newSuffix) {
            try FileTree.syncFolders(below: path + Self.newSuffix)
        }
        for (path, _) in self.places {
            let parent = FileTree.parent(of: path)
            if FileTree.isFolder(parent) { try FileTree.syncFolder(parent) }
        }
    }

    /// The part that a file of a snapshot belongs to, and the rest of its path; `nil` for others.
    private static func split(_ name: String) -> (SnapshotPart, String)? {
        for part in SnapshotPart.allCases {
            if name == part.rawValue { return (part, "") }
            if name.hasPrefix(part.rawValue + "/") {
                return (part, String(name.dropFirst(part.rawValue.count)))
            }
        }
        return nil
    }

    /// Says that the new files are whole: from here on the restore is done, as far as anyone sees.
    func writeJournal(_ manifest: SnapshotManifest) throws(FileError) {
        let parts = Set(manifest.files.compactMap { Self.split($0.name)?.0.rawValue })
        let text = Self.journalHead + parts.sorted().map { $0 + "\n" }.joined() + "end\n"
        try FileTree.write(Array(text.utf8), to: self.paths.restoreJournal)
    }

    /// Puts the new files in place; again and again, if need be.
    func complete() throws(FileError) {
        let journal = self.paths.restoreJournal
        guard FileTree.exists(journal) else { return }
        var bytes: [UInt8] = []
        try FileTree.read(journal) { piece in
            for index in piece.indices { bytes.append(piece[index]) }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix(Self.journalHead), text.hasSuffix("end\n") else {
            throw FileError(
                code: .corrupt,
                message: "\(journal), the journal of a restore, is damaged or of a newer fstore; "
                    + "restore the snapshot again after moving it away"
            )
        }
        let parts = Set(text.split(separator: "\n").compactMap { SnapshotPart(rawValue: "\($0)") })
        for (path, part) in self.places {
            let isNew = part.map { parts.contains($0) } ?? false
            // A part that is in place already has no new file any more.
            if isNew, !FileTree.exists(path + Self.newSuffix) { continue }
            if FileTree.exists(path) {
                FileTree.remove(path + Self.oldSuffix)
                try FileTree.rename(path, to: path + Self.oldSuffix)
            }
            if isNew { try FileTree.rename(path + Self.newSuffix, to: path) }
        }
        removeFile(journal)
        try FileTree.syncFolder(FileTree.parent(of: journal))
        for (path, _) in self.places {
            FileTree.remove(path + Self.oldSuffix)
        }
    }
}
