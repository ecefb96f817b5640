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
        var builder = ColumnBuilder(type: key.type)
        var parser = CellParser()
        builder.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            let digits = digits.isEmpty ? nil : digits[row]
            guard builder.append(id: value, digits: digits, parser: &parser) else {
                throw FeatureStoreError(
                    code: .invalidValue,
                    message: "join key \"\(key.name)\" is \(key.type), and "
                        + "\(value.shortText(digits: digits)) (row \(row)) is not; "
                        + key.type.idAdvice
                )
            }
        }
        self = builder.finish()
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
    /// Text is read as the type, as in a CSV file; numbers must be exact, as ids must be; a null
    /// stays null.
    ///
    /// - Throws: `invalidValue`, naming the field, the value, its row and the type, at the first
    ///   value that cannot be the type.
    init(
        requestData values: [Value],
        digits: [Int: String] = [:],
        of field: Field
    ) throws(FeatureStoreError) {
        var builder = ColumnBuilder(type: field.type)
        var parser = CellParser()
        builder.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            let digits = digits.isEmpty ? nil : digits[row]
            guard builder.append(requestData: value, digits: digits, parser: &parser) else {
                throw FeatureStoreError(
                    code: .invalidValue,
                    message: "request data \"\(field.name)\" is \(field.type), and "
                        + "\(value.shortText(digits: digits)) (row \(row)) is not; "
                        + field.type.idAdvice
                )
            }
        }
        self = builder.finish()
    }
}

extension ColumnBuilder {
    /// Adds a value of a request; false, and nothing is added, when it cannot be the column's type.
    fileprivate mutating func append(
        requestData value: Value,
        digits: String?,
        parser: inout CellParser
    ) -> Bool {
        switch (self.type, value) {
        case (.int32, .float), (.int64, .float), (.unixTimestamp, .integer),
            (.unixTimestamp, .float):
            return self.append(id: value, digits: digits, parser: &parser)
        case (.bool, .integer(let integer)) where integer == 0 || integer == 1:
            return self.append(.bool(integer == 1))
        case (_, .string(let text)):
            let utf8 = Array(text.utf8)
            return parser.append(utf8.span, to: &self)
        default:
            return self.append(value)
        }
    }

    /// Adds an id; false, and nothing is added, when it cannot be the column's type.
    fileprivate mutating func append(
        id value: Value,
        digits: String?,
        parser: inout CellParser
    ) -> Bool {
        switch (self.type, value) {
        case (.int32, .float(let float)), (.int64, .float(let float)):
            if let digits {
                let utf8 = Array(digits.utf8)
                guard let integer = NumberText.wholeNumber(utf8.span) else { return false }
                return self.append(.integer(integer))
            }
            // Beyond 2^53 a float does not say which whole number was meant.
            guard abs(float) <= 9_007_199_254_740_992, let integer = Int64(exactly: float) else {
                return false
            }
            return self.append(.integer(integer))
        case (.unixTimestamp, .integer(let seconds)):
            return self.append(epochSeconds: Double(seconds))
        case (.unixTimestamp, .float(let seconds)):
            return self.append(epochSeconds: seconds)
        case (.string, .string):
            return self.append(value)
        case (.bytes, .string(let text)):
            let utf8 = Array(text.utf8)
            var bytes: [UInt8] = []
            guard Base64.decode(utf8.span, to: &bytes) else { return false }
            self.append(bytes: bytes)
            return true
        case (_, .string(let text)):
            let utf8 = Array(text.utf8)
            guard let integer = parser.integer(utf8.span, kind: CellKind(self.type)) else {
                return false
            }
            self.append(integer: integer)
            return true
        default:
            return self.append(value)
        }
    }

    private mutating func append(epochSeconds seconds: Double) -> Bool {
        let microseconds = (seconds * 1_000_000).rounded(.toNearestOrEven)
        guard let exact = Int64(exactly: microseconds),
            (Timestamp.earliest.microseconds...Timestamp.latest.microseconds).contains(exact)
        else { return false }
        self.append(integer: exact)
        return true
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
