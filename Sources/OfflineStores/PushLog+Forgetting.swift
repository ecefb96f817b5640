package import FeatureCompute
import FeatureModel
import NativeStorage

/// Whose rows a push log loses.
package protocol ForgottenPushes {
    /// Until when rows with such a cell in a column do not count, in microseconds; `nil` when the
    /// cell is none of the ids.
    func limit(column: String, _ cell: GivenCell) -> Int64?

    /// The time that a row gives itself, in microseconds; `nil` when it gives none.
    func time(ofRow cells: [GivenCell], _ columns: [String], source: String) -> Int64?

    /// Whether a view takes rows of a source also without some of their columns.
    func hasUse(_ source: String, isView: Bool, without missing: Set<String>) -> Bool

    /// Whether a text has one of the ids in it: of a rejected row's column, which need not be
    /// readable, or of an idempotency key, for which the column is `nil`.
    func isMentioned(in text: String, column: String?) -> Bool

    /// Whether the answer to a push has one of the ids in it.
    func isAbout(answer: String) -> Bool
}

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
    /// A row goes that was pushed, or became true, when it did not count any more.
    ///
    /// - Parameters:
    ///   - ids: The entities.
    ///   - isDryRun: Whether rows are only counted.
    ///   - map: Makes an error of the log one of the caller's.
    ///   - beforeCommit: Called when the rows are removed for this log and not yet for others;
    ///     whatever it throws, nothing is removed.
    /// - Returns: What was removed.
    /// - Throws: When the file fails or is damaged; nothing is removed then.
    package func forget<Failure: Error>(
        _ ids: some ForgottenPushes,
        isDryRun: Bool,
        mapping map: (OfflineStoreError) -> Failure,
        beforeCommit: () throws(Failure) -> Void
    ) throws(Failure) -> Forgotten {
        func mapped<Result>(
            _ body: () throws(OfflineStoreError) -> Result
        ) throws(Failure) -> Result {
            do { return try body() } catch { throw map(error) }
        }
        let rows = try mapped { () throws(OfflineStoreError) in try self.forgottenRows(ids) }
        let (rejects, touched, answers) = try mapped { () throws(OfflineStoreError) in
            try withPushLogErrors { () throws(SQLiteError) in
                let rejects = try self.mentionedRejects(ids)
                let touched = Set(rows.map(\.place.sequence) + rejects.map(\.sequence))
                return (rejects, touched, try self.answers(touched, ids))
            }
        }
        if !isDryRun {
            func mappedError(_ error: SQLiteError) -> Failure { map(pushLogError(error)) }
            try self.database.transaction(mapping: mappedError) { () throws(Failure) in
                try mapped { () throws(OfflineStoreError) in
                    try withPushLogErrors { () throws(SQLiteError) in
                        for row in rows { try self.remove(row) }
                        for reject in rejects { try self.delete(reject, from: "rejects") }
                        for sequence in touched.union(answers) { try self.forgetAnswer(sequence) }
                    }
                }
                try beforeCommit()
            }
        }
        return Forgotten(rows: rows.count, rejects: rejects.count, answers: answers.count)
    }

    /// A row of the history.
    package struct HistoryPlace: Sendable {
        let sequence: Int64
        let number: Int64
    }

    /// Whether an input of a training set is the history of a push log.
    package static func isHistory(_ query: String) -> Bool {
        query.hasPrefix(PushLogTables.historyHead)
    }

    /// Gives the beginning of the history as ``SourceReader/readContent(of:_:)`` gives it all.
    ///
    /// - Parameters:
    ///   - query: What ``SourceReader/pushedInput(of:)`` names.
    ///   - count: How many rows are wanted; `nil` for as many as there are.
    ///   - place: The last row that is wanted; `nil` for any.
    ///   - body: As for the other.
    /// - Returns: How many rows there were, and the last of them.
    /// - Throws: ``OfflineStoreError`` when the file fails.
    package func readHistory(
        _ query: String,
        first count: Int? = nil,
        through place: HistoryPlace? = nil,
        _ body: (Span<UInt8>, Int) -> Void
    ) throws(OfflineStoreError) -> (count: Int, last: HistoryPlace?) {
        let source = SQLiteSource(path: self.path, relation: .query(query))
        let statement = try source.prepareAll(self.database)
        var read: (count: Int, last: HistoryPlace?) = (0, nil)
        try SQLiteSource.readContent(of: statement, body) { row in
            let next = HistoryPlace(sequence: row.integer(at: 0), number: row.integer(at: 3))
            if let count, read.count == count { return false }
            if let place, (next.sequence, next.number) > (place.sequence, place.number) {
                return false
            }
            read = (read.count + 1, next)
            return true
        }
        return read
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

    /// A row that goes, or what is left of it where that has a use.
    private typealias ForgottenRow = (place: Place, rest: [GivenCell]?)

    private func forgottenRows(
        _ ids: some ForgottenPushes
    ) throws(OfflineStoreError) -> [ForgottenRow] {
        var rows: [ForgottenRow] = []
        var damage: OfflineStoreError?
        try withPushLogErrors { () throws(SQLiteError) in
            let statement = try self.database.prepare(
                """
                SELECT r.sequence, r.row, r.cells, p.columns, p.source, p.is_view, p.pushed_at
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
                    let limits = zip(columns, cells).map { ids.limit(column: $0, $1) }
                    guard limits.contains(where: { $0 != nil }) else { continue }
                    let source = statement.text(at: 4) ?? ""
                    let time = min(
                        statement.integer(at: 6),
                        ids.time(ofRow: cells, columns, source: source) ?? .max
                    )
                    var missing: Set<String> = []
                    for (index, limit) in limits.enumerated() {
                        guard let limit, time <= limit else { continue }
                        missing.insert(columns[index])
                        cells[index] = .null
                    }
                    guard !missing.isEmpty else { continue }
                    let isView = statement.integer(at: 5) != 0
                    let isUseful = ids.hasUse(source, isView: isView, without: missing)
                    rows.append(((next, number), isUseful ? cells : nil))
                } catch {
                    damage = error
                    return
                }
            }
        }
        if let damage { throw damage }
        return rows
    }

    private func mentionedRejects(
        _ ids: some ForgottenPushes
    ) throws(SQLiteError) -> [Place] {
        let statement = try self.database.prepare("SELECT sequence, row, cells FROM rejects")
        var places: [Place] = []
        while try statement.step() {
            let members = statement.withBytes(at: 2) { GivenCell.members(json: $0) }
            let isFound = members.contains { column, cell in
                ids.limit(column: column, cell) != nil
                    || ids.isMentioned(in: cell.description, column: column)
            }
            if isFound { places.append((statement.integer(at: 0), statement.integer(at: 1))) }
        }
        return places
    }

    /// The pushes whose answer is to be forgotten, of those that have an idempotency key.
    private func answers(
        _ touched: Set<Int64>,
        _ ids: some ForgottenPushes
    ) throws(SQLiteError) -> Set<Int64> {
        let statement = try self.database.prepare(
            "SELECT sequence, idempotency_key, result FROM pushes WHERE idempotency_key IS NOT NULL"
        )
        var found: Set<Int64> = []
        while try statement.step() {
            let sequence = statement.integer(at: 0)
            let isAbout =
                touched.contains(sequence)
                || ids.isMentioned(in: statement.text(at: 1) ?? "", column: nil)
                || statement.text(at: 2).map { ids.isAbout(answer: $0) } ?? false
            if isAbout { found.insert(sequence) }
        }
        return found
    }

    private func remove(_ row: ForgottenRow) throws(SQLiteError) {
        if let cells = row.rest { return try self.replace(row.place, by: cells) }
        try self.delete(row.place, from: "pushed_rows")
        try self.delete(row.place, from: "waiting_rows")
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
