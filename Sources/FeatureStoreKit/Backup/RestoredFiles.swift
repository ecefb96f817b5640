import FeatureRegistry
import NativeStorage
import OfflineStores
import OnlineStores

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

    /// Where a part is copied to.
    func newPath(of part: SnapshotPart) -> String { self.place(of: part) + Self.newSuffix }

    /// Where the tombstones lie, in the order of ``ForgottenFiles/names``.
    private var tombstonePaths: [String] {
        ForgottenFiles.names.map { "\(self.paths.registryFolder)/\($0)" }
    }

    /// What databases have beside them while they are open before they are in place.
    private var scraps: [String] {
        let online = self.newPath(of: .online)
        return Self.logSuffixes.map { self.newPath(of: .pushLog) + $0 }
            + [RocksDBOnlineStore.lockPath(forStoreAt: online), online + ".load"]
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
        let copies = self.places.flatMap { [$0.path + Self.newSuffix, $0.path + Self.oldSuffix] }
        let tombstones = self.tombstonePaths.flatMap { path in
            [path + Self.newSuffix, path + Self.newSuffix + ".new"]
        }
        return (copies + self.scraps + tombstones).filter(FileTree.exists)
    }

    /// Removes it, unless a journal says that it is to be put in place; for who has the lock of the
    /// online store, which a restore has.
    func removeLeftovers() {
        guard !FileTree.exists(self.paths.restoreJournal) else { return }
        for path in self.leftovers { FileTree.remove(path) }
    }

    // MARK: Steps

    /// Copies the files beside their places.
    func stage(_ manifest: SnapshotManifest, from snapshot: String) throws(FileError) {
        self.removeLeftovers()
        for file in manifest.files {
            guard let (part, rest) = Self.split(file.name) else { continue }
            let target = self.newPath(of: part) + rest
            try makeFolder(FileTree.parent(of: target))
            var hash = ContentHash()
            try FileTree.copy("\(snapshot)/\(file.name)", to: target) { hash.add($0) }
            guard hash.text == file.sha256 else {
                throw FileError(code: .corrupt, message: "\(file.name) changed while it was read")
            }
        }
    }

    /// Writes the tombstones beside their places.
    func write(tombstones files: [[UInt8]]) throws(FileError) {
        for (path, bytes) in zip(self.tombstonePaths, files) {
            try FileTree.write(bytes, to: path + Self.newSuffix)
        }
    }

    /// Removes what databases have left beside the copies, and makes the names of the copies
    /// durable.
    func synchronize() throws(FileError) {
        for path in self.scraps { FileTree.remove(path) }
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
        for path in self.tombstonePaths where FileTree.exists(path + Self.newSuffix) {
            try FileTree.rename(path + Self.newSuffix, to: path)
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
