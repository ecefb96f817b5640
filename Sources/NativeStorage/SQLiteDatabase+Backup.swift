import CSQLite

extension SQLiteDatabase {
    /// Holds on to the state as it is now.
    ///
    /// What is read from here on is that state, whatever others write meanwhile, until the
    /// connection ends.
    package func holdState() throws(SQLiteError) {
        try self.execute("BEGIN")
        // A transaction begins with its first read.
        _ = try self.prepare("SELECT count(*) FROM sqlite_schema").step()
    }

    /// Copies the database into a new file, page by page, while others write.
    ///
    /// The copy is one file, without a log beside it, and opening it for reading makes none.
    ///
    /// - Parameter path: Where the copy goes; there is no file yet.
    /// - Throws: When a page cannot be read, or the copy cannot be written.
    package func copy(to path: String) throws(SQLiteError) {
        // The marks of checksums first, so that the first page written has one.
        let target = try SQLiteDatabase(
            path: path,
            mode: .readWriteCreate,
            keepsPageChecksums: true
        )
        // Who asked for the copy makes it durable as a whole.
        try target.execute("PRAGMA synchronous = OFF")
        let backup: OpaquePointer? = unsafe sqlite3_backup_init(
            target.connection,
            "main",
            self.connection,
            "main"
        )
        guard let backup = unsafe backup else {
            throw target.error(unsafe sqlite3_errcode(target.connection), sql: "backup")
        }
        let result = unsafe sqlite3_backup_step(backup, -1)
        let end = unsafe sqlite3_backup_finish(backup)
        guard result == SQLITE_DONE, end == SQLITE_OK else {
            throw target.error(end == SQLITE_OK ? result : end, sql: "backup of \(self.path)")
        }
        try target.execute("PRAGMA journal_mode = DELETE")
    }

    /// What SQLite finds wrong with the structure of the file, its tables and indices; nothing when
    /// all is well.
    ///
    /// - Throws: When a page cannot be read at all.
    /// - Complexity: Reads the whole file.
    package func integrityProblems() throws(SQLiteError) -> [String] {
        let statement = try self.prepare("PRAGMA integrity_check(10)")
        var problems: [String] = []
        while try statement.step() {
            let text = statement.text(at: 0) ?? ""
            if text != "ok" { problems.append("\(self.path): \(text)") }
        }
        return problems
    }

    /// The version of the SQLite library, as a number: 3040001 for 3.40.1.
    package static var libraryVersion: Int { Int(sqlite3_libversion_number()) }
}
