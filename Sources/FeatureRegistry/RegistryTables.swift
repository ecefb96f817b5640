import NativeStorage

/// The tables of a registry file, and the SQL that reads and writes them.
///
/// ```
/// version                      one row for each apply that changed something
///   version     INTEGER  key   1, 2, 3 …
///   project     TEXT           the project's name
///   applied_at  INTEGER        microseconds since 1970 UTC
///   applied_by  TEXT           the user's name, or empty
///   changes     TEXT           JSON: what the plan said
///
/// object                       one row for each state that an object ever had
///   kind        TEXT     key   entity | dataSource | featureView | onDemandFeatureView |
///                              featureService | newestGeneration | heldGeneration |
///                              offlineStore
///   name        TEXT     key   of a held generation: view@v1
///   valid_from  INTEGER  key   the first version that has this state
///   valid_to    INTEGER        the first version that does not; null while it is in force
///   position    INTEGER        its place among the objects of its kind
///   definition  TEXT           JSON with sorted keys; of a newest generation: its number
/// ```
///
/// The state as of version v is the rows with `valid_from <= v` and (`valid_to` null or `> v`).
/// Rows of the past never change again, so a reader needs no transaction. `PRAGMA user_version` is
/// the number of this format, 1.
struct RegistryTables {
    /// The number of the format that this code reads and writes.
    static let formatVersion: Int64 = 1

    /// An object as it is stored.
    struct ObjectRow: Hashable {
        var kind: String
        var name: String
        var position: Int64
        var definition: String
    }

    /// A version as it is stored.
    struct VersionRow {
        var version: Int64
        var project: String
        var appliedAt: Int64
        var appliedBy: String
        var changes: String
    }

    let database: SQLiteDatabase

    // MARK: Format

    /// The number of the file's format; 0 for a file without one.
    func format() throws(SQLiteError) -> Int64 {
        try self.integer("PRAGMA user_version")
    }

    /// Whether the file has no tables at all.
    func isEmpty() throws(SQLiteError) -> Bool {
        try self.integer("SELECT count(*) FROM sqlite_master") == 0
    }

    /// Makes the tables; within a transaction.
    func create() throws(SQLiteError) {
        try self.database.execute(
            """
            CREATE TABLE version (
                version INTEGER PRIMARY KEY, project TEXT NOT NULL, applied_at INTEGER NOT NULL,
                applied_by TEXT NOT NULL, changes TEXT NOT NULL
            );
            CREATE TABLE object (
                kind TEXT NOT NULL, name TEXT NOT NULL, valid_from INTEGER NOT NULL,
                valid_to INTEGER, position INTEGER NOT NULL, definition TEXT NOT NULL,
                PRIMARY KEY (kind, name, valid_from)
            ) WITHOUT ROWID;
            PRAGMA user_version = \(Self.formatVersion)
            """
        )
    }

    // MARK: Reading

    /// The newest version's number; 0 when there is none.
    func newestVersion() throws(SQLiteError) -> Int64 {
        try self.integer("SELECT coalesce(max(version), 0) FROM version")
    }

    /// The newest version's number and time; `nil` when there is none.
    func newestState() throws(SQLiteError) -> (version: Int64, appliedAt: Int64)? {
        let statement = try self.database.prepare(
            "SELECT version, applied_at FROM version ORDER BY version DESC LIMIT 1"
        )
        guard try statement.step() else { return nil }
        return (statement.integer(at: 0), statement.integer(at: 1))
    }

    /// The versions from one number to another, oldest first.
    func versions(_ range: ClosedRange<Int64>) throws(SQLiteError) -> [VersionRow] {
        let statement = try self.database.prepare(
            """
            SELECT version, project, applied_at, applied_by, changes FROM version
            WHERE version BETWEEN ? AND ? ORDER BY version
            """
        )
        try statement.bind(range.lowerBound, at: 1)
        try statement.bind(range.upperBound, at: 2)
        var rows: [VersionRow] = []
        while try statement.step() {
            rows.append(
                VersionRow(
                    version: statement.integer(at: 0),
                    project: statement.text(at: 1) ?? "",
                    appliedAt: statement.integer(at: 2),
                    appliedBy: statement.text(at: 3) ?? "",
                    changes: statement.text(at: 4) ?? ""
                )
            )
        }
        return rows
    }

    /// The objects as of a version, by kind and position.
    func objects(asOf version: Int64) throws(SQLiteError) -> [ObjectRow] {
        let statement = try self.database.prepare(
            """
            SELECT kind, name, position, definition FROM object
            WHERE valid_from <= ?1 AND (valid_to IS NULL OR valid_to > ?1) ORDER BY kind, position
            """
        )
        try statement.bind(version, at: 1)
        var rows: [ObjectRow] = []
        while try statement.step() {
            rows.append(
                ObjectRow(
                    kind: statement.text(at: 0) ?? "",
                    name: statement.text(at: 1) ?? "",
                    position: statement.integer(at: 2),
                    definition: statement.text(at: 3) ?? ""
                )
            )
        }
        return rows
    }

    /// The names that were a feature view's in any version up to one.
    func viewNames(upTo version: Int64) throws(SQLiteError) -> [String] {
        let statement = try self.database.prepare(
            "SELECT DISTINCT name FROM object WHERE kind = 'featureView' AND valid_from <= ?"
        )
        try statement.bind(version, at: 1)
        var names: [String] = []
        while try statement.step() {
            names.append(statement.text(at: 0) ?? "")
        }
        return names
    }

    private func integer(_ sql: String) throws(SQLiteError) -> Int64 {
        let statement = try self.database.prepare(sql)
        return try statement.step() ? statement.integer(at: 0) : 0
    }

    // MARK: Writing

    /// Adds a version whose objects are these; within a transaction.
    func insert(_ version: VersionRow, objects: [ObjectRow]) throws(SQLiteError) {
        let current = try self.objects(asOf: version.version - 1)
        let insertion = try self.database.prepare(
            """
            INSERT INTO version (version, project, applied_at, applied_by, changes)
            VALUES (?, ?, ?, ?, ?)
            """
        )
        try insertion.bind(version.version, at: 1)
        try insertion.bind(version.project, at: 2)
        try insertion.bind(version.appliedAt, at: 3)
        try insertion.bind(version.appliedBy, at: 4)
        try insertion.bind(version.changes, at: 5)
        try insertion.run()
        try self.close(current, notIn: Set(objects), at: version.version)
        try self.open(objects, notIn: Set(current), at: version.version)
    }

    /// Adds objects to the newest version; within a transaction.
    func add(_ objects: [ObjectRow], to version: Int64) throws(SQLiteError) {
        try self.open(objects, notIn: [], at: version)
    }

    private func close(
        _ rows: [ObjectRow],
        notIn kept: Set<ObjectRow>,
        at version: Int64
    ) throws(SQLiteError) {
        let statement = try self.database.prepare(
            "UPDATE object SET valid_to = ? WHERE kind = ? AND name = ? AND valid_to IS NULL"
        )
        for row in rows where !kept.contains(row) {
            try statement.bind(version, at: 1)
            try statement.bind(row.kind, at: 2)
            try statement.bind(row.name, at: 3)
            try statement.run()
        }
    }

    private func open(
        _ rows: [ObjectRow],
        notIn known: Set<ObjectRow>,
        at version: Int64
    ) throws(SQLiteError) {
        let statement = try self.database.prepare(
            """
            INSERT INTO object (kind, name, valid_from, valid_to, position, definition)
            VALUES (?, ?, ?, NULL, ?, ?)
            """
        )
        for row in rows where !known.contains(row) {
            try statement.bind(row.kind, at: 1)
            try statement.bind(row.name, at: 2)
            try statement.bind(version, at: 3)
            try statement.bind(row.position, at: 4)
            try statement.bind(row.definition, at: 5)
            try statement.run()
        }
    }
}
