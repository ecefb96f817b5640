/// Some whole records of a CSV file, which can be read apart from all others.
struct CSVChunk: Sendable {
    /// The records; the last ends with its line, or with the file.
    let bytes: [UInt8]
    /// The physical line on which they begin, from 1.
    let line: Int
    /// What the file says of how to read them.
    let file: CSVFileLayout
    /// Which part of the file lies before their end, from 0 to 1; `nil` when it is not known.
    let fraction: Double?
}

/// How to read the records of one CSV file.
struct CSVFileLayout: Sendable {
    /// The file's path, for messages.
    let path: String
    let delimiter: UInt8
    /// How many fields a record has.
    let columnCount: Int
    /// Where the wanted columns of the source stand.
    let positions: [Int]
    /// Unquoted fields that mean null.
    let nullValues: [String]
    /// Whether a line without a single byte is a record.
    let takesBlankLines: Bool
}

extension CSVChunk {
    /// Reads the records.
    ///
    /// - Parameter assembler: Takes the rows in; its report is empty before and after.
    /// - Returns: The rows and what was done with them.
    func rows(_ assembler: inout RowAssembler) -> CSVChunkRows {
        var batches: [SourceBatch] = []
        var error: OfflineStoreError?
        let bytes = self.bytes.span
        var row = CSVRow(
            scanner: CSVScanner(
                bytes,
                delimiter: self.file.delimiter,
                isLast: true,
                from: CSVScanner.Cursor(
                    line: self.line,
                    takesBlankLines: self.file.takesBlankLines
                )
            ),
            path: self.file.path,
            positions: self.file.positions,
            nullValues: self.file.nullValues
        )
        reading: while true {
            switch row.scanner.next() {
            case .end, .windowEnd:
                break reading
            case .unterminatedQuote:
                error = CSVFile.unterminatedQuote(path: self.file.path, line: row.scanner.line)
                break reading
            case .textAfterQuote:
                assembler.addBrokenRow(
                    place: row.place(),
                    reason: "there is text after a closing quote"
                )
            case .record:
                self.add(&row, to: &assembler)
            }
            if assembler.isFull, let batch = assembler.finishBatch() { batches.append(batch) }
        }
        if let batch = assembler.finishBatch() { batches.append(batch) }
        return CSVChunkRows(batches: batches, report: assembler.takeReport(), error: error)
    }

    private func add(_ row: inout CSVRow, to assembler: inout RowAssembler) {
        guard row.scanner.fieldCount != self.file.columnCount else { return assembler.add(&row) }
        assembler.addBrokenRow(
            place: row.place(),
            reason: "the row has \(row.scanner.fieldCount) fields, the header "
                + "\(self.file.columnCount)"
        )
    }
}

/// What the records of a chunk gave.
struct CSVChunkRows: Sendable {
    /// The rows, in the order of the file.
    let batches: [SourceBatch]
    /// What was done with all records.
    let report: ScanReport
    /// Why reading stopped before the end of the chunk.
    let error: OfflineStoreError?
}
