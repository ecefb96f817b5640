import FeatureCompute
import FeatureModel
import NativeStorage

/// Looks rows up in a table of SQLite by an index on the join keys and the event time.
///
/// Event times in a table may be numbers or texts, and texts of different spellings do not sort as
/// the times do. So for each key the ends of the index are looked at: numbers alone sort by time,
/// and texts that all begin with `YYYY-` sort by their day, which no zone moves by more than a day.
/// Such keys are walked from somewhat after the slot backwards, until nothing newer can follow. Of
/// any other key all rows are read.
struct SQLiteSeeker: HistorySeeker {
    let source: SQLiteSource
    let table: String
    /// The name of the rowid.
    let rowID: String
    let index: SQLiteIndex
    /// The columns of the keys, in the order of the scan.
    let keys: [String]
    let types: [ValueType]
    /// The column of the event time; `nil` for a static table.
    let time: String?

    func seek(
        _ scan: SourceScan,
        report: inout ScanReport,
        progress: ((ScanProgress) -> Void)?,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        guard let filter = scan.keyFilter else { preconditionFailure("a seek has a key filter") }
        let database = try self.source.open()
        var assembler = try RowAssembler(scan: scan)
        assembler.beginRowsInAnyOrder()
        var sawZonelessTime = false
        defer {
            report = assembler.takeReport()
            report.sawZonelessTime = report.sawZonelessTime || sawZonelessTime
        }
        do throws(SQLiteError) {
            // Every statement sees the same state of the table.
            try database.execute("PRAGMA cache_size = -32768")
            try database.execute("BEGIN")
            assembler.report.nullKey = try self.nullKeys(database)
        } catch {
            throw OfflineStoreError(error)
        }
        var keySeek = try SQLiteKeySeek(self, database, scan)
        for key in 0..<filter.slots.keyCount where !filter.slots.slots(ofKey: key).isEmpty {
            let parts = SQLiteKeyPart.parts(ofID: key, in: filter.keys, types: self.types)
            try keySeek.seek(Int32(key), parts, filter, &assembler)
            if assembler.isFull || key % RowAssembler.batchSize == 0 {
                if let batch = assembler.finishBatch() { try body(batch) }
                progress?(
                    ScanProgress(
                        rowsRead: assembler.report.rowsRead,
                        fraction: Double(key) / Double(filter.slots.keyCount)
                    )
                )
            }
        }
        sawZonelessTime = keySeek.sawZonelessTime
        if let batch = assembler.finishBatch() { try body(batch) }
        progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: 1))
    }

    /// Whether a look-up finds every row that a scan would count to a key.
    ///
    /// A text such as `7` is read as a whole number, and would not be found as one. So there may be
    /// no such values: none in the index's first column, and none behind the keys that are wanted
    /// in the others.
    func canTrustKeys(
        _ database: SQLiteDatabase,
        _ filter: KeyFilter
    ) throws(SQLiteError) -> Bool {
        let order = self.index.columns.prefix(self.keys.count).compactMap { column in
            self.keys.firstIndex { $0.lowercased() == column.lowercased() }
        }
        for (depth, position) in order.enumerated() {
            let column = quotedIdentifier(self.keys[position])
            // In SQLite numbers come before texts, and texts before blobs.
            let isOdd =
                self.types[position] == .string
                ? ["\(column) < ''", "\(column) >= x''"] : ["\(column) >= ''"]
            let before = order[..<depth].enumerated().map { place, position in
                "\(quotedIdentifier(self.keys[position])) = ?\(place + 1)"
            }
            for condition in isOdd {
                let conditions = (before + [condition]).joined(separator: " AND ")
                let statement = try database.prepare(
                    self.select("1", where: conditions + " LIMIT 1")
                )
                if depth == 0 {
                    if try statement.step() { return false }
                    continue
                }
                var known: Set<[SQLiteKeyPart]> = []
                for key in 0..<filter.keys.count {
                    let parts = SQLiteKeyPart.parts(ofID: key, in: filter.keys, types: self.types)
                    let prefix = order[..<depth].map { parts[$0] }
                    guard known.insert(prefix).inserted else { continue }
                    statement.reset()
                    for (place, part) in prefix.enumerated() {
                        try part.bind(to: statement, at: place + 1)
                    }
                    if try statement.step() { return false }
                }
            }
        }
        return true
    }

    /// What looking up all slots of a filter costs, in rows of a scan.
    func expectedCost(
        _ database: SQLiteDatabase,
        _ filter: KeyFilter,
        rowsPerSeek: Int
    ) throws(SQLiteError) -> Int {
        if self.index.hasTime || rowsPerSeek == 0 { return filter.slots.count * rowsPerSeek }
        let statement = try database.prepare(
            "SELECT count(*) FROM (\(self.select("1", where: self.isKey + " LIMIT 1000")))"
        )
        let sample = stride(from: 0, to: filter.keys.count, by: max(1, filter.keys.count / 8))
        var rows = 0
        var count = 0
        for key in sample {
            let parts = SQLiteKeyPart.parts(ofID: key, in: filter.keys, types: self.types)
            statement.reset()
            for (place, part) in parts.enumerated() {
                try part.bind(to: statement, at: place + 1)
            }
            if try statement.step() { rows += Int(statement.integer(at: 0)) }
            count += 1
        }
        return filter.keys.count * max(rowsPerSeek, 2 * rows / max(1, count))
    }

    /// The condition that picks the rows of a key: parameters from 1.
    var isKey: String {
        self.keys.enumerated()
            .map { "\(quotedIdentifier($1)) = ?\($0 + 1)" }
            .joined(separator: " AND ")
    }

    /// A query by the index.
    func select(_ columns: String, where conditions: String) -> String {
        "SELECT \(columns) FROM \(quotedIdentifier(self.table))\(self.index.clause) "
            + "WHERE \(conditions)"
    }

    /// How many rows have no key, as far as the index leads to them.
    private func nullKeys(_ database: SQLiteDatabase) throws(SQLiteError) -> Int {
        guard let first = self.index.columns.first else { return 0 }
        let statement = try database.prepare(
            self.select("count(*)", where: "\(quotedIdentifier(first)) IS NULL")
        )
        return try statement.step() ? Int(statement.integer(at: 0)) : 0
    }
}
