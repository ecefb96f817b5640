/// Named columns of one length: entity rows, and the training set that is made of them.
public struct Table: Sendable {
    /// One named column.
    public struct NamedColumn: Sendable {
        /// The column's name.
        public var name: String
        /// The column.
        public var column: Column

        /// A named column.
        public init(name: String, column: Column) {
            self.name = name
            self.column = column
        }
    }

    /// The columns, in order, all of one length; names are unique, code point by code point.
    public private(set) var columns: [NamedColumn]
    /// How many rows every column has.
    public let rowCount: Int

    /// A table of columns that all have `rowCount` rows and different names.
    public init(columns: [NamedColumn], rowCount: Int) {
        precondition(columns.allSatisfy { $0.column.count == rowCount }, "one length for all")
        precondition(
            Set(columns.map { Array($0.name.utf8) }).count == columns.count,
            "names are unique"
        )
        self.columns = columns
        self.rowCount = rowCount
    }

    /// The column with that name, code point by code point.
    public subscript(name: String) -> Column? {
        self.columns.first { $0.name.utf8.elementsEqual(name.utf8) }?.column
    }

    /// The names of the columns, in order.
    public var columnNames: [String] { self.columns.map(\.name) }
}
