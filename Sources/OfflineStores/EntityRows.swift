package import FeatureCompute
package import FeatureModel

/// The entity rows of a training set: a table, its times, and the cells that could not be read.
package struct EntityRows: Sendable {
    /// What could not be read of a column, and the first few cells of it.
    package struct Unreadable: Sendable {
        /// The column's name.
        package let column: String
        /// What the cells should have been: `int64`, `time`.
        package let expected: String
        /// How many cells there are.
        package internal(set) var count = 0
        /// The first few, each `file:line: column "c": "text" is no int64`.
        package internal(set) var samples: [String] = []
    }

    /// How many samples are kept for a column.
    package static let maximumSamples = 10

    /// The table.
    package let table: Table
    /// The name of the time column.
    package let timestampColumn: String
    /// The rows' times in microseconds, ``missingTime`` for null or unreadable, `[rows]`.
    package let times: [Int64]
    /// Whether a time without zone was read, as UTC.
    package let sawZonelessTime: Bool
    /// The times that could not be read; `nil` when all could.
    package let unreadableTimes: Unreadable?
    private let file: String?
    private let lines: [Int32]

    /// The rows of an entity file.
    ///
    /// - Throws: `missingColumn` when there is no such time column; `badRows` when a time cannot be
    ///   read and the run is strict.
    package init(
        _ entities: EntityTable,
        timestampColumn: String,
        strict: Bool = false
    ) throws(OfflineStoreError) {
        try self.init(
            table: entities.table,
            timestampColumn: timestampColumn,
            strict: strict,
            file: entities.file,
            lines: entities.lines
        )
    }

    /// The rows of a table that was made in code; see ``init(_:timestampColumn:strict:)``.
    package init(
        table: Table,
        timestampColumn: String,
        strict: Bool = false
    ) throws(OfflineStoreError) {
        try self.init(
            table: table,
            timestampColumn: timestampColumn,
            strict: strict,
            file: nil,
            lines: []
        )
    }

    private init(
        table: Table,
        timestampColumn: String,
        strict: Bool,
        file: String?,
        lines: [Int32]
    ) throws(OfflineStoreError) {
        self.table = table
        self.timestampColumn = timestampColumn
        self.file = file
        self.lines = lines
        guard table.rowCount < Int(Int32.max) else {
            throw OfflineStoreError(
                code: .tooManyRows,
                message: "there are \(table.rowCount) entity rows; split them into several runs"
            )
        }
        let column = try Self.column(timestampColumn, in: table, file: file)
        var unreadable = Unreadable(column: timestampColumn, expected: "time")
        let place = EntityPlace(file: file, lines: lines)
        var parser = Self.parser(ofFile: file)
        self.times = column.integers(
            as: .unixTimestamp,
            null: missingTime,
            parser: &parser
        ) { row in
            unreadable.add(column[row], at: place.text(ofRow: row))
        }
        self.sawZonelessTime = parser.sawZonelessTime
        self.unreadableTimes = unreadable.count > 0 ? unreadable : nil
        if strict { try unreadable.throwIfAny() }
    }

    /// The times as a column: what the training set shows in place of the text.
    ///
    /// - Parameter rows: Which rows; `nil` for all.
    /// - Returns: A time for each, null where there is none.
    package func timeColumn(of rows: Range<Int>? = nil) -> Column {
        let times = self.times[rows ?? self.times.indices]
        var builder = ColumnBuilder(type: .unixTimestamp)
        builder.reserveCapacity(times.count)
        for time in times {
            if time == missingTime {
                builder.appendNull()
            } else {
                builder.append(integer: time)
            }
        }
        return builder.finish()
    }

    /// How many bytes the rows take.
    var size: Int {
        self.table.columns.reduce(self.times.count * 8 + self.lines.count * 4) {
            $0 + $1.column.size
        }
    }

    /// The keys of the rows, numbered; a cell that cannot be the declared type is a null key.
    ///
    /// - Throws: `missingColumn` when the table lacks a key; `badRows` when a cell cannot be read
    ///   and the run is strict.
    func keys(
        _ joinKeys: [Entity.JoinKey],
        strict: Bool
    ) throws(OfflineStoreError) -> EntityKeys {
        var columns: [EntityKeyColumn] = []
        var unreadable: [Unreadable] = []
        let place = EntityPlace(file: self.file, lines: self.lines)
        for key in joinKeys {
            let column = try Self.column(key.name, in: self.table, file: self.file)
            var bad = Unreadable(column: key.name, expected: key.type.description)
            columns.append(
                EntityKeyColumn(column, type: key.type, parser: Self.parser(ofFile: self.file)) {
                    row in
                    bad.add(column[row], at: place.text(ofRow: row))
                }
            )
            if strict { try bad.throwIfAny() }
            if bad.count > 0 { unreadable.append(bad) }
        }
        return EntityKeys(
            columns: columns,
            types: joinKeys.map(\.type),
            rowCount: self.table.rowCount,
            unreadable: unreadable
        )
    }

    /// A column of the rows, read as a declared type: text as in a CSV source, numbers exactly.
    ///
    /// - Returns: The column, where a cell that cannot be the type is null, and those cells.
    /// - Throws: `missingColumn` when the table lacks the column; `badRows` when a cell cannot be
    ///   read and the run is strict.
    package func column(
        of field: Field,
        strict: Bool
    ) throws(OfflineStoreError) -> (column: Column, unreadable: Unreadable?) {
        let column = try Self.column(field.name, in: self.table, file: self.file)
        var bad = Unreadable(column: field.name, expected: field.type.description)
        let place = EntityPlace(file: self.file, lines: self.lines)
        let read = column.read(as: field.type, parser: Self.parser(ofFile: self.file)) { row in
            bad.add(column[row], at: place.text(ofRow: row))
        }
        if strict { try bad.throwIfAny() }
        return (read, bad.count > 0 ? bad : nil)
    }

    /// What reads the text of a column: the digits of a request's numbers come without a file.
    private static func parser(ofFile file: String?) -> CellParser {
        CellParser(allowsExponents: file == nil)
    }

    private static func column(
        _ name: String,
        in table: Table,
        file: String?
    ) throws(OfflineStoreError) -> Column {
        if let column = table[name] { return column }
        let place = file ?? "the entity table"
        throw OfflineStoreError(
            code: .missingColumn,
            message: """
                \(place) has no column "\(name)"; \
                \(suggestion(for: name, among: table.columnNames, noun: "column"))
                """
        )
    }
}

/// Names the place of an entity row.
private struct EntityPlace {
    let file: String?
    let lines: [Int32]

    func text(ofRow row: Int) -> String {
        guard let file = self.file, row < self.lines.count else { return "entity row \(row + 1)" }
        return "\(file):\(self.lines[row])"
    }
}

extension EntityRows.Unreadable {
    mutating func add(_ value: @autoclosure () -> Value, at place: @autoclosure () -> String) {
        self.count += 1
        guard self.samples.count < EntityRows.maximumSamples else { return }
        let text: String
        switch value() {
        case .string(let string): text = shortened(string)
        case let other: text = "\(other)"
        }
        self.samples.append(
            "\(place()): column \"\(self.column)\": \"\(text)\" is no \(self.expected)"
        )
    }

    func throwIfAny() throws(OfflineStoreError) {
        guard self.count > 0 else { return }
        let samples = self.samples.map { "  \($0)" }.joined(separator: "\n")
        throw OfflineStoreError(
            code: .badRows,
            message: """
                entity rows: \(self.count) unreadable in column "\(self.column)" (strict):
                \(samples)
                mend the cells, or leave out --strict to count them as null
                """
        )
    }
}

extension Column {
    /// The column as another type: text is parsed, numbers must be exact.
    ///
    /// - Parameters:
    ///   - type: The type that is wanted.
    ///   - parser: What reads text.
    ///   - onUnreadable: Called with each row that cannot be the type; it is null then.
    /// - Returns: A column of that type and as many rows.
    fileprivate func read(
        as type: ValueType,
        parser: CellParser,
        onUnreadable: (Int) -> Void
    ) -> Column {
        if self.type == type { return self }
        var builder = ColumnBuilder(type: type)
        builder.reserveCapacity(self.count)
        var parser = parser
        for row in 0..<self.count {
            if self.isNull(at: row) {
                builder.appendNull()
                continue
            }
            let isRead: Bool
            if self.type == .string, case .bytes(let values) = self.storage {
                let text = values.bytes.span.extracting(values.range(at: row))
                isRead = parser.append(text, to: &builder)
            } else if case .floats(let values) = self.storage, builder.isWhole {
                isRead = Int64(exactly: values[row]).map { builder.append(.integer($0)) } ?? false
            } else {
                isRead = builder.append(self[row])
            }
            if !isRead {
                onUnreadable(row)
                builder.appendNull()
            }
        }
        return builder.finish()
    }

    /// Every row as an int32, int64 or unix_timestamp: text is parsed, numbers must be exact.
    ///
    /// - Parameters:
    ///   - kind: The kind that is wanted.
    ///   - null: What stands for null and for what cannot be read.
    ///   - parser: What reads text, and notes times without zone.
    ///   - onUnreadable: Called with each row that cannot be read.
    /// - Returns: One number a row.
    func integers(
        as kind: CellKind,
        null: Int64,
        parser: inout CellParser,
        onUnreadable: (Int) -> Void
    ) -> [Int64] {
        var result: [Int64] = []
        result.reserveCapacity(self.count)
        let ownKind = CellKind(self.type)
        for row in 0..<self.count {
            if self.isNull(at: row) {
                result.append(null)
                continue
            }
            let read: Int64?
            switch self.storage {
            case .integers(let values):
                read = Self.convert(values[row], from: ownKind, to: kind)
            case .floats(let values):
                read =
                    kind == .unixTimestamp
                    ? nil
                    : Int64(exactly: values[row])
                        .flatMap { Self.convert($0, from: .int64, to: kind) }
            case .bytes(let values):
                let text = values.bytes.span.extracting(values.range(at: row))
                read = ownKind == .string ? parser.integer(text, kind: kind) : nil
            }
            if read == nil { onUnreadable(row) }
            result.append(read ?? null)
        }
        return result
    }

    private static func convert(_ value: Int64, from: CellKind, to: CellKind) -> Int64? {
        switch (from, to) {
        case (.unixTimestamp, .unixTimestamp), (.int32, .int64), (.int64, .int64), (.int32, .int32):
            return value
        case (.int64, .int32):
            return Int32(exactly: value) == nil ? nil : value
        default:
            return nil
        }
    }
}

extension ColumnBuilder {
    /// Whether the values are whole numbers.
    fileprivate var isWhole: Bool { self.type == .int32 || self.type == .int64 }
}
