public import FeatureModel
import NativeStorage
import OnlineStores

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
    ///   - functions: See the other initializers.
    /// - Throws: ``FeatureStoreError`` when there is no snapshot, or it is of a newer format.
    public convenience init(
        snapshot: String,
        directory: String,
        configuration: ProjectConfiguration? = nil,
        functions: [String: OnDemandFunction] = [:]
    ) throws(FeatureStoreError) {
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
            snapshotPath: snapshot
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
        return OnlineReader(store: store, evaluator: self.evaluator)
    }
}
