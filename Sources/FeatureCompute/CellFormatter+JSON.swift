import FeatureModel

extension CellFormatter {
    /// Appends a cell as one JSON value.
    ///
    /// NaN and the infinities are strings, 64-bit integers exact, bytes base64, a json value the
    /// string of its text, a map the object itself.
    package static func append(
        json column: Column,
        row: Int,
        style: JSONStyle,
        to text: inout [UInt8]
    ) {
        if column.isNull(at: row) {
            text.append(contentsOf: "null".utf8)
            return
        }
        switch column.storage {
        case .integers(let values):
            switch column.type {
            case .bool: text.append(contentsOf: values[row] != 0 ? "true".utf8 : "false".utf8)
            case .unixTimestamp: self.append(time: values[row], style: style, to: &text)
            default: self.append(integer: values[row], to: &text)
            }
        case .floats(let values):
            let isSingle = column.type == .float32 && style == .rows
            self.append(jsonFloat: values[row], isSingle: isSingle, to: &text)
        case .bytes(let values):
            let bytes = values.bytes.span.extracting(values.range(at: row))
            self.append(jsonBytes: bytes, type: CellType(column.type), style: style, to: &text)
        }
    }

    /// Appends a value of a type that is physically bytes, from its canonical form.
    package static func append(
        jsonBytes bytes: Span<UInt8>,
        type: CellType,
        style: JSONStyle,
        to text: inout [UInt8]
    ) {
        switch type.kind {
        case .bytes:
            text.append(UInt8(ascii: "\""))
            Base64.encode(bytes, to: &text)
            text.append(UInt8(ascii: "\""))
        case .map:
            text.append(span: bytes)
        case .array:
            if style == .wire, type.element == .float32 || type.element == .unixTimestamp {
                self.append(wireArray: bytes, element: type.element, to: &text)
            } else {
                text.append(span: bytes)
            }
        default:
            JSONString.encode(bytes, to: &text)
        }
    }

    /// Appends a number as JSON; what JSON cannot say is a string.
    package static func append(jsonFloat value: Double, isSingle: Bool, to text: inout [UInt8]) {
        if value.isFinite {
            self.append(float: value, isSingle: isSingle, to: &text)
        } else {
            text.append(UInt8(ascii: "\""))
            self.append(float: value, isSingle: isSingle, to: &text)
            text.append(UInt8(ascii: "\""))
        }
    }

    /// Appends a time as JSON: an RFC 3339 string, or whole seconds since 1970 rounded down.
    package static func append(time: Int64, style: JSONStyle, to text: inout [UInt8]) {
        switch style {
        case .rows:
            self.append(quotedTime: time, to: &text)
        case .wire:
            let seconds = time / 1_000_000
            self.append(integer: time % 1_000_000 < 0 ? seconds - 1 : seconds, to: &text)
        }
    }

    /// Appends a time as an RFC 3339 string with its quotes.
    static func append(quotedTime time: Int64, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        Timestamp(microseconds: time).append(to: &text)
        text.append(UInt8(ascii: "\""))
    }

    /// Appends a canonical array of float32 or unix_timestamp with its elements as on the wire.
    private static func append(
        wireArray bytes: Span<UInt8>,
        element: CellKind,
        to text: inout [UInt8]
    ) {
        var parser = CellParser()
        var cursor = JSONText(bytes)
        guard cursor.take("[") else { return }
        text.append(UInt8(ascii: "["))
        var isFirst = true
        while let range = cursor.scalar() {
            if !isFirst { text.append(UInt8(ascii: ",")) }
            isFirst = false
            let scalar = bytes.extracting(range)
            let isQuoted = scalar[0] == UInt8(ascii: "\"")
            let inner = isQuoted ? scalar.extracting(1..<(scalar.count - 1)) : scalar
            if element == .float32 {
                self.append(
                    jsonFloat: parser.float(inner, kind: .float32) ?? .nan, isSingle: false,
                    to: &text)
            } else {
                self.append(time: parser.time(inner) ?? 0, style: .wire, to: &text)
            }
            guard cursor.take(",") else { break }
        }
        text.append(UInt8(ascii: "]"))
    }
}
