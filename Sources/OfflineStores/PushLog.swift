package import FeatureCompute
package import FeatureModel
import Foundation
import NativeStorage

/// The pushes of a project: their rows, until these are in all stores that they are meant for and
/// as history for ever; their rejects; and the answers to those that have an idempotency key.
///
/// For one thread at a time. Every change is on the disk when its call returns.
package final class PushLog {
    /// A push to be recorded.
    package struct Entry {
        /// The push source, or the feature view.
        package var source: String
        /// Whether `source` is a feature view.
        package var isView: Bool
        /// `online`, `offline` or `online_and_offline`.
        package var target: String
        package var idempotencyKey: String?
        /// Differs when the content of the push does; for a push with a key.
        package var contentHash: String?
        /// The names of the cells.
        package var columns: [String]
        /// The rows that are to be written, by their numbers in the push.
        package var rows: [(number: Int, cells: [GivenCell])]
        package var rejects: [Reject]
        /// The answer; `nil` for a push that is pending until ``PushLog/finish(_:result:)``.
        package var result: ((_ sequence: Int64, _ pushedAt: Timestamp) -> String)?
        /// The rows that are not to be written online before their time.
        package var waiting: (_ pushedAt: Timestamp) -> [WaitingRow]

        package init(
            source: String,
            isView: Bool,
            target: String,
            idempotencyKey: String?,
            contentHash: String?,
            columns: [String],
            rows: [(number: Int, cells: [GivenCell])],
            rejects: [Reject],
            result: ((_ sequence: Int64, _ pushedAt: Timestamp) -> String)?,
            waiting: @escaping (_ pushedAt: Timestamp) -> [WaitingRow]
        ) {
            self.source = source
            self.isView = isView
            self.target = target
            self.idempotencyKey = idempotencyKey
            self.contentHash = contentHash
            self.columns = columns
            self.rows = rows
            self.rejects = rejects
            self.result = result
            self.waiting = waiting
        }
    }

    /// A row that cannot be used.
    package struct Reject: Sendable {
        package var row: Int
        package var column: String?
        package var reason: String
        /// The row as a JSON object.
        package var cells: String

        package init(row: Int, column: String?, reason: String, cells: String) {
            self.row = row
            self.column = column
            self.reason = reason
            self.cells = cells
        }
    }

    /// A push with an idempotency key that came before.
    package struct Known: Sendable {
        package let contentHash: String
        /// The answer; `nil` when it is pending.
        package let result: String?
    }

    /// A push that has not reached the online store yet, as far as the log knows.
    package struct Pending: Sendable {
        package let sequence: Int64
        package let source: String
        package let isView: Bool
        package let target: String
        package let pushedAt: Timestamp
        package let columns: [String]
        package let rows: [(number: Int, cells: [GivenCell])]
        /// The rejected rows.
        package let rejects: [Reject]
        /// The rows that must not be written before their time.
        package let waiting: [WaitingRow]
    }

    let path: String
    let database: SQLiteDatabase
    /// Whether a push may be pending: at first, and after one that was not finished.
    package private(set) var mayHavePending = true

    /// Opens the log, and makes it when there is none.
    ///
    /// - Throws: ``OfflineStoreError`` when the file fails, or belongs to another project or to a
    ///   later format.
    package convenience init(path: String, project: String) throws(OfflineStoreError) {
        let parent = URL(filePath: path).deletingLastPathComponent()
        do {
            try makeFolder(parent.path)
        } catch {
            throw OfflineStoreError(code: .inputOutput, message: error.message, cause: error)
        }
        let database = try withPushLogErrors { () throws(SQLiteError) in
            let database = try SQLiteDatabase(
                path: path,
                mode: .readWriteCreate,
                keepsPageChecksums: true
            )
            try database.useWriteAheadLog()
            try database.execute("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")
            return database
        }
        self.init(path: path, database: database)
        try self.transaction { () throws(SQLiteError) in
            try self.database.execute(PushLogTables.schema)
            for (name, value) in [("format", "\(PushLogTables.format)"), ("project", project)] {
                let insert = try self.database.prepare(
                    "INSERT OR IGNORE INTO about (name, value) VALUES (?, ?)"
                )
                try insert.bind(name, at: 1)
                try insert.bind(value, at: 2)
                try insert.run()
            }
        }
        try self.check(project: project)
    }

    /// Opens a log that is there, to be read; nothing is written.
    ///
    /// - Throws: As ``init(path:project:)`` does.
    package convenience init(reading path: String, project: String) throws(OfflineStoreError) {
        let database = try withPushLogErrors { () throws(SQLiteError) in
            try SQLiteDatabase(path: path, mode: .readOnly, keepsPageChecksums: true)
        }
        self.init(path: path, database: database)
        try self.check(project: project)
    }

    private init(path: String, database: SQLiteDatabase) {
        self.path = path
        self.database = database
    }

    private func check(project: String) throws(OfflineStoreError) {
        let about = try withPushLogErrors { () throws(SQLiteError) in
            var about: [String: String] = [:]
            let statement = try self.database.prepare("SELECT name, value FROM about")
            while try statement.step() {
                about[statement.text(at: 0) ?? ""] = statement.text(at: 1)
            }
            return about
        }
        guard about["format"] == "\(PushLogTables.format)" else {
            throw OfflineStoreError(
                code: .inputOutput,
                message: "the push log \(self.path) has format \(about["format"] ?? "unknown"), "
                    + "and this fstore knows \(PushLogTables.format); use a newer fstore"
            )
        }
        guard about["project"] == project else {
            throw OfflineStoreError(
                code: .inputOutput,
                message: "the push log \(self.path) belongs to project "
                    + "\(about["project"] ?? ""); give project \(project) a registry or an "
                    + "offline store in a folder of its own"
            )
        }
    }

    /// The push that came with that idempotency key.
    package func push(withKey key: String) throws(OfflineStoreError) -> Known? {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                "SELECT content_hash, result FROM pushes WHERE idempotency_key = ?"
            )
            try statement.bind(key, at: 1)
            guard try statement.step() else { return nil }
            return Known(
                contentHash: statement.text(at: 0) ?? "",
                result: statement.text(at: 1)
            )
        }
    }

    /// Records a push with its rows and rejects, all or nothing.
    ///
    /// - Parameters:
    ///   - entry: The push.
    ///   - time: Gives the time of the push, which must be after the last one's.
    /// - Returns: The push's number, and its time.
    /// - Throws: ``OfflineStoreError`` when the file fails; nothing is recorded then.
    package func record(
        _ entry: Entry,
        time: (_ last: Timestamp?) -> Timestamp
    ) throws(OfflineStoreError) -> (sequence: Int64, pushedAt: Timestamp) {
        try self.transaction { () throws(SQLiteError) in
            let last = try self.database.prepare(
                "SELECT sequence, pushed_at FROM pushes ORDER BY sequence DESC LIMIT 1"
            )
            let hasLast = try last.step()
            let sequence = hasLast ? last.integer(at: 0) + 1 : 1
            let pushedAt = time(
                hasLast ? Timestamp(microseconds: last.integer(at: 1)) : nil
            )
            let waiting = entry.waiting(pushedAt)
            let result = entry.result.map { $0(sequence, pushedAt) }
            try self.insert(entry, sequence: sequence, pushedAt: pushedAt, result: result)
            if result == nil || entry.target != "online" {
                try self.insert(entry.rows, sequence: sequence)
            }
            try self.insert(entry.rejects, sequence: sequence, at: pushedAt)
            try self.insert(waiting, sequence: sequence)
            if result == nil {
                self.mayHavePending = true
            }
            return (sequence, pushedAt)
        }
    }

    /// Notes that a push is in all stores that it is meant for.
    package func finish(_ sequence: Int64, result: String) throws(OfflineStoreError) {
        try self.transaction { () throws(SQLiteError) in
            let update = try self.database.prepare(
                "UPDATE pushes SET state = 'done', result = ? WHERE sequence = ?"
            )
            try update.bind(result, at: 1)
            try update.bind(sequence, at: 2)
            try update.run()
            try self.deleteUselessRows(of: sequence)
        }
    }

    /// The pushes that are not finished, in their order; afterwards the caller finishes them.
    package func takePending() throws(OfflineStoreError) -> [Pending] {
        let heads = try withPushLogErrors { () throws(SQLiteError) in
            var heads: [(Int64, String, Bool, String, Int64, String)] = []
            let statement = try self.database.prepare(
                """
                SELECT sequence, source, is_view, target, pushed_at, columns FROM pushes
                WHERE state = 'pending' ORDER BY sequence
                """
            )
            while try statement.step() {
                heads.append(
                    (
                        statement.integer(at: 0), statement.text(at: 1) ?? "",
                        statement.integer(at: 2) != 0, statement.text(at: 3) ?? "",
                        statement.integer(at: 4), statement.text(at: 5) ?? ""
                    )
                )
            }
            return heads
        }
        var pending: [Pending] = []
        for (sequence, source, isView, target, pushedAt, columns) in heads {
            pending.append(
                Pending(
                    sequence: sequence,
                    source: source,
                    isView: isView,
                    target: target,
                    pushedAt: Timestamp(microseconds: pushedAt),
                    columns: try PushLogTables.names(columns),
                    rows: try self.rows(of: sequence),
                    rejects: try self.rejects(of: sequence),
                    waiting: try self.waitingRows(of: sequence)
                )
            )
        }
        return pending
    }

    /// Says that nothing is pending any more.
    package func noPendingLeft() {
        self.mayHavePending = false
    }

    private func rows(
        of sequence: Int64
    ) throws(OfflineStoreError) -> [(number: Int, cells: [GivenCell])] {
        let read = try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                "SELECT row, cells FROM pushed_rows WHERE sequence = ? ORDER BY row"
            )
            try statement.bind(sequence, at: 1)
            var rows: [(Int, [GivenCell]?)] = []
            while try statement.step() {
                let cells = statement.withBytes(at: 1) { GivenCell.cells(json: $0) }
                rows.append((Int(statement.integer(at: 0)), cells))
            }
            return rows
        }
        var rows: [(number: Int, cells: [GivenCell])] = []
        for (number, cells) in read {
            guard let cells else {
                throw PushLogTables.damaged(self.path, "row \(number) of push \(sequence)")
            }
            rows.append((number, cells))
        }
        return rows
    }

    private func rejects(of sequence: Int64) throws(OfflineStoreError) -> [Reject] {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                "SELECT row, \"column\", reason FROM rejects WHERE sequence = ? ORDER BY row"
            )
            try statement.bind(sequence, at: 1)
            var rejects: [Reject] = []
            while try statement.step() {
                rejects.append(
                    Reject(
                        row: Int(statement.integer(at: 0)),
                        column: statement.text(at: 1),
                        reason: statement.text(at: 2) ?? "",
                        cells: ""
                    )
                )
            }
            return rejects
        }
    }

    func transaction<Result>(
        _ body: () throws(SQLiteError) -> Result
    ) throws(OfflineStoreError) -> Result {
        try withPushLogErrors { () throws(SQLiteError) in
            try self.database.transaction(mapping: { $0 }, body)
        }
    }
}

extension PushLog {
    private func insert(
        _ entry: Entry,
        sequence: Int64,
        pushedAt: Timestamp,
        result: String?
    ) throws(SQLiteError) {
        let insert = try self.database.prepare(
            """
            INSERT INTO pushes (sequence, idempotency_key, content_hash, source, is_view, target,
                pushed_at, columns, state, result)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        )
        try insert.bind(sequence, at: 1)
        // What is not bound is null.
        if let key = entry.idempotencyKey { try insert.bind(key, at: 2) }
        if let hash = entry.contentHash { try insert.bind(hash, at: 3) }
        try insert.bind(entry.source, at: 4)
        try insert.bind(Int64(entry.isView ? 1 : 0), at: 5)
        try insert.bind(entry.target, at: 6)
        try insert.bind(pushedAt.microseconds, at: 7)
        try insert.bind(text: jsonArray(entry.columns.map { .text($0) }).span, at: 8)
        try insert.bind(result == nil ? "pending" : "done", at: 9)
        if let result { try insert.bind(result, at: 10) }
        try insert.run()
    }

    private func insert(
        _ rows: [(number: Int, cells: [GivenCell])],
        sequence: Int64
    ) throws(SQLiteError) {
        let insert = try self.database.prepare(
            "INSERT INTO pushed_rows (sequence, row, cells) VALUES (?, ?, ?)"
        )
        for row in rows {
            try insert.bind(sequence, at: 1)
            try insert.bind(Int64(row.number), at: 2)
            try insert.bind(text: jsonArray(row.cells).span, at: 3)
            try insert.run()
        }
    }

    private func insert(
        _ rejects: [Reject],
        sequence: Int64,
        at time: Timestamp
    ) throws(SQLiteError) {
        let insert = try self.database.prepare(
            """
            INSERT INTO rejects (sequence, row, "column", reason, cells, rejected_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """
        )
        for reject in rejects {
            try insert.bind(sequence, at: 1)
            try insert.bind(Int64(reject.row), at: 2)
            if let column = reject.column {
                try insert.bind(column, at: 3)
            } else {
                try insert.bindNull(at: 3)
            }
            try insert.bind(reject.reason, at: 4)
            try insert.bind(reject.cells, at: 5)
            try insert.bind(time.microseconds, at: 6)
            try insert.run()
        }
    }
}

/// Cells as a JSON array.
func jsonArray(_ cells: [GivenCell]) -> [UInt8] {
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (index, cell) in cells.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        cell.append(to: &text)
    }
    text.append(UInt8(ascii: "]"))
    return text
}
