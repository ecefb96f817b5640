import FeatureCompute
import FeatureModel

/// One key column of the entity rows, read as its declared type.
struct EntityKeyColumn {
    /// Numbers; empty for strings and bytes.
    private(set) var integers: [Int64] = []
    /// Strings and bytes; `nil` for numbers.
    private(set) var bytes: Column?
    /// By row: whether there is no key.
    private(set) var isMissing: Bitmap

    /// Reads a column.
    ///
    /// - Parameters:
    ///   - column: The column of the entity table.
    ///   - type: The declared type of the key.
    ///   - parser: What reads text.
    ///   - onUnreadable: Called with each row that holds a value that cannot be the type.
    init(_ column: Column, type: ValueType, parser: CellParser, onUnreadable: (Int) -> Void) {
        var isMissing = Bitmap(count: column.count)
        for row in 0..<column.count where column.isNull(at: row) {
            isMissing[row] = true
        }
        func report(_ row: Int) {
            isMissing[row] = true
            onUnreadable(row)
        }
        var parser = parser
        let cellType = CellType(type)
        if cellType.kind.physicalType == .integer {
            self.integers = column.integers(
                as: cellType.kind,
                null: 0,
                parser: &parser,
                onUnreadable: report
            )
        } else if column.type == type {
            self.bytes = column
        } else {
            var builder = ColumnBuilder(type: type)
            for row in 0..<column.count {
                if !isMissing[row], case .bytes(let values) = column.storage,
                    column.type == .string
                {
                    let text = values.bytes.span.extracting(values.range(at: row))
                    if parser.append(text, to: &builder) { continue }
                }
                if !isMissing[row] { report(row) }
                builder.appendNull()
            }
            self.bytes = builder.finish()
        }
        self.isMissing = isMissing
    }
}

/// The numbered keys of all entity rows for one set of join keys.
struct EntityKeys {
    /// The different keys.
    let dictionary: KeyDictionary
    /// The id of each row's key, -1 for a null key.
    let ids: [Int32]
    /// What could not be read.
    let unreadable: [EntityRows.Unreadable]

    init(
        columns: [EntityKeyColumn],
        types: [ValueType],
        rowCount: Int,
        unreadable: [EntityRows.Unreadable]
    ) {
        var dictionary = KeyDictionary(keyTypes: types)
        var ids: [Int32] = []
        ids.reserveCapacity(rowCount)
        var key: [UInt8] = []
        for row in 0..<rowCount {
            if columns.contains(where: { $0.isMissing[row] }) {
                ids.append(-1)
                continue
            }
            if dictionary.isInteger {
                ids.append(dictionary.insert(columns[0].integers[row]))
                continue
            }
            key.removeAll(keepingCapacity: true)
            for column in columns {
                if let bytes = column.bytes, case .bytes(let values) = bytes.storage {
                    KeyDictionary.appendBytes(
                        values.bytes.span.extracting(values.range(at: row)),
                        to: &key
                    )
                } else {
                    KeyDictionary.appendInteger(column.integers[row], to: &key)
                }
            }
            ids.append(dictionary.insert(key.span))
        }
        self.dictionary = dictionary
        self.ids = ids
        self.unreadable = unreadable
    }
}
