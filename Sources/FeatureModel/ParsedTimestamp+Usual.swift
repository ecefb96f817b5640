extension ParsedTimestamp {
    /// Reads a date and time whose parts stand where they mostly do: `2026-01-10 12:00:00`, with a
    /// `T` for the space or not, with a fraction or not, with a `Z` or not.
    ///
    /// - Returns: What ``init(_:)`` gives for the text, or `nil` when it is of another spelling.
    @inline(__always)
    static func usual(_ text: Span<UInt8>) -> ParsedTimestamp? {
        let count = text.count
        guard count >= 19, count <= 27 else { return nil }
        let separator = text[10]
        guard separator == 0x20 || separator | 0x20 == UInt8(ascii: "t") else { return nil }
        let bytes = unsafe text.bytes
        let first = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: 0, as: UInt64.self)
        let second = unsafe bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: 8,
            as: UInt64.self
        )
        // `0000-00-` and `00 00:00` taken off leave digits, and zeros where the signs stand.
        let date = UInt64(littleEndian: first) ^ 0x2D30_302D_3030_3030
        let time =
            UInt64(littleEndian: second) ^ 0x3030_3A30_3000_3030 ^ UInt64(separator) &<< 16
        let isDate = ((date &+ 0x7F76_767F_7676_7676) | date) & 0x8080_8080_8080_8080 == 0
        let isTime = ((time &+ 0x7676_7F76_767F_7676) | time) & 0x8080_8080_8080_8080 == 0
        let tens = text[17] &- UInt8(ascii: "0")
        let ones = text[18] &- UInt8(ascii: "0")
        guard isDate, isTime, text[16] == UInt8(ascii: ":"), tens < 6, ones < 10 else {
            return nil
        }
        // Pairs of digits, each in the byte of its first.
        let dates = date &* 10 &+ date &>> 8
        let times = time &* 10 &+ time &>> 8
        let day = CivilDate(
            year: Self.pair(dates, 0) &* 100 &+ Self.pair(dates, 2),
            month: Self.pair(dates, 5),
            day: Self.pair(times, 0)
        )
        let hour = Self.pair(times, 3)
        let minute = Self.pair(times, 6)
        guard day.isValid, hour < 24, minute < 60 else { return nil }
        let seconds = (hour &* 60 &+ minute) &* 60 &+ Int64(tens &* 10 &+ ones)
        let whole = (day.daysSinceEpoch &* 86_400 &+ seconds) &* 1_000_000
        return Self.usualEnd(text, whole: whole)
    }

    /// Reads what follows the seconds.
    @inline(__always)
    private static func usualEnd(_ text: Span<UInt8>, whole: Int64) -> ParsedTimestamp? {
        let hasZone = text[text.count &- 1] == UInt8(ascii: "Z")
        let end = hasZone ? text.count &- 1 : text.count
        if end == 19 { return ParsedTimestamp(microseconds: whole, hasZone: hasZone) }
        guard text[19] == UInt8(ascii: "."), end > 20, end <= 26 else { return nil }
        var fraction: Int64 = 0
        var position = 20
        while position < end {
            let digit = text[position] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            fraction = fraction &* 10 &+ Int64(digit)
            position &+= 1
        }
        while position < 26 {
            fraction = fraction &* 10
            position &+= 1
        }
        return ParsedTimestamp(microseconds: whole &+ fraction, hasZone: hasZone)
    }

    @inline(__always)
    private static func pair(_ pairs: UInt64, _ byte: UInt64) -> Int64 {
        Int64(truncatingIfNeeded: pairs &>> (byte &* 8) & 0xFF)
    }

    private init(microseconds: Int64, hasZone: Bool) {
        self.microseconds = microseconds
        self.hasZone = hasZone
    }
}
