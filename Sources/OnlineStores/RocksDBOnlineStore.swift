import FoundationEssentials
import Glibc
package import NativeStorage
import Synchronization

/// The newest row of every key of every view, in one RocksDB database.
///
/// One store of one process owns the directory; `<directory>.lock` names it to others. All calls
/// may be made from any thread. Reads never wait for loads: they see the rows from before a commit
/// or those from after it.
package final class RocksDBOnlineStore: Sendable {
    let database: StoreDatabase
    /// Closed after the database, for stored properties go in this order; `nil` when the store is
    /// only read.
    private let lock: HeldLock?
    let loadDirectory: String
    let loadMemory: Int
    /// The rows that were read last; `nil` when none are to be kept.
    let cache: RowCache?
    let state: Mutex<StoreState>
    /// Held by whoever changes rows or the catalogue, for a moment: pushes wait for it.
    let commits = Mutex<Void>(())
    /// Held by a load while it is committed, from the comparison of its rows on; taken before
    /// ``commits``.
    let merges = Mutex<Void>(())
    /// The last time that a push was given, in microseconds.
    let lastPushTime: Mutex<Int64>
    private let currentVersion: Atomic<UInt64> = Atomic(0)

    /// Opens the store in the folder `directory`; an absent one is created.
    ///
    /// What a killed process left unfinished is cleaned up.
    ///
    /// - Parameters:
    ///   - directory: The folder.
    ///   - project: Whose rows it holds; a store of another project is refused.
    ///   - cacheBytes: The size of the cache for blocks of the database.
    ///   - rowCacheBytes: The size of the cache for single rows in front of it; 0 for none.
    ///   - loadMemory: What one load may hold in memory before it uses files.
    ///   - holderLines: What others should know of this process, such as a server's address.
    ///   - lockWait: How long to wait for another process that has the store.
    /// - Throws: ``OnlineStoreError``: `locked`, with the ``FileLockError`` as its cause, when
    ///   another process has the store.
    package init(
        directory: String,
        project: String,
        cacheBytes: Int = 256 << 20,
        rowCacheBytes: Int = 0,
        loadMemory: Int = 168 << 20,
        holderLines: [String] = [],
        lockWait: LockWait = LockWait()
    ) throws(OnlineStoreError) {
        let directory = withoutFinalSlash(directory)
        self.loadDirectory = directory + ".load"
        self.loadMemory = max(loadMemory, 1)
        self.cache = RowCache(byteCount: rowCacheBytes)
        let parent = URL(filePath: directory).deletingLastPathComponent().path
        try ensureFolder(parent)
        self.lock = HeldLock(try Self.lock(directory, lines: holderLines, wait: lockWait))
        let isNew = !FileManager.default.fileExists(atPath: directory)
        self.database = try StoreDatabase(
            directory: directory,
            loadDirectory: self.loadDirectory,
            cacheBytes: cacheBytes
        )
        // After the opening, which may need what a failed load has left there.
        try emptyDirectory(self.loadDirectory)
        // RocksDB makes its files last, and not its folder.
        if isNew { synchronizeFolder(parent) }
        let catalogue = try Self.catalogue(of: self.database, directory, project: project)
        self.lastPushTime = Mutex(try Self.storedPushTime(self.database))
        let events = try NewestEvents.stored(in: self.database, of: catalogue)
        self.state = Mutex(StoreState(catalogue, newestPushedEvents: events))
        try self.collectGarbage()
    }

    /// Opens the store in the folder `directory` as it is now, to be read: nothing is written
    /// there, and whoever has it open is not disturbed.
    ///
    /// Whoever opens a store in this way neither pushes nor loads nor drops.
    ///
    /// - Parameters:
    ///   - directory: The folder, which is there.
    ///   - project: Whose rows it holds; a store of another project is refused.
    ///   - cacheBytes: The size of the cache for blocks of the database.
    ///   - rowCacheBytes: The size of the cache for single rows in front of it; 0 for none.
    /// - Throws: ``OnlineStoreError``.
    package init(
        reading directory: String,
        project: String,
        cacheBytes: Int = 256 << 20,
        rowCacheBytes: Int = 0
    ) throws(OnlineStoreError) {
        let directory = withoutFinalSlash(directory)
        self.loadDirectory = directory + ".load"
        self.loadMemory = 1
        self.cache = RowCache(byteCount: rowCacheBytes)
        self.lock = nil
        self.database = try StoreDatabase(
            directory: directory,
            loadDirectory: nil,
            cacheBytes: cacheBytes
        )
        let catalogue = try Self.catalogue(of: self.database, directory, project: project)
        self.lastPushTime = Mutex(try Self.storedPushTime(self.database))
        let events = try NewestEvents.stored(in: self.database, of: catalogue)
        self.state = Mutex(StoreState(catalogue, newestPushedEvents: events))
    }

    private static func catalogue(
        of database: StoreDatabase,
        _ directory: String,
        project: String
    ) throws(OnlineStoreError) -> Catalogue {
        let catalogue = try Catalogue(
            bytes: database.value(forKey: Catalogue.key),
            project: project
        )
        guard catalogue.project == project else {
            throw OnlineStoreError(
                .otherProject,
                "the online store at \(directory) belongs to project \(catalogue.project); give "
                    + "project \(project) a path of its own (online_store in feature_store.yaml)"
            )
        }
        return catalogue
    }

    /// Where the lock of a store lies.
    package static func lockPath(forStoreAt directory: String) -> String {
        withoutFinalSlash(directory) + ".lock"
    }

    /// Takes the lock of a store without opening it: nobody opens it until the lock goes.
    ///
    /// - Throws: `locked` when another process has it, naming that.
    package static func lock(
        _ directory: String,
        lines: [String] = [],
        wait: LockWait = LockWait()
    ) throws(OnlineStoreError) -> FileLock {
        do {
            return try FileLock.acquire(
                path: Self.lockPath(forStoreAt: directory),
                holder: .thisProcess(lines: lines),
                wait: wait
            )
        } catch {
            throw OnlineStoreError(error, directory: directory)
        }
    }

    /// Replaces what others learn of this process when they find the store locked.
    package func describeHolder(lines: [String]) throws(OnlineStoreError) {
        do {
            try self.lock?.lock.describe(.thisProcess(lines: lines))
        } catch {
            throw OnlineStoreError(
                .unavailable,
                "the lock cannot be written: \(error)",
                cause: error
            )
        }
    }

    /// Grows with every change of ``views()``; one atomic load, to be asked before every use of
    /// what was made from a ``StoredView``.
    package var version: UInt64 { self.currentVersion.load(ordering: .acquiring) }

    /// All views, by name.
    package func views() -> [StoredView] {
        self.state.withLock { $0.views }.values
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The view of that name, or `nil`.
    package func view(named name: String) -> StoredView? {
        self.state.withLock { $0.views[name] }
    }

    /// The view of that name when its rows may be served for the description, else `nil`.
    ///
    /// They may when identity and join keys are the same, and no field of the description has
    /// another type in any schema of the stored view.
    package func storedView(matching description: OnlineViewDescription) -> StoredView? {
        guard let view = self.view(named: description.name),
            view.isCompatible(with: description)
        else { return nil }
        return view
    }

    /// The bytes that the store takes, about.
    package var approximateSize: Int { self.database.approximateSize }

    /// Tells readers that the views have changed.
    func bumpVersion() {
        self.currentVersion.add(1, ordering: .acquiringAndReleasing)
    }
}

/// A lock that there may be none of.
private final class HeldLock: Sendable {
    let lock: FileLock

    init(_ lock: consuming FileLock) { self.lock = lock }
}

extension OnlineStoreError {
    /// The error for a lock that was not to be had.
    fileprivate init(_ error: FileLockError, directory: String) {
        guard let holder = error.holder else {
            guard error.reason == "it is locked" else {
                self.init(.unavailable, "the online store at \(directory): \(error)", cause: error)
                return
            }
            self.init(
                .locked,
                "the online store at \(directory) is in use by a process that has not said its "
                    + "name yet; try again",
                cause: error
            )
            return
        }
        var message =
            "the online store at \(directory) is in use by process \(holder.processID) "
            + "(\(holder.command))"
        if !holder.lines.isEmpty {
            message += ", " + holder.lines.joined(separator: ", ")
        }
        message += "; wait for it to end, or stop it"
        self.init(.locked, message, cause: error)
    }
}

/// The path as the start of its neighbours' paths.
private func withoutFinalSlash(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") {
        path.removeLast()
    }
    return path
}

/// Makes the folder, unless it is there.
private func ensureFolder(_ path: String) throws(OnlineStoreError) {
    do {
        try makeFolder(path)
    } catch {
        throw OnlineStoreError(.unavailable, error.message, cause: error)
    }
}

/// Makes the folder, or removes the files in it.
private func emptyDirectory(_ path: String) throws(OnlineStoreError) {
    try ensureFolder(path)
    for name in fileNames(in: path) where !removeFile("\(path)/\(name)") {
        let error = FileError(writing: "\(path)/\(name)", errorNumber: errno)
        throw OnlineStoreError(.unavailable, error.message, cause: error)
    }
}
