@_exported import FeatureCompute
@_exported import FeatureModel
@_exported import FeatureRegistry
import NativeStorage
import OfflineStores
import OnlineStores
import Synchronization

/// A feature store: definitions, history, and the newest values, of one project.
///
/// It may be used from any thread. Calls block while they read or write files; those that take long
/// report their progress. Nothing is opened before it is needed: the registry for every call, the
/// online store for those that load or read it. One process at a time has the online store open.
///
/// ```swift
/// let files = try LoadedRepository(directory: "feature_repo")
/// let store = FeatureStore(files)
/// try store.apply(store.plan(files))
/// try store.materialize()
/// ```
public final class FeatureStore: Sendable {
    /// Where the project lies and what its configuration says.
    public let configuration: ProjectConfiguration
    /// The absolute path of the repository's directory.
    public let directory: String

    let paths: StorePaths
    let registry: Registry
    /// Whose rows do not count, and must not be kept.
    let forgotten: ForgottenEntities
    let now: @Sendable () -> Timestamp
    let sources: SourceReader
    let functions: [String: OnDemandFunction]
    let evaluator = OnDemandEvaluator()
    /// Takes sentences for people about what happens beside a call.
    let notes: @Sendable (String) -> Void
    private let loadMemory: Int
    private let lockTimeout: Duration
    private let definitions: Mutex<DefinitionSnapshot?> = Mutex(nil)
    private let reloading = Mutex<Void>(())
    private let definitionsCount = Atomic<UInt64>(0)
    private let openedOnline: Mutex<OnlineReader?> = Mutex(nil)
    /// One load at a time: the second one waits.
    let loads = Mutex<Void>(())
    /// Held for a push that is remembered, so that such pushes have one order in all stores.
    let pushLog: Mutex<PushLog?> = Mutex(nil)
    /// The snapshot that is read; `nil` for a project's own files.
    let snapshotPath: String?
    /// What the snapshot's online rows are known to have been forgotten by; `nil` as long as nobody
    /// has looked.
    let hiddenRows: Mutex<[FileStamp?]?> = Mutex(nil)
    /// Which pushed rows are not in the online store yet.
    let waitingRows = WaitingRows()
    /// What was done since the store was made.
    let activity = Mutex(StoreActivity())

    /// A store for a repository that was read from files.
    ///
    /// - Parameters:
    ///   - files: The repository.
    ///   - loadMemory: What one load may hold in memory, in bytes; the rest waits in files.
    ///   - functions: What computes the on-demand features that are defined by a `function`, by
    ///     its name.
    ///   - lockTimeout: How long to wait for another process that has the online store open.
    ///   - notes: Called, on any thread, with a sentence about each cache of a source that is made,
    ///     read, or cannot be made, about whom the store waits for, and about each line that the
    ///     audit log lacks.
    public convenience init(
        _ files: LoadedRepository,
        loadMemory: Int = 168 << 20,
        functions: [String: OnDemandFunction] = [:],
        lockTimeout: Duration = .zero,
        notes: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.init(
            directory: files.directory,
            configuration: files.configuration,
            loadMemory: loadMemory,
            functions: functions,
            lockTimeout: lockTimeout,
            notes: notes
        )
    }

    /// A store for definitions that are made in code.
    ///
    /// - Parameters:
    ///   - directory: What relative paths of the configuration and of the sources are relative to.
    ///   - configuration: The project.
    ///   - loadMemory: What one load may hold in memory, in bytes; the rest waits in files.
    ///   - functions: What computes the on-demand features that are defined by a `function`, by
    ///     its name.
    ///   - snapshotPath: The snapshot that the configuration leads into; `nil` for none. See
    ///     ``init(snapshot:directory:configuration:live:functions:)``.
    ///   - live: The configuration of the project beside that snapshot, whose forgotten entities
    ///     count for it, too; `nil` for none.
    ///   - lockTimeout: How long to wait for another process that has the online store open.
    ///   - notes: Called, on any thread, with a sentence about each cache of a source that is made,
    ///     read, or cannot be made, about whom the store waits for, and about each line that the
    ///     audit log lacks.
    ///   - now: The clock; ttl and the end of loads go by it.
    public init(
        directory: String,
        configuration: ProjectConfiguration,
        loadMemory: Int = 168 << 20,
        functions: [String: OnDemandFunction] = [:],
        snapshotPath: String? = nil,
        live: ProjectConfiguration? = nil,
        lockTimeout: Duration = .zero,
        notes: @escaping @Sendable (String) -> Void = { _ in },
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.snapshotPath = snapshotPath
        self.directory = directory
        self.configuration = configuration
        self.loadMemory = loadMemory
        self.lockTimeout = lockTimeout
        self.functions = functions
        self.now = now
        self.notes = notes
        self.paths = StorePaths(directory: directory, configuration: configuration)
        self.registry = Registry(
            path: self.paths.registry,
            patience: max(lockTimeout, .seconds(5))
        )
        self.forgotten = ForgottenEntities(
            folder: self.paths.registryFolder,
            besides: live.map {
                [StorePaths(directory: directory, configuration: $0).registryFolder]
            } ?? [],
            isReadOnly: snapshotPath != nil
        )
        self.sources = SourceReader(
            root: directory,
            allowedPaths: configuration.allowedPaths.map {
                AllowedPaths(repository: directory, others: $0)
            },
            offlineDatabasePath: self.paths.offlineDatabase,
            pushLogPath: self.paths.pushLog,
            cache: self.paths.sourceCache.map { folder in
                SourceCache(folder: folder) { notes($0.description) }
            },
            forgotten: self.forgotten
        )
    }

    // MARK: Inner workings

    /// The definitions that calls go by: those of the registry at the first use or the last
    /// ``refresh()``.
    func snapshot() throws(FeatureStoreError) -> DefinitionSnapshot {
        if let known = self.knownDefinitions { return known }
        return try self.reloadDefinitions()
    }

    /// The definitions that were read before, if any were.
    var knownDefinitions: DefinitionSnapshot? { self.definitions.withLock { $0 } }

    /// Grows with every change of the definitions that calls go by.
    var definitionsNumber: UInt64 { self.definitionsCount.load(ordering: .sequentiallyConsistent) }

    /// Whether the definitions of that state are those that calls go by.
    func isInForce(_ state: RegistryState) -> Bool {
        self.definitions.withLock { $0?.state == state }
    }

    @discardableResult
    func reloadDefinitions() throws(FeatureStoreError) -> DefinitionSnapshot {
        // One at a time, so that who has read an older state does not come after.
        try self.reloading.withLock { _ throws(FeatureStoreError) in
            try self.reloadDefinitionsAlone()
        }
    }

    private func reloadDefinitionsAlone() throws(FeatureStoreError) -> DefinitionSnapshot {
        try self.completeRestore()
        let snapshot: RegistrySnapshot
        do {
            snapshot = try self.registry.snapshot()
        } catch {
            throw FeatureStoreError(error)
        }
        let definitions = DefinitionSnapshot(
            snapshot,
            project: self.configuration.project,
            functions: self.functions
        )
        self.definitions.withLock { known in
            let isNew = known?.state != definitions.state
            known = definitions
            if isNew { self.definitionsCount.add(1, ordering: .sequentiallyConsistent) }
        }
        return definitions
    }

    /// Takes over what another store has read of the same registry.
    package func learnDefinitions(from other: FeatureStore) {
        self.registry.learn(from: other.registry)
    }

    /// The definitions, where nothing works without any.
    func appliedSnapshot() throws(FeatureStoreError) -> DefinitionSnapshot {
        let snapshot = try self.snapshot()
        guard snapshot.version > 0 else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "nothing was applied to the registry \(self.paths.registry) yet; "
                    + "run `fstore apply`"
            )
        }
        return snapshot
    }

    /// The online store; opened at the first use, which completes pushes that were left half done.
    ///
    /// - Parameter waits: Whether to wait for another process that has it, as long as that may
    ///   last.
    /// - Returns: The store.
    /// - Throws: ``FeatureStoreError``; `conflict` when another process has it.
    func online(waits: Bool = true) throws(FeatureStoreError) -> OnlineReader {
        try self.openedOnline.withLock { (opened) throws(FeatureStoreError) in
            if let opened { return opened }
            if let snapshot = self.snapshotPath {
                let reader = try self.onlineReader(ofSnapshotAt: snapshot)
                opened = reader
                return reader
            }
            try self.completeRestore()
            let store: RocksDBOnlineStore
            do throws(OnlineStoreError) {
                store = try RocksDBOnlineStore(
                    directory: self.paths.online,
                    project: self.configuration.project,
                    rowCacheBytes: self.configuration.rowCacheBytes,
                    loadMemory: self.loadMemory,
                    lockWait: waits ? self.lockWait() : LockWait()
                )
            } catch {
                throw FeatureStoreError(error)
            }
            SnapshotArea(path: self.paths.snapshotArea).removeLeftovers()
            RestoredFiles(self.paths).removeLeftovers()
            try self.recoverPushes(into: store)
            let reader = OnlineReader(store: store, evaluator: self.evaluator)
            opened = reader
            return reader
        }
    }

    /// Waits for who has the online store, and says so once; not for a server, which is there to be
    /// asked.
    private func lockWait() -> LockWait {
        let told = LastHolder()
        return LockWait(timeout: self.lockTimeout) { [notes, lockTimeout] holder in
            guard OnlineStoreOwner(holder).socketPath == nil else { return false }
            if lockTimeout > .zero, told.isNew(holder.processID) {
                notes("waiting for process \(holder), which has the online store open")
            }
            return true
        }
    }

    /// Whether definitions are known and the online store is open, so that reads can be answered.
    public var isReady: Bool { self.definitions.withLock { $0 != nil } && self.isOnlineOpen }

    /// Whether this store has the online store open.
    var isOnlineOpen: Bool { self.openedStore != nil }

    /// The online store, when it was opened.
    var openedStore: RocksDBOnlineStore? { self.openedOnline.withLock { $0?.store } }
}

/// Which process was waited for last.
private final class LastHolder: Sendable {
    private let processID: Atomic<Int32> = Atomic(0)

    /// Takes note of a process; whether it is another one than before.
    func isNew(_ processID: Int32) -> Bool {
        self.processID.exchange(processID, ordering: .relaxed) != processID
    }
}
