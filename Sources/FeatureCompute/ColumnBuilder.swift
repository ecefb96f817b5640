package import FeatureModel

/// Grows a column value by value.
package struct ColumnBuilder: Sendable {
    /// The type of the values.
    package let type: ValueType
    private var integers: [Int64] = []
    private var floats: [Double] = []
    private var bytes = Column.ByteStorage()
    /// Made when the first null comes.
    private var nulls: Bitmap?
    /// How many values there are.
    package private(set) var count = 0

    package init(type: ValueType) {
        self.type = type
    }

    package mutating func reserveCapacity(_ capacity: Int) {
        switch self.type.physicalType {
        case .integer: self.integers.reserveCapacity(capacity)
        case .float: self.floats.reserveCapacity(capacity)
        case .bytes: self.bytes.ends.reserveCapacity(capacity)
        }
    }

    package mutating func appendNull() {
        if self.nulls == nil {
            self.nulls = Bitmap(repeating: false, count: self.count)
        }
        switch self.type.physicalType {
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
        for index in bytes.indices {
            self.bytes.bytes.append(bytes[index])
        }
        self.bytes.ends.append(self.bytes.bytes.count)
        self.advance()
    }

    /// Adds a value of a type that is physically bytes, in its canonical form.
    package mutating func append(bytes: some Collection<UInt8>) {
        self.bytes.bytes.append(contentsOf: bytes)
        self.bytes.ends.append(self.bytes.bytes.count)
        self.advance()
    }

    private mutating func advance() {
        self.count += 1
        self.nulls?.append(false)
    }

    /// The column; the builder is used up.
    package consuming func finish() -> Column {
        let storage: Column.Storage =
            switch self.type.physicalType {
            case .integer: .integers(self.integers)
            case .float: .floats(self.floats)
            case .bytes: .bytes(self.bytes)
            }
        return Column(type: self.type, storage: storage, nulls: self.nulls)
    }
}
