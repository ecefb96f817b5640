import FeatureCompute

/// A table as lines of text: CSV with a header, or a JSON object a row.
struct TableText {
    private let columns: [Column]
    private let names: [String]
    private let format: TableDestination.Format
    /// What stands before each value: a comma or nothing; in JSON `{"a":`, `,"b":` and so on.
    private let prefixes: [[UInt8]]

    init(_ table: Table, format: TableDestination.Format) {
        self.columns = table.columns.map(\.column)
        self.names = table.columnNames
        self.format = format
        self.prefixes = table.columnNames.enumerated().map { index, name in
            if format == .csv { return index == 0 ? [] : [UInt8(ascii: ",")] }
            var prefix: [UInt8] = [index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
            let text = Array(name.utf8)
            JSONString.encode(text.span, to: &prefix)
            prefix.append(UInt8(ascii: ":"))
            return prefix
        }
    }

    /// Appends the line of the names; JSON has none.
    func appendHeader(to text: inout [UInt8]) {
        guard case .csv = self.format else { return }
        for (index, name) in self.names.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            let bytes = Array(name.utf8)
            CellFormatter.append(csvText: bytes.span, to: &text)
        }
        text.append(UInt8(ascii: "\n"))
    }

    /// How many rows make a piece of about a megabyte.
    var rowsOfPiece: Int {
        var rowSize = 16
        for column in self.columns {
            rowSize += 16
            if case .bytes(let values) = column.storage {
                rowSize += values.bytes.count / max(1, column.count)
            }
        }
        return max(1, (1 << 20) / rowSize)
    }

    /// Appends the lines of some rows.
    func append(rows: Range<Int>, to text: inout [UInt8]) {
        // So few at a time that their cells stay in a core's own cache.
        let size = max(1, (1 << 12) / max(1, self.columns.count))
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: size) {
            self.append(block: first..<min(first + size, rows.upperBound), to: &text)
        }
    }

    private func append(block rows: Range<Int>, to text: inout [UInt8]) {
        var cells = CellTexts(rowCount: rows.count)
        switch self.format {
        case .csv:
            for column in self.columns {
                cells.append(csvFields: column, rows: rows)
            }
            cells.appendLines(to: &text, prefixes: self.prefixes, end: [0x0A])
        case .jsonLines:
            for column in self.columns {
                cells.append(jsonValues: column, rows: rows)
            }
            let end = (self.columns.isEmpty ? "{}\n" : "}\n").utf8
            cells.appendLines(to: &text, prefixes: self.prefixes, end: Array(end))
        }
    }
}
