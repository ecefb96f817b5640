import FeatureCompute
import FeatureModel
import NativeStorage

extension SQLiteSource {
    /// How to read the source for a training set; see ``SourceReader/path(for:)``.
    ///
    /// - Parameters:
    ///   - scan: What is wanted, with a key filter.
    ///   - pushed: What the plan says of pushed rows.
    ///   - rowsPerSeek: See ``SourceReader/rowsPerSeek``.
    /// - Returns: The way to take.
    /// - Throws: What opening the database throws, and `missingColumn`.
    func path(
        for scan: SourceScan,
        pushed: String,
        rowsPerSeek: Int
    ) throws(OfflineStoreError) -> HistoryPath {
        let scanned = { (reason: String) in
            HistoryPath(seeker: nil, title: self.title + pushed, reason: reason)
        }
        guard let filter = scan.keyFilter, case .table(let table) = self.relation else {
            return scanned("a query has no index of its own, so every row is read")
        }
        guard !scan.strict else { return scanned("a strict run looks at every row") }
        guard !scan.joinKeys.isEmpty else {
            return scanned("the view has no keys, so every row belongs to them")
        }
        let types = scan.joinKeys.map(\.type)
        guard types.allSatisfy({ $0 == .int32 || $0 == .int64 || $0 == .string }) else {
            return scanned("only keys of type int32, int64 and string are looked up in an index")
        }
        let database = try self.open()
        let all = try self.prepareAll(database)
        let columns = (0..<all.columnCount).map { all.columnName(at: $0) }
        let layout = ScanLayout(scan)
        let places = try positions(
            of: layout.columns,
            among: columns,
            of: self.title,
            ignoringCase: true
        )
        let keys = types.indices.map { columns[places[$0]] }
        let time = layout.timePosition.map { columns[places[$0]] }
        guard let rowID = self.rowIDName(database, table: table, columns: columns) else {
            return scanned("it has no rowids, so every row is read")
        }
        do throws(SQLiteError) {
            let index = try SQLiteIndex.best(in: database, table: table, keys: keys, time: time)
            guard let index else {
                let wanted = (keys + (time.map { [$0] } ?? [])).joined(separator: ", ")
                return scanned("the table has no index on \(wanted)")
            }
            let seeker = SQLiteSeeker(
                source: self,
                table: table,
                rowID: rowID,
                index: index,
                keys: keys,
                types: types,
                time: time
            )
            let rows = try self.rowCount(database, table, rowID)
            let seeks = filter.slots.count
            guard try seeker.expectedCost(database, filter, rowsPerSeek: rowsPerSeek) < max(rows, 1)
            else {
                return scanned(
                    "looking up \(seeks) keys and times costs more than reading about \(rows) rows"
                )
            }
            guard try seeker.canTrustKeys(database, filter) else {
                return scanned("the key columns hold values of other types than the view's keys")
            }
            return HistoryPath(
                seeker: seeker,
                title: "\(self.title), by \(index.title)\(pushed)",
                reason: "looking up \(seeks) keys and times costs less than reading about "
                    + "\(rows) rows"
            )
        } catch {
            throw OfflineStoreError(error)
        }
    }

    /// About how many rows a table has: what ANALYZE counted, or the greatest rowid.
    private func rowCount(
        _ database: SQLiteDatabase,
        _ table: String,
        _ rowID: String
    ) throws(SQLiteError) -> Int {
        let known = try database.prepare(
            "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'"
        )
        if try known.step() {
            let statistics = try database.prepare(
                """
                SELECT stat FROM sqlite_stat1 WHERE tbl = \(quotedLiteral(table)) COLLATE NOCASE
                """
            )
            while try statistics.step() {
                let first = (statistics.text(at: 0) ?? "").split(separator: " ").first
                if let count = first.flatMap({ Int($0) }) { return count }
            }
        }
        let greatest = try database.prepare(
            "SELECT max(\(rowID)) FROM \(quotedIdentifier(table))"
        )
        return try greatest.step() ? Int(greatest.integer(at: 0)) : 0
    }
}
