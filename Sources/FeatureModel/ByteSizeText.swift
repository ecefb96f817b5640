/// Numbers of bytes as people write them: `256MB`, `64KB`, `0`.
package enum ByteSizeText {
    /// The units, each 1024 times the one before.
    private static let units = ["B", "KB", "MB", "GB"]

    /// The greatest size: 1024 GB.
    package static let maximum = 1 << 40

    /// The bytes that a text says; `nil` when it is not a whole number with a unit, or plain 0, or
    /// is more than ``maximum``.
    package static func byteCount(_ text: String) -> Int? {
        if text == "0" { return 0 }
        let digits = text.prefix { $0.isASCII && $0.isWholeNumber }
        guard let number = Int(digits), digits.count <= 13,
            let unit = self.units.firstIndex(of: String(text.dropFirst(digits.count)))
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (10 * unit))
        return overflow || bytes > self.maximum ? nil : bytes
    }

    /// The text for a number of bytes, in the greatest unit of which it is a whole number.
    package static func text(_ byteCount: Int) -> String {
        guard byteCount > 0 else { return "0" }
        var number = byteCount
        var unit = 0
        while unit < self.units.count - 1, number % 1024 == 0 {
            number /= 1024
            unit += 1
        }
        return "\(number)\(self.units[unit])"
    }
}
