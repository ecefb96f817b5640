/// What `feature_store.yaml` says: the project's name and where its files lie.
///
/// Paths are as written, relative to the repository's directory unless they are absolute.
public struct ProjectConfiguration: Hashable, Codable, Sendable {
    /// Which engine holds the history that no source names a file for.
    public enum OfflineStore: Hashable, Codable, Sendable {
        /// Files only: every source names its own.
        case file
        /// An SQLite database for sources that name no path.
        case sqlite(path: String)

        /// The file of sources that name no path, as written; `nil` when there is none.
        package var path: String? {
            guard case .sqlite(let path) = self else { return nil }
            return path
        }
    }

    /// Which engine serves the newest rows.
    public enum OnlineStore: Hashable, Codable, Sendable {
        /// RocksDB in a directory of its own.
        case rocksdb(path: String)
    }

    /// Where each change of the project is told.
    public enum AuditLog: Hashable, Codable, Sendable {
        /// In `audit.jsonl` beside the registry.
        case besideRegistry
        /// In a file.
        case file(path: String)
        /// Nowhere.
        case none
    }

    /// The project's name.
    public var project: String
    /// The registry's SQLite file.
    public var registry: String
    /// The offline store.
    public var offlineStore: OfflineStore
    /// The folder of sorted copies of CSV sources, which are made when they are first needed; `nil`
    /// for none.
    public var sourceCache: String?
    /// The online store.
    public var onlineStore: OnlineStore

    /// How many bytes of single rows a process keeps in memory in front of the online store; 0 for
    /// none.
    public var rowCacheBytes: Int

    /// How long rows of views that say nothing of it, rejected rows and answers to pushes are kept,
    /// in microseconds; `nil` for ever.
    public var retentionMicroseconds: Int64?

    /// Folders besides the repository's own in which sources may lie; `nil` for anywhere.
    ///
    /// Definitions that are made in code may name any file; those of YAML files may not.
    public var allowedPaths: [String]?

    /// The audit log.
    public var auditLog: AuditLog

    /// How many bytes of rows are kept unless the configuration says otherwise.
    public static let defaultRowCacheBytes = 256 << 20

    /// A configuration; by default everything lies below `data/`.
    public init(
        project: String,
        registry: String = "data/registry.db",
        offlineStore: OfflineStore = .file,
        sourceCache: String? = nil,
        onlineStore: OnlineStore = .rocksdb(path: "data/online"),
        rowCacheBytes: Int = ProjectConfiguration.defaultRowCacheBytes,
        retentionMicroseconds: Int64? = nil,
        allowedPaths: [String]? = nil,
        auditLog: AuditLog = .besideRegistry
    ) {
        self.project = project
        self.registry = registry
        self.offlineStore = offlineStore
        self.sourceCache = sourceCache
        self.onlineStore = onlineStore
        self.rowCacheBytes = rowCacheBytes
        self.retentionMicroseconds = retentionMicroseconds
        self.allowedPaths = allowedPaths
        self.auditLog = auditLog
    }
}
