package import FeatureCompute
import FeatureModel
import NativeStorage

/// The rows of an entity file, every column as text, letter for letter.
///
/// An empty field without quotes is null; one in quotes is an empty string. An empty line is no
/// row, except below a header of one column, where it is a null.
package struct EntityTable: Sendable {
    /// How many bytes are read at first; the whole file is held in the end.
    private static let firstReadSize = 1 << 20

    /// The columns in the order of the file, all strings.
    package let table: Table
    /// What messages call the file.
    package let file: String
    /// The physical line on which each row begins, `[rows]`.
    package let lines: [Int32]

    /// Reads a CSV file, unpacked first when its name ends in `.gz`.
    package init(path: String) throws(OfflineStoreError) {
        let window = try Self.window(path: path)
        try self.init(bytes: window.bytes, file: path)
    }

    /// The bytes of a CSV file, unpacked when its name ends in `.gz`.
    package static func bytes(path: String) throws(OfflineStoreError) -> [UInt8] {
        let window = try Self.window(path: path)
        return Self.copy(window)
    }

    /// Reads CSV that is in memory already.
    ///
    /// - Parameters:
    ///   - bytes: The whole text, with its header.
    ///   - file: What messages call it: `standard input`.
    /// - Throws: `malformedFile`, with the line, when a record cannot be told from the next or has
    ///   not one field for each column.
    package init(bytes: [UInt8], file: String) throws(OfflineStoreError) {
        try self.init(bytes: bytes.span, file: file)
    }

    /// What messages call the table that comes from standard input.
    package static let standardInputName = "standard input"

    /// Reads what standard input still holds.
    package static func readStandardInput() throws(OfflineStoreError) -> EntityTable {
        let window = try Self.standardInput()
        return try EntityTable(bytes: window.bytes, file: Self.standardInputName)
    }

    /// The bytes that standard input still holds.
    package static func standardInputBytes() throws(OfflineStoreError) -> [UInt8] {
        let window = try Self.standardInput()
        return Self.copy(window)
    }

    private static func window(path: String) throws(OfflineStoreError) -> ByteWindow {
        do {
            return try withFileErrors { () throws(FileError) in
                var window = try ByteWindow(path: path, size: Self.firstReadSize)
                try window.takeRest()
                return window
            }
        } catch  where error.code == .missingFile {
            throw OfflineStoreError(
                code: .missingFile,
                message: "\(error.message); \(FilePattern.hint(forMissing: path))",
                cause: error
            )
        }
    }

    private static func standardInput() throws(OfflineStoreError) -> ByteWindow {
        try withFileErrors { () throws(FileError) in
            var window = try ByteWindow(
                descriptor: 0,
                name: Self.standardInputName,
                size: Self.firstReadSize
            )
            try window.takeRest()
            return window
        }
    }

    private static func copy(_ window: borrowing ByteWindow) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(span: window.bytes)
        return bytes
    }

    private init(bytes: Span<UInt8>, file: String) throws(OfflineStoreError) {
        if !bytes.isEmpty, bytes[0] == UInt8(ascii: "{") || bytes[0] == UInt8(ascii: "[") {
            throw OfflineStoreError(
                code: .malformedFile,
                message: """
                    \(file) is JSON, and entity rows are read from CSV: a first line with the \
                    names of the columns, then a line for each row; over HTTP they may be JSON
                    """
            )
        }
        var scanner = CSVScanner(bytes)
        let columns = try CSVHeader(path: file, scanner: &scanner)?.columns ?? []
        var rows = EntityTableRows(columnCount: columns.count, file: file)
        try rows.read(&scanner, bytes)
        self.file = file
        self.lines = rows.lines
        self.table = Table(
            columns: zip(columns, rows.builders).map { name, builder in
                Table.NamedColumn(name: name, column: builder.finish())
            },
            rowCount: rows.lines.count
        )
    }
}
