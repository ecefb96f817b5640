/// JSON values appended to bytes, without intermediate strings.
extension [UInt8] {
    /// Appends a string in quotes; only what RFC 8259 demands is escaped.
    mutating func append(jsonString text: String) {
        self.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            self.append(escaping: byte)
        }
        self.append(UInt8(ascii: "\""))
    }

    /// Appends one byte of a string's UTF-8.
    mutating func append(escaping byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.append(contentsOf: #"\""#.utf8)
        case UInt8(ascii: "\\"): self.append(contentsOf: #"\\"#.utf8)
        case 0x20...: self.append(byte)
        case 0x08: self.append(contentsOf: #"\b"#.utf8)
        case 0x09: self.append(contentsOf: #"\t"#.utf8)
        case 0x0A: self.append(contentsOf: #"\n"#.utf8)
        case 0x0C: self.append(contentsOf: #"\f"#.utf8)
        case 0x0D: self.append(contentsOf: #"\r"#.utf8)
        default:
            self.append(contentsOf: #"\u00"#.utf8)
            self.append(hexadecimalDigit(byte >> 4))
            self.append(hexadecimalDigit(byte & 15))
        }
    }

    /// Appends a whole number, digit for digit.
    mutating func append(integer: Int64) {
        if integer < 0 { self.append(UInt8(ascii: "-")) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var count = 0
        var rest = integer.magnitude
        repeat {
            digits[count] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            count += 1
        } while rest > 0
        while count > 0 {
            count -= 1
            self.append(digits[count])
        }
    }

    /// Appends the shortest digits that read back to the same bits, always with a point or an
    /// exponent; `"NaN"`, `"Infinity"` and `"-Infinity"` in quotes.
    mutating func append(float: Double) {
        let magnitude = float.magnitude
        // Up to six decimals of a number below 10^9 are at most fifteen digits, of which no two
        // texts read as one double: when the scaled integer reads back, it is the shortest.
        if magnitude < 1e9, magnitude >= 1e-4 {
            let scaled = (magnitude * 1e6).rounded()
            if scaled / 1e6 == magnitude {
                if float < 0 { self.append(UInt8(ascii: "-")) }
                self.append(millionths: Int64(scaled))
                return
            }
        }
        if float.isNaN {
            self.append(contentsOf: #""NaN""#.utf8)
        } else if float.isInfinite {
            self.append(contentsOf: (float < 0 ? #""-Infinity""# : #""Infinity""#).utf8)
        } else {
            self.append(contentsOf: float.description.utf8)
        }
    }

    private mutating func append(millionths: Int64) {
        self.append(integer: millionths / 1_000_000)
        self.append(UInt8(ascii: "."))
        var fraction = millionths % 1_000_000
        var unit: Int64 = 100_000
        repeat {
            self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction / unit))
            fraction %= unit
            unit /= 10
        } while fraction > 0
    }

    /// Appends bytes as padded base64 in quotes.
    mutating func append(base64 bytes: Span<UInt8>) {
        self.append(UInt8(ascii: "\""))
        var index = 0
        while index < bytes.count {
            let first = UInt32(bytes[index])
            let second = index + 1 < bytes.count ? UInt32(bytes[index + 1]) : 0
            let third = index + 2 < bytes.count ? UInt32(bytes[index + 2]) : 0
            let group = first << 16 | second << 8 | third
            self.append(base64Digit(group >> 18))
            self.append(base64Digit(group >> 12 & 63))
            let equals = UInt8(ascii: "=")
            self.append(index + 1 < bytes.count ? base64Digit(group >> 6 & 63) : equals)
            self.append(index + 2 < bytes.count ? base64Digit(group & 63) : equals)
            index += 3
        }
        self.append(UInt8(ascii: "\""))
    }
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

private func base64Digit(_ value: UInt32) -> UInt8 {
    let digit = UInt8(truncatingIfNeeded: value)
    switch digit {
    case 0..<26: return UInt8(ascii: "A") + digit
    case 26..<52: return UInt8(ascii: "a") + digit - 26
    case 52..<62: return UInt8(ascii: "0") + digit - 52
    case 62: return UInt8(ascii: "+")
    default: return UInt8(ascii: "/")
    }
}
