import FeatureCompute
import FeatureModel

/// Some plain rows of a chunk of CSV text.
struct CSVRows: ~Escapable {
    /// The text.
    let bytes: Span<UInt8>
    /// Where the fields lie.
    let index: CSVRowIndex
    let file: CSVFileLayout

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, index: CSVRowIndex, file: CSVFileLayout) {
        self.bytes = bytes
        self.index = index
        self.file = file
    }

    /// Finds the cells of one column of the source.
    func findCells(at column: Int, rows: [Int32], to cells: inout CellPlaces) {
        self.index.findCells(
            ofColumn: self.file.positions[column],
            rows: rows,
            in: self.bytes,
            nulls: self.file.nulls,
            to: &cells
        )
    }
}

/// What taking CSV rows in needs for the while, kept to save allocations.
struct CSVRowsScratch {
    /// The cells of one column.
    var cells = CellPlaces()
    /// The rows that are still wanted, by their numbers in the index.
    var rows: [Int32] = []
    /// One number a wanted row, as in a batch.
    var keyIDs: [Int32] = []
    var slots: [Int32] = []
    var times: [Int64] = []
    var created: [Int64] = []
    /// The keys of all rows, when one number is a key.
    var integerKeys: [Int64] = []
}

extension RowAssembler {
    /// Takes plain rows of CSV text in, column by column.
    ///
    /// Whatever is odd about a row, it stops before that row: only ``add(_:)`` says what it is.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - first: The first one to take.
    /// - Returns: The row that follows those that were taken in; `first` when that one needs
    ///   ``add(_:)``.
    mutating func add(_ rows: CSVRows, from first: Int) -> Int {
        var end = min(rows.index.rowCount, first + Self.batchSize - self.rowCount)
        while end > first {
            let odd = self.tryAdd(rows, first..<end)
            guard let odd else { return end }
            // What the rows before it left in the columns is taken back, and read once more.
            self.truncate()
            end = odd
        }
        return first
    }

    /// Takes rows in when all of them are good.
    ///
    /// - Returns: A row that is not, before which all were good so far; the columns must be
    ///   truncated then.
    private mutating func tryAdd(_ rows: CSVRows, _ range: Range<Int>) -> Int? {
        self.many.rows.removeAll(keepingCapacity: true)
        self.many.rows.append(
            contentsOf: Int32(range.lowerBound)..<Int32(range.upperBound)
        )
        var afterEnd = 0
        var createdLater = 0
        if let odd = self.readKeys(rows) { return odd }
        if let odd = self.readTimes(rows, afterEnd: &afterEnd) { return odd }
        if let odd = self.readCreated(rows, later: &createdLater) { return odd }
        if self.filter == nil, self.many.rows.count < range.count {
            // The keys of rows that were passed over since are not wanted.
            self.dropKey()
            if let odd = self.readKeyColumns(rows) { return odd }
        }
        if let odd = self.readFeatures(rows) { return odd }

        let kept = self.many.rows.count
        self.rowCount += kept
        self.report.rowsRead += range.count
        self.report.rowsKept += kept
        self.report.afterEnd += afterEnd
        self.report.createdLater += createdLater
        if self.filter != nil {
            self.keyIDs.append(contentsOf: self.many.keyIDs)
            self.slots.append(contentsOf: self.many.slots)
        }
        self.times.append(contentsOf: self.many.times)
        if self.hasCreatedTimes { self.created.append(contentsOf: self.many.created) }
        if self.layout.timePosition != nil, let newest = self.many.times.max(),
            newest > self.report.newestEventTime?.microseconds ?? .min
        {
            self.report.newestEventTime = Timestamp(microseconds: newest)
        }
        return nil
    }

    /// Takes back what rows left in the columns that were not all good.
    private mutating func truncate() {
        if self.filter == nil { self.dropKey() }
        for index in self.builders.indices {
            self.builders[index].truncate(to: self.wanted[index] ? self.rowCount : 0)
        }
    }

    /// The row of a cell that could not be read; `nil` when all could.
    private func odd(after read: Int) -> Int? {
        read < self.many.rows.count ? Int(self.many.rows[read]) : nil
    }

    /// Reads the keys; with a filter, only rows with one of its keys stay.
    private mutating func readKeys(_ rows: CSVRows) -> Int? {
        guard let filter = self.filter else { return self.readKeyColumns(rows) }
        self.many.keyIDs.removeAll(keepingCapacity: true)
        if self.hasIntegerKey {
            rows.findCells(at: 0, rows: self.many.rows, to: &self.many.cells)
            if let null = self.many.cells.firstNull { return self.odd(after: null) }
            self.many.integerKeys.removeAll(keepingCapacity: true)
            let read = self.parser.append(
                self.many.cells,
                of: rows.bytes,
                as: self.layout.keyTypes[0].kind,
                null: 0,
                to: &self.many.integerKeys
            )
            if let odd = self.odd(after: read) { return odd }
            filter.keys.appendIDs(of: self.many.integerKeys, to: &self.many.keyIDs)
        } else if let odd = self.readByteKeys(rows, filter.keys) {
            return odd
        }
        self.keepRowsWithKeys()
        return nil
    }

    /// Reads the keys of the rows that are still wanted into their columns.
    private mutating func readKeyColumns(_ rows: CSVRows) -> Int? {
        for position in self.keyBuilders.indices {
            rows.findCells(at: position, rows: self.many.rows, to: &self.many.cells)
            if let null = self.many.cells.firstNull { return self.odd(after: null) }
            let read = self.parser.append(
                self.many.cells,
                of: rows.bytes,
                to: &self.keyBuilders[position]
            )
            if let odd = self.odd(after: read) { return odd }
        }
        return nil
    }

    /// Reads keys that are no single number.
    private mutating func readByteKeys(_ rows: CSVRows, _ keys: KeyDictionary) -> Int? {
        var columns: [Column] = []
        for position in self.layout.keyTypes.indices {
            rows.findCells(at: position, rows: self.many.rows, to: &self.many.cells)
            if let null = self.many.cells.firstNull { return self.odd(after: null) }
            var builder = self.emptyKeyBuilder(at: position)
            let read = self.parser.append(self.many.cells, of: rows.bytes, to: &builder)
            if let odd = self.odd(after: read) { return odd }
            columns.append(builder.finish())
        }
        for row in self.many.rows.indices {
            self.key.removeAll(keepingCapacity: true)
            for column in columns {
                column.appendKey(at: row, to: &self.key)
            }
            self.many.keyIDs.append(keys.id(of: self.key.span))
        }
        return nil
    }

    private mutating func keepRowsWithKeys() {
        var kept = 0
        let ids = self.many.keyIDs
        for index in ids.indices where ids[index] >= 0 {
            self.many.rows[kept] = self.many.rows[index]
            self.many.keyIDs[kept] = ids[index]
            kept += 1
        }
        self.many.rows.removeLast(ids.count - kept)
        self.many.keyIDs.removeLast(ids.count - kept)
    }

    /// Reads the event times; only rows within the scan's times stay, and with a filter only those
    /// that a slot can want.
    private mutating func readTimes(_ rows: CSVRows, afterEnd: inout Int) -> Int? {
        self.many.times.removeAll(keepingCapacity: true)
        self.many.slots.removeAll(keepingCapacity: true)
        if let position = self.layout.timePosition {
            rows.findCells(at: position, rows: self.many.rows, to: &self.many.cells)
            if let null = self.many.cells.firstNull { return self.odd(after: null) }
            let read = self.parser.append(
                self.many.cells,
                of: rows.bytes,
                as: .unixTimestamp,
                null: 0,
                to: &self.many.times
            )
            if let odd = self.odd(after: read) { return odd }
        } else {
            self.many.times.append(contentsOf: repeatElement(0, count: self.many.rows.count))
        }
        let isStatic = self.layout.timePosition == nil
        var kept = 0
        for index in self.many.rows.indices {
            let time = self.many.times[index]
            if !isStatic, time > self.latest {
                afterEnd += 1
                continue
            }
            if !isStatic, time < self.earliest { continue }
            if let filter = self.filter {
                let keyID = self.many.keyIDs[index]
                let slot = filter.slot(ofKey: keyID, at: isStatic ? missingTime : time)
                if slot < 0 { continue }
                self.many.keyIDs[kept] = keyID
                self.many.slots.append(slot)
            }
            self.many.rows[kept] = self.many.rows[index]
            self.many.times[kept] = time
            kept += 1
        }
        let surplus = self.many.rows.count - kept
        self.many.rows.removeLast(surplus)
        self.many.times.removeLast(surplus)
        if self.filter != nil { self.many.keyIDs.removeLast(surplus) }
        return nil
    }

    /// Reads the created times; only rows that were created soon enough stay.
    private mutating func readCreated(_ rows: CSVRows, later: inout Int) -> Int? {
        self.many.created.removeAll(keepingCapacity: true)
        let count = self.many.rows.count
        guard self.hasCreatedTimes else { return nil }
        if let position = self.layout.createdPosition {
            rows.findCells(at: position, rows: self.many.rows, to: &self.many.cells)
            let read = self.parser.append(
                self.many.cells,
                of: rows.bytes,
                as: .unixTimestamp,
                null: missingTime,
                to: &self.many.created
            )
            if let odd = self.odd(after: read) { return odd }
        } else {
            self.many.created.append(
                contentsOf: repeatElement(self.createdWithoutColumn, count: count)
            )
        }
        guard let latestCreated = self.latestCreated else { return nil }
        var kept = 0
        for index in 0..<count {
            let created = self.many.created[index]
            if created == missingTime || created > latestCreated {
                later += 1
                continue
            }
            if self.filter != nil {
                self.many.keyIDs[kept] = self.many.keyIDs[index]
                self.many.slots[kept] = self.many.slots[index]
            }
            self.many.rows[kept] = self.many.rows[index]
            self.many.times[kept] = self.many.times[index]
            self.many.created[kept] = created
            kept += 1
        }
        self.many.created.removeLast(count - kept)
        self.many.rows.removeLast(count - kept)
        self.many.times.removeLast(count - kept)
        if self.filter != nil {
            self.many.keyIDs.removeLast(count - kept)
            self.many.slots.removeLast(count - kept)
        }
        return nil
    }

    private mutating func readFeatures(_ rows: CSVRows) -> Int? {
        for index in self.builders.indices {
            rows.findCells(
                at: self.layout.firstFeature + index,
                rows: self.many.rows,
                to: &self.many.cells
            )
            let read = self.parser.append(
                self.many.cells,
                of: rows.bytes,
                to: &self.builders[index]
            )
            if let odd = self.odd(after: read) { return odd }
            // Looked at, and not wanted.
            if !self.wanted[index] { self.builders[index].truncate(to: 0) }
        }
        return nil
    }
}
