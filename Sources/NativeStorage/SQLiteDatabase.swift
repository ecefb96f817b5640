import CSQLite
import Glibc

/// One connection to an SQLite database; for one thread at a time.
@safe
package final class SQLiteDatabase {
    /// How a database is opened.
    package enum Mode: Sendable {
        /// Nothing is written, and a missing file is an error.
        case readOnly
        /// A missing file is created.
        case readWriteCreate
    }

    /// The file's path, for messages.
    package let path: String
    let connection: OpaquePointer

    /// Opens a connection that waits for other writers.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - mode: How it is opened.
    ///   - keepsPageChecksums: Whether it is a database of fstore's own: a new one gets a checksum
    ///     in each page. A page whose checksum is wrong is always an error.
    ///   - patience: How long it waits.
    /// - Throws: ``SQLiteError`` when the file cannot be opened, or its header is damaged.
    package init(
        path: String,
        mode: Mode,
        keepsPageChecksums: Bool = false,
        patience: Duration = .seconds(5)
    ) throws(SQLiteError) {
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch mode {
        case .readOnly: flags |= SQLITE_OPEN_READONLY
        case .readWriteCreate: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        var connection: OpaquePointer?
        var result = PageChecksums.register()
        if result == SQLITE_OK {
            result = unsafe sqlite3_open_v2(path, &connection, flags, PageChecksums.layer)
        }
        guard result == SQLITE_OK, let opened = unsafe connection else {
            let reason = unsafe String(cString: sqlite3_errstr(result))
            let system = unsafe connection.map { unsafe systemReason($0, result) } ?? ""
            unsafe sqlite3_close_v2(connection)
            throw SQLiteError(code: .cannotOpen, message: "\(path): \(reason)\(system)")
        }
        self.path = path
        unsafe self.connection = opened
        let milliseconds = patience.components.seconds * 1000
        unsafe sqlite3_busy_timeout(opened, CInt(clamping: milliseconds))
        guard keepsPageChecksums else { return }
        try PageChecksums.checkMarks(of: self)
        if mode == .readWriteCreate { try PageChecksums.turnOn(in: self) }
    }

    deinit {
        unsafe sqlite3_close_v2(self.connection)
    }

    /// Runs statements that return nothing, separated by semicolons.
    package func execute(_ sql: String) throws(SQLiteError) {
        let result = unsafe sqlite3_exec(self.connection, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw self.error(result, sql: sql) }
    }

    /// Compiles one statement.
    ///
    /// Values are bound by position, from 1.
    package func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        try self.prepare(sql, flags: 0)
    }

    /// Compiles one statement with flags such as `SQLITE_PREPARE_PERSISTENT`.
    func prepare(_ sql: String, flags: UInt32) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let (result, hasMore) = unsafe sql.withCString { start in
            var rest: UnsafePointer<CChar>?
            let result = unsafe sqlite3_prepare_v3(
                self.connection,
                start,
                -1,
                flags,
                &statement,
                &rest
            )
            let tail = unsafe rest.map { unsafe String(cString: $0) } ?? ""
            return (result, tail.contains { !$0.isWhitespace && $0 != ";" })
        }
        guard result == SQLITE_OK else { throw self.error(result, sql: sql) }
        if hasMore {
            unsafe sqlite3_finalize(statement)
            throw SQLiteError(
                code: .other,
                message: "\(self.path): there is more than one statement (in: \(sql.prefix(200)))"
            )
        }
        guard let compiled = unsafe statement else {
            throw SQLiteError(code: .other, message: "\(self.path): there is no statement to run")
        }
        return unsafe SQLiteStatement(statement: compiled, database: self)
    }

    /// Lets readers go on while somebody writes, from now on and for everyone.
    ///
    /// SQLite does not wait for others before this switch, which happens once in a file's life, so
    /// the waiting is done here.
    package func useWriteAheadLog() throws(SQLiteError) {
        for _ in 0..<500 {
            do {
                return try self.execute("PRAGMA journal_mode = WAL")
            } catch {
                guard error.code == .busy else { throw error }
                usleep(10_000)
            }
        }
        try self.execute("PRAGMA journal_mode = WAL")
    }

    /// Runs `body` in a transaction that takes the write lock at once, and rolls back if it throws.
    package func transaction<Result, Failure: Error>(
        mapping map: (SQLiteError) -> Failure,
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        do { try self.execute("BEGIN IMMEDIATE") } catch { throw map(error) }
        let result: Result
        do {
            result = try body()
        } catch {
            // The first error is the one to report; SQLite itself undoes what a failed rollback
            // left.
            try? self.execute("ROLLBACK")
            throw error
        }
        do {
            try self.execute("COMMIT")
        } catch {
            try? self.execute("ROLLBACK")
            throw map(error)
        }
        return result
    }

    /// SQLite's words about the last call that failed.
    package var lastMessage: String { unsafe String(cString: sqlite3_errmsg(self.connection)) }

    /// The error of a result code of this connection.
    func error(_ result: CInt, sql: String) -> SQLiteError {
        // SQLITE_IOERR_DATA, which the layer of page checksums gives.
        let isWrongPage = result == SQLITE_IOERR | (32 << 8)
        let code: SQLiteError.Code =
            switch result & 0xFF {
            case _ where isWrongPage: .notADatabase
            case SQLITE_CANTOPEN, SQLITE_PERM: .cannotOpen
            case SQLITE_NOTADB, SQLITE_CORRUPT: .notADatabase
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_CONSTRAINT: .constraint
            case SQLITE_IOERR, SQLITE_FULL, SQLITE_READONLY: .inputOutput
            default: .other
            }
        if code == .busy { return SQLiteError(code: code, message: busyMessage(self.path)) }
        let reason =
            isWrongPage
            ? "the checksum of a page is wrong"
            : unsafe self.lastMessage + systemReason(self.connection, result)
        let shown = sql.count > 200 ? sql.prefix(200) + "…" : sql[...]
        return SQLiteError(code: code, message: "\(self.path): \(reason) (in: \(shown))")
    }
}

/// What the system said of a call that failed, such as `: No space left on device`; nothing for
/// failures that are SQLite's own.
private func systemReason(_ connection: OpaquePointer, _ result: CInt) -> String {
    switch result & 0xFF {
    case SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_READONLY:
        let number = unsafe sqlite3_system_errno(connection)
        return unsafe number == 0 ? "" : ": \(String(cString: strerror(number)))"
    default: return ""
    }
}

/// Why a database is not to be had: the process that has it, where the system says so.
private func busyMessage(_ path: String) -> String {
    let name = databaseWriter(ofDatabaseAt: path)
        .map { $0.processID == getpid() ? "this process" : "process \($0)" }
    return "\(path) is in use by \(name ?? "another program") for longer than fstore waits; try "
        + "again when it has ended"
}
