import FeatureCompute

/// The cells of some columns row by row, as plain numbers over one run of bytes.
///
/// For loops over rows: a column is an enum over arrays, and reading it cell by cell would retain
/// and release these arrays for every cell.
struct BatchCells {
    /// One cell.
    enum Cell {
        case null
        case integer(Int64)
        case float(Double)
        /// The range of a text in ``BatchCells/bytes``.
        case bytes(Range<Int>)
    }

    private enum Kind {
        case integer
        case float
        case bytes
    }

    /// The bytes of all columns that have any.
    private(set) var bytes: [UInt8] = []
    private let kinds: [Kind]
    /// Integers, the bits of floats, and where texts end, `[rows × columns]`.
    private var numbers: [Int64]
    /// Where the first text of each column begins.
    private var starts: [Int]
    private var nulls: [Bool]

    /// How many columns there are.
    var columnCount: Int { self.kinds.count }

    /// - Parameters:
    ///   - columns: All of `rowCount` rows.
    ///   - rowCount: How many rows there are.
    /// - Complexity: O(cells + bytes), and a fixed number of allocations.
    init(_ columns: [Column], rowCount: Int) {
        self.kinds = columns.map { column in
            switch column.storage {
            case .integers: .integer
            case .floats: .float
            case .bytes: .bytes
            }
        }
        let width = columns.count
        self.starts = Array(repeating: 0, count: width)
        self.nulls = Array(repeating: false, count: rowCount * width)
        self.numbers = Array(repeating: 0, count: rowCount * width)
        for (index, column) in columns.enumerated() {
            precondition(column.count == rowCount, "all columns have the same rows")
            var cell = index
            switch column.storage {
            case .integers(let values):
                for value in values {
                    self.numbers[cell] = value
                    cell += width
                }
            case .floats(let values):
                for value in values {
                    self.numbers[cell] = Int64(bitPattern: value.bitPattern)
                    cell += width
                }
            case .bytes(let values):
                let start = self.bytes.count
                self.starts[index] = start
                self.bytes.append(contentsOf: values.bytes)
                for end in values.ends {
                    self.numbers[cell] = Int64(start + end)
                    cell += width
                }
            }
            guard let nulls = column.nulls else { continue }
            for row in 0..<rowCount where nulls[row] {
                self.nulls[row * width + index] = true
            }
        }
    }

    /// The cell of a row and a column.
    func cell(row: Int, column: Int) -> Cell {
        let width = self.kinds.count
        let index = row * width + column
        if self.nulls[index] { return .null }
        let number = self.numbers[index]
        switch self.kinds[column] {
        case .integer: return .integer(number)
        case .float: return .float(Double(bitPattern: UInt64(bitPattern: number)))
        case .bytes:
            let start = row == 0 ? self.starts[column] : Int(self.numbers[index - width])
            return .bytes(start..<Int(number))
        }
    }
}
