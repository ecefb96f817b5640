package import FeatureCompute
package import FeatureModel
import NativeStorage

extension PushLog {
    /// A row that some views must not serve before a time.
    package struct WaitingRow: Hashable, Sendable {
        /// Its number in the push.
        package let number: Int
        /// Whether it waits for the views that filter by created time, or for the others.
        package let isByCreated: Bool
        /// When it may be written.
        package let due: Timestamp

        package init(number: Int, isByCreated: Bool, due: Timestamp) {
            self.number = number
            self.isByCreated = isByCreated
            self.due = due
        }
    }

    /// Rows of a push whose time has come.
    package struct DuePush: Sendable {
        package let sequence: Int64
        package let source: String
        package let isView: Bool
        package let pushedAt: Timestamp
        package let columns: [String]
        /// By number, each with its cells.
        package fileprivate(set) var rows: [(row: WaitingRow, cells: [GivenCell])]
        /// All of them, also those whose cells are gone.
        fileprivate var entries: [WaitingRow]
    }

    /// When the first waiting row is due; `nil` when none waits.
    package func earliestDue() throws(OfflineStoreError) -> Timestamp? {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare("SELECT min(due) FROM waiting_rows")
            guard try statement.step(), statement.storageType(at: 0) != .null else { return nil }
            return Timestamp(microseconds: statement.integer(at: 0))
        }
    }

    /// Waiting rows that are due by a time, the earliest due first; they stay until ``remove(_:)``.
    ///
    /// - Parameters:
    ///   - time: The last time, inclusive.
    ///   - limit: How many rows at most.
    /// - Returns: The rows by push, in the order of the pushes and of the rows in each; rows as old
    ///   as each other are due at the same time, so that they come in that order from call to call.
    /// - Throws: ``OfflineStoreError`` when the file fails or is damaged.
    package func duePushes(
        by time: Timestamp,
        limit: Int
    ) throws(OfflineStoreError) -> [DuePush] {
        let read = try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                """
                SELECT w.sequence, w.row, w.by_created, w.due, r.cells
                FROM waiting_rows AS w LEFT JOIN pushed_rows AS r
                    ON r.sequence = w.sequence AND r.row = w.row
                WHERE w.due <= ? ORDER BY w.due, w.sequence, w.row LIMIT ?
                """
            )
            try statement.bind(time.microseconds, at: 1)
            try statement.bind(Int64(limit), at: 2)
            var rows: [Int64: [(row: WaitingRow, isThere: Bool, cells: [GivenCell]?)]] = [:]
            while try statement.step() {
                let row = WaitingRow(
                    number: Int(statement.integer(at: 1)),
                    isByCreated: statement.integer(at: 2) != 0,
                    due: Timestamp(microseconds: statement.integer(at: 3))
                )
                let isThere = statement.storageType(at: 4) != .null
                let cells = statement.withBytes(at: 4) { GivenCell.cells(json: $0) }
                rows[statement.integer(at: 0), default: []].append((row, isThere, cells))
            }
            return rows
        }
        var pushes: [DuePush] = []
        for (sequence, rows) in read.sorted(by: { $0.key < $1.key }) {
            var push = try self.duePush(sequence)
            for (row, isThere, cells) in rows.sorted(by: { $0.row.number < $1.row.number }) {
                push.entries.append(row)
                guard isThere else { continue }
                guard let cells else {
                    throw PushLogTables.damaged(
                        self.path,
                        "row \(row.number) of push \(sequence)"
                    )
                }
                push.rows.append((row, cells))
            }
            pushes.append(push)
        }
        return pushes
    }

    private func duePush(_ sequence: Int64) throws(OfflineStoreError) -> DuePush {
        let head = try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                "SELECT source, is_view, pushed_at, columns FROM pushes WHERE sequence = ?"
            )
            try statement.bind(sequence, at: 1)
            _ = try statement.step()
            return (
                source: statement.text(at: 0) ?? "", isView: statement.integer(at: 1) != 0,
                pushedAt: statement.integer(at: 2), columns: statement.text(at: 3) ?? "[]"
            )
        }
        return DuePush(
            sequence: sequence,
            source: head.source,
            isView: head.isView,
            pushedAt: Timestamp(microseconds: head.pushedAt),
            columns: try PushLogTables.names(head.columns),
            rows: [],
            entries: []
        )
    }

    /// Forgets that rows wait: they are in the online store.
    package func remove(_ pushes: [DuePush]) throws(OfflineStoreError) {
        try self.transaction { () throws(SQLiteError) in
            let waiting = try self.database.prepare(
                "DELETE FROM waiting_rows WHERE sequence = ? AND row = ? AND by_created = ?"
            )
            for push in pushes {
                for row in push.entries {
                    try waiting.bind(push.sequence, at: 1)
                    try waiting.bind(Int64(row.number), at: 2)
                    try waiting.bind(Int64(row.isByCreated ? 1 : 0), at: 3)
                    try waiting.run()
                }
            }
            for push in pushes {
                try self.deleteUselessRows(of: push.sequence)
            }
        }
    }

    /// Forgets the waiting rows of pushes that were meant for the online store alone and have no
    /// place in it any more.
    ///
    /// - Parameter hasPlace: Whether anything online takes rows of a push source, or of a view.
    /// - Throws: ``OfflineStoreError`` when the file fails; nothing is forgotten then.
    package func removeWaitingRows(
        unless hasPlace: (_ source: String, _ isView: Bool) -> Bool
    ) throws(OfflineStoreError) {
        try self.transaction { () throws(SQLiteError) in
            let pushes = try self.database.prepare(
                """
                SELECT sequence, source, is_view FROM pushes WHERE target = 'online'
                    AND sequence IN (SELECT sequence FROM waiting_rows)
                """
            )
            var useless: [Int64] = []
            while try pushes.step() {
                if !hasPlace(pushes.text(at: 1) ?? "", pushes.integer(at: 2) != 0) {
                    useless.append(pushes.integer(at: 0))
                }
            }
            let delete = try self.database.prepare("DELETE FROM waiting_rows WHERE sequence = ?")
            for sequence in useless {
                try delete.bind(sequence, at: 1)
                try delete.run()
                try self.deleteUselessRows(of: sequence)
            }
        }
    }

    /// Deletes the rows of a push that is done and no history, but for those that wait.
    func deleteUselessRows(of sequence: Int64) throws(SQLiteError) {
        let delete = try self.database.prepare(
            """
            DELETE FROM pushed_rows WHERE sequence = ?1 AND EXISTS (
                SELECT 1 FROM pushes
                WHERE sequence = ?1 AND target = 'online' AND state = 'done'
            ) AND row NOT IN (SELECT row FROM waiting_rows WHERE sequence = ?1)
            """
        )
        try delete.bind(sequence, at: 1)
        try delete.run()
    }

    /// The rows of a push that wait.
    func waitingRows(of sequence: Int64) throws(OfflineStoreError) -> [WaitingRow] {
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                "SELECT row, by_created, due FROM waiting_rows WHERE sequence = ? ORDER BY row"
            )
            try statement.bind(sequence, at: 1)
            var rows: [WaitingRow] = []
            while try statement.step() {
                rows.append(
                    WaitingRow(
                        number: Int(statement.integer(at: 0)),
                        isByCreated: statement.integer(at: 1) != 0,
                        due: Timestamp(microseconds: statement.integer(at: 2))
                    )
                )
            }
            return rows
        }
    }

    func insert(_ rows: [WaitingRow], sequence: Int64) throws(SQLiteError) {
        let insert = try self.database.prepare(
            "INSERT INTO waiting_rows (sequence, row, by_created, due) VALUES (?, ?, ?, ?)"
        )
        for row in rows {
            try insert.bind(sequence, at: 1)
            try insert.bind(Int64(row.number), at: 2)
            try insert.bind(Int64(row.isByCreated ? 1 : 0), at: 3)
            try insert.bind(row.due.microseconds, at: 4)
            try insert.run()
        }
    }
}
