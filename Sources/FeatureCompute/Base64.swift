/// Base64 with the standard alphabet and padding (RFC 4648, section 4).
package enum Base64 {
    /// Appends the bytes that a text stands for.
    ///
    /// - Returns: False when the text is malformed: a foreign byte, a wrong length, or bits that no
    ///   encoder leaves behind. Part of the bytes may have been appended then.
    package static func decode(_ text: Span<UInt8>, to bytes: inout [UInt8]) -> Bool {
        guard text.count % 4 == 0 else { return false }
        guard text.count > 0 else { return true }
        var padding = 0
        if text[text.count - 1] == UInt8(ascii: "=") { padding = 1 }
        if padding == 1, text[text.count - 2] == UInt8(ascii: "=") { padding = 2 }
        let end = text.count - padding
        var bits: UInt32 = 0
        for index in 0..<end {
            guard let value = sextet(text[index]) else { return false }
            bits = bits << 6 | value
            if index % 4 == 3 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bits = 0
            }
        }
        switch padding {
        case 1:
            bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
            return bits & 0b11 == 0
        case 2:
            bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
            return bits & 0b1111 == 0
        default:
            return true
        }
    }

    /// Appends the text that stands for bytes.
    package static func encode(_ bytes: Span<UInt8>, to text: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            var bits = UInt32(bytes[index]) << 16
            if left > 1 { bits |= UInt32(bytes[index + 1]) << 8 }
            if left > 2 { bits |= UInt32(bytes[index + 2]) }
            text.append(letter(bits >> 18))
            text.append(letter(bits >> 12 & 63))
            text.append(left > 1 ? letter(bits >> 6 & 63) : UInt8(ascii: "="))
            text.append(left > 2 ? letter(bits & 63) : UInt8(ascii: "="))
            index += 3
        }
    }

    private static func sextet(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func letter(_ sextet: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: sextet)
        switch value {
        case 0..<26: return UInt8(ascii: "A") + value
        case 26..<52: return UInt8(ascii: "a") + value - 26
        case 52..<62: return UInt8(ascii: "0") + value - 52
        case 62: return UInt8(ascii: "+")
        default: return UInt8(ascii: "/")
        }
    }
}
