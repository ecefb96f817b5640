import FeatureStoreKit

/// A count with thousands apart: `1,234,567`.
func grouped(_ number: Int) -> String {
    let digits = Array(String(abs(number)))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 {
            text.append(",")
        }
        text.append(digit)
    }
    return text
}

/// A count and its noun: `1 row`, `2 rows`.
func counted(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)" + (number == 1 ? "" : "s")
}

/// Seconds to the hundredth.
func secondsText(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
}

/// An age in its largest unit: `3 days`.
func ageText(microseconds: Int64) -> String {
    let seconds = Int(microseconds / 1_000_000)
    if seconds >= 172_800 { return counted(seconds / 86_400, "day") }
    if seconds >= 7200 { return counted(seconds / 3600, "hour") }
    if seconds >= 120 { return counted(seconds / 60, "minute") }
    return counted(seconds, "second")
}

/// Lines whose cells stand in columns; the first line is the header.
func aligned(_ rows: [[String]], rightAligned: Set<Int> = []) -> String {
    var widths: [Int] = []
    for row in rows {
        for (index, cell) in row.enumerated() {
            if index == widths.count {
                widths.append(0)
            }
            widths[index] = max(widths[index], cell.count)
        }
    }
    return rows.map { row in
        let cells = row.enumerated().map { index, cell in
            let padding = String(repeating: " ", count: widths[index] - cell.count)
            if rightAligned.contains(index) { return padding + cell }
            return index == row.count - 1 ? cell : cell + padding
        }
        return cells.joined(separator: "  ")
    }.joined(separator: "\n")
}

/// The value as JSON for people and programs: indented, keys in order.
func jsonText(_ value: some Encodable) throws -> String {
    String(decoding: try ReportJSON.encode(value, isIndented: true), as: UTF8.self)
}
