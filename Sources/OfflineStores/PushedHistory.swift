import FeatureCompute
import FeatureModel
import Glibc
import NativeStorage

/// The rows that were pushed to some push sources' history.
struct PushedHistory {
    /// The database of the push log.
    let path: String
    /// The names of the push sources.
    let sources: [String]

    /// Reads all rows, in the order of the pushes and of the rows in each.
    func scan(
        _ assembler: inout RowAssembler,
        progress: ((ScanProgress) -> Void)?,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        guard unsafe access(self.path, F_OK) == 0 else { return }
        assembler.beginPushedRows()
        let database = try withPushLogErrors { () throws(SQLiteError) in
            try SQLiteDatabase(path: self.path, mode: .readOnly, keepsPageChecksums: true)
        }
        guard try PushLogTables.areThere(in: database) else { return }
        let statement = try withPushLogErrors { () throws(SQLiteError) in
            try database.prepare(PushLogTables.historyQuery(sources: self.sources))
        }
        var sequence: Int64 = -1
        var positions: [Int?] = []
        var untilProgress = RowAssembler.batchSize
        while try step(statement) {
            if statement.integer(at: 0) != sequence {
                sequence = statement.integer(at: 0)
                let columns = try PushLogTables.names(statement.text(at: 2) ?? "")
                positions = assembler.layout.columns.map { wanted in
                    columns.firstIndex { $0.utf8.elementsEqual(wanted.utf8) }
                }
            }
            let number = statement.integer(at: 3)
            let cells = statement.withBytes(at: 4) { GivenCell.cells(json: $0) }
            guard let cells else {
                throw PushLogTables.damaged(self.path, "row \(number) of push \(sequence)")
            }
            var row = PushedRow(
                cells: cells,
                positions: positions,
                sequence: sequence,
                number: number,
                pushTime: statement.integer(at: 1)
            )
            assembler.add(&row)
            if assembler.isFull { try assembler.deliver(to: body) }
            untilProgress -= 1
            if untilProgress == 0 {
                untilProgress = RowAssembler.batchSize
                progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: nil))
            }
        }
        try assembler.deliver(to: body)
        progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: 1))
    }

    private func step(_ statement: borrowing SQLiteStatement) throws(OfflineStoreError) -> Bool {
        do { return try statement.step() } catch { throw pushLogError(error) }
    }
}
