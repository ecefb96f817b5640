/// A number of bytes as text: `512 bytes`, `1.2 MB`; and back.
package enum SizeText {
    private static let units = [
        ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("TIB", 1 << 40), ("KB", 1_000),
        ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1), ("", 1),
    ]

    /// A size for people, with one decimal from a kilobyte on.
    package static func text(bytes: Int) -> String {
        guard bytes >= 1000 else { return bytes == 1 ? "1 byte" : "\(bytes) bytes" }
        var tenths = bytes / 100
        var unit = "kB"
        for next in ["MB", "GB", "TB"] where tenths >= 10_000 {
            tenths /= 1000
            unit = next
        }
        return "\(tenths / 10).\(tenths % 10) \(unit)"
    }

    /// The bytes of a size such as `512MB`, `2GiB` or `4096`; `nil` when it is none.
    package static func bytes(_ text: String) -> Int? {
        let upper = text.uppercased()
        guard let (suffix, factor) = self.units.first(where: { upper.hasSuffix($0.0) }),
            let number = Int(upper.dropLast(suffix.count)), number > 0
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }
}
