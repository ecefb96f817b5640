import FeatureCompute
import FeatureModel

/// How a source holds one value, before any type is declared for it.
enum SampledValue: Hashable, Sendable {
    /// A whole number of a database.
    case integer(Int64)
    /// A number with a fraction of a database.
    case real
    /// Text: a field of a CSV file, or a text of a database.
    case text(String)
    /// Bytes of a database.
    case blob
}

/// Which types the values of one column fit, so far.
///
/// A type fits only when reading a value as it loses nothing: `007` is no number here, and `3.0`
/// no whole one.
struct ColumnSamples {
    /// What a database declares for the column, as far as it says something.
    enum Declaration: Sendable {
        case none
        case boolean
        case integer
        case real
        case time
        case text
        case bytes
        case json
    }

    private let declaration: Declaration
    private var candidates: [ValueType]
    private var count = 0
    private var sawLeadingZero = false
    private var sawElement = false
    private var parser = CellParser()

    /// - Parameter declaredType: The type that a table declares; `nil` for a CSV file.
    init(declaredType: String?) {
        self.declaration = Declaration(declaredType ?? "")
        self.candidates = self.declaration.candidates
    }

    mutating func add(_ value: SampledValue) {
        self.count += 1
        var fitting: [ValueType] = []
        for candidate in self.candidates where self.fits(value, candidate) {
            fitting.append(candidate)
        }
        self.candidates = fitting
        if case .text(let text) = value {
            if Self.hasLeadingZero(text) { self.sawLeadingZero = true }
            if text.contains(where: { $0 != "[" && $0 != "]" && !$0.isWhitespace }) {
                self.sawElement = true
            }
        }
    }

    /// The type that fits, and what speaks against trusting it.
    func proposal() -> (type: ValueType, remark: String?) {
        guard self.count > 0 else {
            return (self.declaration.whenEmpty, "no value in the sampled rows")
        }
        guard let type = self.candidates.first else {
            return (.string, "no type fits all sampled values: see what the column holds")
        }
        if case .array = type, !self.sawElement {
            return (.array(.string), "only empty arrays in the sampled rows")
        }
        if type == .string, self.sawLeadingZero {
            return (type, "digits with leading zeros, which a number would lose")
        }
        if type == .decimal {
            return (type, "whole numbers beyond 64 bits")
        }
        return (type, nil)
    }

    private mutating func fits(_ value: SampledValue, _ type: ValueType) -> Bool {
        switch value {
        case .integer(let integer):
            switch type {
            case .int64, .float64: true
            case .bool: self.declaration == .boolean && (integer == 0 || integer == 1)
            case .unixTimestamp: self.declaration == .time
            default: false
            }
        case .real: type == .float64 || type == .unixTimestamp && self.declaration == .time
        case .blob: type == .bytes
        case .text(let text): self.fits(text, type)
        }
    }

    private mutating func fits(_ text: String, _ type: ValueType) -> Bool {
        let utf8 = Array(text.utf8)
        let isNumber = !Self.hasLeadingZero(text) && utf8.first != UInt8(ascii: "+")
        switch type {
        case .int64:
            return isNumber && !utf8.contains(UInt8(ascii: "."))
                && NumberText.integer(utf8.span) != nil
        case .decimal:
            return isNumber && !utf8.contains(UInt8(ascii: ".")) && NumberText.isDecimal(utf8.span)
        case .float64:
            return isNumber && NumberText.double(utf8.span) != nil
        case .bool:
            return text.lowercased() == "true" || text.lowercased() == "false"
        case .unixTimestamp:
            // A bare number of seconds is a number until somebody says that it is a time.
            return utf8.count >= 10 && utf8[4] == UInt8(ascii: "-")
                && ParsedTimestamp(utf8: utf8.span) != nil
        case .array(let element):
            return self.fits(utf8, element: element)
        case .map, .json:
            guard utf8.first == UInt8(ascii: "{") || utf8.first == UInt8(ascii: "[") else {
                return false
            }
            var output: [UInt8] = []
            return JSONText.compact(utf8.span, mustBeObject: type == .map, to: &output)
        default:
            return type == .string
        }
    }

    private mutating func fits(_ array: [UInt8], element: ValueType) -> Bool {
        let hasFraction = array.contains { ".eE".utf8.contains($0) }
        if element == .int64, hasFraction { return false }
        if element == .unixTimestamp, !array.contains(UInt8(ascii: "-")), array.count > 2 {
            return false
        }
        var output: [UInt8] = []
        let type = CellType(.array(element))
        return self.parser.appendCanonical(array.span, type: type, to: &output)
    }

    /// Whether digits begin with a zero that a number would not keep: `007`, `-01`.
    private static func hasLeadingZero(_ text: String) -> Bool {
        var digits = Array(text.utf8)
        if digits.first == UInt8(ascii: "-") { digits.removeFirst() }
        guard digits.count > 1, digits[0] == UInt8(ascii: "0") else { return false }
        return digits[1] &- UInt8(ascii: "0") < 10
    }
}

extension ColumnSamples.Declaration {
    /// What a declared type says, by SQLite's way of looking for words in it.
    init(_ declaredType: String) {
        let type = declaredType.uppercased()
        if type.contains("BOOL") {
            self = .boolean
        } else if type.contains("DATE") || type.contains("TIME") {
            self = .time
        } else if type.contains("JSON") {
            self = .json
        } else if type.contains("INT") {
            self = .integer
        } else if type.contains("CHAR") || type.contains("TEXT") || type.contains("CLOB") {
            self = .text
        } else if type.contains("BLOB") || type.contains("BINARY") {
            self = .bytes
        } else if type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB") {
            self = .real
        } else {
            self = .none
        }
    }

    /// The types that are tried, the most telling first.
    var candidates: [ValueType] {
        let containers: [ValueType] = [
            .array(.int64), .array(.float64), .array(.bool), .array(.unixTimestamp),
            .array(.string), .map, .json,
        ]
        let all = [.int64, .decimal, .float64, .bool, .unixTimestamp] + containers + [.string]
        switch self {
        case .none, .integer: return all + [.bytes]
        case .real: return [.float64] + all
        case .boolean: return [.bool] + all
        case .time: return [.unixTimestamp] + all
        // Digits in a column of text were meant as text.
        case .text: return [.unixTimestamp] + containers + [.string]
        case .bytes: return [.bytes]
        case .json: return containers + [.string]
        }
    }

    /// The type for a column without any value.
    var whenEmpty: ValueType {
        switch self {
        case .none, .text: .string
        case .boolean: .bool
        case .integer: .int64
        case .real: .float64
        case .time: .unixTimestamp
        case .bytes: .bytes
        case .json: .json
        }
    }
}
