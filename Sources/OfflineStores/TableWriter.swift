package import FeatureCompute

/// Where a table goes, and in which form.
package enum TableDestination: Hashable, Sendable {
    /// A form that is one stream of bytes.
    package enum Format: Hashable, Sendable {
        /// RFC 4180 with a header line.
        case csv
        /// One JSON object a line.
        case jsonLines
    }

    /// A file, which is replaced as a whole.
    case file(path: String, format: Format)
    /// An open descriptor: 1 is standard output.
    case descriptor(Int32, format: Format)
    /// A table of an SQLite database, which is replaced as a whole.
    case sqlite(path: String, table: String = "training_set")

    /// The destination that a path's ending names: `.csv`, `.jsonl`, `.db`, `.sqlite` and
    /// `.sqlite3`; `-` is CSV to standard output.
    ///
    /// - Returns: `nil` for any other ending.
    package init?(path: String, table: String = "training_set") {
        if path == "-" {
            self = .descriptor(1, format: .csv)
            return
        }
        switch path.split(separator: ".").last?.lowercased() {
        case "csv": self = .file(path: path, format: .csv)
        case "jsonl", "ndjson": self = .file(path: path, format: .jsonLines)
        case "db", "sqlite", "sqlite3": self = .sqlite(path: path, table: table)
        default: return nil
        }
    }

    /// Looks, before the work begins, whether it could be written.
    ///
    /// Nothing is made or changed. What is fine now may still fail later.
    ///
    /// - Throws: `inputOutput` when the folder is missing or cannot be written to, or when the path
    ///   is a folder itself.
    package func check() throws(OfflineStoreError) {
        switch self {
        case .file(let path, _), .sqlite(let path, _): try OutputFile.check(path: path)
        case .descriptor: break
        }
    }
}

/// Writes tables.
package enum TableWriter {
    /// Writes a whole table; when it throws, nothing was replaced.
    package static func write(
        _ table: Table,
        to destination: TableDestination
    ) throws(OfflineStoreError) {
        switch destination {
        case .file(let path, let format):
            try self.write(table, to: OutputFile(path: path), format)
        case .descriptor(let descriptor, let format):
            try self.write(table, to: OutputFile(descriptor: descriptor), format)
        case .sqlite(let path, let name):
            try SQLiteTableWriter(path: path, name: name).write(table)
        }
    }

    private static func write(
        _ table: Table,
        to file: OutputFile,
        _ format: TableDestination.Format
    ) throws(OfflineStoreError) {
        var file = file
        do {
            switch format {
            case .csv: try self.writeCSV(table, to: &file)
            case .jsonLines: try self.writeJSONLines(table, to: &file)
            }
            try file.finish()
        } catch {
            file.discard()
            throw error
        }
    }

    private static func writeCSV(
        _ table: Table,
        to file: inout OutputFile
    ) throws(OfflineStoreError) {
        let columns = table.columns.map(\.column)
        for (index, name) in table.columnNames.enumerated() {
            if index > 0 { file.buffer.append(UInt8(ascii: ",")) }
            let text = Array(name.utf8)
            CellFormatter.append(csvText: text.span, to: &file.buffer)
        }
        file.buffer.append(UInt8(ascii: "\n"))
        for row in 0..<table.rowCount {
            for index in columns.indices {
                if index > 0 { file.buffer.append(UInt8(ascii: ",")) }
                CellFormatter.append(csvField: columns[index], row: row, to: &file.buffer)
            }
            file.buffer.append(UInt8(ascii: "\n"))
            try file.flushIfFull()
        }
    }

    private static func writeJSONLines(
        _ table: Table,
        to file: inout OutputFile
    ) throws(OfflineStoreError) {
        let columns = table.columns.map(\.column)
        // `{"a":`, `,"b":` and so on.
        let prefixes = table.columnNames.enumerated().map { index, name in
            var prefix: [UInt8] = [index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ",")]
            let text = Array(name.utf8)
            JSONString.encode(text.span, to: &prefix)
            prefix.append(UInt8(ascii: ":"))
            return prefix
        }
        for row in 0..<table.rowCount {
            if columns.isEmpty { file.buffer.append(UInt8(ascii: "{")) }
            for index in columns.indices {
                file.buffer.append(contentsOf: prefixes[index])
                CellFormatter.append(
                    json: columns[index],
                    row: row,
                    style: .rows,
                    to: &file.buffer
                )
            }
            file.buffer.append(UInt8(ascii: "}"))
            file.buffer.append(UInt8(ascii: "\n"))
            try file.flushIfFull()
        }
    }
}
