/// What a text says about a time: an instant, or a local time whose zone the text does not give.
///
/// Accepted are RFC 3339 (`2026-01-10T12:00:00.25+01:00`; a space or `t` for the `T`, `+01`,
/// `+0100` and ` UTC` as well), a date (`2026-01-10`), a date and time without zone (`2026-01-10
/// 12:00[:00[.123456]]`), and seconds since 1970 (`1768046400`, `-1.5`). Digits past the
/// microsecond round it to the nearest, and from the middle to the even one. Instants lie in the
/// years 1 to 9999.
public struct ParsedTimestamp: Hashable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00: in UTC, or in local time when `hasZone` is false.
    public var microseconds: Int64
    /// Whether the text fixed the instant: it named a zone, or counted seconds since 1970.
    public var hasZone: Bool

    /// Reads a whole text.
    ///
    /// - Returns: `nil` when the text is no time of the forms above.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(utf8: bytes.span)
    }

    /// Reads a whole UTF-8 text; see ``init(_:)``.
    package init?(utf8 bytes: Span<UInt8>) {
        if let usual = Self.usual(bytes) {
            self = usual
            return
        }
        var reader = TimestampReader(bytes: bytes)
        guard let parsed = reader.parsed() else { return nil }
        self.microseconds = parsed.microseconds
        self.hasZone = parsed.hasZone
        guard
            (Timestamp.earliest.microseconds...Timestamp.latest.microseconds)
                .contains(self.microseconds)
        else { return nil }
    }
}

extension Timestamp {
    /// Reads a time as ``ParsedTimestamp`` does; a time without zone is UTC.
    ///
    /// - Returns: `nil` when the text is no time.
    public init?(_ text: String) {
        guard let parsed = ParsedTimestamp(text) else { return nil }
        self.init(microseconds: parsed.microseconds)
    }
}

/// A cursor over the bytes of one time.
private struct TimestampReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var position = 0

    @_lifetime(copy bytes)
    init(bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    mutating func parsed() -> (microseconds: Int64, hasZone: Bool)? {
        // A date has its first dash after four digits; anything else can only be seconds.
        guard self.bytes.count >= 10, self.bytes[4] == UInt8(ascii: "-"), self.isDigit(at: 0) else {
            return self.epochSeconds().map { ($0, true) }
        }
        guard let year = self.digits(4), self.take("-"), let month = self.digits(2),
            self.take("-"), let day = self.digits(2)
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard date.isValid else { return nil }
        let midnight = date.daysSinceEpoch * 86_400_000_000
        if self.isAtEnd { return (midnight, false) }
        guard self.take("T") || self.take("t") || self.take(" ") else { return nil }
        guard let time = self.timeOfDay() else { return nil }
        if self.isAtEnd { return (midnight + time, false) }
        guard let offset = self.zoneOffset(), self.isAtEnd else { return nil }
        return (midnight + time - offset, true)
    }

    private mutating func timeOfDay() -> Int64? {
        guard let hour = self.digits(2), hour < 24, self.take(":"), let minute = self.digits(2),
            minute < 60
        else { return nil }
        var microseconds = (hour * 60 + minute) * 60_000_000
        guard self.take(":") else { return microseconds }
        guard let second = self.digits(2), second < 60 else { return nil }
        microseconds += second * 1_000_000
        guard self.take(".") else { return microseconds }
        guard let fraction = self.fraction() else { return nil }
        return microseconds + fraction
    }

    /// One or more digits as microseconds, 0 to 1,000,000: to the nearest, from the middle to the
    /// even one.
    private mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 100_000
        /// The seventh digit, and whether all that follow are zeros.
        var next: Int64 = 0
        var isExact = true
        let start = self.position
        while !self.isAtEnd, self.isDigit(at: self.position) {
            let digit = Int64(self.bytes[self.position] - UInt8(ascii: "0"))
            value += digit * scale
            if self.position - start == 6 { next = digit }
            if self.position - start > 6, digit > 0 { isExact = false }
            scale /= 10
            self.position += 1
        }
        if next > 5 || next == 5 && (!isExact || !value.isMultiple(of: 2)) { value += 1 }
        return self.position > start ? value : nil
    }

    /// What to subtract from local microseconds to get UTC.
    private mutating func zoneOffset() -> Int64? {
        if self.take("Z") || self.take("z") { return 0 }
        if self.take(" ") {
            guard self.take("U"), self.take("T"), self.take("C") else { return nil }
            return 0
        }
        let sign: Int64
        if self.take("+") {
            sign = 1
        } else if self.take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hours = self.digits(2), hours < 24 else { return nil }
        if self.isAtEnd { return sign * hours * 3_600_000_000 }
        _ = self.take(":")
        guard let minutes = self.digits(2), minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes) * 60_000_000
    }

    private mutating func epochSeconds() -> Int64? {
        let isNegative = self.take("-")
        var seconds: Int64 = 0
        let start = self.position
        while !self.isAtEnd, self.isDigit(at: self.position) {
            let digit = Int64(self.bytes[self.position] - UInt8(ascii: "0"))
            // Thirteen digits are past the year 9999, and as microseconds past 64 bits.
            guard seconds < 100_000_000_000 else { return nil }
            seconds = seconds * 10 + digit
            self.position += 1
        }
        guard self.position > start else { return nil }
        var microseconds = seconds * 1_000_000
        if self.take(".") {
            guard let fraction = self.fraction() else { return nil }
            microseconds += fraction
        }
        guard self.isAtEnd else { return nil }
        return isNegative ? -microseconds : microseconds
    }

    private var isAtEnd: Bool { self.position == self.bytes.count }

    private func isDigit(at index: Int) -> Bool {
        let byte = self.bytes[index]
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard self.position + count <= self.bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            guard self.isDigit(at: self.position) else { return nil }
            value = value * 10 + Int64(self.bytes[self.position] - UInt8(ascii: "0"))
            self.position += 1
        }
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard !self.isAtEnd, self.bytes[self.position] == UInt8(ascii: character) else {
            return false
        }
        self.position += 1
        return true
    }
}
