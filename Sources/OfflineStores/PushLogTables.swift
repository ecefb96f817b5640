import Foundation
import NativeStorage

// The push log, one SQLite file in WAL mode:
//
//   about        name, value: "format" 1, "project" the project that it belongs to
//   pushes       one row a push: sequence (1, 2, …), idempotency_key and content_hash when it has a
//                key, source (a push source, or a feature view when is_view), target, pushed_at
//                (microseconds, ascending), columns (a JSON array), state, result (JSON, when done)
//   pushed_rows  sequence, row (its number in the push, from 0), cells (a JSON array in the order
//                of the push's columns)
//   rejects      sequence, row, column (or null), reason, cells (a JSON object), rejected_at
//   waiting_rows the rows that are not online yet: sequence, row, by_created (1 for the views that
//                filter by created time, 0 for the others), due (microseconds)
//
// Cells lie as they were given, so that 64-bit integers, NaN and texts are what they were, names of
// columns keep their case, and a view that is redefined reads them anew. Only event and created
// times are spelt out in UTC. The rows of a push that is not meant for history go when it is done,
// and those that wait when their time has come.

/// The tables of the push log.
enum PushLogTables {
    static let format = 1

    static let schema = """
        CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS pushes (
            sequence INTEGER PRIMARY KEY,
            idempotency_key TEXT UNIQUE,
            content_hash TEXT,
            source TEXT NOT NULL,
            is_view INTEGER NOT NULL,
            target TEXT NOT NULL,
            pushed_at INTEGER NOT NULL,
            columns TEXT NOT NULL,
            state TEXT NOT NULL,
            result TEXT
        );
        CREATE INDEX IF NOT EXISTS pushes_by_source ON pushes (source, sequence);
        CREATE INDEX IF NOT EXISTS pushes_pending ON pushes (sequence) WHERE state = 'pending';
        CREATE TABLE IF NOT EXISTS pushed_rows (
            sequence INTEGER NOT NULL,
            row INTEGER NOT NULL,
            cells TEXT NOT NULL,
            PRIMARY KEY (sequence, row)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS rejects (
            sequence INTEGER NOT NULL,
            row INTEGER NOT NULL,
            "column" TEXT,
            reason TEXT NOT NULL,
            cells TEXT NOT NULL,
            rejected_at INTEGER NOT NULL,
            PRIMARY KEY (sequence, row)
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS waiting_rows (
            sequence INTEGER NOT NULL,
            row INTEGER NOT NULL,
            by_created INTEGER NOT NULL,
            due INTEGER NOT NULL,
            PRIMARY KEY (sequence, row, by_created)
        ) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS waiting_rows_by_due ON waiting_rows (due, sequence, row);
        """

    /// How a query over the history begins.
    static let historyHead = """
        SELECT p.sequence, p.pushed_at, p.columns, r.row, r.cells
        FROM pushes AS p CROSS JOIN pushed_rows AS r ON r.sequence = p.sequence
        """

    /// The pushed rows that are history: sequence, push time, columns, row, cells.
    static func historyQuery(sources: [String]) -> String {
        let names = sources.map(quotedLiteral).joined(separator: ", ")
        return """
            \(self.historyHead)
            WHERE p.source IN (\(names)) AND NOT p.is_view AND p.target <> 'online'
            ORDER BY p.sequence, r.row
            """
    }

    /// Whether the tables have been made; a crash may leave an empty file.
    static func areThere(in database: SQLiteDatabase) throws(OfflineStoreError) -> Bool {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try database.prepare(
                "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'rejects'"
            )
            return try statement.step()
        }
    }

    /// The names in a JSON array.
    static func names(_ json: String) throws(OfflineStoreError) -> [String] {
        do {
            return try JSONDecoder().decode([String].self, from: Data(json.utf8))
        } catch {
            throw self.damaged("the push log", "a list of columns")
        }
    }

    static func damaged(_ place: String, _ what: String) -> OfflineStoreError {
        OfflineStoreError(
            code: .notADatabase,
            message: "\(place): \(what) is not what was written; restore the file from a backup, "
                + "or move it away and push the rows again"
        )
    }
}

/// Does something with the push log, and passes its error on as one of this layer.
func withPushLogErrors<Result: ~Copyable>(
    _ body: () throws(SQLiteError) -> Result
) throws(OfflineStoreError) -> Result {
    do { return try body() } catch { throw pushLogError(error) }
}

/// The error of the push log's database: nothing in it is the user's SQL.
func pushLogError(_ error: SQLiteError) -> OfflineStoreError {
    let advice =
        switch error.code {
        case .cannotOpen, .inputOutput:
            "; see that its folder may be written, with room on its disk"
        default: ""
        }
    return OfflineStoreError(
        code: error.code == .notADatabase ? .notADatabase : .inputOutput,
        message: "the push log \(error.message)\(advice)",
        cause: error
    )
}
