package import FeatureModel
import Glibc
import NativeStorage

/// One thing that a source reads: a file, or a table or query of a database.
package struct SourceInput: Hashable, Sendable {
    /// What it is.
    package enum Kind: String, Sendable {
        /// A file; its size is in bytes.
        case file
        /// A table; its size is in rows.
        case table
        /// The rows of a query; its size is in rows.
        case query
    }

    /// What it is.
    package let kind: Kind
    /// The path of the file or of the database; relative where it lies below the reader's root.
    package let path: String
    /// The name of the table, or the text of the query.
    package let relation: String?

    package init(kind: Kind, path: String, relation: String?) {
        self.kind = kind
        self.path = path
        self.relation = relation
    }
}

extension SourceReader {
    /// How many bytes of a file are looked at at once.
    private static let pieceSize = 1 << 20

    /// What a source reads now, in the order of reading.
    ///
    /// - Throws: `missingFile` when there is no file.
    package func inputs(of source: DataSource) throws(OfflineStoreError) -> [SourceInput] {
        switch source.kind {
        case .csv(let options):
            return try FilePattern.files(options.path, root: self.root).map { path in
                SourceInput(kind: .file, path: self.relativePath(path), relation: nil)
            }
        case .sqlite(let options):
            let path = try self.sqliteSource(options, name: source.name).path
            switch options.relation {
            case .table(let name):
                return [
                    SourceInput(kind: .table, path: self.relativePath(path), relation: name)
                ]
            case .query(let text):
                return [
                    SourceInput(kind: .query, path: self.relativePath(path), relation: text)
                ]
            }
        case .push, .request:
            // No file holds any rows.
            return []
        }
    }

    /// The pushed rows of some push sources; `nil` when nothing was ever pushed.
    package func pushedInput(of sources: [String]) -> SourceInput? {
        guard let path = self.pushLogPath, !sources.isEmpty, unsafe access(path, F_OK) == 0 else {
            return nil
        }
        return SourceInput(
            kind: .query,
            path: self.relativePath(path),
            relation: PushLogTables.historyQuery(sources: sources.sorted())
        )
    }

    /// Gives all that an input holds, piece by piece: a file's bytes as they lie, also of one that
    /// is packed; of a table the names of its columns and then its rows in the order of reading.
    ///
    /// Equal contents give equal bytes. For a table, what else its database holds, and how it lies
    /// in the file, makes no difference.
    ///
    /// - Parameters:
    ///   - input: What to read.
    ///   - body: Called with each piece and what it adds to the size: bytes, or one row.
    /// - Throws: `missingFile` or `missingTable` when it is not there; what reading throws.
    package func readContent(
        of input: SourceInput,
        _ body: (Span<UInt8>, Int) -> Void
    ) throws(OfflineStoreError) {
        let path = FilePattern.absolutePath(input.path, root: self.root)
        switch input.kind {
        case .file:
            try withFileErrors { () throws(FileError) in
                var window = try ByteWindow(path: path, size: Self.pieceSize, unpacks: false)
                while true {
                    let count = window.bytes.count
                    if count > 0 { body(window.bytes, count) }
                    if window.isLast { return }
                    try window.advance(to: count)
                }
            }
        case .table:
            let source = SQLiteSource(path: path, relation: .table(input.relation ?? ""))
            try source.readContent(body)
        case .query:
            let source = SQLiteSource(path: path, relation: .query(input.relation ?? ""))
            try source.readContent(body)
        }
    }

    /// A path below the root without the root.
    private func relativePath(_ path: String) -> String {
        let prefix = self.root.path.hasSuffix("/") ? self.root.path : self.root.path + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }
}

extension SQLiteSource {
    fileprivate func readContent(
        _ body: (Span<UInt8>, Int) -> Void
    ) throws(OfflineStoreError) {
        let database = try self.open()
        try Self.readContent(of: try self.ordered(database), body) { _ in true }
    }

    /// Gives the names of the columns, and then each row, as bytes that are equal for equal values
    /// and classes of values; up to a row that is not wanted.
    static func readContent(
        of statement: borrowing SQLiteStatement,
        _ body: (Span<UInt8>, Int) -> Void,
        while isWanted: (borrowing SQLiteStatement) -> Bool
    ) throws(OfflineStoreError) {
        var bytes: [UInt8] = []
        for index in 0..<statement.columnCount {
            let name = Array(statement.columnName(at: index).utf8)
            Self.append(name.span, tag: 0, to: &bytes)
        }
        body(bytes.span, 0)
        while try Self.step(statement), isWanted(statement) {
            bytes.removeAll(keepingCapacity: true)
            for index in 0..<statement.columnCount {
                switch statement.storageType(at: index) {
                case .null:
                    bytes.append(1)
                case .integer:
                    Self.append(UInt64(bitPattern: statement.integer(at: index)), 2, to: &bytes)
                case .real:
                    Self.append(statement.real(at: index).bitPattern, 3, to: &bytes)
                case .text:
                    statement.withBytes(at: index) { Self.append($0, tag: 4, to: &bytes) }
                case .blob:
                    statement.withBytes(at: index) { Self.append($0, tag: 5, to: &bytes) }
                }
            }
            body(bytes.span, 1)
        }
    }

    /// A statement over all columns, in the order in which a scan reads the rows.
    private func ordered(
        _ database: SQLiteDatabase
    ) throws(OfflineStoreError) -> SQLiteStatement {
        let all = try self.prepareAll(database)
        guard case .table(let table) = self.relation else { return all }
        let columns = (0..<all.columnCount).map { all.columnName(at: $0) }
        guard let rowID = self.rowIDName(database, table: table, columns: columns) else {
            return all
        }
        let sql = "SELECT * FROM \(quotedIdentifier(table)) ORDER BY \(rowID)"
        return try Self.prepare(sql, database)
    }

    private static func step(
        _ statement: borrowing SQLiteStatement
    ) throws(OfflineStoreError) -> Bool {
        do { return try statement.step() } catch { throw OfflineStoreError(error) }
    }

    private static func append(_ bits: UInt64, _ tag: UInt8, to bytes: inout [UInt8]) {
        bytes.append(tag)
        var rest = bits
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    private static func append(_ value: Span<UInt8>, tag: UInt8, to bytes: inout [UInt8]) {
        self.append(UInt64(value.count), tag, to: &bytes)
        for index in value.indices {
            bytes.append(value[index])
        }
    }
}
