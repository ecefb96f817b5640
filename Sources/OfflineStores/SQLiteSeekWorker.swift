import FeatureCompute
import FeatureModel
import NativeStorage

/// One thread of a seek in a table of SQLite, with a connection of its own.
final class SQLiteSeekWorker {
    /// What became of the look-ups of some keys.
    struct Piece: Sendable {
        var batches: [SourceBatch] = []
        var report = ScanReport()
        /// The earliest event time of each key that has rows which no slot wants.
        var oldest: [(key: Int32, time: Int64)] = []
        /// Why there is no more.
        var error: OfflineStoreError?
    }

    private let types: [ValueType]
    private let filter: KeyFilter
    private var assembler: RowAssembler
    private var keySeek: SQLiteKeySeek
    // The statements of the seek refer to it.
    private let database: SQLiteDatabase

    /// A thread of a seek.
    ///
    /// - Parameters:
    ///   - seeker: What is looked up.
    ///   - database: A connection in a transaction, which nobody else uses.
    ///   - scan: What to read.
    ///   - filter: The keys and their slots; what is seen of them goes to the pieces.
    /// - Throws: What reading the schema throws.
    init(
        _ seeker: SQLiteSeeker,
        _ database: SQLiteDatabase,
        _ scan: SourceScan,
        _ filter: KeyFilter
    ) throws(OfflineStoreError) {
        var scan = scan
        self.filter = filter.unused()
        scan.keyFilter = self.filter
        self.types = seeker.types
        self.database = database
        self.assembler = try RowAssembler(scan: scan)
        self.assembler.beginRowsInAnyOrder()
        self.keySeek = try SQLiteKeySeek(seeker, database, scan)
    }

    /// Looks up some keys of the filter, one after the other.
    func seek(_ keys: ArraySlice<Int32>) -> Piece {
        var piece = Piece()
        do throws(OfflineStoreError) {
            for key in keys {
                let parts = SQLiteKeyPart.parts(
                    ofID: Int(key),
                    in: self.filter.keys,
                    types: self.types
                )
                try self.keySeek.seek(key, parts, self.filter, &self.assembler)
                let oldest = self.filter.oldestPassed[Int(key)]
                if oldest != .max { piece.oldest.append((key, oldest)) }
                if self.assembler.isFull, let batch = self.assembler.finishBatch() {
                    piece.batches.append(batch)
                }
            }
            if let batch = self.assembler.finishBatch() { piece.batches.append(batch) }
        } catch {
            piece.error = error
        }
        piece.report = self.assembler.takeReport()
        if self.keySeek.sawZonelessTime { piece.report.sawZonelessTime = true }
        return piece
    }
}
