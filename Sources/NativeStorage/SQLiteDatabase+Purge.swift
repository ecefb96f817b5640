import Glibc

extension SQLiteDatabase {
    /// Rewrites a database in WAL mode, so that neither it nor its log holds anything that was
    /// deleted.
    ///
    /// - Throws: ``SQLiteError``: `busy` when it is still being read after some seconds.
    package func purge() throws(SQLiteError) {
        try self.execute("PRAGMA secure_delete = ON")
        try self.execute("VACUUM")
        for _ in 0..<100 {
            let checkpoint = try self.prepare("PRAGMA wal_checkpoint(TRUNCATE)")
            guard try checkpoint.step() else { return }
            // The first column says whether somebody was in the way.
            if checkpoint.integer(at: 0) == 0 { return }
            usleep(50_000)
        }
        throw SQLiteError(
            code: .busy,
            message: "\(self.path) is still being read, and what was deleted is still in its log; "
                + "try again when that has ended"
        )
    }
}
