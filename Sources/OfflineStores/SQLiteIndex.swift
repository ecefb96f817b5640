import FeatureModel
import NativeStorage

/// An index of a table, or its integer primary key, that leads from the join keys of a view to
/// their rows.
struct SQLiteIndex: Sendable {
    /// The name; `nil` for the integer primary key, which is the rowid.
    let name: String?
    /// Its columns in order, as people read them.
    let columns: [String]
    /// Whether the event time follows the keys.
    let hasTime: Bool

    /// How plans call it.
    var title: String {
        let columns = self.columns.joined(separator: ", ")
        return self.name.map { "the index \"\($0)\" (\(columns))" }
            ?? "the primary key (\(columns))"
    }

    /// What stands after the table's name in SQL.
    var clause: String {
        self.name.map { " INDEXED BY \(quotedIdentifier($0))" } ?? ""
    }

    /// The best index of a table for some keys: one that goes on with the time, if there is one.
    ///
    /// Only whole indexes count, and only those that compare texts byte by byte.
    ///
    /// - Parameters:
    ///   - database: The database.
    ///   - table: The table.
    ///   - keys: The columns of the keys, as the table calls them, in any order.
    ///   - time: The column of the event times; `nil` for a static table.
    /// - Returns: `nil` when no index begins with the keys.
    /// - Throws: What reading the schema throws.
    static func best(
        in database: SQLiteDatabase,
        table: String,
        keys: [String],
        time: String?
    ) throws(SQLiteError) -> SQLiteIndex? {
        let wanted = Set(keys.map { $0.lowercased() })
        guard !wanted.isEmpty, wanted.count == keys.count else { return nil }
        let list = try database.prepare(
            "SELECT name, partial FROM pragma_index_list(\(quotedLiteral(table))) ORDER BY name"
        )
        var found: SQLiteIndex?
        while try list.step() {
            guard let name = list.text(at: 0), list.integer(at: 1) == 0 else { continue }
            let columns = try self.columns(of: name, in: database)
            let leading = columns.prefix(keys.count)
            guard Set(leading.map { $0.name.lowercased() }) == wanted,
                leading.allSatisfy({ $0.collation == "BINARY" })
            else { continue }
            let next = columns.dropFirst(keys.count).first
            let hasTime =
                time.map { $0.lowercased() == next?.name.lowercased() } ?? false
                && next?.collation == "BINARY"
            if found == nil || (hasTime && found?.hasTime == false) {
                found = SQLiteIndex(name: name, columns: columns.map(\.name), hasTime: hasTime)
            }
        }
        if found == nil, try self.integerPrimaryKey(of: table, in: database) == wanted.first,
            wanted.count == 1
        {
            return SQLiteIndex(name: nil, columns: keys, hasTime: false)
        }
        return found
    }

    private static func columns(
        of index: String,
        in database: SQLiteDatabase
    ) throws(SQLiteError) -> [(name: String, collation: String)] {
        let statement = try database.prepare(
            """
            SELECT name, coll FROM pragma_index_xinfo(\(quotedLiteral(index)))
            WHERE key = 1 ORDER BY seqno
            """
        )
        var columns: [(name: String, collation: String)] = []
        while try statement.step() {
            // An expression has no name, and equals no column.
            columns.append((statement.text(at: 0) ?? "", statement.text(at: 1) ?? ""))
        }
        return columns
    }

    /// The one column of type INTEGER that is the primary key, in lower case.
    private static func integerPrimaryKey(
        of table: String,
        in database: SQLiteDatabase
    ) throws(SQLiteError) -> String? {
        let statement = try database.prepare(
            "SELECT name, type FROM pragma_table_info(\(quotedLiteral(table))) WHERE pk > 0"
        )
        var names: [String] = []
        while try statement.step() {
            guard statement.text(at: 1)?.uppercased() == "INTEGER" else { return nil }
            names.append((statement.text(at: 0) ?? "").lowercased())
        }
        return names.count == 1 ? names[0] : nil
    }
}
