import FeatureCompute
import FeatureModel
import Glibc
import NativeStorage

/// A table, or the rows of a query, of one SQLite database.
struct SQLiteSource {
    let path: String
    let relation: DataSource.SQLiteOptions.Relation

    /// How messages call it.
    var title: String {
        switch self.relation {
        case .table(let name): "\(self.path), table \"\(name)\""
        case .query: "\(self.path), query"
        }
    }

    func columns() throws(OfflineStoreError) -> [SourceReader.SourceColumn] {
        let database = try self.open()
        let statement = try self.prepareAll(database)
        return (0..<statement.columnCount).map { index in
            SourceReader.SourceColumn(
                name: statement.columnName(at: index),
                declaredType: statement.declaredType(at: index)
            )
        }
    }

    /// Reads all rows.
    func scan(
        _ assembler: inout RowAssembler,
        progress: ((ScanProgress) -> Void)?,
        _ body: (SourceBatch) throws(OfflineStoreError) -> Void
    ) throws(OfflineStoreError) {
        let database = try self.open()
        var row = try self.rows(database, columns: assembler.layout.columns)
        var untilProgress = RowAssembler.batchSize
        while try row.step() {
            assembler.add(&row)
            if assembler.isFull { try assembler.deliver(to: body) }
            untilProgress -= 1
            if untilProgress == 0 {
                untilProgress = RowAssembler.batchSize
                progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: nil))
            }
        }
        try assembler.deliver(to: body)
        progress?(ScanProgress(rowsRead: assembler.report.rowsRead, fraction: 1))
    }

    /// A statement over the columns, in rowid order where there are rowids.
    func rows(
        _ database: SQLiteDatabase,
        columns wanted: [String]
    ) throws(OfflineStoreError) -> SQLiteRow {
        let all = try self.prepareAll(database)
        let columns = (0..<all.columnCount).map { all.columnName(at: $0) }
        let places = try positions(of: wanted, among: columns, of: self.title, ignoringCase: true)
        guard case .table(let table) = self.relation else {
            return SQLiteRow(
                statement: all,
                relation: self.title,
                positions: places,
                rowIDPosition: nil
            )
        }
        let rowID = self.rowIDName(database, table: table, columns: columns)
        var selected = places.map { quotedIdentifier(columns[$0]) }
        if let rowID { selected.append(rowID) }
        if selected.isEmpty { selected.append("1") }
        let sql =
            "SELECT \(selected.joined(separator: ", ")) FROM \(quotedIdentifier(table))"
            + (rowID.map { " ORDER BY \($0)" } ?? "")
        let statement = try Self.prepare(sql, database)
        return SQLiteRow(
            statement: statement,
            relation: self.title,
            positions: Array(places.indices),
            rowIDPosition: rowID == nil ? nil : places.count
        )
    }

    /// Opens the file for reading.
    ///
    /// - Throws: `missingFile`, `notADatabase` or `inputOutput`.
    func open() throws(OfflineStoreError) -> SQLiteDatabase {
        guard unsafe access(self.path, F_OK) == 0 else {
            throw OfflineStoreError(
                code: .missingFile,
                message: "there is no database \(self.path); "
                    + FilePattern.hint(forMissing: self.path),
                missingPath: self.path
            )
        }
        do throws(OfflineStoreError) {
            return try Self.mapped { () throws(SQLiteError) in
                let database = try SQLiteDatabase(path: self.path, mode: .readOnly)
                // SQLite looks at the file when the first statement is compiled, not before.
                try database.execute("SELECT count(*) FROM sqlite_schema")
                return database
            }
        } catch {
            guard error.code == .notADatabase else { throw error }
            throw OfflineStoreError(
                code: .notADatabase,
                message: "\(self.path) is no SQLite database, or is damaged; name one that is as "
                    + "the path of the source",
                cause: error
            )
        }
    }

    /// The names of the tables and views.
    func tables(_ database: SQLiteDatabase) throws(OfflineStoreError) -> [String] {
        try Self.mapped { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')
                AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
                """
            )
            var names: [String] = []
            while try statement.step() {
                names.append(statement.text(at: 0) ?? "")
            }
            return names
        }
    }

    /// Compiles a statement over all columns.
    ///
    /// - Throws: `missingTable` with the nearest names, or `invalidSQL`.
    func prepareAll(_ database: SQLiteDatabase) throws(OfflineStoreError) -> SQLiteStatement {
        switch self.relation {
        case .table(let table):
            let tables = try self.tables(database)
            guard tables.contains(where: { $0.lowercased() == table.lowercased() }) else {
                throw OfflineStoreError(
                    code: .missingTable,
                    message: """
                        \(self.path) has no table "\(table)"; \
                        \(suggestion(for: table, among: tables, noun: "table"))
                        """
                )
            }
            return try Self.prepare("SELECT * FROM \(quotedIdentifier(table))", database)
        case .query(let sql):
            let statement: SQLiteStatement
            do {
                statement = try Self.prepare(sql, database)
            } catch {
                throw OfflineStoreError(
                    code: error.code,
                    message: "\(error.message); the query must be one SELECT statement over the "
                        + "tables of that database",
                    cause: error
                )
            }
            guard statement.isReadOnly, statement.columnCount > 0 else {
                throw OfflineStoreError(
                    code: .invalidSQL,
                    message: "\(self.title): a source's query must be one SELECT statement"
                )
            }
            return statement
        }
    }

    /// The name under which a table gives its rowid; `nil` when it has none.
    func rowIDName(
        _ database: SQLiteDatabase,
        table: String,
        columns: [String]
    ) -> String? {
        let taken = columns.map { $0.lowercased() }
        let names = ["rowid", "_rowid_", "oid"]
        guard let name = names.first(where: { !taken.contains($0) }) else { return nil }
        // Views and tables without rowid refuse the name.
        do {
            _ = try database.prepare("SELECT \(name) FROM \(quotedIdentifier(table))")
            return name
        } catch {
            return nil
        }
    }

    static func prepare(
        _ sql: String,
        _ database: SQLiteDatabase
    ) throws(OfflineStoreError) -> SQLiteStatement {
        do { return try database.prepare(sql) } catch { throw OfflineStoreError(error) }
    }

    private static func mapped<Result>(
        _ body: () throws(SQLiteError) -> Result
    ) throws(OfflineStoreError) -> Result {
        do {
            return try body()
        } catch {
            throw OfflineStoreError(error)
        }
    }
}

/// A name as SQL writes it.
func quotedIdentifier(_ name: String) -> String {
    quoted(name, with: "\"")
}

/// A text as SQL writes it.
func quotedLiteral(_ text: String) -> String {
    quoted(text, with: "'")
}

/// The text between marks, its own marks doubled; by code points, for an accent may follow a mark.
private func quoted(_ text: String, with mark: Unicode.Scalar) -> String {
    var result = String.UnicodeScalarView([mark])
    for scalar in text.unicodeScalars {
        result.append(scalar)
        if scalar == mark { result.append(mark) }
    }
    result.append(mark)
    return String(result)
}
