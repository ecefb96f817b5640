/// Durations as definitions write them: `90s`, `15m`, `6h`, `1d`, `2w`, or `0`.
package enum DurationText {
    private static let units: [(suffix: Character, microseconds: Int64)] = [
        ("w", 604_800_000_000), ("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000),
        ("s", 1_000_000),
    ]

    /// The duration in microseconds; `nil` for anything else, negative or out of range.
    package static func microseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        guard let unit = self.units.first(where: { text.last == $0.suffix }),
            let count = Int64(text.dropLast()), count >= 0, !text.hasPrefix("+"),
            !text.hasPrefix("-")
        else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit.microseconds)
        // Ten thousand years: past it, adding to a time could overflow.
        return overflow || product > 315_360_000_000_000_000 ? nil : product
    }

    /// The shortest text with that meaning; `0` is for ever.
    package static func text(microseconds: Int64) -> String {
        if microseconds == 0 { return "0" }
        for unit in self.units where microseconds % unit.microseconds == 0 {
            return "\(microseconds / unit.microseconds)\(unit.suffix)"
        }
        return "\(Double(microseconds) / 1_000_000)s"
    }
}
