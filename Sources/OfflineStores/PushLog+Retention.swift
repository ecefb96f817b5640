import FeatureCompute
package import FeatureModel
import NativeStorage

extension PushLog {
    /// How long what is pushed to a source is kept.
    package struct Retention: Sendable {
        /// The earliest time that stays.
        package let oldest: Timestamp
        /// The column of the event time.
        package let timeColumn: String

        package init(oldest: Timestamp, timeColumn: String) {
            self.oldest = oldest
            self.timeColumn = timeColumn
        }
    }

    /// What is past the retention of a source, with its size in bytes.
    package struct Expired: Sendable {
        package fileprivate(set) var rows = 0
        package fileprivate(set) var rowBytes = 0
        package fileprivate(set) var rejects = 0
        package fileprivate(set) var rejectBytes = 0
        package fileprivate(set) var answers = 0
        package fileprivate(set) var answerBytes = 0
    }

    /// Removes rows of the history by their event times, and what is remembered of pushes by the
    /// times of these.
    ///
    /// - Parameters:
    ///   - retentions: By push source. Rows of other sources stay.
    ///   - others: The earliest push of any other source of which something is remembered; `nil`
    ///     for all.
    ///   - isDryRun: Whether everything stays, and is only counted.
    /// - Returns: What was removed, by source; only sources of which something was.
    /// - Throws: ``OfflineStoreError`` when the file fails or is damaged.
    package func expire(
        _ retentions: [String: Retention],
        others: Timestamp?,
        isDryRun: Bool
    ) throws(OfflineStoreError) -> [String: Expired] {
        var expired: [String: Expired] = [:]
        let rows = try self.oldRows(retentions, &expired)
        try self.transaction { () throws(SQLiteError) in
            var sources: Set<String> = []
            let names = try self.database.prepare("SELECT DISTINCT source FROM pushes")
            while try names.step() { sources.insert(names.text(at: 0) ?? "") }
            for source in sources {
                guard let oldest = retentions[source]?.oldest ?? others else { continue }
                try self.expireRejects(source, oldest, isDryRun, &expired)
                try self.expireAnswers(source, oldest, isDryRun, &expired)
            }
            guard !isDryRun else { return }
            let delete = try self.database.prepare(
                "DELETE FROM pushed_rows WHERE sequence = ? AND row = ?"
            )
            for row in rows {
                try delete.bind(row.sequence, at: 1)
                try delete.bind(row.number, at: 2)
                try delete.run()
            }
        }
        return expired
    }

    /// The rows of the history that are past their retention and wait for nothing.
    private func oldRows(
        _ retentions: [String: Retention],
        _ expired: inout [String: Expired]
    ) throws(OfflineStoreError) -> [(sequence: Int64, number: Int64)] {
        var old: [(sequence: Int64, number: Int64)] = []
        var damage: OfflineStoreError?
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                """
                SELECT r.sequence, r.row, r.cells, p.source, p.columns
                FROM pushes AS p CROSS JOIN pushed_rows AS r ON r.sequence = p.sequence
                WHERE p.target <> 'online' AND p.state = 'done' AND NOT EXISTS (
                    SELECT 1 FROM waiting_rows AS w
                    WHERE w.sequence = r.sequence AND w.row = r.row
                )
                """
            )
            var parser = CellParser()
            while try statement.step() {
                let source = statement.text(at: 3) ?? ""
                guard let retention = retentions[source] else { continue }
                do throws(OfflineStoreError) {
                    let columns = try PushLogTables.names(statement.text(at: 4) ?? "")
                    let (cells, size) = statement.withBytes(at: 2) {
                        (GivenCell.cells(json: $0) ?? [], $0.count)
                    }
                    guard let position = columns.firstIndex(of: retention.timeColumn),
                        position < cells.count,
                        let time = parser.integer(cells[position], kind: .unixTimestamp),
                        time < retention.oldest.microseconds
                    else { continue }
                    old.append((statement.integer(at: 0), statement.integer(at: 1)))
                    expired[source, default: Expired()].rows += 1
                    expired[source, default: Expired()].rowBytes += size
                } catch {
                    damage = error
                    return
                }
            }
        }
        if let damage { throw damage }
        return old
    }

    private func expireRejects(
        _ source: String,
        _ oldest: Timestamp,
        _ isDryRun: Bool,
        _ expired: inout [String: Expired]
    ) throws(SQLiteError) {
        let condition = """
            rejected_at < ?1 AND sequence IN (SELECT sequence FROM pushes WHERE source = ?2)
            """
        let (count, bytes) = try self.measure(
            "SELECT count(*), sum(length(cells) + length(reason)) FROM rejects WHERE \(condition)",
            source,
            oldest
        )
        guard count > 0 else { return }
        expired[source, default: Expired()].rejects = count
        expired[source, default: Expired()].rejectBytes = bytes
        guard !isDryRun else { return }
        try self.run("DELETE FROM rejects WHERE \(condition)", source, oldest)
    }

    private func expireAnswers(
        _ source: String,
        _ oldest: Timestamp,
        _ isDryRun: Bool,
        _ expired: inout [String: Expired]
    ) throws(SQLiteError) {
        let condition = """
            pushed_at < ?1 AND source = ?2 AND state = 'done' AND idempotency_key IS NOT NULL
            """
        let (count, bytes) = try self.measure(
            """
            SELECT count(*), sum(length(idempotency_key) + length(coalesce(result, '')))
            FROM pushes WHERE \(condition)
            """,
            source,
            oldest
        )
        guard count > 0 else { return }
        expired[source, default: Expired()].answers = count
        expired[source, default: Expired()].answerBytes = bytes
        guard !isDryRun else { return }
        try self.run(
            """
            UPDATE pushes SET idempotency_key = NULL, content_hash = NULL, result = NULL
            WHERE \(condition)
            """,
            source,
            oldest
        )
    }

    private func measure(
        _ sql: String,
        _ source: String,
        _ oldest: Timestamp
    ) throws(SQLiteError) -> (count: Int, bytes: Int) {
        let statement = try self.database.prepare(sql)
        try statement.bind(oldest.microseconds, at: 1)
        try statement.bind(source, at: 2)
        _ = try statement.step()
        return (Int(statement.integer(at: 0)), Int(statement.integer(at: 1)))
    }

    private func run(
        _ sql: String,
        _ source: String,
        _ oldest: Timestamp
    ) throws(SQLiteError) {
        let statement = try self.database.prepare(sql)
        try statement.bind(oldest.microseconds, at: 1)
        try statement.bind(source, at: 2)
        try statement.run()
    }
}
