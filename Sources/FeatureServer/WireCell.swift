import FeatureCompute
import FeatureModel

/// The cells of one column in the JSON of Feast's online protocol.
///
/// Numbers are digits and a float always has a point or an exponent (clients infer the type from
/// it); a float32 has the digits of its double; NaN and the infinities are strings; a time is
/// whole seconds since 1970, rounded down; bytes are base64; a json, uuid or decimal is a string; a
/// map is an object; an array is an array of these.
struct WireCell {
    private let type: ValueType
    private let storage: Column.Storage

    init(_ column: Column) {
        self.type = column.type
        self.storage = column.storage
    }

    /// Appends the value of a row that is not null.
    func append(row: Int, to output: inout [UInt8]) {
        switch self.storage {
        case .integers(let values):
            let value = values[row]
            switch self.type {
            case .bool: output.append(contentsOf: (value != 0 ? "true" : "false").utf8)
            case .unixTimestamp: output.append(integer: epochSeconds(microseconds: value))
            default: output.append(integer: value)
            }
        case .floats(let values):
            output.append(float: values[row])
        case .bytes(let values):
            let span = values.bytes.span.extracting(values.range(at: row))
            switch self.type {
            case .bytes: output.append(base64: span)
            case .map: appendVerbatim(span, to: &output)
            case .array(let element): appendArray(span, of: element, to: &output)
            default: appendString(span, to: &output)
            }
        }
    }
}

/// Whole seconds since 1970, rounded down.
private func epochSeconds(microseconds: Int64) -> Int64 {
    let seconds = microseconds / 1_000_000
    return microseconds % 1_000_000 < 0 ? seconds - 1 : seconds
}

private func appendVerbatim(_ text: Span<UInt8>, to output: inout [UInt8]) {
    for index in text.indices {
        output.append(text[index])
    }
}

/// Appends UTF-8 as a JSON string; bytes that are no UTF-8 become U+FFFD, so that the answer stays
/// a JSON text.
private func appendString(_ text: Span<UInt8>, to output: inout [UInt8]) {
    var isASCII = true
    for index in text.indices where text[index] >= 0x80 {
        isASCII = false
        break
    }
    if !isASCII, (try? UTF8Span(validating: text)) == nil {
        var bytes: [UInt8] = []
        appendVerbatim(text, to: &bytes)
        output.append(jsonString: String(decoding: bytes, as: UTF8.self))
        return
    }
    output.append(UInt8(ascii: "\""))
    for index in text.indices {
        output.append(escaping: text[index])
    }
    output.append(UInt8(ascii: "\""))
}

/// Appends an array from its canonical text, in which times are RFC 3339 and floats have the
/// shortest digits of their own precision.
private func appendArray(_ text: Span<UInt8>, of element: ValueType, to output: inout [UInt8]) {
    switch element {
    case .unixTimestamp, .float32, .float64: break
    default:
        appendVerbatim(text, to: &output)
        return
    }
    output.append(UInt8(ascii: "["))
    var position = text.count > 0 && text[0] == UInt8(ascii: "[") ? 1 : 0
    var isFirst = true
    // Neither times nor numbers have a comma or a bracket inside.
    while position < text.count {
        let start = position
        while position < text.count, !isSeparator(text[position]) { position += 1 }
        if position > start {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            appendElement(text.extracting(start..<position), of: element, to: &output)
        }
        position += 1
    }
    output.append(UInt8(ascii: "]"))
}

private func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == 0x20
}

private func appendElement(_ text: Span<UInt8>, of type: ValueType, to output: inout [UInt8]) {
    if text[0] == UInt8(ascii: "\"") {
        if type == .unixTimestamp, text.count > 2 {
            let time = ParsedTimestamp(utf8: text.extracting(1..<text.count - 1))
            if let time {
                output.append(integer: epochSeconds(microseconds: time.microseconds))
                return
            }
        }
        appendVerbatim(text, to: &output)
        return
    }
    var digits = ""
    for index in text.indices {
        digits.unicodeScalars.append(Unicode.Scalar(text[index]))
    }
    if type == .float32, let value = Float(digits) {
        output.append(float: Double(value))
    } else if type == .float64, let value = Double(digits) {
        output.append(float: value)
    } else {
        appendVerbatim(text, to: &output)
    }
}
