import FeatureCompute
import FeatureModel

extension Column {
    /// The ids of a request as the declared type of their join key.
    ///
    /// Text is read as the type (`"1"` for an int64 is 1); numbers must be whole; a null stays
    /// null.
    ///
    /// - Throws: `invalidValue`, naming the key, the value, its row and the type, at the first
    ///   value that cannot be the type.
    init(ids values: [Value], of key: Entity.JoinKey) throws(FeatureStoreError) {
        var builder = ColumnBuilder(type: key.type)
        var parser = CellParser()
        builder.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            guard builder.append(id: value, parser: &parser) else {
                throw FeatureStoreError(
                    code: .invalidValue,
                    message: "join key \"\(key.name)\" is \(key.type), and "
                        + "\(value.shortText) (row \(row)) is not; \(key.type.idAdvice)"
                )
            }
        }
        self = builder.finish()
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
    init(requestData values: [Value], of field: Field) throws(FeatureStoreError) {
        var builder = ColumnBuilder(type: field.type)
        var parser = CellParser()
        builder.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            guard builder.append(requestData: value, parser: &parser) else {
                throw FeatureStoreError(
                    code: .invalidValue,
                    message: "request data \"\(field.name)\" is \(field.type), and "
                        + "\(value.shortText) (row \(row)) is not; \(field.type.idAdvice)"
                )
            }
        }
        self = builder.finish()
    }
}

extension ColumnBuilder {
    /// Adds a value of a request; false, and nothing is added, when it cannot be the column's type.
    fileprivate mutating func append(requestData value: Value, parser: inout CellParser) -> Bool {
        switch (self.type, value) {
        case (.int32, .float), (.int64, .float), (.unixTimestamp, .integer),
            (.unixTimestamp, .float):
            return self.append(id: value, parser: &parser)
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
    fileprivate mutating func append(id value: Value, parser: inout CellParser) -> Bool {
        switch (self.type, value) {
        case (.int32, .float(let float)), (.int64, .float(let float)):
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
