/// Strings inside JSON.
package enum JSONString {
    /// Appends the text that a JSON string stands for, as UTF-8.
    ///
    /// - Parameters:
    ///   - text: The string with its quotes, whose grammar is known to be right.
    ///   - bytes: What is appended to.
    /// - Returns: False when it names half a surrogate pair, which is no text.
    package static func decode(_ text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        var index = 1
        while index < text.count - 1 {
            let byte = text[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            let escaped = text[index]
            index += 1
            switch escaped {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                guard let (scalar, length) = codePoint(text, at: index) else { return false }
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                index += length
            default: bytes.append(escaped)
            }
        }
        return true
    }

    /// Appends text as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
    package static func encode(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        if JSONText.isUTF8(bytes) {
            escape(bytes, to: &text)
        } else {
            let repaired = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe Array(String(decoding: buffer, as: UTF8.self).utf8)
            }
            escape(repaired.span, to: &text)
        }
        text.append(UInt8(ascii: "\""))
    }

    private static func codePoint(
        _ text: Span<UInt8>,
        at index: Int
    ) -> (scalar: Unicode.Scalar, length: Int)? {
        guard let high = hexadecimal(text, at: index) else { return nil }
        if let scalar = Unicode.Scalar(high) { return (scalar, 4) }
        guard high < 0xDC00, index + 6 <= text.count, text[index + 4] == UInt8(ascii: "\\"),
            text[index + 5] == UInt8(ascii: "u"), let low = hexadecimal(text, at: index + 6),
            (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { return nil }
        return (scalar, 10)
    }

    private static func escape(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
            text.append(span: bytes.extracting(start..<index))
            start = index + 1
            text.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
            case 0x08: text.append(UInt8(ascii: "b"))
            case 0x0C: text.append(UInt8(ascii: "f"))
            case 0x0A: text.append(UInt8(ascii: "n"))
            case 0x0D: text.append(UInt8(ascii: "r"))
            case 0x09: text.append(UInt8(ascii: "t"))
            default:
                text.append(contentsOf: "u00".utf8)
                text.append(UInt8(ascii: "0") + byte >> 4)
                let low = byte & 15
                text.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
            }
        }
        text.append(span: bytes.extracting(start..<bytes.count))
    }
}
