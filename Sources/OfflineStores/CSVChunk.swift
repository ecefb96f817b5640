/// Some whole records of a CSV file, which can be read apart from all others.
struct CSVChunk: Sendable {
    /// Bytes of the file.
    let buffer: [UInt8]
    /// Which of them are the records; the last ends with its line, or with the file.
    let range: Range<Int>
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
    let text: CSVTextLayout
    /// Where the wanted columns of the source stand.
    let positions: [Int]
    let nulls: CSVNulls
}

extension CSVChunk {
    /// Reads the records: plain ones column by column, many at a time, any other by itself.
    ///
    /// - Parameters:
    ///   - assembler: Takes the rows in; its report is empty before and after.
    ///   - index: What finds plain rows; kept from one chunk to the next.
    ///   - transform: Called with each batch.
    /// - Returns: What was made of the rows, and what was done with them.
    func rows<Part: Sendable>(
        _ assembler: inout RowAssembler,
        index: inout CSVRowIndex,
        transform: SourceBatch.Transform<Part>
    ) -> CSVChunkRows<Part> {
        var parts: [Part] = []
        var failure: OfflineStoreError?
        let bytes = self.buffer.span.extracting(self.range)
        var cursor = CSVScanner.Cursor(
            line: self.line,
            takesBlankLines: self.file.text.columnCount == 1
        )
        var row = self.row(bytes, cursor)
        var size = CSVRowIndex.maximumSize
        reading: do throws(OfflineStoreError) {
            while true {
                index.find(in: bytes, from: cursor.position, size: size, file: self.file.text)
                var taken = 0
                while taken < index.rowCount {
                    let rows = CSVRows(bytes, index: index, file: self.file)
                    let end = assembler.add(rows, from: taken)
                    if assembler.isFull {
                        try Self.finishBatch(&assembler, to: &parts, transform: transform)
                    }
                    if end == taken { break }
                    taken = end
                }
                if taken > 0 { cursor.move(over: taken, of: index, in: bytes) }
                if taken > 0, taken == index.rowCount, !index.isNextOdd {
                    size = min(2 * size, CSVRowIndex.maximumSize)
                    continue
                }
                // Where odd rows are many, little is found before the next.
                size = max(size / 4, CSVRowIndex.minimumSize)
                row.scanner.move(to: cursor)
                guard try self.addOneRow(&row, to: &assembler) else { break reading }
                cursor = row.scanner.cursor
                if assembler.isFull {
                    try Self.finishBatch(&assembler, to: &parts, transform: transform)
                }
            }
        } catch {
            failure = error
        }
        do {
            try Self.finishBatch(&assembler, to: &parts, transform: transform)
        } catch {
            failure = error
        }
        return CSVChunkRows(parts: parts, report: assembler.takeReport(), error: failure)
    }

    @_lifetime(copy bytes)
    private func row(_ bytes: Span<UInt8>, _ cursor: CSVScanner.Cursor) -> CSVRow {
        CSVRow(
            scanner: CSVScanner(
                bytes,
                delimiter: self.file.text.delimiter,
                isLast: true,
                from: cursor
            ),
            path: self.file.path,
            positions: self.file.positions,
            nulls: self.file.nulls
        )
    }

    /// Takes the scanner's next record in, whatever it is.
    ///
    /// - Returns: False when there is none.
    private func addOneRow(
        _ row: inout CSVRow,
        to assembler: inout RowAssembler
    ) throws(OfflineStoreError) -> Bool {
        switch row.scanner.next() {
        case .end, .windowEnd:
            return false
        case .unterminatedQuote:
            throw CSVFile.unterminatedQuote(path: self.file.path, line: row.scanner.line)
        case .textAfterQuote:
            assembler.addBrokenRow(
                place: row.place(),
                reason: "there is text after a closing quote"
            )
        case .record where row.scanner.fieldCount != self.file.text.columnCount:
            assembler.addBrokenRow(
                place: row.place(),
                reason: "the row has \(row.scanner.fieldCount) fields, the header "
                    + "\(self.file.text.columnCount); a field with a delimiter in it needs quotes"
            )
        case .record:
            assembler.add(&row)
        }
        return true
    }

    private static func finishBatch<Part: Sendable>(
        _ assembler: inout RowAssembler,
        to parts: inout [Part],
        transform: SourceBatch.Transform<Part>
    ) throws(OfflineStoreError) {
        if let batch = assembler.finishBatch() { parts.append(try transform(batch)) }
        if let batch = assembler.finishUnusable() { parts.append(try transform(batch)) }
    }
}

/// What the records of a chunk gave.
struct CSVChunkRows<Part: Sendable>: Sendable {
    /// What was made of the rows, in the order of the file.
    let parts: [Part]
    /// What was done with all records.
    let report: ScanReport
    /// Why reading stopped before the end of the chunk.
    let error: OfflineStoreError?
}
