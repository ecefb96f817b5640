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

    /// Gives a whole table as text, in pieces of about a megabyte.
    ///
    /// The pieces put together are the bytes of the file that ``write(_:to:)`` makes.
    package static func stream<Failure: Error>(
        _ table: Table,
        as format: TableDestination.Format,
        _ body: (Span<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let text = TableText(table, format: format)
        var piece: [UInt8] = []
        text.appendHeader(to: &piece)
        for row in 0..<table.rowCount {
            text.append(row: row, to: &piece)
            if piece.count >= Self.pieceSize {
                try body(piece.span)
                piece.removeAll(keepingCapacity: true)
            }
        }
        if !piece.isEmpty { try body(piece.span) }
    }

    private static let pieceSize = 1 << 20

    private static func write(
        _ table: Table,
        to file: OutputFile,
        _ format: TableDestination.Format
    ) throws(OfflineStoreError) {
        var file = file
        do {
            try self.append(table, to: &file, format, hasHeader: true)
            try file.finish()
        } catch {
            file.discard()
            throw error
        }
    }

    /// Writes a table as text in parts, each as soon as it is there; when it throws, nothing was
    /// replaced.
    ///
    /// - Parameters:
    ///   - destination: A file or a descriptor.
    ///   - mapping: Makes the caller's error of one of this layer.
    ///   - parts: Gives the parts one after the other, the first by a call with 0, until it gives
    ///     `nil`. All have the same columns.
    /// - Throws: What `parts` throws, and `inputOutput`.
    package static func write<Failure: Error>(
        to destination: TableDestination,
        mapping: (OfflineStoreError) -> Failure,
        parts: (Int) throws(Failure) -> Table?
    ) throws(Failure) {
        var file: OutputFile
        let format: TableDestination.Format
        do throws(OfflineStoreError) {
            switch destination {
            case .file(let path, let own): (file, format) = (try OutputFile(path: path), own)
            case .descriptor(let descriptor, let own):
                (file, format) = (OutputFile(descriptor: descriptor), own)
            case .sqlite: preconditionFailure("a database is written as a whole")
            }
        } catch {
            throw mapping(error)
        }
        do throws(Failure) {
            var number = 0
            while let part = try parts(number) {
                do throws(OfflineStoreError) {
                    try self.append(part, to: &file, format, hasHeader: number == 0)
                } catch {
                    throw mapping(error)
                }
                number += 1
            }
            do throws(OfflineStoreError) { try file.finish() } catch { throw mapping(error) }
        } catch {
            file.discard()
            throw error
        }
    }

    private static func append(
        _ table: Table,
        to file: inout OutputFile,
        _ format: TableDestination.Format,
        hasHeader: Bool
    ) throws(OfflineStoreError) {
        let text = TableText(table, format: format)
        if hasHeader { text.appendHeader(to: &file.buffer) }
        for row in 0..<table.rowCount {
            text.append(row: row, to: &file.buffer)
            try file.flushIfFull()
        }
    }
}
