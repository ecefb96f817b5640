/// Numbers written where they are to stand.
extension MutableSpan<UInt8> {
    /// How many bytes must be there to write a whole number.
    static var roomForInteger: Int { 32 }
    /// How many bytes must be there to write a number with a fraction.
    static var roomForFloat: Int { 40 }

    /// Writes a whole number.
    ///
    /// - Parameters:
    ///   - integer: The number.
    ///   - position: Where it begins; ``roomForInteger`` bytes follow.
    /// - Returns: Where it ends.
    @inline(__always)
    mutating func write(integer: Int64, at position: Int) -> Int {
        precondition(position >= 0 && position + Self.roomForInteger <= self.count, "room")
        var position = position
        if integer < 0 {
            self[position] = UInt8(ascii: "-")
            position &+= 1
        }
        return self.write(magnitude: integer.magnitude, at: position)
    }

    /// Writes a number as ``CellFormatter/append(float:isSingle:to:)`` says.
    ///
    /// - Parameters:
    ///   - value: The number.
    ///   - isSingle: Whether it is a single-precision one that was widened.
    ///   - position: Where it begins; ``roomForFloat`` bytes follow.
    /// - Returns: Where it ends.
    @inline(__always)
    mutating func write(float value: Double, isSingle: Bool, at position: Int) -> Int {
        precondition(position >= 0 && position + Self.roomForFloat <= self.count, "room")
        if isSingle {
            let scaled = (value * 1000).rounded()
            if abs(scaled) < 1e6, scaled != 0, Float(scaled) / 1000 == Float(value) {
                return self.write(scaled: Int64(scaled), decimals: 3, at: position)
            }
        } else if abs(value) < 1e9 {
            // Two decimals of at most fifteen digits are two doubles, so the shorter one that
            // reads back to the value is the shortest there is.
            let scaled = Int64(value * 1_000_000 + (value < 0 ? -0.5 : 0.5))
            let magnitude = scaled.magnitude
            if magnitude < 1_000_000_000_000_000, magnitude >= 1000,
                Double(scaled) / 1_000_000 == value
            {
                return self.write(scaled: scaled, decimals: 6, at: position)
            }
        }
        return self.write(text: Self.description(of: value, isSingle: isSingle), at: position)
    }

    private static func description(of value: Double, isSingle: Bool) -> String {
        guard value.isFinite else {
            return value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
        }
        return isSingle ? Float(value).description : value.description
    }

    private mutating func write(text: String, at position: Int) -> Int {
        var position = position
        for byte in text.utf8 {
            self[position] = byte
            position &+= 1
        }
        return position
    }

    /// Writes a whole number of thousandths or millionths without the zeros at its end.
    @inline(__always)
    private mutating func write(scaled: Int64, decimals: Int, at position: Int) -> Int {
        var position = position
        if scaled < 0 {
            self[position] = UInt8(ascii: "-")
            position &+= 1
        }
        let whole: UInt64
        var fraction: UInt64
        if decimals == 3 {
            (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: 1000)
            fraction *= 100_000
        } else {
            (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
            fraction *= 100
        }
        position = self.write(magnitude: whole, at: position)
        self[position] = UInt8(ascii: ".")
        let digits = eightDigits(fraction)
        // The zeros at the end are in the upper bytes; one digit stays in any case.
        let count = fraction == 0 ? 1 : 8 &- digits.leadingZeroBitCount &>> 3
        self.store(digits, at: position &+ 1)
        return position &+ 1 &+ count
    }

    @inline(__always)
    private mutating func write(magnitude: UInt64, at position: Int) -> Int {
        if magnitude < 100_000_000 { return self.write(first: magnitude, at: position) }
        let (rest, last) = magnitude.quotientAndRemainder(dividingBy: 100_000_000)
        var position = position
        if rest < 100_000_000 {
            position = self.write(first: rest, at: position)
        } else {
            let (first, middle) = rest.quotientAndRemainder(dividingBy: 100_000_000)
            position = self.write(first: first, at: position)
            self.store(eightDigits(middle), at: position)
            position &+= 8
        }
        self.store(eightDigits(last), at: position)
        return position &+ 8
    }

    /// Writes a number below 10^8 without zeros before it.
    @inline(__always)
    private mutating func write(first value: UInt64, at position: Int) -> Int {
        let digits = eightDigits(value)
        let zeros = value == 0 ? 7 : digits.trailingZeroBitCount &>> 3
        self.store(digits &>> UInt64(truncatingIfNeeded: zeros &* 8), at: position)
        return position &+ 8 &- zeros
    }

    /// Stores eight digits as text.
    @inline(__always)
    private mutating func store(_ digits: UInt64, at position: Int) {
        precondition(position >= 0 && position + 8 <= self.count, "room")
        var output = unsafe self.mutableBytes
        unsafe output.storeBytes(
            of: (digits | 0x3030_3030_3030_3030).littleEndian,
            toUncheckedByteOffset: position,
            as: UInt64.self
        )
    }
}

/// The digits of a number below 10^8, one a byte, the first in the lowest.
///
/// Halves first, then pairs, then digits, all lanes of a register at once: Paul Khuong, "How to
/// print integers really fast" (2017).
@inline(__always)
private func eightDigits(_ value: UInt64) -> UInt64 {
    let halves = value / 10_000 | (value % 10_000) &<< 32
    let hundreds = ((halves &* 10_486) &>> 20) & 0x0000_007F_0000_007F
    let pairs = ((halves &- hundreds &* 100) &<< 16) | hundreds
    let tens = ((pairs &* 103) &>> 10) & 0x000F_000F_000F_000F
    return ((pairs &- tens &* 10) &<< 8) | tens
}
