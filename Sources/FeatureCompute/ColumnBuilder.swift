package import FeatureModel

/// Grows a column value by value.
package struct ColumnBuilder: Sendable {
    /// The type of the values.
    package let type: ValueType
    /// The type without its payload, for loops.
    package let cellType: CellType
    private let physicalType: PhysicalType
    var integers: [Int64] = []
    var floats: [Double] = []
    var bytes = Column.ByteStorage()
    /// Made when the first null comes.
    var nulls: Bitmap?
    /// How many values there are.
    package internal(set) var count = 0

    package init(type: ValueType) {
        self.type = type
        self.cellType = CellType(type)
        self.physicalType = type.physicalType
    }

    package mutating func reserveCapacity(_ capacity: Int) {
        switch self.physicalType {
        case .integer: self.integers.reserveCapacity(capacity)
        case .float: self.floats.reserveCapacity(capacity)
        case .bytes: self.bytes.ends.reserveCapacity(capacity)
        }
    }

    package mutating func appendNull() {
        if self.nulls == nil {
            self.nulls = Bitmap(repeating: false, count: self.count)
        }
        switch self.physicalType {
        case .integer: self.integers.append(0)
        case .float: self.floats.append(0)
        case .bytes: self.bytes.ends.append(self.bytes.bytes.count)
        }
        self.count += 1
        self.nulls?.append(true)
    }

    /// Adds a value of a type that is physically an integer.
    package mutating func append(integer: Int64) {
        self.integers.append(integer)
        self.advance()
    }

    /// Adds a value of a type that is physically a float.
    package mutating func append(float: Double) {
        self.floats.append(float)
        self.advance()
    }

    /// Adds a value of a type that is physically bytes, in its canonical form.
    package mutating func append(bytes: Span<UInt8>) {
        self.bytes.bytes.append(span: bytes)
        self.bytes.ends.append(self.bytes.bytes.count)
        self.advance()
    }

    /// Adds a value of a type that is physically bytes, in its canonical form.
    package mutating func append(bytes: some Collection<UInt8>) {
        self.bytes.bytes.append(contentsOf: bytes)
        self.bytes.ends.append(self.bytes.bytes.count)
        self.advance()
    }

    /// Adds a value that `write` appends to the bytes of the column.
    ///
    /// - Returns: What `write` returned; when it is false, nothing is added.
    package mutating func append(writing write: (inout [UInt8]) -> Bool) -> Bool {
        let start = self.bytes.bytes.count
        guard write(&self.bytes.bytes) else {
            self.bytes.bytes.removeLast(self.bytes.bytes.count - start)
            return false
        }
        self.bytes.ends.append(self.bytes.bytes.count)
        self.advance()
        return true
    }

    /// Adds all values of a column of the same type.
    package mutating func append(contentsOf column: Column) {
        precondition(column.type == self.type, "one type a column")
        if self.nulls == nil, column.nulls != nil {
            self.nulls = Bitmap(repeating: false, count: self.count)
        }
        switch column.storage {
        case .integers(let values): self.integers.append(contentsOf: values)
        case .floats(let values): self.floats.append(contentsOf: values)
        case .bytes(let values):
            let offset = self.bytes.bytes.count
            self.bytes.bytes.append(contentsOf: values.bytes)
            self.bytes.ends.reserveCapacity(self.bytes.ends.count + column.count)
            for end in values.ends {
                self.bytes.ends.append(offset + end)
            }
        }
        if self.nulls != nil {
            for row in 0..<column.count {
                self.nulls?.append(column.isNull(at: row))
            }
        }
        self.count += column.count
    }

    /// Drops values at the end, so that `count` are left.
    package mutating func truncate(to count: Int) {
        guard count < self.count else { return }
        let surplus = self.count - count
        switch self.physicalType {
        case .integer: self.integers.removeLast(surplus)
        case .float: self.floats.removeLast(surplus)
        case .bytes:
            self.bytes.ends.removeLast(surplus)
            self.bytes.bytes.removeLast(self.bytes.bytes.count - (self.bytes.ends.last ?? 0))
        }
        self.nulls?.truncate(to: count)
        self.count = count
    }

    private mutating func advance() {
        self.count += 1
        self.nulls?.append(false)
    }

    /// The column; the builder is used up.
    package consuming func finish() -> Column {
        let storage: Column.Storage =
            switch self.physicalType {
            case .integer: .integers(self.integers)
            case .float: .floats(self.floats)
            case .bytes: .bytes(self.bytes)
            }
        return Column(type: self.type, storage: storage, nulls: self.nulls)
    }
}
