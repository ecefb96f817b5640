/// The usual spellings of numbers, read eight digits at a time.
///
/// Every function here gives the value that ``NumberText`` gives for the same text, or `nil` when
/// the text is of another spelling, or too long, or too near to the front of the bytes for words to
/// be loaded.
extension NumberText {
    /// A whole number of at most sixteen digits, perhaps with a minus.
    @inline(__always)
    static func usualInteger(_ bytes: RawSpan, _ range: Range<Int>) -> Int64? {
        var count = range.count
        let end = range.upperBound
        guard count > 0, end <= bytes.byteCount, end >= 16 else { return nil }
        let isNegative = unsafe Self.byte(bytes, range.lowerBound) == UInt8(ascii: "-")
        if isNegative { count &-= 1 }
        let value: UInt64
        if count <= 8 {
            guard count > 0, let low = unsafe Self.digits(bytes, end: end, count: count) else {
                return nil
            }
            value = low
        } else {
            guard count <= 16, let low = unsafe Self.digits(bytes, end: end, count: 8),
                let high = unsafe Self.digits(bytes, end: end &- 8, count: count &- 8)
            else { return nil }
            value = high &* 100_000_000 &+ low
        }
        let number = Int64(truncatingIfNeeded: value)
        return isNegative ? 0 &- number : number
    }

    /// A number of double precision: digits, or digits with a dot between them, at most eighteen in
    /// all, perhaps with a minus.
    @inline(__always)
    static func usualDouble(
        _ bytes: RawSpan,
        _ range: Range<Int>,
        powers: borrowing PowersOfTen
    ) -> Double? {
        var position = range.lowerBound
        let end = range.upperBound
        guard position < end, end <= bytes.byteCount, end >= 8 else { return nil }
        let isNegative = unsafe Self.byte(bytes, position) == UInt8(ascii: "-")
        if isNegative { position &+= 1 }
        guard end &- position <= 19 else { return nil }
        let start = position
        var mantissa: UInt64 = 0
        while position < end {
            let digit = unsafe Self.byte(bytes, position) &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            mantissa = mantissa &* 10 &+ UInt64(digit)
            position &+= 1
        }
        let whole = position &- start
        guard whole > 0 else { return nil }
        var scale = 0
        if position < end {
            guard unsafe Self.byte(bytes, position) == UInt8(ascii: ".") else { return nil }
            position &+= 1
            scale = end &- position
            var rest = scale
            guard rest > 0 else { return nil }
            while rest > 8 {
                guard let eight = unsafe Self.digits(bytes, end: position &+ 8, count: 8) else {
                    return nil
                }
                mantissa = mantissa &* 100_000_000 &+ eight
                position &+= 8
                rest &-= 8
            }
            guard let last = unsafe Self.digits(bytes, end: end, count: rest) else { return nil }
            mantissa = mantissa &* powers.integers[rest] &+ last
        } else if whole > 18 {
            return nil
        }
        let magnitude = powers.quotient(mantissa, scale: scale)
        return isNegative ? -magnitude : magnitude
    }

    @unsafe @inline(__always)
    private static func byte(_ bytes: RawSpan, _ position: Int) -> UInt8 {
        unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
    }

    /// The number that one to eight digits are, which end at `end`; `nil` when one is none.
    ///
    /// The words are those of Daniel Lemire, "Quickly parsing eight digits" (2018): pairs of digits
    /// first, then pairs of pairs, in the lanes of one register.
    @unsafe @inline(__always)
    private static func digits(_ bytes: RawSpan, end: Int, count: Int) -> UInt64? {
        let word = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: end &- 8,
            as: UInt64.self
        )
        let shift = UInt64(truncatingIfNeeded: 64 &- 8 &* count)
        // What stands before the digits becomes zeros.
        let digits =
            ((UInt64(littleEndian: word) ^ 0x3030_3030_3030_3030) &>> shift) &<< shift
        guard ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080 == 0 else {
            return nil
        }
        let pairs = digits &* 10 &+ (digits &>> 8)
        let low = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let high = (pairs &>> 16 & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (low &+ high) &>> 32
    }
}

/// The powers of ten that numbers are made with, to be held by a loop over many of them.
struct PowersOfTen {
    /// 1 to 10^18.
    let integers: [UInt64]
    /// 1 to 10^22, the powers that a double holds exactly.
    let doubles: [Double]

    static let all = PowersOfTen(
        integers: (0...18).map { exponent in
            (0..<exponent).reduce(1 as UInt64) { power, _ in power * 10 }
        },
        doubles: [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
        ]
    )

    /// `mantissa / 10^scale`, correctly rounded.
    ///
    /// Up to 2^53 one division of exact operands is correctly rounded (William Clinger, "How to
    /// Read Floating Point Numbers Accurately", 1990). Above, the quotient of the two as integers
    /// has 64 bits, and the remainder says on which side of the middle it lies.
    ///
    /// - Parameters:
    ///   - mantissa: Any number.
    ///   - scale: 0 to 18.
    /// - Returns: The double that is nearest; of two, the even one.
    @inline(__always)
    func quotient(_ mantissa: UInt64, scale: Int) -> Double {
        if mantissa <= 1 << 53 { return Double(mantissa) / self.doubles[scale] }
        return Self.longQuotient(mantissa, self.integers[scale])
    }

    private static func longQuotient(_ mantissa: UInt64, _ divisor: UInt64) -> Double {
        let mantissaShift = mantissa.leadingZeroBitCount
        let divisorShift = divisor.leadingZeroBitCount
        let dividend = mantissa << UInt64(mantissaShift)
        let normal = divisor << UInt64(divisorShift)
        // Both have their top bit now, so that the quotient of one of these two fits and has its.
        let isGreater = dividend >= normal
        let (quotient, remainder) = normal.dividingFullWidth(
            isGreater ? (dividend >> 1, dividend << 63) : (dividend, 0)
        )
        let tail = quotient & 0x7FF
        var significand = quotient >> 11
        let isAbove = tail > 0x400 || (tail == 0x400 && remainder != 0)
        if isAbove || (tail == 0x400 && significand & 1 == 1) { significand += 1 }
        let exponent = divisorShift - mantissaShift + 11 - 64 + (isGreater ? 1 : 0)
        // At most 2^53, and a power of two: both factors and the product are exact.
        return Double(significand) * Double(sign: .plus, exponent: exponent, significand: 1)
    }
}
