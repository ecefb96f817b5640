package import FeatureCompute
import NativeStorage

extension PushLog {
    /// What a forgetting removed from the log.
    package struct Forgotten: Sendable {
        /// Rows of pushes, those that are history and those that wait; also those that stay for
        /// views whose keys do not have the ids, without these.
        package internal(set) var rows = 0
        package internal(set) var rejects = 0
        /// Answers to pushes with an idempotency key: with the same key again the rows are taken as
        /// new ones.
        package internal(set) var answers = 0
    }

    /// Removes the rows that belong to some entities, and what was said of them.
    ///
    /// - Parameters:
    ///   - isDryRun: Whether they are only counted.
    ///   - isForgotten: Whether a cell of a column is one of the ids.
    ///   - hasUse: Whether a view takes rows of a source also without some of their columns.
    ///   - isMentioned: Whether a text has one of the ids in it: of a rejected row's column, which
    ///     need not be readable, or of an idempotency key, for which the column is `nil`.
    ///   - isAnswerAbout: Whether the answer to a push has one of the ids in it.
    /// - Returns: What was removed.
    /// - Throws: ``OfflineStoreError`` when the file fails or is damaged; nothing is removed then.
    package func forget(
        isDryRun: Bool,
        isForgotten: (_ column: String, GivenCell) -> Bool,
        hasUse: (_ source: String, _ isView: Bool, _ missing: Set<String>) -> Bool,
        isMentioned: (_ column: String?, _ text: String) -> Bool,
        isAnswerAbout: (String) -> Bool
    ) throws(OfflineStoreError) -> Forgotten {
        let rows = try self.forgottenRows(isForgotten, hasUse)
        let rejects = try withPushLogErrors { () throws(SQLiteError) in
            try self.mentionedRejects(isForgotten, isMentioned)
        }
        let touched = Set(rows.map(\.place.sequence) + rejects.map(\.sequence))
        let answers = try withPushLogErrors { () throws(SQLiteError) in
            try self.answers(touched, isMentioned, isAnswerAbout)
        }
        if !isDryRun {
            try self.transaction { () throws(SQLiteError) in
                for row in rows {
                    if let cells = row.rest {
                        try self.replace(row.place, by: cells)
                    } else {
                        try self.delete(row.place, from: "pushed_rows")
                        try self.delete(row.place, from: "waiting_rows")
                    }
                }
                for reject in rejects { try self.delete(reject, from: "rejects") }
                for sequence in touched.union(answers) { try self.forgetAnswer(sequence) }
            }
        }
        return Forgotten(rows: rows.count, rejects: rejects.count, answers: answers.count)
    }

    /// How many of the first rows of a query over the history a forgetting leaves.
    ///
    /// - Parameters:
    ///   - query: What ``SourceReader/pushedInput(of:)`` names.
    ///   - count: How many rows are looked at.
    ///   - isForgotten: As for ``forget(isDryRun:isForgotten:hasUse:isMentioned:isAnswerAbout:)``.
    ///   - hasUse: As there.
    /// - Returns: The number; `nil` when a row cannot be read.
    /// - Throws: ``OfflineStoreError`` when the file fails.
    package func countLeft(
        of query: String,
        first count: Int,
        isForgotten: (_ column: String, GivenCell) -> Bool,
        hasUse: (_ source: String, _ isView: Bool, _ missing: Set<String>) -> Bool
    ) throws(OfflineStoreError) -> Int? {
        try withPushLogErrors { () throws(SQLiteError) in
            let rows = try self.database.prepare(query)
            let heads = try self.database.prepare(
                "SELECT source, is_view FROM pushes WHERE sequence = ?"
            )
            var left = 0
            for _ in 0..<count {
                guard try rows.step() else { return nil }
                let cells = rows.withBytes(at: 4) { GivenCell.cells(json: $0) }
                guard let cells, let columns = try? PushLogTables.names(rows.text(at: 2) ?? "")
                else { return nil }
                let missing = Set(
                    zip(columns, cells).filter { isForgotten($0, $1) }.map { $0.0 }
                )
                guard !missing.isEmpty else {
                    left += 1
                    continue
                }
                heads.reset()
                try heads.bind(rows.integer(at: 0), at: 1)
                _ = try heads.step()
                let (source, isView) = (heads.text(at: 0) ?? "", heads.integer(at: 1) != 0)
                left += hasUse(source, isView, missing) ? 1 : 0
            }
            return left
        }
    }

    /// Rewrites the file, so that nothing is left in it of what was deleted.
    ///
    /// - Throws: ``OfflineStoreError`` when the file fails, or is still being read.
    package func purge() throws(OfflineStoreError) {
        try withPushLogErrors { () throws(SQLiteError) in
            try self.database.purge()
        }
    }

    private typealias Place = (sequence: Int64, number: Int64)

    /// - Returns: The rows that have an id in a column; with what is left of them, where that has a
    ///   use.
    private func forgottenRows(
        _ isForgotten: (String, GivenCell) -> Bool,
        _ hasUse: (String, Bool, Set<String>) -> Bool
    ) throws(OfflineStoreError) -> [(place: Place, rest: [GivenCell]?)] {
        var places: [(place: Place, rest: [GivenCell]?)] = []
        var damage: OfflineStoreError?
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                """
                SELECT r.sequence, r.row, r.cells, p.columns, p.source, p.is_view
                FROM pushes AS p CROSS JOIN pushed_rows AS r ON r.sequence = p.sequence
                """
            )
            var sequence: Int64 = -1
            var columns: [String] = []
            while try statement.step() {
                let (next, number) = (statement.integer(at: 0), statement.integer(at: 1))
                do throws(OfflineStoreError) {
                    if next != sequence {
                        sequence = next
                        columns = try PushLogTables.names(statement.text(at: 3) ?? "")
                    }
                    let read = statement.withBytes(at: 2) { GivenCell.cells(json: $0) }
                    guard var cells = read else {
                        throw PushLogTables.damaged(self.path, "row \(number) of push \(next)")
                    }
                    var missing: Set<String> = []
                    for (index, column) in columns.enumerated() where index < cells.count {
                        guard isForgotten(column, cells[index]) else { continue }
                        missing.insert(column)
                        cells[index] = .null
                    }
                    guard !missing.isEmpty else { continue }
                    let source = statement.text(at: 4) ?? ""
                    let isUseful = hasUse(source, statement.integer(at: 5) != 0, missing)
                    places.append(((next, number), isUseful ? cells : nil))
                } catch {
                    damage = error
                    return
                }
            }
        }
        if let damage { throw damage }
        return places
    }

    private func mentionedRejects(
        _ isForgotten: (String, GivenCell) -> Bool,
        _ isMentioned: (String?, String) -> Bool
    ) throws(SQLiteError) -> [Place] {
        let statement = try self.database.prepare("SELECT sequence, row, cells FROM rejects")
        var places: [Place] = []
        while try statement.step() {
            let members = statement.withBytes(at: 2) { GivenCell.members(json: $0) }
            let isFound = members.contains { column, cell in
                isForgotten(column, cell) || isMentioned(column, cell.description)
            }
            if isFound { places.append((statement.integer(at: 0), statement.integer(at: 1))) }
        }
        return places
    }

    /// The pushes whose answer is to be forgotten, of those that have an idempotency key.
    private func answers(
        _ touched: Set<Int64>,
        _ isMentioned: (String?, String) -> Bool,
        _ isAnswerAbout: (String) -> Bool
    ) throws(SQLiteError) -> Set<Int64> {
        let statement = try self.database.prepare(
            "SELECT sequence, idempotency_key, result FROM pushes WHERE idempotency_key IS NOT NULL"
        )
        var found: Set<Int64> = []
        while try statement.step() {
            let sequence = statement.integer(at: 0)
            let isAbout =
                touched.contains(sequence) || isMentioned(nil, statement.text(at: 1) ?? "")
                || statement.text(at: 2).map(isAnswerAbout) ?? false
            if isAbout { found.insert(sequence) }
        }
        return found
    }

    private func replace(_ place: Place, by cells: [GivenCell]) throws(SQLiteError) {
        let update = try self.database.prepare(
            "UPDATE pushed_rows SET cells = ? WHERE sequence = ? AND row = ?"
        )
        try update.bind(text: jsonArray(cells).span, at: 1)
        try update.bind(place.sequence, at: 2)
        try update.bind(place.number, at: 3)
        try update.run()
    }

    private func delete(_ place: Place, from table: String) throws(SQLiteError) {
        let delete = try self.database.prepare(
            "DELETE FROM \(table) WHERE sequence = ? AND row = ?"
        )
        try delete.bind(place.sequence, at: 1)
        try delete.bind(place.number, at: 2)
        try delete.run()
    }

    /// Forgets the key of a push, the hash of its rows and its answer.
    private func forgetAnswer(_ sequence: Int64) throws(SQLiteError) {
        let update = try self.database.prepare(
            """
            UPDATE pushes SET idempotency_key = NULL, content_hash = NULL, result = NULL
            WHERE sequence = ?
            """
        )
        try update.bind(sequence, at: 1)
        try update.run()
    }
}
