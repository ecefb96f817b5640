/// One value, for code that handles single cells; columns and rows hold values unboxed.
public enum Value: Hashable, Sendable {
    /// No value. Not the same as an empty string, a zero or a NaN.
    case null
    /// An int32 or int64.
    case integer(Int64)
    /// A float32 (widened) or float64.
    case float(Double)
    /// A bool.
    case bool(Bool)
    /// A string, or the text of a json, map, uuid or decimal.
    case string(String)
    /// Bytes.
    case bytes([UInt8])
    /// A unix_timestamp.
    case timestamp(Timestamp)
    /// An array; its elements are of one type and never null.
    case list([Value])
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .float(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// True or false.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// No value.
    public init(nilLiteral: ()) { self = .null }
}
