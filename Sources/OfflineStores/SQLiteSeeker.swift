import FeatureCompute
import FeatureModel
import Foundation
import NativeStorage
import Synchronization

/// Looks rows up in a table of SQLite by an index on the join keys and the event time.
///
/// Event times in a table may be numbers or texts, and texts of different spellings do not sort as
/// the times do. So for each key the ends of the index are looked at: numbers alone sort by time,
/// and texts that all begin with `YYYY-` sort by their day, which no zone moves by more than a day.
/// Such keys are walked from somewhat after the slot backwards, until nothing newer can follow. Of
/// any other key all rows are read. Several threads look up keys, each on a connection of its own;
/// all see the same state of the table.
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
        let keys = Self.keys(of: filter)
        let pieces = Self.pieces(of: keys, filter)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let databases = try self.source.openTogether(min(cores, pieces.count))
        do throws(SQLiteError) {
            report.nullKey = try self.nullKeys(databases[0])
        } catch {
            throw OfflineStoreError(error)
        }
        var workers: [SQLiteSeekWorker] = []
        for database in databases {
            workers.append(try SQLiteSeekWorker(self, database, scan, filter))
        }
        // Each thread takes one, which it alone has from then on.
        nonisolated(unsafe) let all = workers
        let taken = Mutex(0)
        var done = 0
        try OrderedWork<Int, SQLiteSeekWorker.Piece>.run(
            count: pieces.count,
            threads: workers.count,
            start: {
                let number = taken.withLock { taken in
                    defer { taken += 1 }
                    return taken
                }
                let worker = unsafe all[number]
                return { worker.seek(keys[pieces[$0]]) }
            },
            take: { (piece: SQLiteSeekWorker.Piece) throws(OfflineStoreError) in
                report.append(piece.report)
                for batch in piece.batches { try body(batch) }
                if let error = piece.error { throw error }
                for (key, time) in piece.oldest { filter.notePassed(key, at: time) }
                done += 1
                progress?(
                    ScanProgress(
                        rowsRead: report.rowsRead,
                        fraction: Double(done) / Double(pieces.count)
                    )
                )
            }
        )
    }

    /// The keys that have slots: numbers in the order of the index, so that look-ups one after the
    /// other meet the same pages.
    private static func keys(of filter: KeyFilter) -> [Int32] {
        let keys = (0..<Int32(filter.slots.keyCount))
            .filter { !filter.slots.slots(ofKey: Int($0)).isEmpty }
        guard filter.keys.isInteger else { return keys }
        return keys.sorted {
            filter.keys.integer(ofID: Int($0)) < filter.keys.integer(ofID: Int($1))
        }
    }

    /// Where keys are divided: a piece is worth a thread, and its rows are held at once.
    private static func pieces(of keys: [Int32], _ filter: KeyFilter) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = 0
        var slots = 0
        for (index, key) in keys.enumerated() {
            slots += filter.slots.slots(ofKey: Int(key)).count
            guard slots >= Self.pieceSlots || index == keys.count - 1 else { continue }
            pieces.append(start..<index + 1)
            start = index + 1
            slots = 0
        }
        return pieces
    }

    /// How many slots a piece has about, unless a single key has more.
    private static let pieceSlots = 512

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
