import TestSupport
import Testing

@testable import FeatureCompute

@Suite struct WholeNumberTests {
    private func whole(_ text: String) -> Int64? {
        NumberText.wholeNumber(Array(text.utf8).span)
    }

    /// The definition: the number written out without an exponent, its fraction zeros alone.
    private func naive(sign: String, digits: String, fraction: String, exponent: Int) -> Int64? {
        var before = digits
        var after = fraction
        for _ in 0..<abs(exponent) {
            if exponent > 0 {
                before += after.isEmpty ? "0" : String(after.removeFirst())
            } else {
                after = (before.isEmpty ? "0" : String(before.removeLast())) + after
            }
        }
        guard after.allSatisfy({ $0 == "0" }) else { return nil }
        return Int64(sign + (before.isEmpty ? "0" : before))
    }

    @Test(arguments: UInt64(0)..<300)
    func `A number is the whole number that it spells, in any notation`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func digits(_ most: Int) -> String {
            let count = Int.random(in: 0...most, using: &random)
            return String(
                (0..<count).map { _ in "0001234567899".randomElement(using: &random) ?? "0" }
            )
        }
        let sign = Bool.random(using: &random) ? "-" : ""
        let before = digits(20)
        let after = digits(6)
        let exponent = Int.random(in: -8...20, using: &random)
        let hasPoint = !after.isEmpty || (before.isEmpty ? false : Bool.random(using: &random))
        var text = sign + before + (hasPoint ? "." + after : "")
        if exponent != 0 { text += "e\(exponent)" }
        let expected =
            before.isEmpty && after.isEmpty
            ? nil : self.naive(sign: sign, digits: before, fraction: after, exponent: exponent)
        #expect(self.whole(text) == expected, "\(text)")
    }

    @Test(
        arguments: [
            ("9007199254740993.0", 9_007_199_254_740_993), ("1e18", 1_000_000_000_000_000_000),
            ("1001.0", 1001), ("9223372036854775807.000", .max), ("-9223372036854775808e0", .min),
            ("-9.223372036854775808E+18", .min), ("0e999999999999", 0), ("-0.0", 0),
            ("10e-1", 1), ("1e19", nil), ("9223372036854775808", nil), ("1.5", nil),
            ("4503599627370496.25", nil), ("1e-400", nil), ("1e999999999999", nil), ("", nil),
            (".", nil), ("e5", nil), ("1e", nil), ("1e+", nil), ("1x", nil), ("NaN", nil),
            ("1.2.0", nil),
        ] as [(String, Int64?)]
    )
    func `Edges and what is no number`(text: String, expected: Int64?) {
        #expect(self.whole(text) == expected)
    }

    @Test func `A pushed number is the whole number of its digits`() {
        var parser = CellParser()
        for (text, kind, expected) in [
            ("9007199254740993.0", CellKind.int64, 9_007_199_254_740_993),
            ("4503599627370496.25", .int64, nil), ("1e18", .int64, 1_000_000_000_000_000_000),
            ("2147483648.0", .int32, nil), ("2147483647.0", .int32, 2_147_483_647),
            ("1.5", .unixTimestamp, 1_500_000), ("1.0", .bool, nil),
        ] as [(String, CellKind, Int64?)] {
            #expect(parser.integer(.number(text), kind: kind) == expected, "\(text)")
        }
    }
}
