import Foundation
import NativeStorage
import TestSupport
import Testing

/// Expressions of on-demand features come from definitions and run where requests are answered:
/// none of them may reach a file, a table, or the clock.
@Suite struct ExpressionEscapeTests {
    /// What an attacker would write, about a file that is really there.
    private static func escapes(_ file: String) -> [String] {
        let functions = [
            "readfile('\(file)')", "writefile('\(file)', 'x')", "edit('\(file)')", "fsdir('/')",
            "load_extension('\(file)')", "load_extension('\(file)', 'entry')", "zipfile('\(file)')",
            "lsdir('/')", "sqlite_version()", "sqlite_source_id()", "sqlite_compileoption_get(0)",
            "sqlite_compileoption_used('X')", "sqlite_offset(a)", "sqlite_log(1, 'x')",
            "last_insert_rowid()", "changes()", "total_changes()", "random()", "randomblob(9)",
            "zeroblob(9)", "fts3_tokenizer('simple')", "fts5(1)", "rtreecheck('t')", "unlikely(a)",
            "eval('SELECT 1')", "sha3(a)", "shell('id')", "getenv('HOME')", "json_each('[1]')",
            "json_tree('[1]')", "generate_series(1, 9)", "dbstat(1)", "sqlar_compress(a)",
            "pragma_database_list()", "pragma_compile_options()", "pragma_table_info('t')",
            "datetime('now')", "julianday('now')", "strftime('%s', 'now')", "unixepoch()",
        ]
        let queries = [
            "SELECT 1", "(SELECT 1)", "(SELECT sql FROM sqlite_master)",
            "(SELECT group_concat(name) FROM sqlite_schema)", "EXISTS (SELECT 1)",
            "(SELECT file FROM pragma_database_list)", "(SELECT * FROM pragma_function_list)",
            "(SELECT * FROM json_each('[1]'))", "(SELECT readfile('\(file)'))",
            "a IN (SELECT 1)", "a IN sqlite_master", "(VALUES (1))",
            "(WITH t AS (SELECT 1) SELECT * FROM t)", "(TABLE sqlite_master)",
            "sum(a) OVER ()", "count(*) FILTER (WHERE 1)", "RAISE(ABORT, 'x')",
        ]
        let statements = [
            "1; ATTACH '\(file)' AS x", "ATTACH DATABASE '\(file)' AS x",
            "1); ATTACH '\(file)' AS x; --",
            "DETACH main", "PRAGMA database_list", "1); PRAGMA writable_schema = 1; --",
            "VACUUM INTO '\(file).copy'", "1); VACUUM INTO '\(file).copy'; --",
            "CREATE TABLE t (a)", "1); CREATE VIRTUAL TABLE t USING fts5(a); --",
            "DELETE FROM sqlite_master", "1 UNION SELECT sql FROM sqlite_master",
            "1) UNION SELECT (sql) FROM sqlite_master WHERE (1", "1) FROM sqlite_master --",
            "1) FROM (SELECT 1", "1 /* */ FROM sqlite_master", "1 -- x", "EXPLAIN SELECT 1",
            "?1", ":a", "@a", "$a", "1;", "\u{0}", "1\u{0}; ATTACH '\(file)' AS x",
            "main.sqlite_master.sql", "sqlite_master", "rowid", "\"sqlite_master\".\"sql\"",
        ]
        return functions + queries + statements
    }

    /// The folder's files with their bytes, and when they were read last.
    private func content(of directory: URL) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try names.reduce(into: [:]) {
            $0[$1] = try Data(contentsOf: directory.appendingPathComponent($1))
        }
    }

    @Test func `No expression reaches a file or a table`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("secret.db").path
            let database = try SQLiteDatabase(path: file, mode: .readWriteCreate)
            try database.execute("CREATE TABLE t (secret TEXT)")
            try database.execute("INSERT INTO t VALUES ('hidden')")
            let before = try self.content(of: directory)
            for text in Self.escapes(file) {
                let expressions = try SQLiteDatabase.forExpressions()
                // Either it is refused, or all of its words are names of inputs: the value is null.
                do {
                    let expression = try SQLExpression(text)
                    let statement = try expressions.prepare(expression)
                    let hasRow = try statement.step()
                    let type = statement.storageType(at: 0)
                    #expect(hasRow)
                    #expect(type == .null, "\(text)")
                    #expect(!expression.names.isEmpty, "\(text)")
                } catch is SQLExpressionError {
                } catch is SQLiteError {
                }
            }
            #expect(try self.content(of: directory) == before)
        }
    }

    @Test func `The authorizer alone refuses it as well`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("secret.db").path
            try Data("not for you".utf8).write(to: URL(fileURLWithPath: file))
            let before = try self.content(of: directory)
            // As if the first wall were not there: what passes is a constant.
            let doors = ["sqlite_", "pragma_", "ATTACH", "VACUUM", "PRAGMA", "now", "random", file]
            for text in Self.escapes(file) {
                let expressions = try SQLiteDatabase.forExpressions()
                for sql in [text, "SELECT (\(text))", "SELECT \(text)"] {
                    do {
                        let statement = try expressions.prepare(sql)
                        while try statement.step() {
                            let found = statement.text(at: 0) ?? ""
                            #expect(!found.contains("secret") && !found.contains("not for you"))
                        }
                        // Only the first statement is compiled, and reading stops at a NUL.
                        let first = sql.prefix { $0 != ";" && $0 != "\u{0}" }
                        #expect(!doors.contains { first.contains($0) }, "\(sql)")
                    } catch is SQLiteError {
                    }
                }
            }
            #expect(try self.content(of: directory) == before)
        }
    }
}
