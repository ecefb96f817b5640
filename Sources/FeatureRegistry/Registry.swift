package import FeatureModel
import Foundation
import Glibc
import NativeStorage
import Synchronization

/// What was applied to a project, by version, in one SQLite file.
///
/// Every call opens the file anew and sees the newest state, whichever process made it; a file that
/// does not exist is a registry of version 0, and only an apply makes it. ``RegistryTables`` draws
/// the file. Calls block while another process writes, by default for at most five seconds.
package final class Registry: Sendable {
    /// The file's path.
    package let path: String
    /// What was read last: decoding it is most of the work of a command, and a command reads the
    /// same definitions several times.
    private let lastDecoded: Mutex<DecodedRows?> = Mutex(nil)

    private let patience: Duration

    /// A registry in that file; nothing is opened yet.
    package init(path: String, patience: Duration = .seconds(5)) {
        self.path = path
        self.patience = patience
    }

    // MARK: Reading

    /// The newest version's number; 0 when nothing was applied yet.
    ///
    /// - Complexity: One look-up, however many objects there are; cheap enough to poll.
    package func currentVersion() throws(RegistryError) -> Int {
        guard let tables = try self.openForReading() else { return 0 }
        return Int(try self.mapped { () throws(SQLiteError) in try tables.newestVersion() })
    }

    /// Which state the registry is in: equal as long as nothing was applied and nobody replaced the
    /// file.
    ///
    /// - Complexity: See ``currentVersion()``.
    package func currentState() throws(RegistryError) -> RegistryState {
        guard let tables = try self.openForReading(),
            let newest = try self.mapped({ () throws(SQLiteError) in try tables.newestState() })
        else { return RegistryState(version: 0, appliedAt: nil) }
        return RegistryState(
            version: Int(newest.version),
            appliedAt: Timestamp(microseconds: newest.appliedAt)
        )
    }

    /// The definitions in force.
    package func snapshot() throws(RegistryError) -> RegistrySnapshot {
        guard let tables = try self.openForReading() else { return RegistrySnapshot() }
        let version = try self.mapped { () throws(SQLiteError) in try tables.newestVersion() }
        return try self.snapshot(version, of: tables)
    }

    /// The definitions as of a version; 0 is the state before the first apply.
    package func snapshot(version: Int) throws(RegistryError) -> RegistrySnapshot {
        let newest = try self.currentVersion()
        guard (0...newest).contains(version) else {
            throw RegistryError(
                code: .unknownVersion,
                message: "the registry \(self.path) has no version \(version); "
                    + "the newest is \(newest)"
            )
        }
        guard let tables = try self.openForReading() else { return RegistrySnapshot() }
        return try self.snapshot(Int64(version), of: tables)
    }

    /// The texts of all definitions as of a version, by kind and in the order of the repository.
    ///
    /// They are those that were stored by the apply, whatever release did it.
    package func definitions(version: Int) throws(RegistryError) -> [RegisteredDefinition] {
        guard let tables = try self.openForReading() else { return [] }
        return try self.mapped { () throws(SQLiteError) in
            try tables.objects(asOf: Int64(version))
        }
        .compactMap { row in
            DefinitionKind(rawValue: row.kind).map { kind in
                RegisteredDefinition(kind: kind, name: row.name, text: row.definition)
            }
        }
    }

    /// All versions, oldest first.
    package func history() throws(RegistryError) -> [RegistryVersion] {
        guard let tables = try self.openForReading() else { return [] }
        let rows = try self.mapped { () throws(SQLiteError) in
            try tables.versions(1...Int64.max)
        }
        var versions: [RegistryVersion] = []
        for row in rows {
            versions.append(
                RegistryVersion(
                    version: Int(row.version),
                    project: row.project,
                    appliedAt: Timestamp(microseconds: row.appliedAt),
                    appliedBy: row.appliedBy,
                    changes: try RegistryCoding.decoded(row.changes)
                )
            )
        }
        return versions
    }

    // MARK: Writing

    /// Makes a plan's definitions the ones in force, as one transaction.
    ///
    /// A plan without changes makes no version.
    ///
    /// - Parameters:
    ///   - plan: The plan; its base version is the newest one.
    ///   - time: The time of the apply.
    ///   - user: Who applies; by default the user of this process.
    /// - Returns: The definitions in force afterwards.
    /// - Throws: `conflict` when another apply came first, `otherProject` when the registry holds
    ///   the objects of another project; nothing is changed then.
    package func apply(
        _ plan: RegistryPlan,
        at time: Timestamp,
        by user: String = ProcessInfo.processInfo.userName
    ) throws(RegistryError) -> RegistrySnapshot {
        guard !plan.isEmpty else {
            if plan.isOfflineStoreUnknown { try self.noteOfflineStore(of: plan) }
            let current = try self.snapshot()
            try self.check(plan, against: current)
            return current
        }
        let objects =
            try RegistryCoding.rows(of: plan.target) + RegistryCoding.rows(of: plan.generations)
            + RegistryCoding.rows(ofOfflineStore: plan.offlineStorePath)
        let changes = try RegistryCoding.text(plan.changes)
        let tables = try self.openForWriting()
        return try tables.database.transaction(mapping: self.registryError) {
            () throws(RegistryError) -> RegistrySnapshot in
            try self.makeTables(tables)
            let version = try self.mapped { () throws(SQLiteError) in try tables.newestVersion() }
            try self.check(plan, against: try self.snapshot(version, of: tables))
            let row = RegistryTables.VersionRow(
                version: version + 1,
                project: plan.project,
                appliedAt: time.microseconds,
                appliedBy: user,
                changes: changes
            )
            try self.mapped { () throws(SQLiteError) in try tables.insert(row, objects: objects) }
            var snapshot = RegistrySnapshot(
                version: Int(row.version),
                project: plan.project,
                appliedAt: time,
                repository: plan.target,
                generations: plan.generations
            )
            snapshot.offlineStorePath = plan.offlineStorePath
            return snapshot
        }
    }

    /// Notes the file of sources that name none, for a version of an earlier release that did not.
    private func noteOfflineStore(of plan: RegistryPlan) throws(RegistryError) {
        let rows = try RegistryCoding.rows(ofOfflineStore: plan.offlineStorePath)
        let tables = try self.openForWriting()
        try tables.database.transaction(mapping: self.registryError) {
            () throws(RegistryError) -> Void in
            let version = try self.mapped { () throws(SQLiteError) in try tables.newestVersion() }
            let current = try self.snapshot(version, of: tables)
            try self.check(plan, against: current)
            guard current.offlineStorePath == nil else { return }
            try self.mapped { () throws(SQLiteError) in try tables.add(rows, to: version) }
        }
    }

    /// Removes all objects, as a new version; the history stays.
    ///
    /// - Returns: The empty state; of the version that there was when there were no objects.
    package func teardown(
        at time: Timestamp,
        by user: String = ProcessInfo.processInfo.userName
    ) throws(RegistryError) -> RegistrySnapshot {
        while true {
            let current = try self.snapshot()
            let nothing = FeatureRepository()
            let plan = RegistryPlan(from: current, to: nothing, project: current.project)
            do {
                return try self.apply(plan, at: time, by: user)
            } catch {
                // Whatever another apply made in between goes as well.
                guard error.code == .conflict else { throw error }
            }
        }
    }

    // MARK: Inner workings

    private func check(
        _ plan: RegistryPlan,
        against current: RegistrySnapshot
    ) throws(RegistryError) {
        guard plan.baseVersion == current.version else {
            throw RegistryError(
                code: .conflict,
                message: "another apply made version \(current.version) of the registry "
                    + "\(self.path) after this plan was made from version \(plan.baseVersion); "
                    + "plan again"
            )
        }
        guard plan.project == current.project || current.repository == FeatureRepository() else {
            throw RegistryError(
                code: .otherProject,
                message: "the registry \(self.path) belongs to the project "
                    + "\"\(current.project)\", not to \"\(plan.project)\"; name another file as "
                    + "\"registry\" in feature_store.yaml, or tear the other project down first"
            )
        }
    }

    private func snapshot(
        _ version: Int64,
        of tables: RegistryTables
    ) throws(RegistryError) -> RegistrySnapshot {
        guard version > 0 else { return RegistrySnapshot() }
        let rows = try self.mapped { () throws(SQLiteError) in
            try tables.versions(version...version)
        }
        guard let row = rows.first else {
            throw RegistryError(
                code: .notARegistry,
                message: "the registry \(self.path) is damaged: version \(version) is missing"
            )
        }
        let objects = try self.mapped { () throws(SQLiteError) in
            try tables.objects(asOf: version)
        }
        let names = try self.mapped { () throws(SQLiteError) in
            try tables.viewNames(upTo: version)
        }
        let decoded = try self.decoded(objects, names: names)
        var snapshot = RegistrySnapshot(
            version: Int(version),
            project: row.project,
            appliedAt: Timestamp(microseconds: row.appliedAt),
            repository: decoded.repository,
            generations: decoded.generations
        )
        snapshot.offlineStorePath = decoded.offlineStorePath
        return snapshot
    }

    /// What rows say; those that are the same as the last time are not decoded again.
    private func decoded(
        _ objects: [RegistryTables.ObjectRow],
        names: [String]
    ) throws(RegistryError) -> DecodedRows {
        if let last = self.lastDecoded.withLock({ $0 }), last.objects == objects,
            last.names == names
        {
            return last
        }
        let decoded = DecodedRows(
            objects: objects,
            names: names,
            repository: try RegistryCoding.repository(of: objects),
            generations: try RegistryCoding.generations(of: objects, names: names),
            offlineStorePath: try RegistryCoding.offlineStorePath(of: objects)
        )
        self.lastDecoded.withLock { $0 = decoded }
        return decoded
    }

    /// Takes over what another registry has decoded; of the same file it need not be done again.
    package func learn(from other: Registry) {
        let decoded = other.lastDecoded.withLock { $0 }
        self.lastDecoded.withLock { $0 = decoded }
    }

    /// The tables; `nil` when there are none yet.
    func openForReading() throws(RegistryError) -> RegistryTables? {
        guard FileManager.default.fileExists(atPath: self.path) else { return nil }
        let tables = RegistryTables(
            database: try self.mapped { () throws(SQLiteError) in
                try SQLiteDatabase(path: self.path, mode: .readOnly, keepsPageChecksums: true)
            }
        )
        return try self.hasTables(tables) ? tables : nil
    }

    private func openForWriting() throws(RegistryError) -> RegistryTables {
        let folder = URL(fileURLWithPath: self.path).deletingLastPathComponent()
        do {
            try makeFolder(folder.path)
        } catch {
            throw RegistryError(
                code: .unavailable,
                message: "the folder of the registry: \(error.message)",
                cause: error
            )
        }
        let tables = RegistryTables(
            database: try self.mapped { () throws(SQLiteError) in
                try SQLiteDatabase(
                    path: self.path,
                    mode: .readWriteCreate,
                    keepsPageChecksums: true,
                    patience: self.patience
                )
            }
        )
        _ = try self.hasTables(tables)
        try self.mapped { () throws(SQLiteError) in try tables.database.useWriteAheadLog() }
        return tables
    }

    private func makeTables(_ tables: RegistryTables) throws(RegistryError) {
        // Another process may have made them since the file was opened.
        guard try !self.hasTables(tables) else { return }
        try self.mapped { () throws(SQLiteError) in try tables.create() }
    }

    /// Whether the file has the tables of a registry; `false` for one without any tables.
    private func hasTables(_ tables: RegistryTables) throws(RegistryError) -> Bool {
        // Tables come into being together with the format's number, so in this order none is
        // missed.
        if try self.mapped({ () throws(SQLiteError) in try tables.isEmpty() }) { return false }
        let format = try self.mapped { () throws(SQLiteError) in try tables.format() }
        guard format != 0 else {
            throw RegistryError(
                code: .notARegistry,
                message: "\(self.path) is an SQLite database, but no registry; name another file "
                    + "as \"registry\" in feature_store.yaml"
            )
        }
        guard format <= RegistryTables.formatVersion else {
            throw RegistryError(
                code: .newerFormat,
                message: "the registry \(self.path) has the format \(format), and this fstore "
                    + "knows formats up to \(RegistryTables.formatVersion); use a newer fstore"
            )
        }
        return true
    }

    func mapped<Result>(
        _ body: () throws(SQLiteError) -> Result
    ) throws(RegistryError) -> Result {
        do {
            return try body()
        } catch {
            throw self.registryError(error)
        }
    }

    private var isFolder: Bool { unsafe access("\(self.path)/.", F_OK) == 0 }

    /// The only place where a storage error becomes one of the registry.
    private func registryError(_ error: SQLiteError) -> RegistryError {
        switch error.code {
        case .busy:
            RegistryError(
                code: .busy,
                message: "the registry \(error.message)",
                cause: error
            )
        case .notADatabase:
            RegistryError(
                code: .notARegistry,
                message: "\(self.path) is no registry, or is damaged: \(error.message); name "
                    + "another file as the registry in feature_store.yaml, or put a copy back",
                cause: error
            )
        case .cannotOpen, .constraint, .inputOutput, .other:
            self.isFolder
                ? RegistryError(
                    code: .notARegistry,
                    message: "the registry \(self.path) is a folder; name a file in it as the "
                        + "registry in feature_store.yaml",
                    cause: error
                )
                : RegistryError(
                    code: .unavailable,
                    message: "the registry failed: \(error.message); see that its folder may be "
                        + "written, with room on its disk",
                    cause: error
                )
        }
    }
}

/// Rows of the registry, and the definitions that they hold.
private struct DecodedRows: Sendable {
    let objects: [RegistryTables.ObjectRow]
    let names: [String]
    let repository: FeatureRepository
    let generations: ViewGenerations
    let offlineStorePath: String?
}
