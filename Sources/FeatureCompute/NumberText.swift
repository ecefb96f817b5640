/// Numbers as text, read exactly.
package enum NumberText {
    /// A whole number: an optional sign, digits, and perhaps a fraction of zeros (`3.0`).
    ///
    /// - Returns: `nil` for anything else, or when it does not fit into 64 bits.
    package static func integer(_ text: Span<UInt8>) -> Int64? {
        var position = 0
        var isNegative = false
        if text.count > 0, text[0] == minus || text[0] == plus {
            isNegative = text[0] == minus
            position = 1
        }
        let start = position
        var value: Int64 = 0
        while position < text.count {
            let digit = text[position] &- zero
            guard digit < 10 else { break }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            // Down from zero, so that the smallest number fits as well.
            let (difference, underflowed) = product.subtractingReportingOverflow(Int64(digit))
            if overflowed || underflowed { return nil }
            value = difference
            position += 1
        }
        guard position > start else { return nil }
        if position < text.count {
            guard text[position] == dot, position + 1 < text.count else { return nil }
            for index in (position + 1)..<text.count where text[index] != zero {
                return nil
            }
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// A number whose exact value is whole, in any notation: `1001`, `1001.0`, `1e18`.
    ///
    /// - Returns: `nil` for anything else, or when it does not fit into 64 bits.
    /// - Complexity: O(text).
    package static func wholeNumber(_ text: Span<UInt8>) -> Int64? {
        guard let number = DecimalDigits(text) else { return nil }
        // How many digits stand before the point once it is where the exponent puts it.
        let kept = number.count - number.fraction + number.exponent
        var value: Int64 = 0
        var index = 0
        for position in number.range where text[position] != dot {
            let digit = Int64(text[position] &- zero)
            if index < kept {
                guard let next = Self.append(digit, to: value) else { return nil }
                value = next
            } else if digit != 0 {
                return nil
            }
            index += 1
        }
        while index < kept, value != 0 {
            guard let next = Self.append(0, to: value) else { return nil }
            value = next
            index += 1
        }
        if number.isNegative { return value }
        return value == .min ? nil : -value
    }

    /// A number with one digit more, down from zero, so that the smallest number fits as well.
    private static func append(_ digit: Int64, to value: Int64) -> Int64? {
        let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
        let (difference, underflowed) = product.subtractingReportingOverflow(digit)
        return overflowed || underflowed ? nil : difference
    }

    /// A number of double precision, correctly rounded: decimal with an optional exponent, `NaN`,
    /// `inf` or `Infinity` in any case.
    ///
    /// - Returns: `nil` for anything else, and for a finite text that is too large for the type.
    package static func double(_ text: Span<UInt8>) -> Double? {
        guard let parts = DecimalParts(text) else { return nonFinite(text) }
        if let value = parts.exactDouble { return value }
        guard let value = Double(asciiString(text)), value.isFinite else { return nil }
        return value
    }

    /// A number of single precision, correctly rounded from the text itself; see ``double(_:)``.
    package static func float(_ text: Span<UInt8>) -> Float? {
        guard let parts = DecimalParts(text) else { return nonFinite(text).map { Float($0) } }
        if let value = parts.exactDouble {
            // Rounding twice is only wrong when the first rounding fell on the middle between two
            // singles. Below the normal range the middles lie elsewhere.
            let isMiddle = value.bitPattern & 0x1FFF_FFFF == 0x1000_0000
            if !isMiddle, value == 0 || abs(value) >= 0x1p-126 {
                let single = Float(value)
                return single.isFinite ? single : nil
            }
        }
        guard let value = Float(asciiString(text)), value.isFinite else { return nil }
        return value
    }

    /// Whether a text is a decimal number without exponent: a sign, digits, one dot, all optional
    /// but for one digit.
    package static func isDecimal(_ text: Span<UInt8>) -> Bool {
        var digits = 0
        var dots = 0
        for index in text.indices {
            let byte = text[index]
            if byte &- zero < 10 {
                digits += 1
            } else if byte == dot {
                dots += 1
            } else if index > 0 || (byte != minus && byte != plus) {
                return false
            }
        }
        return digits > 0 && dots <= 1
    }

    private static func nonFinite(_ text: Span<UInt8>) -> Double? {
        guard text.count >= 3, text.count <= 9 else { return nil }
        var word = ""
        for index in text.indices {
            let byte = text[index]
            word.unicodeScalars.append(Unicode.Scalar(byte >= 0x41 ? byte | 0x20 : byte))
        }
        switch word {
        case "nan", "+nan", "-nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: return nil
        }
    }

    private static func asciiString(_ text: Span<UInt8>) -> String {
        unsafe text.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// Where the digits of a decimal text stand.
private struct DecimalDigits {
    private(set) var isNegative = false
    /// Where the digits stand, and perhaps a point among them.
    let range: Range<Int>
    /// How many digits there are, and how many of them stand after the point.
    private(set) var count = 0
    private(set) var fraction = 0
    /// No more than a hundred thousand either way.
    private(set) var exponent = 0

    /// - Returns: `nil` for a text that is no decimal number.
    init?(_ text: Span<UInt8>) {
        var position = 0
        if text.count > 0, text[0] == minus || text[0] == plus {
            self.isNegative = text[0] == minus
            position = 1
        }
        let start = position
        var hasPoint = false
        while position < text.count {
            if text[position] == dot, !hasPoint {
                hasPoint = true
            } else if text[position] &- zero < 10 {
                self.count += 1
                self.fraction += hasPoint ? 1 : 0
            } else {
                break
            }
            position += 1
        }
        self.range = start..<position
        guard self.count > 0 else { return nil }
        guard position < text.count else { return }
        guard let exponent = writtenExponent(text, from: position) else { return nil }
        self.exponent = exponent
    }
}

/// The exponent of a number, which is the rest of its text: `e18`, `E-3`.
///
/// - Returns: At most a hundred thousand either way; `nil` when the rest is no exponent.
private func writtenExponent(_ text: Span<UInt8>, from start: Int) -> Int? {
    guard text[start] | 0x20 == UInt8(ascii: "e") else { return nil }
    var position = start + 1
    var isNegative = false
    if position < text.count, text[position] == minus || text[position] == plus {
        isNegative = text[position] == minus
        position += 1
    }
    guard position < text.count else { return nil }
    var exponent = 0
    while position < text.count {
        let digit = text[position] &- zero
        guard digit < 10 else { return nil }
        exponent = min(exponent * 10 + Int(digit), 100_000)
        position += 1
    }
    return isNegative ? -exponent : exponent
}

/// A decimal text taken apart for a floating-point number, by the grammar of ``DecimalDigits``.
private struct DecimalParts {
    private var mantissa: UInt64 = 0
    private var exponent = 0
    private var isNegative = false
    /// Whether the mantissa holds all digits.
    private var isWhole = true

    init?(_ text: Span<UInt8>) {
        var position = 0
        if text.count > 0, text[0] == minus || text[0] == plus {
            self.isNegative = text[0] == minus
            position = 1
        }
        var digits = 0
        while position < text.count, text[position] &- zero < 10 {
            self.add(text[position] &- zero)
            digits += 1
            position += 1
        }
        if position < text.count, text[position] == dot {
            position += 1
            while position < text.count, text[position] &- zero < 10 {
                self.add(text[position] &- zero)
                self.exponent -= 1
                digits += 1
                position += 1
            }
        }
        guard digits > 0 else { return nil }
        if position < text.count {
            guard let exponent = writtenExponent(text, from: position) else { return nil }
            self.exponent += exponent
        }
    }

    private mutating func add(_ digit: UInt8) {
        if self.mantissa < 900_000_000_000_000_000 {
            self.mantissa = self.mantissa &* 10 &+ UInt64(digit)
        } else {
            self.isWhole = false
        }
    }

    /// The value, when one correctly rounded operation on exact operands gives it.
    var exactDouble: Double? {
        guard self.isWhole else { return nil }
        let powers = PowersOfTen.all
        let magnitude: Double
        if self.exponent == 0 || self.mantissa == 0 {
            // Rounded as it is converted.
            magnitude = Double(self.mantissa)
        } else if self.exponent < 0, self.exponent >= -18 {
            magnitude = powers.quotient(self.mantissa, scale: -self.exponent)
        } else if self.mantissa > 1 << 53 {
            return nil
        } else if self.exponent < 0, self.exponent >= -22 {
            magnitude = Double(self.mantissa) / powers.doubles[-self.exponent]
        } else if self.exponent > 0, self.exponent <= 22 {
            magnitude = Double(self.mantissa) * powers.doubles[self.exponent]
        } else {
            return nil
        }
        return self.isNegative ? -magnitude : magnitude
    }
}

private let zero = UInt8(ascii: "0")
private let dot = UInt8(ascii: ".")
private let plus = UInt8(ascii: "+")
private let minus = UInt8(ascii: "-")
