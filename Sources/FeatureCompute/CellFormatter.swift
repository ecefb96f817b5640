import FeatureModel

/// Writes single cells as text.
package enum CellFormatter {
    /// The two ways in which a cell becomes JSON.
    package enum JSONStyle: Sendable {
        /// JSON Lines for people and pipelines: times in RFC 3339, float32 with the fewest digits
        /// that are enough for single precision.
        case rows
        /// Feast's HTTP answers: times in whole epoch seconds, float32 with the digits of its
        /// value as a double.
        case wire
    }

    /// Appends a cell as one field of a CSV record; null is the empty field.
    ///
    /// A field is quoted when it holds the delimiter, a quote, CR or LF, and when it is an empty
    /// string, so that it differs from null.
    package static func append(
        csvField column: Column,
        row: Int,
        delimiter: UInt8 = UInt8(ascii: ","),
        to text: inout [UInt8]
    ) {
        if column.isNull(at: row) { return }
        switch column.storage {
        case .integers(let values):
            switch column.type {
            case .bool: text.append(contentsOf: values[row] != 0 ? "true".utf8 : "false".utf8)
            case .unixTimestamp: Timestamp(microseconds: values[row]).append(to: &text)
            default: self.append(integer: values[row], to: &text)
            }
        case .floats(let values):
            self.append(float: values[row], isSingle: column.type == .float32, to: &text)
        case .bytes(let values):
            let bytes = values.bytes.span.extracting(values.range(at: row))
            if column.type == .bytes {
                var encoded: [UInt8] = []
                Base64.encode(bytes, to: &encoded)
                self.append(csvText: encoded.span, delimiter: delimiter, to: &text)
            } else {
                self.append(csvText: bytes, delimiter: delimiter, to: &text)
            }
        }
    }

    /// Appends text as one CSV field, quoted when it must be.
    package static func append(
        csvText bytes: Span<UInt8>,
        delimiter: UInt8 = UInt8(ascii: ","),
        to text: inout [UInt8]
    ) {
        var mustQuote = bytes.count == 0
        for index in bytes.indices {
            let byte = bytes[index]
            if byte == delimiter || byte == quote || byte == 0x0A || byte == 0x0D {
                mustQuote = true
                break
            }
        }
        guard mustQuote else {
            text.append(span: bytes)
            return
        }
        text.append(quote)
        for index in bytes.indices {
            if bytes[index] == quote { text.append(quote) }
            text.append(bytes[index])
        }
        text.append(quote)
    }

    /// Appends a whole number.
    package static func append(integer: Int64, to text: inout [UInt8]) {
        var scratch = InlineArray<32, UInt8>(repeating: 0)
        var output = scratch.mutableSpan
        let end = output.write(integer: integer, at: 0)
        text.append(span: output.span.extracting(0..<end))
    }

    /// Appends a number with the fewest digits that read back to the same bits, always with a dot
    /// or an exponent: `1.0`, `-0.0`, `1e-07`, `NaN`, `Infinity`, `-Infinity`.
    ///
    /// - Parameters:
    ///   - value: The number.
    ///   - isSingle: Whether it is a single-precision one that was widened.
    ///   - text: What is appended to.
    package static func append(float value: Double, isSingle: Bool, to text: inout [UInt8]) {
        var scratch = InlineArray<40, UInt8>(repeating: 0)
        var output = scratch.mutableSpan
        let end = output.write(float: value, isSingle: isSingle, at: 0)
        text.append(span: output.span.extracting(0..<end))
    }
}

private let quote = UInt8(ascii: "\"")
