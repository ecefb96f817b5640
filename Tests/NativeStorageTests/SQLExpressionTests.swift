import NativeStorage
import TestSupport
import Testing

@Suite("SQL expressions")
struct SQLExpressionTests {
    @Test("An expression gives what SQLite's manual says", arguments: ExpressionResult.all)
    func gives(result: ExpressionResult) throws {
        #expect(try evaluate(result.text) == result.value, "\(result.text)")
    }

    @Test("Names become inputs, each once, in order of first mention, case included")
    func names() throws {
        let expression = try SQLExpression(#"b + "a b" * b - B / round(c) + CAST(d AS TEXT)"#)

        #expect(expression.names == ["b", "a b", "B", "c", "d"])
        #expect(expression.functions == ["round"])
        #expect(!expression.isConditional)
        #expect(try SQLExpression("CASE WHEN a THEN 1 ELSE 'x' END").isConditional)
    }

    @Test(
        "What is no harmless expression is refused, and the reason is told",
        arguments: Hostile.all
    )
    func refuses(hostile: Hostile) throws {
        let error = #expect(throws: SQLExpressionError.self, "\(hostile.text)") {
            let expression = try SQLExpression(hostile.text)
            _ = try SQLiteDatabase.forExpressions().prepare(expression).columnCount
        }
        let message = try #require(error?.message)
        #expect(message.contains(hostile.reason), "\(hostile.text): \(message)")
    }

    @Test(
        "The authorizer refuses what the reader of words would have let through",
        arguments: [
            "SELECT random()", "SELECT * FROM sqlite_master", "PRAGMA user_version",
            "ATTACH ':memory:' AS x", "CREATE TABLE t(a)", "SELECT datetime('now')",
            "SELECT sum(1)", "SELECT load_extension('x')", "SELECT * FROM pragma_function_list",
        ]
    )
    func authorizer(statement: String) throws {
        let database = try SQLiteDatabase.forExpressions()

        #expect(throws: SQLiteError.self) { try database.execute(statement) }
    }

    @Test(
        "What would fill the memory, or has no value, is null or fails for its row alone",
        arguments: [
            "printf('%65537d', a)", "printf('%.*c', 2000000, 'x')",
            "replace(printf('%65000d', a), ' ', printf('%65000d', a))",
            "hex(printf('%65000d', a))", "json_extract('{', '$.a')",
            "abs(a)",
        ]
    )
    func bounded(text: String) throws {
        let expression = try SQLExpression(text)
        let statement = try SQLiteDatabase.forExpressions().prepare(expression)
        if !expression.names.isEmpty { try statement.bind(Int64.min, at: 1) }

        var failure: SQLiteError?
        var type = SQLiteStatement.StorageType.null
        do {
            _ = try statement.step()
            type = statement.storageType(at: 0)
        } catch {
            failure = error
        }
        #expect(failure != nil || type == .null)
        statement.reset()
        // The statement still works for other rows.
        if text.hasPrefix("abs") {
            try statement.bind(Int64(-7), at: 1)
            let isThere = try statement.step()
            let value = statement.integer(at: 0)
            #expect(isThere)
            #expect(value == 7)
        }
    }

    @Test("A text that is longer than allowed is refused")
    func longText() throws {
        let terms = Array(repeating: "a", count: 9000).joined(separator: "+")
        #expect(throws: SQLExpressionError.self) { try SQLExpression(terms) }
        let deep = String(repeating: "(", count: 5000) + "a" + String(repeating: ")", count: 5000)
        #expect(throws: SQLExpressionError.self) {
            _ = try SQLiteDatabase.forExpressions().prepare(SQLExpression(deep)).columnCount
        }
    }

    @Test("Times fall apart as the calendar says, before 1970 as well", arguments: UInt64(0)..<20)
    func calendar(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let statement = try SQLiteDatabase.forExpressions().prepare(
            SQLExpression(
                "printf('%04d-%02d-%02d %02d:%02d:%02d %d', year(t), month(t), day(t), hour(t), "
                    + "minute(t), second(t), day_of_week(t))"
            )
        )
        // SQLite's own calendar is the oracle; it is not within reach of expressions.
        let oracle = try SQLiteDatabase(path: ":memory:", mode: .readWriteCreate).prepare(
            "SELECT strftime('%Y-%m-%d %H:%M:%S ', ?1, 'unixepoch') "
                + "|| ((strftime('%w', ?1, 'unixepoch') + 6) % 7 + 1)"
        )
        for _ in 0..<500 {
            let seconds = Int64.random(in: -62_135_596_800...253_402_300_799, using: &random)
            try statement.bind(
                seconds * 1_000_000 + Int64.random(in: 0..<1_000_000, using: &random),
                at: 1
            )
            try oracle.bind(seconds, at: 1)
            let areThere = (try statement.step(), try oracle.step())
            let texts = (statement.text(at: 0), oracle.text(at: 0))
            #expect(areThere == (true, true))
            #expect(texts.0 == texts.1)
            statement.reset()
            oracle.reset()
        }
    }
}

/// An expression over `a` = 7, `b` = 2.5, `s` = 'Grüße', `n` = null, `big` = the greatest int64.
struct ExpressionResult: Sendable, CustomTestStringConvertible {
    let text: String
    let value: String?

    var testDescription: String { self.text }

    init(_ text: String, _ value: String?) {
        self.text = text
        self.value = value
    }

    static let all = [
        ExpressionResult("a + 1", "integer 8"), ExpressionResult("a / 2", "integer 3"),
        ExpressionResult("-a / 2", "integer -3"), ExpressionResult("a / 2.0", "real 3.5"),
        ExpressionResult("a % 4", "integer 3"), ExpressionResult("a / 0", nil),
        ExpressionResult("b / 0.0", nil), ExpressionResult("a % 0", nil),
        ExpressionResult("n + 1", nil), ExpressionResult("big + 0", "integer \(Int64.max)"),
        ExpressionResult("typeof(big + 1)", "text real"), ExpressionResult("a - -1", "integer 8"),
        ExpressionResult("a BETWEEN 1 AND 7 AND NOT b > 3", "integer 1"),
        ExpressionResult("s LIKE 'gr%'", "integer 1"), ExpressionResult("length(s)", "integer 5"),
        ExpressionResult("s || '''' || \"a\"", "text Grüße'7"),
        ExpressionResult("coalesce(n, b)", "real 2.5"),
        ExpressionResult("iif(a > 5, 1, 0)", "integer 1"),
        ExpressionResult("CASE a WHEN 7 THEN 'seven' END", "text seven"),
        ExpressionResult("CAST(a AS TEXT)", "text 7"),
        ExpressionResult("max(a, b, 3)", "integer 7"),
        ExpressionResult("n IS NULL", "integer 1"),
        ExpressionResult("n IS NOT DISTINCT FROM NULL", "integer 1"),
        ExpressionResult("a IN (1, 7)", "integer 1"),
        ExpressionResult("'A' = 'a' COLLATE NOCASE", "integer 1"),
        ExpressionResult("json_extract('{\"x\": [1, 2]}', '$.x[1]')", "integer 2"),
        ExpressionResult("'{\"x\": 1}' ->> 'x'", "integer 1"),
        ExpressionResult("sqrt(a * a)", "real 7.0"),
        ExpressionResult("0x10 + 1e1 + .5", "real 26.5"),
        ExpressionResult("year(0) * 10000 + month(-1)", "integer 19700012"),
        ExpressionResult("day_of_week(0)", "integer 4"), ExpressionResult("hour('x')", nil),
        ExpressionResult("trim(' xy ') || ltrim('aab', 'a')", "text xyb"),
        ExpressionResult("hex(x'0aFF')", "text 0AFF"),
        ExpressionResult("TRUE AND NOT false", "integer 1"),
    ]
}

/// A text that must not be evaluated.
struct Hostile: Sendable, CustomTestStringConvertible {
    let text: String
    /// A part of what is told.
    let reason: String

    var testDescription: String { self.text }

    init(_ text: String, _ reason: String) {
        self.text = text
        self.reason = reason
    }

    static let all = [
        Hostile("", "empty"), Hostile("  \n", "empty"), Hostile("a, b", "two expressions"),
        Hostile("a) , (b", "without a \"(\""), Hostile("(a", "missing"),
        Hostile("a +", "SQLite says"),
        Hostile("a; DROP TABLE x", "\";\" cannot stand"), Hostile("a -- more", "comment"),
        Hostile("a /* more", "comment"), Hostile("a /* b */", "comment"),
        Hostile("?1", "\"?\" cannot stand"),
        Hostile(":a", "cannot stand"), Hostile("@a", "cannot stand"), Hostile("$a", "cannot stand"),
        Hostile("(SELECT 1)", "no tables"), Hostile("(VALUES (1))", "no tables"),
        Hostile("EXISTS (SELECT 1)", "no tables"), Hostile("a IN (SELECT 1)", "no tables"),
        Hostile("a IN sqlite_master", "SQLite says"),
        Hostile("a) FROM sqlite_master; (", "without a \"(\""),
        Hostile("a FROM sqlite_master", "SQLite says"),
        Hostile("random()", "something else each time"),
        Hostile("randomblob(9)", "something else each time"), Hostile("date('now')", "clock"),
        Hostile("strftime('%s', a, 'localtime')", "clock"),
        Hostile("CURRENT_TIMESTAMP", "time now"),
        Hostile("load_extension('x')", "no function load_extension()"),
        Hostile("sum(a)", "many rows"), Hostile("max(a)", "two or more"),
        Hostile("min((a, b))", "two or more"),
        Hostile("max(a, b) OVER ()", "one row at a time"),
        Hostile("max(a, b) FILTER (WHERE 1)", "one row"),
        Hostile("RAISE(IGNORE)", "only in triggers"), Hostile("a AS b", "AS stands only"),
        Hostile("CAST(a AS varchar(9))", "CAST knows no type"),
        Hostile("a COLLATE mine", "no collation"),
        Hostile("'open", "closing quote"), Hostile("\"open", "closing quote"),
        Hostile("\"\"", "empty"),
        Hostile("main.a", "view__feature"), Hostile("[a]", "cannot stand"),
        Hostile("`a`", "cannot stand"),
        Hostile("12abc", "no number"), Hostile("1.2.3", "no number"),
        Hostile("a\u{0}b", "control character"),
        Hostile("'a\u{0}'", "U+0000"), Hostile("a MATCH b", "full-text"),
        Hostile("a REGEXP b", "regular"),
        Hostile("abs(1, 2)", "SQLite says"), Hostile("nosuch(a)", "no function nosuch()"),
        Hostile("zeroblob(1000000000)", "no function"), Hostile("(1, 2)", "SQLite says"),
        Hostile("sqlite_version()", "no function"), Hostile("a b", "SQLite says"),
        Hostile("*", "SQLite says"),
        Hostile("readfile('/etc/passwd')", "no function"),
        Hostile("trim(a, b)", "only as a text"), Hostile("rtrim(a, 'x' || b)", "only as a text"),
        Hostile("likelihood(a, .5)", "no function"),
    ]
}

private func evaluate(_ text: String) throws -> String? {
    let expression = try SQLExpression(text)
    let statement = try SQLiteDatabase.forExpressions().prepare(expression)
    for (index, name) in expression.names.enumerated() {
        switch name {
        case "a": try statement.bind(Int64(7), at: index + 1)
        case "b": try statement.bind(2.5, at: index + 1)
        case "s": try statement.bind("Grüße", at: index + 1)
        case "big": try statement.bind(Int64.max, at: index + 1)
        default: try statement.bindNull(at: index + 1)
        }
    }
    let isThere = try statement.step()
    try #require(isThere)
    switch statement.storageType(at: 0) {
    case .null: return nil
    case .integer: return "integer \(statement.integer(at: 0))"
    case .real: return "real \(statement.real(at: 0))"
    case .text: return "text \(statement.text(at: 0) ?? "")"
    case .blob: return "blob"
    }
}
