package import FeatureModel

/// A cell as a client gave it, before anybody asked which type it must be.
package enum GivenCell: Hashable, Sendable {
    /// No value.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number, exactly.
    case integer(Int64)
    /// A floating-point number.
    case float(Double)
    /// A number of a JSON text that is no `integer`, with its digits; never written with others.
    case number(String)
    /// A text, which may spell a value of any type.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// An instant.
    case time(Timestamp)
    /// A JSON array or object.
    case json(String)

    /// A boxed value as a client gave it.
    package init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .integer(integer)
        case .float(let float): self = .float(float)
        case .string(let text): self = .text(text)
        case .bytes(let bytes): self = .bytes(bytes)
        case .timestamp(let time): self = .time(time)
        case .list:
            var text: [UInt8] = []
            Self.append(value, to: &text)
            self = .json(String(decoding: text, as: UTF8.self))
        }
    }

    /// Appends the cell as JSON, from which ``init(json:)`` makes a cell that reads the same.
    package func append(to text: inout [UInt8]) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let bool): text.append(contentsOf: (bool ? "true" : "false").utf8)
        case .integer(let integer): CellFormatter.append(integer: integer, to: &text)
        case .float(let float): CellFormatter.append(jsonFloat: float, isSingle: false, to: &text)
        case .number(let digits): text.append(contentsOf: digits.utf8)
        case .text(let string): JSONString.encode(Array(string.utf8).span, to: &text)
        case .bytes(let bytes):
            text.append(UInt8(ascii: "\""))
            Base64.encode(bytes.span, to: &text)
            text.append(UInt8(ascii: "\""))
        case .time(let time): CellFormatter.append(quotedTime: time.microseconds, to: &text)
        case .json(let json): text.append(contentsOf: json.utf8)
        }
    }

    /// The cells of a JSON array; `nil` when the text is none.
    package static func cells(json text: Span<UInt8>) -> [GivenCell]? {
        guard JSONText.isUTF8(text) else { return nil }
        var cursor = JSONText(text)
        guard cursor.take("[") else { return nil }
        var cells: [GivenCell] = []
        if cursor.take("]") { return cursor.isAtEnd() ? cells : nil }
        while true {
            guard let cell = Self.cell(&cursor, in: text) else { return nil }
            cells.append(cell)
            if cursor.take(",") { continue }
            guard cursor.take("]"), cursor.isAtEnd() else { return nil }
            return cells
        }
    }

    /// The members of a JSON object, as far as it is one.
    package static func members(json text: Span<UInt8>) -> [(name: String, cell: GivenCell)] {
        var cursor = JSONText(text)
        var members: [(name: String, cell: GivenCell)] = []
        guard JSONText.isUTF8(text), cursor.take("{") else { return [] }
        while cursor.peek() == UInt8(ascii: "\""), let range = cursor.scalar() {
            var name: [UInt8] = []
            guard JSONString.decode(text.extracting(range), to: &name), cursor.take(":"),
                let cell = Self.cell(&cursor, in: text)
            else { break }
            members.append((String(decoding: name, as: UTF8.self), cell))
            guard cursor.take(",") else { break }
        }
        return members
    }

    /// The cell as people read it: a text as it is, anything else as JSON.
    package var description: String {
        if case .text(let text) = self { return text }
        var bytes: [UInt8] = []
        self.append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes the next value of a JSON text as a cell; `nil` when there is none.
    package static func cell(_ cursor: inout JSONText, in text: Span<UInt8>) -> GivenCell? {
        guard let first = cursor.peek() else { return nil }
        if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
            var value: [UInt8] = []
            guard cursor.copyValue(to: &value) else { return nil }
            return .json(String(decoding: value, as: UTF8.self))
        }
        guard let range = cursor.scalar() else { return nil }
        let scalar = text.extracting(range)
        switch first {
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        case UInt8(ascii: "\""):
            var bytes: [UInt8] = []
            guard JSONString.decode(scalar, to: &bytes) else { return nil }
            return .text(String(decoding: bytes, as: UTF8.self))
        default:
            return Self.number(scalar)
        }
    }

    /// A number of a JSON text as a cell.
    ///
    /// With a fraction or an exponent it is no integer, even when it is whole: -0.0 is not 0, and
    /// so -0 is none either.
    package static func number(_ text: Span<UInt8>) -> GivenCell {
        var digits: [UInt8] = []
        digits.append(span: text)
        let isWhole = !digits.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == 0x65 }
        if isWhole, let integer = NumberText.integer(text), integer != 0 || digits.count == 1 {
            return .integer(integer)
        }
        return .number(String(decoding: digits, as: UTF8.self))
    }

    private static func append(_ value: Value, to text: inout [UInt8]) {
        guard case .list(let elements) = value else {
            return GivenCell(value).append(to: &text)
        }
        text.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            Self.append(element, to: &text)
        }
        text.append(UInt8(ascii: "]"))
    }
}

extension CellParser {
    /// Appends the value that a cell stands for; null stays null.
    ///
    /// - Returns: False, and nothing is appended, when the cell cannot be of the column's type.
    package mutating func append(_ cell: GivenCell, to builder: inout ColumnBuilder) -> Bool {
        if cell == .null {
            builder.appendNull()
            return true
        }
        let type = builder.cellType
        switch type.kind.physicalType {
        case .integer:
            guard let value = self.integer(cell, kind: type.kind) else { return false }
            builder.append(integer: value)
        case .float:
            guard let value = self.float(cell, kind: type.kind) else { return false }
            builder.append(float: value)
        case .bytes:
            var bytes: [UInt8] = []
            guard self.appendCanonical(cell, type: type, to: &bytes) else { return false }
            builder.append(bytes: bytes)
        }
        return true
    }

    /// The value of an int32, int64, bool or unix_timestamp; `nil` when the cell cannot be it.
    ///
    /// A number is a time in seconds since 1970. The digits of a number say which whole number it
    /// is; a float is one only without doubt. A text is read as a field of a CSV file is.
    package mutating func integer(_ cell: GivenCell, kind: CellKind) -> Int64? {
        switch cell {
        case .integer(let value):
            switch kind {
            case .int32: return Int32(exactly: value) == nil ? nil : value
            case .bool: return value == 0 || value == 1 ? value : nil
            case .unixTimestamp:
                let (time, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
                return overflow ? nil : Self.instant(time)
            default: return value
            }
        case .float(let value):
            switch kind {
            case .bool: return nil
            case .unixTimestamp:
                return Self.time(seconds: value)
            default:
                // Beyond 2^53 a float stands for several whole numbers.
                guard abs(value) <= 9_007_199_254_740_992, let whole = Int64(exactly: value),
                    kind != .int32 || Int32(exactly: whole) != nil
                else { return nil }
                return whole
            }
        case .number(let digits):
            // The digits themselves: the nearest double may be another number.
            guard kind != .bool else { return nil }
            let bytes = Array(digits.utf8)
            var parser = CellParser(allowsExponents: true)
            return parser.integer(bytes.span, kind: kind)
        case .bool(let value): return kind == .bool ? (value ? 1 : 0) : nil
        case .time(let time): return kind == .unixTimestamp ? time.microseconds : nil
        case .text(let text):
            let bytes = Array(text.utf8)
            return self.integer(bytes.span, kind: kind)
        case .null, .bytes, .json: return nil
        }
    }

    /// The value of a float32, widened, or a float64; `nil` when the cell cannot be it.
    package func float(_ cell: GivenCell, kind: CellKind) -> Double? {
        switch cell {
        case .integer(let value): return kind == .float32 ? Double(Float(value)) : Double(value)
        case .float(let value):
            guard kind == .float32 else { return value }
            let single = Float(value)
            return single.isFinite == value.isFinite ? Double(single) : nil
        case .number(let digits):
            let bytes = Array(digits.utf8)
            return self.float(bytes.span, kind: kind)
        case .text(let text):
            let bytes = Array(text.utf8)
            return self.float(bytes.span, kind: kind)
        case .null, .bool, .bytes, .time, .json: return nil
        }
    }

    /// Appends the canonical bytes of a type that is physically bytes.
    ///
    /// - Returns: False when the cell cannot be it; part may have been appended then.
    package mutating func appendCanonical(
        _ cell: GivenCell,
        type: CellType,
        to bytes: inout [UInt8]
    ) -> Bool {
        switch cell {
        case .text(let text):
            let utf8 = Array(text.utf8)
            return self.appendCanonical(utf8.span, type: type, to: &bytes)
        case .bytes(let value):
            guard type.kind == .bytes else { return false }
            bytes.append(contentsOf: value)
            return true
        case .json(let text):
            switch type.kind {
            case .array, .map, .json:
                let utf8 = Array(text.utf8)
                return self.appendCanonical(utf8.span, type: type, to: &bytes)
            default: return false
            }
        case .integer:
            guard type.kind == .decimal || type.kind == .json else { return false }
            cell.append(to: &bytes)
            return true
        case .number(let digits):
            // A client's float may have lost digits of a decimal; a whole number has all of them.
            let isWhole = !digits.utf8.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == 0x65 }
            guard type.kind == .json || type.kind == .decimal && isWhole else { return false }
            let utf8 = Array(digits.utf8)
            return self.appendCanonical(utf8.span, type: type, to: &bytes)
        case .float(let value):
            // The digits of a decimal are gone when it has become a float.
            guard type.kind == .json, value.isFinite else { return false }
            cell.append(to: &bytes)
            return true
        case .bool:
            guard type.kind == .json else { return false }
            cell.append(to: &bytes)
            return true
        case .null, .time: return false
        }
    }
}
