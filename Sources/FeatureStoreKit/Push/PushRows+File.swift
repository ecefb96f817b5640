import FeatureCompute
import Foundation
import OfflineStores

extension PushRows {
    /// Reads the rows of a file.
    ///
    /// CSV with a header (also `.csv.gz`), where an empty field without quotes is null; or JSON: an
    /// array of objects, one object after the other (`.jsonl`), or one object of columns. A key
    /// that an object lacks is null. What a file is its first character says: `[` and `{` begin
    /// JSON.
    ///
    /// - Throws: `invalidArgument` for a file that is not there, `invalidData` for one that is
    ///   neither, with the line.
    public init(file path: String) throws(FeatureStoreError) {
        try Self.checkRegular(path)
        let name = path.lowercased()
        if name.hasSuffix(".csv") || name.hasSuffix(".csv.gz") {
            try self.init(
                csv: inOfflineStore { () throws(OfflineStoreError) in
                    try EntityTable(path: path)
                }
            )
            return
        }
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path) cannot be read: \(error.localizedDescription)",
                cause: error
            )
        }
        try self.init(bytes: bytes, name: path)
    }

    /// Refuses what is there and is no file with an end: it would be read as an empty one, or not
    /// at all.
    private static func checkRegular(_ path: String) throws(FeatureStoreError) {
        guard !path.utf8.contains(0) else {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "the path \(path.debugDescription) has a NUL in it, as no file has; "
                    + "take it out"
            )
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR:
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path) is a folder; name a file in it"
            )
        default:
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "\(path) is no regular file; give - in place of it, and its rows to "
                    + "standard input"
            )
        }
    }

    /// Reads the rows that standard input still holds; see ``init(file:)``.
    public static func readStandardInput() throws(FeatureStoreError) -> PushRows {
        let data: Data?
        do {
            data = try FileHandle.standardInput.readToEnd()
        } catch {
            throw FeatureStoreError(
                code: .invalidArgument,
                message: "standard input cannot be read: \(error.localizedDescription)",
                cause: error
            )
        }
        return try PushRows(bytes: Array(data ?? Data()), name: "standard input")
    }

    /// The rows of a CSV file.
    ///
    /// - Throws: `invalidData`, with the line, when a cell is no text: it could not be kept as it
    ///   is.
    private init(csv: EntityTable) throws(FeatureStoreError) {
        for named in csv.table.columns {
            guard case .bytes(let values) = named.column.storage,
                !JSONText.isUTF8(values.bytes.span)
            else { continue }
            for row in 0..<csv.table.rowCount
            where !JSONText.isUTF8(values.bytes.span.extracting(values.range(at: row))) {
                throw FeatureStoreError(
                    code: .invalidData,
                    message:
                        "\(csv.file):\(csv.lines[row]): column \"\(named.name)\" is no text in "
                        + "UTF-8; nothing was pushed; write the file in UTF-8"
                )
            }
        }
        self.init(csv.table)
    }

    /// Reads rows that are in memory, as CSV or JSON.
    package init(bytes: [UInt8], name: String) throws(FeatureStoreError) {
        let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        guard first == UInt8(ascii: "[") || first == UInt8(ascii: "{") else {
            try self.init(
                csv: inOfflineStore { () throws(OfflineStoreError) in
                    try EntityTable(bytes: bytes, file: name)
                }
            )
            return
        }
        guard JSONText.isUTF8(bytes.span) else {
            throw FeatureStoreError(code: .invalidData, message: "\(name): it is no UTF-8")
        }
        var reader = JSONRows(text: bytes.span)
        guard reader.read() else {
            let line = bytes.prefix(reader.offset).count { $0 == 0x0A } + 1
            throw FeatureStoreError(
                code: .invalidData,
                message: "\(name):\(line): this is no JSON of rows; write an array of objects, one "
                    + "object a line, or one object of columns"
            )
        }
        try self.init(columns: reader.columns)
    }
}

/// Reads the objects of a JSON text into columns.
private struct JSONRows: ~Escapable {
    private let text: Span<UInt8>
    private var cursor: JSONText
    private var objects: [[(name: String, cell: GivenCell)]] = []
    private var isArray = false

    @_lifetime(copy text)
    init(text: Span<UInt8>) {
        self.text = text
        self.cursor = JSONText(text)
    }

    /// How far the text was read.
    var offset: Int { self.cursor.offset }

    /// - Returns: Whether the text is rows.
    mutating func read() -> Bool {
        self.isArray = self.cursor.take("[")
        if self.isArray, self.cursor.take("]") { return self.cursor.isAtEnd() }
        while true {
            guard self.readObject() else { return false }
            if self.isArray {
                if self.cursor.take(",") { continue }
                return self.cursor.take("]") && self.cursor.isAtEnd()
            }
            if self.cursor.isAtEnd() { return true }
        }
    }

    /// The columns in the order in which their names first came.
    var columns: [PushRows.Column] {
        if let columns = self.wholeColumns { return columns }
        var positions: [[UInt8]: Int] = [:]
        var columns: [PushRows.Column] = []
        for (row, object) in self.objects.enumerated() {
            for (name, cell) in object {
                let key = Array(name.utf8)
                let position = positions[key] ?? columns.count
                if position == columns.count {
                    positions[key] = position
                    let nulls = Array(repeating: GivenCell.null, count: self.objects.count)
                    columns.append(PushRows.Column(name: name, cells: nulls))
                }
                columns[position].cells[row] = cell
            }
        }
        return columns
    }

    /// The columns of a text that is one object of arrays.
    private var wholeColumns: [PushRows.Column]? {
        guard !self.isArray, self.objects.count == 1, let object = self.objects.first,
            !object.isEmpty
        else { return nil }
        var columns: [PushRows.Column] = []
        for (name, cell) in object {
            guard case .json(let json) = cell,
                let cells = GivenCell.cells(json: Array(json.utf8).span)
            else { return nil }
            columns.append(PushRows.Column(name: name, cells: cells))
        }
        return columns
    }

    private mutating func readObject() -> Bool {
        guard self.cursor.take("{") else { return false }
        var object: [(name: String, cell: GivenCell)] = []
        if self.cursor.take("}") {
            self.objects.append(object)
            return true
        }
        while true {
            guard self.cursor.peek() == UInt8(ascii: "\""),
                case .text(let name)? = GivenCell.cell(&self.cursor, in: self.text),
                self.cursor.take(":"),
                let cell = GivenCell.cell(&self.cursor, in: self.text)
            else { return false }
            object.append((name, cell))
            if self.cursor.take(",") { continue }
            guard self.cursor.take("}") else { return false }
            self.objects.append(object)
            return true
        }
    }
}
