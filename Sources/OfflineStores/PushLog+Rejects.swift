package import FeatureModel
import NativeStorage

extension PushLog {
    /// A reject with the push that it came with.
    package struct KeptReject: Sendable {
        package let sequence: Int64
        package let source: String
        package let row: Int
        package let column: String?
        package let reason: String
        /// The row as a JSON object.
        package let cells: String
        package let rejectedAt: Timestamp
    }

    /// What the log holds.
    package struct Summary: Sendable {
        package let pushes: Int
        package let lastPush: Timestamp?
        package let pending: Int
        package let rejects: Int
    }

    /// The kept rejects, newest first.
    ///
    /// - Parameters:
    ///   - source: The push source or feature view; `nil` for all.
    ///   - limit: How many at most.
    /// - Returns: The rejects.
    /// - Throws: ``OfflineStoreError`` when the file fails.
    package func rejects(
        of source: String?,
        limit: Int
    ) throws(OfflineStoreError) -> [KeptReject] {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                """
                SELECT p.sequence, p.source, r.row, r."column", r.reason, r.cells, r.rejected_at
                FROM rejects AS r JOIN pushes AS p ON p.sequence = r.sequence
                WHERE ?1 IS NULL OR p.source = ?1
                ORDER BY r.sequence DESC, r.row LIMIT ?2
                """
            )
            if let source { try statement.bind(source, at: 1) }
            try statement.bind(Int64(limit), at: 2)
            var rejects: [KeptReject] = []
            while try statement.step() {
                rejects.append(
                    KeptReject(
                        sequence: statement.integer(at: 0),
                        source: statement.text(at: 1) ?? "",
                        row: Int(statement.integer(at: 2)),
                        column: statement.text(at: 3),
                        reason: statement.text(at: 4) ?? "",
                        cells: statement.text(at: 5) ?? "",
                        rejectedAt: Timestamp(microseconds: statement.integer(at: 6))
                    )
                )
            }
            return rejects
        }
    }

    /// Forgets the rejects of a source, or all of them.
    ///
    /// - Returns: How many there were.
    package func clearRejects(of source: String?) throws(OfflineStoreError) -> Int {
        try self.transaction { () throws(SQLiteError) in
            let condition = """
                ?1 IS NULL OR sequence IN (SELECT sequence FROM pushes WHERE source = ?1)
                """
            let count = try self.database.prepare("SELECT count(*) FROM rejects WHERE \(condition)")
            let delete = try self.database.prepare("DELETE FROM rejects WHERE \(condition)")
            if let source {
                try count.bind(source, at: 1)
                try delete.bind(source, at: 1)
            }
            _ = try count.step()
            try delete.run()
            return Int(count.integer(at: 0))
        }
    }

    /// What the log holds.
    package func summary() throws(OfflineStoreError) -> Summary {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                """
                SELECT (SELECT count(*) FROM pushes),
                    (SELECT pushed_at FROM pushes ORDER BY sequence DESC LIMIT 1),
                    (SELECT count(*) FROM pushes WHERE state = 'pending'),
                    (SELECT count(*) FROM rejects)
                """
            )
            _ = try statement.step()
            return Summary(
                pushes: Int(statement.integer(at: 0)),
                lastPush: statement.storageType(at: 1) == .null
                    ? nil : Timestamp(microseconds: statement.integer(at: 1)),
                pending: Int(statement.integer(at: 2)),
                rejects: Int(statement.integer(at: 3))
            )
        }
    }
}
