import CSQLite

/// One compiled statement: bind, step through the rows, read their columns by position from 0.
@safe
package struct SQLiteStatement: ~Copyable {
    /// The type that SQLite stored one value with.
    package enum StorageType: Sendable {
        case null
        case integer
        case real
        case text
        case blob
    }

    private let statement: OpaquePointer
    private let database: SQLiteDatabase

    init(statement: OpaquePointer, database: SQLiteDatabase) {
        unsafe self.statement = statement
        self.database = database
    }

    deinit {
        unsafe sqlite3_finalize(self.statement)
    }

    // MARK: Binding

    /// Binds null.
    package borrowing func bindNull(at index: Int) throws(SQLiteError) {
        try self.check(unsafe sqlite3_bind_null(self.statement, CInt(index)))
    }

    /// Binds a whole number.
    package borrowing func bind(_ value: Int64, at index: Int) throws(SQLiteError) {
        try self.check(unsafe sqlite3_bind_int64(self.statement, CInt(index), value))
    }

    /// Binds a number; SQLite stores a NaN as null.
    package borrowing func bind(_ value: Double, at index: Int) throws(SQLiteError) {
        try self.check(unsafe sqlite3_bind_double(self.statement, CInt(index), value))
    }

    /// Binds text.
    package borrowing func bind(_ value: String, at index: Int) throws(SQLiteError) {
        let utf8 = Array(value.utf8)
        try self.bind(text: utf8.span, at: index)
    }

    /// Binds text that is UTF-8 already.
    package borrowing func bind(text: Span<UInt8>, at index: Int) throws(SQLiteError) {
        let result = unsafe text.withUnsafeBufferPointer { buffer in
            // An empty buffer may have no address, and SQLite would bind null for it.
            unsafe buffer.isEmpty
                ? sqlite3_bind_text64(self.statement, CInt(index), "", 0, transient, encoding)
                : buffer.withMemoryRebound(to: CChar.self) { characters in
                    unsafe sqlite3_bind_text64(
                        self.statement,
                        CInt(index),
                        characters.baseAddress,
                        UInt64(characters.count),
                        transient,
                        encoding
                    )
                }
        }
        try self.check(result)
    }

    /// Binds bytes.
    package borrowing func bind(blob: Span<UInt8>, at index: Int) throws(SQLiteError) {
        let result = unsafe blob.withUnsafeBufferPointer { buffer in
            unsafe buffer.isEmpty
                ? sqlite3_bind_zeroblob(self.statement, CInt(index), 0)
                : sqlite3_bind_blob64(
                    self.statement,
                    CInt(index),
                    buffer.baseAddress,
                    UInt64(buffer.count),
                    transient
                )
        }
        try self.check(result)
    }

    // MARK: Running

    /// Steps to the next row.
    ///
    /// - Returns: Whether there is one.
    package borrowing func step() throws(SQLiteError) -> Bool {
        let result = unsafe sqlite3_step(self.statement)
        switch result {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw self.database.error(result, sql: self.sql)
        }
    }

    /// Runs a statement that returns no rows, and makes it ready for other values.
    package borrowing func run() throws(SQLiteError) {
        defer { self.reset() }
        _ = try self.step()
    }

    /// Makes the statement ready to run again; bound values stay.
    package borrowing func reset() {
        unsafe sqlite3_reset(self.statement)
    }

    // MARK: The current row

    /// How many columns a row has.
    package var columnCount: Int { unsafe Int(sqlite3_column_count(self.statement)) }

    /// Whether the statement cannot change the database.
    package var isReadOnly: Bool { unsafe sqlite3_stmt_readonly(self.statement) != 0 }

    /// The name of a column.
    package borrowing func columnName(at index: Int) -> String {
        guard let name = unsafe sqlite3_column_name(self.statement, CInt(index)) else { return "" }
        return unsafe String(cString: name)
    }

    /// The type that the table declares for a column, if it is a column of a table.
    package borrowing func declaredType(at index: Int) -> String? {
        guard let name = unsafe sqlite3_column_decltype(self.statement, CInt(index)) else {
            return nil
        }
        return unsafe String(cString: name)
    }

    /// The type of a value of the current row.
    package borrowing func storageType(at index: Int) -> StorageType {
        switch unsafe sqlite3_column_type(self.statement, CInt(index)) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .null
        }
    }

    /// A value as a whole number, as SQLite casts it.
    package borrowing func integer(at index: Int) -> Int64 {
        unsafe sqlite3_column_int64(self.statement, CInt(index))
    }

    /// A value as a number, as SQLite casts it.
    package borrowing func real(at index: Int) -> Double {
        unsafe sqlite3_column_double(self.statement, CInt(index))
    }

    /// Calls `body` with the bytes of a text (UTF-8) or blob; they are gone after it.
    package borrowing func withBytes<Result, Failure: Error>(
        at index: Int,
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let position = CInt(index)
        // The order matters: the blob call may convert the value, the length is valid after it.
        guard let start = unsafe sqlite3_column_blob(self.statement, position) else {
            return try body(Span())
        }
        let count = unsafe Int(sqlite3_column_bytes(self.statement, position))
        let raw = unsafe UnsafeRawBufferPointer(start: start, count: count)
        let bytes = unsafe raw.bindMemory(to: UInt8.self)
        return try body(unsafe bytes.span)
    }

    /// A value as text, as SQLite casts it; `nil` for null.
    package borrowing func text(at index: Int) -> String? {
        guard let start = unsafe sqlite3_column_text(self.statement, CInt(index)) else {
            return nil
        }
        let count = unsafe Int(sqlite3_column_bytes(self.statement, CInt(index)))
        let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    private var sql: String {
        guard let text = unsafe sqlite3_sql(self.statement) else { return "" }
        return unsafe String(cString: text)
    }

    private borrowing func check(_ result: CInt) throws(SQLiteError) {
        guard result == SQLITE_OK else { throw self.database.error(result, sql: self.sql) }
    }
}

/// SQLite copies the bytes before the call returns.
private var transient: sqlite3_destructor_type? {
    unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
}

private var encoding: UInt8 { UInt8(SQLITE_UTF8) }
