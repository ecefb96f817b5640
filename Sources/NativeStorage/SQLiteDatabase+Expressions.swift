import CSQLite

extension SQLiteDatabase {
    /// The longest text or blob that an expression may take or make, in bytes.
    ///
    /// `instr`, `replace` and `trim` take time by the product of two lengths, so that requests with
    /// much longer texts could keep a server busy.
    package static let maximumExpressionValue = 1 << 16

    /// The longest pattern of LIKE and GLOB, in bytes.
    ///
    /// Matching takes time by the product of the lengths of text and pattern: the longest ones were
    /// seen to take 16 ms.
    package static let maximumExpressionPattern = 64

    /// A database without anything in it that evaluates expressions and can do nothing else.
    package static func forExpressions() throws(SQLiteError) -> SQLiteDatabase {
        let database = try SQLiteDatabase(path: ":memory:", mode: .readWriteCreate)
        database.limitExpressions()
        try database.addCalendarFunctions()
        let result = unsafe sqlite3_set_authorizer(
            database.connection,
            { _, action, _, name, _, _ in unsafe authorization(action, name: name) },
            nil
        )
        guard result == SQLITE_OK else { throw database.error(result, sql: "authorizer") }
        return database
    }

    /// Compiles an expression; its inputs are bound by their position in `names`, from 1.
    ///
    /// The statement has one row with one column: the value. Stepping to it fails when SQLite
    /// cannot evaluate the expression for what is bound.
    package func prepare(
        _ expression: SQLExpression
    ) throws(SQLExpressionError) -> SQLiteStatement {
        let statement: SQLiteStatement
        do throws(SQLiteError) {
            statement = try self.prepare("SELECT (\(expression.sql))", flags: persistent)
        } catch {
            throw SQLExpressionError("SQLite says: \(self.lastMessage)")
        }
        guard statement.columnCount == 1, statement.isReadOnly else {
            throw SQLExpressionError("it is not one expression")
        }
        return statement
    }

    /// Bounds what one evaluation can cost, whatever the expression and its inputs are.
    private func limitExpressions() {
        let limits: [(CInt, Int)] = [
            (SQLITE_LIMIT_LENGTH, Self.maximumExpressionValue),
            // Names become parameters, with spaces around them.
            (SQLITE_LIMIT_SQL_LENGTH, 4 * SQLExpression.maximumLength),
            (SQLITE_LIMIT_EXPR_DEPTH, 500),
            (SQLITE_LIMIT_VDBE_OP, 50_000),
            (SQLITE_LIMIT_COMPOUND_SELECT, 1),
            (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, Self.maximumExpressionPattern),
            (SQLITE_LIMIT_ATTACHED, 0),
            (SQLITE_LIMIT_TRIGGER_DEPTH, 1),
            (SQLITE_LIMIT_WORKER_THREADS, 0),
        ]
        for (limit, value) in limits {
            _ = unsafe sqlite3_limit(self.connection, limit, CInt(value))
        }
    }
}

private var persistent: UInt32 { UInt32(SQLITE_PREPARE_PERSISTENT) }

/// The second wall behind ``SQLExpression``: one SELECT without a table, and functions of the list.
private func authorization(_ action: CInt, name: UnsafePointer<CChar>?) -> CInt {
    switch action {
    case SQLITE_SELECT:
        return SQLITE_OK
    case SQLITE_FUNCTION:
        guard let name = unsafe name else { return SQLITE_DENY }
        let function = unsafe String(cString: name).lowercased()
        let isAllowed =
            SQLExpression.functionNames.contains(function)
            || SQLExpression.operatorFunctionNames.contains(function)
        return isAllowed ? SQLITE_OK : SQLITE_DENY
    default:
        return SQLITE_DENY
    }
}
