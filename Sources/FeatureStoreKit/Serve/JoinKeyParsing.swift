import FeatureCompute
import FeatureModel

extension Column {
    /// The ids of a request as the declared type of their join key.
    ///
    /// Text is read as the type (`"1"` for an int64 is 1); numbers must be whole; a null stays
    /// null.
    ///
    /// - Parameters:
    ///   - values: The ids.
    ///   - digits: How floats among them were written, by row.
    ///   - key: The join key.
    /// - Throws: `invalidValue`, naming the key, the value, its row and the type, at the first
    ///   value that cannot be the type.
    init(
        ids values: [Value],
        digits: [Int: String] = [:],
        of key: Entity.JoinKey
    ) throws(FeatureStoreError) {
        if let integers = values.integers(of: key.type) {
            self = Column(type: key.type, storage: .integers(integers), nulls: nil)
            return
        }
        self = try Column(values, digits, named: "join key \"\(key.name)\"", type: key.type)
    }
}

extension [Value] {
    /// The values where all are integers of an integer type, as ids mostly are; else `nil`.
    fileprivate func integers(of type: ValueType) -> [Int64]? {
        let range: ClosedRange<Int64>
        switch type {
        case .int32: range = Int64(Int32.min)...Int64(Int32.max)
        case .int64: range = .min ... .max
        default: return nil
        }
        var integers: [Int64] = []
        integers.reserveCapacity(self.count)
        for value in self {
            guard case .integer(let integer) = value, range.contains(integer) else { return nil }
            integers.append(integer)
        }
        return integers
    }
}

extension Column {
    /// Values of a request as the declared type of a field of a request source.
    ///
    /// Read as the cells of a push are, and those of entity rows of a training set: text as in a
    /// CSV file, numbers by their digits; a null stays null.
    ///
    /// - Throws: `invalidValue`, naming the field, the value, its row and the type, at the first
    ///   value that cannot be the type.
    init(
        requestData values: [Value],
        digits: [Int: String] = [:],
        of field: Field
    ) throws(FeatureStoreError) {
        self = try Column(
            values,
            digits,
            named: "request data \"\(field.name)\"",
            type: field.type
        )
    }

    private init(
        _ values: [Value],
        _ digits: [Int: String],
        named name: String,
        type: ValueType
    ) throws(FeatureStoreError) {
        var builder = ColumnBuilder(type: type)
        var parser = CellParser()
        builder.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            let digits = digits.isEmpty ? nil : digits[row]
            guard parser.append(GivenCell(value, digits: digits), to: &builder) else {
                throw FeatureStoreError(
                    code: .invalidValue,
                    message: "\(name) is \(type), and \(value.shortText(digits: digits)) "
                        + "(row \(row)) is not; \(type.idAdvice)"
                )
            }
        }
        self = builder.finish()
    }
}

extension GivenCell {
    /// A value of a request, by the digits of a float when they are known.
    fileprivate init(_ value: Value, digits: String?) {
        self = digits.map { .number($0) } ?? GivenCell(value)
    }
}

extension Value {
    /// The value for a message as a client wrote it, cut when it is long.
    fileprivate func shortText(digits: String?) -> String {
        guard let digits else { return self.shortText }
        return digits.utf8.count > 60 ? "\(digits.prefix(60))…" : digits
    }

    /// The value for a message, cut when it is long.
    var shortText: String {
        switch self {
        case .null: return "null"
        case .integer(let value): return "\(value)"
        case .float(let value): return "\(value)"
        case .bool(let value): return "\(value)"
        case .string(let value):
            return value.count > 60 ? "\"\(value.prefix(60))…\"" : "\"\(value)\""
        case .bytes(let value): return countedNoun(value.count, "byte")
        case .timestamp(let value): return "\(value)"
        case .list(let values): return "a list of \(values.count)"
        }
    }
}

extension ValueType {
    /// What to send instead of a value that is not of the type.
    fileprivate var idAdvice: String {
        switch self {
        case .int32: "send a whole number of 32 bits"
        case .int64: "send a whole number of 64 bits"
        case .string: "send text in quotes"
        case .bytes: "send base64 text"
        case .unixTimestamp: "send seconds since 1970 or RFC 3339 text"
        case .float32, .float64: "send a number"
        case .bool: "send true or false"
        case .array, .map, .json: "send its JSON as text"
        default: "send a \(self)"
        }
    }
}
