public import FeatureModel
import Glibc
import NativeStorage
import OfflineStores
import OnlineStores

/// A snapshot that lies beside the store, until it is taken to where it shall be.
public struct StagedSnapshot: Codable, Sendable {
    /// The folder, which is removed when nobody takes it in time.
    public let folder: String
    /// The project.
    public let project: String
    /// When it was taken.
    public let created: Timestamp
    /// The registry's version.
    public let registryVersion: Int
    /// When the last push came that is remembered.
    public let lastPush: Timestamp?
    /// The last load of each view that has one.
    public let loads: [SnapshotManifest.Load]
}

/// The folder beside the online store where snapshots are made.
struct SnapshotArea {
    /// How long a snapshot waits for somebody who takes it.
    private static let patienceSeconds = 60

    let path: String

    /// Makes a folder for a snapshot.
    func makeFolder() throws(FileError) -> (path: String, hold: FolderHold) {
        try NativeStorage.makeFolder(self.path)
        FolderHold.removeLeftovers(in: self.path, olderThan: Self.patienceSeconds)
        let folder = "\(self.path)/\(getpid())-\(UInt32.random(in: .min ... .max))"
        return (folder, try FolderHold.make(folder))
    }

    /// What nobody took in time, and how many bytes it has.
    func leftovers() -> [(path: String, bytes: Int)] {
        FolderHold.leftovers(in: self.path, olderThan: Self.patienceSeconds).map { folder in
            let files = (try? FileTree.files(in: folder)) ?? []
            let bytes = files.reduce(0) { $0 + (FileStamp(path: "\(folder)/\($1)")?.size ?? 0) }
            return (folder, bytes)
        }
    }

    /// Removes what nobody took, however young it is; called by whoever opens the online store.
    func removeLeftovers() {
        FolderHold.removeLeftovers(in: self.path)
        removeEmptyFolder(self.path)
    }
}

extension FeatureStore {
    /// Takes a snapshot of the whole state into a folder of its own beside the online store, while
    /// loads, pushes and reads go on.
    ///
    /// A push, a load and a forgetting are in it as a whole, in all stores that they are meant for,
    /// or not at all. ``StagedSnapshot/publish(to:program:)`` takes it to where it shall be.
    ///
    /// - Returns: What the snapshot holds, and where.
    /// - Throws: ``FeatureStoreError``: `conflict` when another process has the online store open,
    ///   `unavailable` when a file fails. Nothing is left then.
    public func stageSnapshot() throws(FeatureStoreError) -> StagedSnapshot {
        try self.checkWritable("a snapshot is a copy already: copy its folder")
        return try self.audited(.snapshot) { (details) throws(FeatureStoreError) in
            let staged = try self.stageWholeState()
            details.count("registry_version", staged.registryVersion)
            return staged
        }
    }

    private func stageWholeState() throws(FeatureStoreError) -> StagedSnapshot {
        let isThere = self.isOnlineOpen || fileExists(self.paths.online)
        let store = isThere ? try self.online().store : nil
        // A forgetting is in it as a whole or not at all.
        let turn = try inOfflineStore { () throws(OfflineStoreError) in
            try self.forgotten.turn()
        }
        let area = try inFiles { () throws(FileError) in
            try SnapshotArea(path: self.paths.snapshotArea).makeFolder()
        }
        do throws(FeatureStoreError) {
            let staged = try self.stage(store, into: area.path)
            try inOfflineStore { () throws(OfflineStoreError) in
                try self.forgotten.copy(to: area.path, turn)
            }
            _ = area.hold
            return staged
        } catch {
            FileTree.remove(area.path)
            throw error
        }
    }

    /// The order makes the set one: no push is between the two stores while both are looked at, and
    /// the registry is last, whose newer definitions drop older rows and never the other way round.
    private func stage(
        _ store: RocksDBOnlineStore?,
        into folder: String
    ) throws(FeatureStoreError) -> StagedSnapshot {
        func path(_ part: SnapshotPart) -> String { "\(folder)/\(part.rawValue)" }
        let created = self.now()
        try inOnlineStore { () throws(OnlineStoreError) in try store?.flush() }
        var pushLog: PushLog.Copying?
        if fileExists(self.paths.pushLog) {
            let definitions = try self.snapshot()
            try self.withPushLog { (log) throws(FeatureStoreError) in
                if let store, definitions.version > 0 {
                    try self.finishPending(in: log, store: store, definitions: definitions)
                }
                try inOnlineStore { () throws(OnlineStoreError) in
                    try store?.checkpoint(to: path(.online))
                }
                pushLog = try inOfflineStore { () throws(OfflineStoreError) in
                    try PushLog.Copying(path: self.paths.pushLog)
                }
            }
        } else {
            try inOnlineStore { () throws(OnlineStoreError) in
                try store?.checkpoint(to: path(.online))
            }
        }
        var lastPush: Timestamp?
        if let pushLog {
            lastPush = try inOfflineStore { () throws(OfflineStoreError) in
                try pushLog.copy(to: path(.pushLog))
                return try PushLog(reading: path(.pushLog), project: self.configuration.project)
                    .summary().lastPush
            }
        }
        let applied: RegistrySnapshot?
        do {
            applied = try self.registry.copy(to: path(.registry))
        } catch {
            throw FeatureStoreError(error)
        }
        try self.savedDatasetFolder.link(to: path(.savedDatasets))
        try inFiles { () throws(FileError) in
            let configuration = "\(self.directory)/\(SnapshotPart.configuration)"
            guard FileTree.exists(configuration) else { return }
            try FileTree.copy(configuration, to: "\(folder)/\(SnapshotPart.configuration)")
        }
        return StagedSnapshot(
            folder: folder,
            project: self.configuration.project,
            created: created,
            registryVersion: applied?.version ?? 0,
            lastPush: lastPush,
            loads: store == nil ? [] : try self.loads(ofStoreAt: path(.online))
        )
    }

    /// The last loads that a copy of the online store has.
    private func loads(
        ofStoreAt path: String
    ) throws(FeatureStoreError) -> [SnapshotManifest.Load] {
        try inOnlineStore { () throws(OnlineStoreError) in
            try RocksDBOnlineStore(
                reading: path,
                project: self.configuration.project,
                cacheBytes: 1 << 20
            )
            .views()
        }
        .compactMap { view in
            view.loadRecord.map { record in
                SnapshotManifest.Load(
                    view: view.name,
                    finishedAt: record.finishedAt,
                    loadedUpTo: record.windowEnd,
                    newestEventTime: record.newestEventTime
                )
            }
        }
    }
}

/// Does something with files, and passes an error on as one of this layer.
func inFiles<Result>(
    _ body: () throws(FileError) -> Result
) throws(FeatureStoreError) -> Result {
    do {
        return try body()
    } catch {
        throw FeatureStoreError(code: .unavailable, message: error.message, cause: error)
    }
}

/// Does something with an online store, and passes an error on as one of this layer.
func inOnlineStore<Result: ~Copyable>(
    _ body: () throws(OnlineStoreError) -> Result
) throws(FeatureStoreError) -> Result {
    do { return try body() } catch { throw FeatureStoreError(error) }
}
