public import FeatureModel
import NativeStorage
import OfflineStores
import OnlineStores
import Synchronization

extension FeatureStore {
    /// A store that reads a snapshot as it lies there, beside whoever uses the project's own files.
    ///
    /// Nothing is written into the snapshot: pushes, loads and applies are refused. Ages go by the
    /// clock, as everywhere; pushed rows that were waiting for their time go on waiting.
    ///
    /// - Parameters:
    ///   - snapshot: The folder of the snapshot.
    ///   - directory: What relative paths of sources are relative to.
    ///   - configuration: What the configuration says that the snapshot was taken of; `nil` for
    ///     its defaults.
    ///   - live: The configuration of the project in `directory`: what it has forgotten does not
    ///     count in the snapshot either, when it is the same project's; `nil` for none.
    ///   - functions: See the other initializers.
    /// - Throws: ``FeatureStoreError`` when there is no snapshot, or it is of a newer format.
    public convenience init(
        snapshot: String,
        directory: String,
        configuration: ProjectConfiguration? = nil,
        live: ProjectConfiguration? = nil,
        functions: [String: OnDemandFunction] = [:]
    ) throws(FeatureStoreError) {
        // Not relative to the directory, as sources are.
        let snapshot = FileTree.absolute(snapshot)
        let manifest = try SnapshotManifest(ofSnapshotAt: snapshot)
        var place = configuration ?? ProjectConfiguration(project: manifest.project)
        place.project = manifest.project
        place.registry = "\(snapshot)/\(SnapshotPart.registry.rawValue)"
        place.onlineStore = .rocksdb(path: "\(snapshot)/\(SnapshotPart.online.rawValue)")
        // What would be written beside the sources is not.
        place.sourceCache = nil
        place.auditLog = .none
        self.init(
            directory: directory,
            configuration: place,
            functions: functions,
            snapshotPath: snapshot,
            live: live.flatMap { $0.project == manifest.project ? $0 : nil }
        )
    }

    /// Refuses what would change a snapshot.
    ///
    /// - Parameter reason: What cannot be done: `rows cannot be pushed`.
    /// - Throws: `readOnly` for a snapshot.
    func checkWritable(_ reason: String) throws(FeatureStoreError) {
        guard let snapshot = self.snapshotPath else { return }
        throw FeatureStoreError(
            code: .readOnly,
            message: "this is the snapshot \(snapshot), which nobody changes: \(reason); do it to "
                + "the project itself, or restore the snapshot first"
        )
    }

    /// The online rows of a snapshot.
    func onlineReader(
        ofSnapshotAt snapshot: String
    ) throws(FeatureStoreError) -> OnlineReader {
        guard fileExists(self.paths.online) else {
            throw FeatureStoreError(
                code: .unavailable,
                message: "the snapshot \(snapshot) has no online rows: nothing had been loaded or "
                    + "pushed when it was taken"
            )
        }
        let store = try inOnlineStore { () throws(OnlineStoreError) in
            try RocksDBOnlineStore(
                reading: self.paths.online,
                project: self.configuration.project,
                rowCacheBytes: self.configuration.rowCacheBytes
            )
        }
        try self.hideForgottenRows(of: store)
        return OnlineReader(store: store, evaluator: self.evaluator)
    }

    /// Has a snapshot's online rows not found that were forgotten, there or in the project beside
    /// it.
    ///
    /// - Complexity: A look at the file system, unless somebody has forgotten something since the
    ///   last time; then O(rows of the store).
    func hideForgottenRows(of store: RocksDBOnlineStore) throws(FeatureStoreError) {
        let state = self.forgotten.state
        try self.hiddenRows.withLock { (known) throws(FeatureStoreError) in
            guard known != state else { return }
            let tombstones = try inOfflineStore { () throws(OfflineStoreError) in
                try self.forgotten.outstandingTombstones()
            }
            if !tombstones.isEmpty {
                let ids = ForgottenIDs(tombstones, try self.joinKeyPlaces())
                try inOnlineStore { () throws(OnlineStoreError) in
                    try store.hideRows { joinKey, id, moment in
                        ids.limit(ofJoinKey: joinKey, id).map { moment <= $0 } ?? false
                    }
                }
            }
            known = state
        }
    }
}
