public import FeatureModel

/// A column: values of one type, any of which may be null, stored unboxed.
public struct Column: Sendable {
    /// How the values lie in memory, by the physical type.
    package enum Storage: Hashable, Sendable {
        /// int32, int64, bool (0 or 1), unix_timestamp (microseconds).
        case integers([Int64])
        /// float32 (widened) and float64.
        case floats([Double])
        /// Strings, bytes and canonical texts, end to end.
        case bytes(ByteStorage)
    }

    /// Byte strings end to end.
    package struct ByteStorage: Hashable, Sendable {
        /// All bytes.
        package var bytes: [UInt8] = []
        /// Where each value ends, `[count]`; it begins where the one before ends.
        package var ends: [Int] = []

        package init() {}

        /// The bytes of one value.
        package func range(at index: Int) -> Range<Int> {
            (index == 0 ? 0 : self.ends[index - 1])..<self.ends[index]
        }
    }

    /// The type of the values.
    public let type: ValueType
    /// The values; a null has a zero or nothing in its place.
    package private(set) var storage: Storage
    /// One bit a row, true for null; `nil` when nothing is null.
    package private(set) var nulls: Bitmap?
    /// How many rows there are.
    public private(set) var count: Int

    package init(type: ValueType, storage: Storage, nulls: Bitmap?) {
        self.type = type
        self.storage = storage
        self.nulls = nulls
        self.count =
            switch storage {
            case .integers(let values): values.count
            case .floats(let values): values.count
            case .bytes(let values): values.ends.count
            }
        precondition(nulls.map { $0.count == self.count } ?? true, "one null bit a row")
    }

    /// A column of these values.
    ///
    /// - Throws: ``ColumnError`` when a value cannot be of the type, naming its row.
    public init(type: ValueType, values: [Value]) throws(ColumnError) {
        var builder = ColumnBuilder(type: type)
        for (row, value) in values.enumerated() {
            guard builder.append(value) else {
                throw ColumnError(row: row, value: value, type: type)
            }
        }
        self = builder.finish()
    }

    /// Takes the memory of the column, which has no rows afterwards, for integers.
    ///
    /// - Parameter count: How many.
    /// - Returns: So many zeros; allocated only when the column had no room for them.
    package mutating func takeIntegers(count: Int) -> [Int64] {
        var values: [Int64] = []
        if case .integers(let own) = self.take() { values = own }
        values.makeZeros(count: count)
        return values
    }

    /// Takes the memory of the column for floats; see ``takeIntegers(count:)``.
    package mutating func takeFloats(count: Int) -> [Double] {
        var values: [Double] = []
        if case .floats(let own) = self.take() { values = own }
        values.makeZeros(count: count)
        return values
    }

    /// Takes the memory of the column for byte strings; see ``takeIntegers(count:)``.
    ///
    /// - Parameter count: How many.
    /// - Returns: So many empty ones.
    package mutating func takeBytes(count: Int) -> ByteStorage {
        var values = ByteStorage()
        if case .bytes(let own) = self.take() { values = own }
        values.bytes.removeAll(keepingCapacity: true)
        values.ends.makeZeros(count: count)
        return values
    }

    /// The storage, which the column no longer has: whoever takes it is alone with its memory.
    private mutating func take() -> Storage {
        let storage = self.storage
        self.storage = .integers([])
        self.nulls = nil
        self.count = 0
        return storage
    }

    /// How many bytes the values take.
    package var size: Int {
        switch self.storage {
        case .integers, .floats: self.count * 8
        case .bytes(let values): values.bytes.count + self.count * 8
        }
    }

    /// Whether a row's value is null.
    public func isNull(at row: Int) -> Bool {
        self.nulls?[row] ?? false
    }

    /// A row's value, boxed.
    ///
    /// Loops over many rows read ``storage`` instead.
    public subscript(row: Int) -> Value {
        if self.isNull(at: row) { return .null }
        switch self.storage {
        case .integers(let values):
            switch self.type {
            case .bool: return .bool(values[row] != 0)
            case .unixTimestamp: return .timestamp(Timestamp(microseconds: values[row]))
            default: return .integer(values[row])
            }
        case .floats(let values):
            return .float(values[row])
        case .bytes(let values):
            let bytes = values.bytes[values.range(at: row)]
            if self.type == .bytes { return .bytes(Array(bytes)) }
            return .string(String(decoding: bytes, as: UTF8.self))
        }
    }

    /// All values, boxed.
    public var values: [Value] {
        (0..<self.count).map { self[$0] }
    }
}

/// A value that cannot be of its column's type.
public struct ColumnError: Error, Sendable, CustomStringConvertible {
    /// The row, from 0.
    public let row: Int
    /// The value.
    public let value: Value
    /// The column's type.
    public let type: ValueType

    /// What is wrong, for people.
    public var description: String { "row \(self.row): \(self.value) is no \(self.type)" }
}

extension Array where Element: Numeric {
    /// Replaces the elements by zeros, in the same memory where that is enough.
    @inline(__always)
    fileprivate mutating func makeZeros(count: Int) {
        if self.count == count {
            for index in 0..<count { self[index] = 0 }
        } else {
            self.removeAll(keepingCapacity: true)
            self.append(contentsOf: repeatElement(0, count: count))
        }
    }
}
