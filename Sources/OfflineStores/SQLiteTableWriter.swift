import FeatureCompute
import FeatureModel
import NativeStorage

/// Writes a table into an SQLite database, in one transaction.
///
/// Whole numbers and booleans (0 or 1) are INTEGER, floats REAL, bytes BLOB, everything else TEXT,
/// times as RFC 3339. SQLite knows no NaN: it becomes the text `NaN`.
struct SQLiteTableWriter {
    let path: String
    let name: String

    /// Replaces the table of that name.
    func write(_ table: Table) throws(OfflineStoreError) {
        do {
            let database = try SQLiteDatabase(path: self.path, mode: .readWriteCreate)
            let body = { () throws(SQLiteError) in try self.fill(database, table) }
            try database.transaction(mapping: { $0 }, body)
        } catch {
            throw OfflineStoreError(
                code: error.code == .notADatabase ? .notADatabase : .inputOutput,
                message: "cannot write table \"\(self.name)\": \(error.message)",
                cause: error
            )
        }
    }

    private func fill(_ database: SQLiteDatabase, _ table: Table) throws(SQLiteError) {
        let identifier = quotedIdentifier(self.name)
        let declarations = table.columns.map { column in
            quotedIdentifier(column.name) + Self.declaration(column.column.type)
        }
        try database.execute("DROP TABLE IF EXISTS \(identifier)")
        try database.execute(
            "CREATE TABLE \(identifier) (\(declarations.joined(separator: ", ")))"
        )
        let marks = Array(repeating: "?", count: table.columns.count).joined(separator: ", ")
        let insert = try database.prepare("INSERT INTO \(identifier) VALUES (\(marks))")
        let columns = table.columns.map(\.column)
        for row in 0..<table.rowCount {
            for index in columns.indices {
                try self.bind(columns[index], row: row, to: insert, at: index + 1)
            }
            try insert.run()
        }
    }

    private func bind(
        _ column: Column,
        row: Int,
        to statement: borrowing SQLiteStatement,
        at index: Int
    ) throws(SQLiteError) {
        if column.isNull(at: row) {
            try statement.bindNull(at: index)
            return
        }
        switch column.storage {
        case .integers(let values):
            if column.type == .unixTimestamp {
                var text: [UInt8] = []
                Timestamp(microseconds: values[row]).append(to: &text)
                try statement.bind(text: text.span, at: index)
            } else {
                try statement.bind(values[row], at: index)
            }
        case .floats(let values):
            if values[row].isNaN {
                try statement.bind("NaN", at: index)
            } else {
                try statement.bind(values[row], at: index)
            }
        case .bytes(let values):
            let bytes = values.bytes.span.extracting(values.range(at: row))
            if column.type == .bytes {
                try statement.bind(blob: bytes, at: index)
            } else {
                try statement.bind(text: bytes, at: index)
            }
        }
    }

    /// The type that a column is declared with, after a space.
    ///
    /// A column of floats has none, and keeps each as the REAL that it is given: one declared REAL
    /// keeps whole numbers as integers, and makes 0.0 of -0.0.
    private static func declaration(_ type: ValueType) -> String {
        switch type {
        case .int32, .int64, .bool: " INTEGER"
        case .float32, .float64: ""
        case .bytes: " BLOB"
        case .string, .unixTimestamp, .array, .map, .json, .uuid, .decimal: " TEXT"
        }
    }
}
