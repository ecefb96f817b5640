import NativeStorage

extension SQLiteSource {
    /// How often connections are brought together before somebody else's writing is too much.
    private static let attempts = 3

    /// Opens connections that read the same state of the file, each in a transaction.
    ///
    /// SQLite has no way to open a second reader of a state that is older than the newest, and so
    /// it is looked at whether anybody has written since the first began.
    ///
    /// - Parameter count: How many are wanted.
    /// - Returns: As many, or one: where somebody writes all the time, for fewer than two, and when
    ///   another one cannot be opened.
    /// - Throws: What ``open()`` throws, and what SQLite throws when the first cannot read.
    func openTogether(_ count: Int) throws(OfflineStoreError) -> [SQLiteDatabase] {
        let first = try self.open()
        var others: [SQLiteDatabase] = []
        do throws(SQLiteError) {
            try Self.keepFewPages(first)
            for _ in 1..<max(count, 1) {
                guard let other = try? self.open() else { break }
                try Self.keepFewPages(other)
                // Whoever waits for the first to end lets no other begin: do not wait for that.
                try other.execute("PRAGMA busy_timeout = 0")
                others.append(other)
            }
            for _ in 0..<Self.attempts where !others.isEmpty {
                let before = try? Self.versions(of: others)
                try Self.begin(first)
                let after = try? Self.beginAll(others)
                if let before, before == after { return [first] + others }
                for database in [first] + others { try? database.execute("ROLLBACK") }
            }
            try Self.begin(first)
            return [first]
        } catch {
            throw OfflineStoreError(error)
        }
    }

    /// Look-ups seldom meet a page again, but for those high up in a tree.
    private static func keepFewPages(_ database: SQLiteDatabase) throws(SQLiteError) {
        try database.execute("PRAGMA cache_size = -8192")
    }

    private static func begin(_ database: SQLiteDatabase) throws(SQLiteError) {
        // The transaction begins with the first statement that reads.
        try database.execute("BEGIN; SELECT count(*) FROM sqlite_schema")
    }

    private static func beginAll(_ databases: [SQLiteDatabase]) throws(SQLiteError) -> [Int64] {
        for database in databases { try self.begin(database) }
        return try self.versions(of: databases)
    }

    /// Numbers that change when anybody else has written since a connection last looked.
    private static func versions(of databases: [SQLiteDatabase]) throws(SQLiteError) -> [Int64] {
        var versions: [Int64] = []
        for database in databases {
            let statement = try database.prepare("PRAGMA data_version")
            versions.append(try statement.step() ? statement.integer(at: 0) : -1)
        }
        return versions
    }
}
