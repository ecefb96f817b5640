import FeatureCompute

/// A table as lines of text: CSV with a header, or a JSON object a row.
struct TableText {
    private let columns: [Column]
    private let names: [String]
    private let format: TableDestination.Format
    /// In JSON, what stands before each value: `{"a":`, `,"b":` and so on.
    private let prefixes: [[UInt8]]

    init(_ table: Table, format: TableDestination.Format) {
        self.columns = table.columns.map(\.column)
        self.names = table.columnNames
        self.format = format
        self.prefixes = table.columnNames.enumerated().map { index, name in
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

    /// Appends the line of a row.
    func append(row: Int, to text: inout [UInt8]) {
        switch self.format {
        case .csv:
            for index in self.columns.indices {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                CellFormatter.append(csvField: self.columns[index], row: row, to: &text)
            }
        case .jsonLines:
            if self.columns.isEmpty { text.append(UInt8(ascii: "{")) }
            for index in self.columns.indices {
                text.append(contentsOf: self.prefixes[index])
                CellFormatter.append(json: self.columns[index], row: row, style: .rows, to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
        text.append(UInt8(ascii: "\n"))
    }
}
