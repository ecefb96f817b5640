import FeatureModel

/// One cell of a random source: how it may be written, and what it means.
struct PlainCell {
    let text: String
    let value: Value
}

/// Few values of each type, among them those that careless code damages.
enum CellPool {
    static let featureTypes: [ValueType] = [
        .int32, .int64, .float32, .float64, .string, .bytes, .bool, .unixTimestamp, .json, .map,
        .uuid, .decimal, .array(.int64), .array(.string),
    ]
    static let keyTypes: [ValueType] = [.int32, .int64, .string, .bytes, .unixTimestamp]

    static func features(_ type: ValueType) -> [PlainCell] {
        switch type {
        case .int32: Self.integers([0, 1, -7, 2_147_483_647, -2_147_483_648])
        case .int64: Self.integers([0, 1, 9_007_199_254_740_993, .max, .min])
        case .float32:
            [
                Self.cell("0.1", .float(Double(Float(0.1)))), Self.cell("NaN", .float(.nan)),
                Self.cell("-0.0", .float(-0.0)), Self.cell("16777217", .float(16_777_216)),
            ]
        case .float64:
            [
                Self.cell("0.1", .float(0.1)), Self.cell("-0.0", .float(-0.0)),
                Self.cell("NaN", .float(.nan)), Self.cell("-Infinity", .float(-.infinity)),
                Self.cell("5e-324", .float(.leastNonzeroMagnitude)),
            ]
        case .string: Self.strings(["", "null", "NA", " a ", "e\u{301}", "a,\"b\"\nc"])
        case .bytes: [Self.cell("AP8=", .bytes([0, 255])), Self.cell("", .bytes([]))]
        case .bool: [Self.cell("true", .bool(true)), Self.cell("false", .bool(false))]
        case .unixTimestamp:
            [
                Self.time(Timestamp(microseconds: -1)), Self.time(.epoch), Self.time(second(3)),
            ]
        case .json: Self.strings(["{\"a\":[1,null]}", "null", "9007199254740993", "\"\""])
        case .map: Self.strings(["{}", "{\"a\":1}"])
        case .uuid: Self.strings(["00000000-0000-0000-0000-00000000abcd"])
        case .decimal: Self.strings(["1.50", "-0", "123456789012345678901234567890.1"])
        case .array(.string): Self.strings(["[]", "[\"\",\"a,b\"]"])
        case .array: Self.strings(["[]", "[1,9007199254740993]"])
        }
    }

    static func keys(_ type: ValueType) -> [PlainCell] {
        switch type {
        case .int32: Self.integers([1, -2, 2_147_483_647])
        case .int64: Self.integers([1, 9_007_199_254_740_993, .min])
        case .string: Self.strings(["", "1", "é,\""])
        case .bytes: [Self.cell("", .bytes([])), Self.cell("AA==", .bytes([0]))]
        default: [Self.time(.epoch), Self.time(Timestamp(microseconds: -1))]
        }
    }

    /// A key that no source has.
    static func unknownKey(_ type: ValueType) -> PlainCell {
        switch type {
        case .int32, .int64: Self.cell("77", .integer(77))
        case .string: Self.cell("unknown", .string("unknown"))
        case .bytes: Self.cell("AAA=", .bytes([0, 0]))
        default: Self.time(second(1))
        }
    }

    private static func cell(_ text: String, _ value: Value) -> PlainCell {
        PlainCell(text: text, value: value)
    }

    private static func integers(_ values: [Int64]) -> [PlainCell] {
        values.map { Self.cell(String($0), .integer($0)) }
    }

    private static func strings(_ values: [String]) -> [PlainCell] {
        values.map { Self.cell($0, .string($0)) }
    }

    private static func time(_ time: Timestamp) -> PlainCell {
        Self.cell(time.description, .timestamp(time))
    }
}
