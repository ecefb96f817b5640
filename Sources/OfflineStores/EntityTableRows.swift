import FeatureCompute
import FeatureModel

/// The rows of an entity file while they are read.
struct EntityTableRows {
    /// The columns, as text.
    private(set) var builders: [ColumnBuilder]
    /// The physical line on which each row begins, `[rows]`.
    private(set) var lines: [Int32] = []
    private let layout: CSVTextLayout
    private let file: String
    private var index = CSVRowIndex()
    private var cells = CellPlaces()
    private var scratch: [UInt8] = []

    init(columnCount: Int, file: String) {
        self.builders = Array(repeating: ColumnBuilder(type: .string), count: columnCount)
        self.layout = CSVTextLayout(delimiter: UInt8(ascii: ","), columnCount: columnCount)
        self.file = file
    }

    /// Reads all records from the scanner on: plain ones column by column, many at a time, any
    /// other by itself.
    mutating func read(
        _ scanner: inout CSVScanner,
        _ bytes: Span<UInt8>
    ) throws(OfflineStoreError) {
        var cursor = scanner.cursor
        while true {
            let end = min(bytes.count, cursor.position + CSVRowIndex.maximumSize)
            let window = bytes.extracting(cursor.position..<end)
            self.index.find(in: window, from: 0, size: window.count, file: self.layout)
            if self.index.rowCount > 0 {
                self.addPlainRows(window, line: cursor.line)
                let next = cursor.position + self.index.start(ofRow: self.index.rowCount)
                cursor.move(to: next, in: bytes)
                if !self.index.isNextOdd { continue }
            }
            scanner.move(to: cursor)
            guard try self.addOneRow(&scanner) else { return }
            cursor = scanner.cursor
        }
    }

    private mutating func addPlainRows(_ window: Span<UInt8>, line: Int) {
        let rows = Array(0..<Int32(self.index.rowCount))
        for field in self.builders.indices {
            self.index.findCells(
                ofColumn: field,
                rows: rows,
                in: window,
                nulls: .onlyBlank,
                to: &self.cells
            )
            // Letter for letter, whatever the letters are.
            _ = self.builders[field].appendTexts(self.cells, of: window, mustBeUTF8: false)
        }
        var line = line
        for row in 0..<self.index.rowCount {
            self.lines.append(Int32(truncatingIfNeeded: line))
            line += self.index.lineCount(ofRow: row, in: window)
        }
    }

    /// - Returns: False at the end of the text.
    private mutating func addOneRow(
        _ scanner: inout CSVScanner
    ) throws(OfflineStoreError) -> Bool {
        switch scanner.next() {
        case .end, .windowEnd:
            return false
        case .unterminatedQuote:
            throw CSVFile.unterminatedQuote(path: self.file, line: scanner.line)
        case .textAfterQuote:
            throw OfflineStoreError(
                code: .malformedFile,
                message: "\(self.file):\(scanner.line): there is text after a closing quote"
            )
        case .record:
            break
        }
        guard scanner.fieldCount == self.builders.count else {
            throw OfflineStoreError(
                code: .malformedFile,
                message: """
                    \(self.file):\(scanner.line): the row has \(scanner.fieldCount) fields, the \
                    header \(self.builders.count); a field with a comma in it needs quotes
                    """
            )
        }
        self.lines.append(Int32(truncatingIfNeeded: scanner.line))
        for field in self.builders.indices {
            if scanner.isBlank(field) {
                self.builders[field].appendNull()
            } else if scanner.hasDoubledQuotes(field) {
                self.scratch.removeAll(keepingCapacity: true)
                scanner.append(field, to: &self.scratch)
                self.builders[field].append(bytes: self.scratch)
            } else {
                self.builders[field].append(bytes: scanner.rawField(field))
            }
        }
        return true
    }
}
