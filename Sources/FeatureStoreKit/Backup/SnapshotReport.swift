import FeatureRegistry
import NativeStorage
import OfflineStores
import OnlineStores

/// Whether a snapshot is whole.
public struct SnapshotReport: Codable, Hashable, Sendable {
    /// The folder.
    public let snapshot: String
    /// What the snapshot says of itself; `nil` when that cannot be read.
    public private(set) var manifest: SnapshotManifest?
    /// Online rows that were read, with their keys and checksums.
    public private(set) var onlineRows = 0
    /// Pushes that were read.
    public private(set) var pushes = 0
    /// Their rows that are kept.
    public private(set) var pushedRows = 0
    /// Saved datasets whose files were read.
    public private(set) var savedDatasets = 0
    /// What is wrong, one sentence each; nothing when the snapshot is whole.
    public private(set) var problems: [String] = []

    /// Whether nothing is wrong.
    public var isWhole: Bool { self.problems.isEmpty }

    /// Looks at everything in a snapshot: the manifest, the hash of each file, whether files are
    /// missing or too many; then, when all bytes are those that were written, at what they mean:
    /// all versions of the registry, all pushes, all online rows, all saved datasets.
    ///
    /// Nothing is written.
    ///
    /// - Parameter snapshot: The folder.
    /// - Complexity: Reads every byte twice.
    public init(ofSnapshotAt snapshot: String) {
        self.snapshot = snapshot
        do throws(FeatureStoreError) {
            let manifest = try SnapshotManifest(ofSnapshotAt: snapshot)
            self.manifest = manifest
            self.problems = Self.fileProblems(manifest, at: snapshot)
            guard self.problems.isEmpty else { return }
            let store = try FeatureStore(snapshot: snapshot, directory: snapshot)
            self.checkRegistry(store, manifest)
            _ = try store.forgettingLease()
            try self.checkPushes(store)
            try self.checkRows(store)
            try self.checkDatasets(store)
        } catch {
            self.problems.append(error.message)
        }
    }

    /// What is wrong with the files of a snapshot, by their names, sizes and hashes.
    static func fileProblems(_ manifest: SnapshotManifest, at snapshot: String) -> [String] {
        var problems: [String] = []
        var known: Set<String> = [SnapshotManifest.fileName]
        for file in manifest.files {
            known.insert(file.name)
            var hash = ContentHash()
            do throws(FileError) {
                let size = try FileTree.read("\(snapshot)/\(file.name)") { hash.add($0) }
                if size != file.size || hash.text != file.sha256 {
                    problems.append("\(snapshot)/\(file.name) is not what was written")
                }
            } catch {
                problems.append(error.message)
            }
        }
        do throws(FileError) {
            for name in try FileTree.files(in: snapshot) where !known.contains(name) {
                problems.append("\(snapshot)/\(name) does not belong to the snapshot")
            }
        } catch {
            problems.append(error.message)
        }
        return problems
    }

    private mutating func checkRegistry(_ store: FeatureStore, _ manifest: SnapshotManifest) {
        self.problems += store.registry.problems()
        let version = try? store.registry.currentVersion()
        if self.problems.isEmpty, version != manifest.registryVersion {
            self.problems.append(
                "the registry is at version \(version ?? 0), and the manifest says "
                    + "\(manifest.registryVersion)"
            )
        }
    }

    private mutating func checkPushes(_ store: FeatureStore) throws(FeatureStoreError) {
        guard fileExists(store.paths.pushLog) else { return }
        let check = try store.withPushLog { (log) throws(FeatureStoreError) in
            try inOfflineStore { () throws(OfflineStoreError) in try log.check() }
        }
        self.pushes = check.pushes
        self.pushedRows = check.rows
        self.problems += check.problems
    }

    private mutating func checkRows(_ store: FeatureStore) throws(FeatureStoreError) {
        guard fileExists(store.paths.online) else { return }
        let online = try store.online()
        let check = try inOnlineStore { () throws(OnlineStoreError) in
            try online.store.checkRows()
        }
        self.onlineRows = check.rows
        if let problem = check.firstProblem {
            self.problems.append(
                "\(countedNoun(check.damaged, "online row")) cannot be used: \(problem.message)"
            )
        }
    }

    private mutating func checkDatasets(_ store: FeatureStore) throws(FeatureStoreError) {
        for dataset in try store.savedDatasets() {
            for file in [dataset.trainingSet, dataset.entityRows.file] {
                _ = try store.savedDatasetFolder.checkedBytes(of: file, in: dataset.name)
            }
            self.savedDatasets += 1
        }
    }
}
