/// The type of a feature or of a join key, with Feast's names.
public indirect enum ValueType: Hashable, Sendable {
    /// A whole number of 32 bits.
    case int32
    /// A whole number of 64 bits.
    case int64
    /// A number of single precision.
    case float32
    /// A number of double precision.
    case float64
    /// Unicode text, kept code point by code point.
    case string
    /// Bytes; base64 wherever they are written as text.
    case bytes
    /// True or false.
    case bool
    /// An instant, to the microsecond.
    case unixTimestamp
    /// A list of one of the types above; its elements are never null.
    case array(ValueType)
    /// A JSON object.
    case map
    /// A JSON text.
    case json
    /// A UUID, in lower case.
    case uuid
    /// A decimal number, digit for digit.
    case decimal

    /// How values lie in memory and in a row: see ``PhysicalType``.
    package var physicalType: PhysicalType {
        switch self {
        case .int32, .int64, .bool, .unixTimestamp: .integer
        case .float32, .float64: .float
        case .string, .bytes, .array, .map, .json, .uuid, .decimal: .bytes
        }
    }

    /// Whether the type may be a join key: Feast allows these five.
    public var canBeJoinKey: Bool {
        switch self {
        case .int32, .int64, .string, .bytes, .unixTimestamp: true
        default: false
        }
    }

    /// The names of all types, as a definition may write them.
    public static let allNames = [
        "int32", "int64", "float32", "float64", "string", "bytes", "bool", "unix_timestamp",
        "array(int32)", "array(int64)", "array(float32)", "array(float64)", "array(string)",
        "array(bytes)", "array(bool)", "array(unix_timestamp)", "map", "json", "uuid", "decimal",
    ]
}

/// The three ways in which values lie in memory and in an online row.
///
/// - `integer`: int32, int64, bool (0 or 1) and unix_timestamp (microseconds), as Int64.
/// - `float`: float32 (widened, so it holds a single-precision value exactly) and float64, as
/// Double.
/// - `bytes`: string (UTF-8), bytes (raw), and the canonical text of the rest: arrays, maps and
/// JSON
///   as compact JSON, UUIDs in lower case, decimals digit for digit.
package enum PhysicalType: Hashable, Sendable {
    case integer
    case float
    case bytes
}

extension ValueType: CustomStringConvertible {
    /// The name of the type, in lower case.
    public var description: String {
        switch self {
        case .int32: "int32"
        case .int64: "int64"
        case .float32: "float32"
        case .float64: "float64"
        case .string: "string"
        case .bytes: "bytes"
        case .bool: "bool"
        case .unixTimestamp: "unix_timestamp"
        case .array(let element): "array(\(element))"
        case .map: "map"
        case .json: "json"
        case .uuid: "uuid"
        case .decimal: "decimal"
        }
    }
}

extension ValueType: LosslessStringConvertible {
    /// The type with that name, in any case (`Int64`, `UNIX_TIMESTAMP`, `UnixTimestamp`).
    public init?(_ name: String) {
        let lowercased = name.lowercased()
        switch lowercased {
        case "int32": self = .int32
        case "int64": self = .int64
        case "float32": self = .float32
        case "float64": self = .float64
        case "string": self = .string
        case "bytes": self = .bytes
        case "bool": self = .bool
        case "unix_timestamp", "unixtimestamp": self = .unixTimestamp
        case "map": self = .map
        case "json": self = .json
        case "uuid": self = .uuid
        case "decimal": self = .decimal
        default:
            guard lowercased.hasPrefix("array("), lowercased.hasSuffix(")"),
                let element = ValueType(String(lowercased.dropFirst(6).dropLast())),
                element.canBeArrayElement
            else { return nil }
            self = .array(element)
        }
    }

    private var canBeArrayElement: Bool {
        switch self {
        case .array, .map, .json, .uuid, .decimal: false
        default: true
        }
    }
}

extension ValueType: Codable {
    /// Reads the name of a type.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let type = ValueType(name) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\"\(name)\" is no value type"
            )
        }
        self = type
    }

    /// Writes ``description``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
