public import FeatureModel
import Foundation

/// What a snapshot holds: its file `manifest.json`.
public struct SnapshotManifest: Codable, Hashable, Sendable {
    /// One file.
    public struct File: Codable, Hashable, Sendable {
        /// The path in the snapshot.
        public let name: String
        /// Its bytes.
        public let size: Int
        /// The SHA-256 of its bytes, in hexadecimal.
        public let sha256: String
    }

    /// The last load of a view that is in the snapshot.
    public struct Load: Codable, Hashable, Sendable {
        /// The view, or a generation such as `view@v1`.
        public let view: String
        /// When the load was done.
        public let finishedAt: Timestamp
        /// The last event time that it asked for.
        public let loadedUpTo: Timestamp
        /// The newest event time that it read.
        public let newestEventTime: Timestamp?
    }

    /// The format of snapshots that this release writes; those of format 1 have no tombstones of
    /// what was forgotten.
    static let newestFormat = 2
    /// The name of the file.
    static let fileName = "manifest.json"

    /// The version of this format.
    public let format: Int
    /// The release of fstore that took the snapshot.
    public let program: String
    /// The project.
    public let project: String
    /// When the snapshot was taken.
    public let created: Timestamp
    /// The registry's version; 0 when nothing was applied yet.
    public let registryVersion: Int
    /// When the last push came that is remembered.
    public let lastPush: Timestamp?
    /// The last load of each view that has one, by name.
    public let loads: [Load]
    /// All other files, by path.
    public let files: [File]

    /// The bytes of all files.
    public var size: Int { self.files.reduce(0) { $0 + $1.size } }

    /// The bytes of the file.
    func text() throws(FeatureStoreError) -> [UInt8] {
        SealedJSON.sealed(try ReportJSON.encode(self, isIndented: true) + [UInt8(ascii: "\n")])
    }

    /// Reads the manifest of the snapshot in a folder.
    ///
    /// - Throws: ``FeatureStoreError``: `invalidArgument` when there is none, `corruptData` when
    ///   it is not what was written, or of a newer format.
    public init(ofSnapshotAt folder: String) throws(FeatureStoreError) {
        struct Format: Decodable {
            let format: Int
        }
        let path = "\(folder)/\(Self.fileName)"
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(folder) is no snapshot: there is no readable \(Self.fileName) in it; "
                    + "take one with `fstore snapshot DIR`"
            )
        }
        let bytes = Array(data)
        if let format = try? (ReportJSON.decode(bytes) as Format).format,
            format > Self.newestFormat
        {
            throw FeatureStoreError(
                code: .corruptData,
                message: "the snapshot \(folder) has the format \(format), and this fstore knows "
                    + "formats up to \(Self.newestFormat); use a newer fstore"
            )
        }
        guard let json = SealedJSON.unsealed(bytes),
            let manifest = try? (ReportJSON.decode(json) as SnapshotManifest)
        else {
            throw FeatureStoreError(
                code: .corruptData,
                message: "\(path) is not what was written; take another snapshot, or get a copy "
                    + "of this one from elsewhere"
            )
        }
        self = manifest
    }

    init(_ staged: StagedSnapshot, program: String, files: [File]) {
        self.format = Self.newestFormat
        self.program = program
        self.project = staged.project
        self.created = staged.created
        self.registryVersion = staged.registryVersion
        self.lastPush = staged.lastPush
        self.loads = staged.loads
        self.files = files
    }
}

/// Where the parts of a project lie in a snapshot.
///
/// A configuration with these paths finds them all. Beside them lie the ``ForgottenFiles``, which a
/// restore adds to those of the project.
enum SnapshotPart: String, CaseIterable, Codable {
    case registry = "registry.db"
    case pushLog = "pushed.db"
    case online
    case savedDatasets = "saved_datasets"

    /// The configuration's file, which is read by people and by `fstore restore`.
    static let configuration = "feature_store.yaml"
}
