import Glibc
import NativeStorage
import OnlineStores

/// The process that has a project's online store open.
public struct OnlineStoreOwner: Hashable, Sendable {
    /// The process.
    public let processID: Int32
    /// Its command line.
    public let command: String
    /// Where it answers other commands of the repository, when it is a server.
    public let socketPath: String?
    /// The address that it serves, when it is a server.
    public let address: String?
    /// The release of fstore, when it is a server that says it.
    public let program: String?

    init(_ holder: FileLockHolder) {
        func value(_ name: String) -> String? {
            holder.lines.first { $0.hasPrefix(name + " ") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
        self.processID = holder.processID
        self.command = holder.command
        self.socketPath = value("socket")
        self.address = value("serving")
        self.program = value("version")
    }
}

extension FeatureStore {
    /// Who has the online store open; `nil` when nobody has.
    public func onlineStoreOwner() -> OnlineStoreOwner? {
        let path = RocksDBOnlineStore.lockPath(forStoreAt: self.paths.online)
        guard let found = FileLock.holder(ofLockAt: path), found.isAlive else { return nil }
        return OnlineStoreOwner(found.holder)
    }

    /// Opens the online store and tells other processes how to reach this one.
    ///
    /// Who has an address or a socket calls ``refresh()`` a few times a second: reads leave it to
    /// that to write pushed rows whose time has come.
    ///
    /// - Throws: `conflict`, naming the process, when another one has the store open.
    public func openOnlineStore(
        address: String? = nil,
        socketPath: String? = nil,
        program: String? = nil
    ) throws(FeatureStoreError) {
        let online = try self.online()
        if address != nil || socketPath != nil {
            self.waitingRows.isWatched = true
        }
        let lines = [
            address.map { "serving \($0)" }, socketPath.map { "socket \($0)" },
            program.map { "version \($0)" },
        ]
        do {
            try online.store.describeHolder(lines: lines.compactMap { $0 })
        } catch {
            throw FeatureStoreError(error)
        }
        try self.dropUnservedViews(of: online, definitions: try self.snapshot())
    }

    /// Where a server of this project listens for other commands: beside the online store, or, when
    /// that path is too long for a socket, in the directory for temporary files.
    public var commandSocketPath: String {
        let beside = self.paths.online + ".sock"
        guard beside.utf8.count > 100 else { return beside }
        // FNV-1a, so that every process of the repository finds the same name.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in beside.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        return "/tmp/fstore-\(getuid())-\(String(hash, radix: 16)).sock"
    }
}

/// Whether there is something at the path.
func fileExists(_ path: String) -> Bool {
    unsafe access(path, F_OK) == 0
}
