extension Timestamp {
    /// How many bytes ``description`` has at most, whatever the year.
    package static var maximumTextSize: Int { 40 }

    /// Writes ``description`` where it is to stand.
    ///
    /// - Parameters:
    ///   - output: Where it is written.
    ///   - position: Where it begins; ``maximumTextSize`` bytes follow.
    /// - Returns: Where it ends.
    package func write(to output: inout MutableSpan<UInt8>, at position: Int) -> Int {
        precondition(position >= 0 && position + Self.maximumTextSize <= output.count, "room")
        let microsecondsPerDay: Int64 = 86_400_000_000
        var day = self.microseconds / microsecondsPerDay
        var rest = self.microseconds % microsecondsPerDay
        if rest < 0 {
            rest += microsecondsPerDay
            day -= 1
        }
        let date = CivilDate(daysSinceEpoch: day)
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        var position = position
        if (0...9999).contains(date.year) {
            output.write(pair: date.year / 100, at: position)
            output.write(pair: date.year % 100, at: position + 2)
            position += 4
        } else {
            // No text can name such a year; a pushed or computed number can.
            if date.year < 0 {
                output[position] = UInt8(ascii: "-")
                position += 1
            }
            let digits = abs(date.year).description
            for byte in String(repeating: "0", count: max(0, 4 - digits.count)).utf8 {
                output[position] = byte
                position += 1
            }
            for byte in digits.utf8 {
                output[position] = byte
                position += 1
            }
        }
        output[position] = UInt8(ascii: "-")
        output.write(pair: date.month, at: position + 1)
        output[position + 3] = UInt8(ascii: "-")
        output.write(pair: date.day, at: position + 4)
        output[position + 6] = UInt8(ascii: "T")
        output.write(pair: seconds / 3600, at: position + 7)
        output[position + 9] = UInt8(ascii: ":")
        output.write(pair: seconds / 60 % 60, at: position + 10)
        output[position + 12] = UInt8(ascii: ":")
        output.write(pair: seconds % 60, at: position + 13)
        position += 15
        if fraction != 0 {
            output[position] = UInt8(ascii: ".")
            output[position + 1] =
                UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction / 100_000)
            output.write(pair: fraction / 1000 % 100, at: position + 2)
            position += 4
            if fraction % 1000 != 0 {
                output[position] =
                    UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction / 100 % 10)
                output.write(pair: fraction % 100, at: position + 1)
                position += 3
            }
        }
        output[position] = UInt8(ascii: "Z")
        return position + 1
    }

    /// Appends ``description`` as UTF-8.
    package func append(to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: Self.maximumTextSize))
        var output = bytes.mutableSpan
        let end = self.write(to: &output, at: start)
        bytes.removeLast(bytes.count - end)
    }
}

extension MutableSpan<UInt8> {
    /// Writes a number from 0 to 99 as two digits.
    @inline(__always)
    fileprivate mutating func write(pair value: Int64, at position: Int) {
        let pair = UInt8(truncatingIfNeeded: value)
        self[position] = UInt8(ascii: "0") &+ pair / 10
        self[position + 1] = UInt8(ascii: "0") &+ pair % 10
    }
}
