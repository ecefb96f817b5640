import FeatureCompute
import FeatureModel
import TestSupport
import Testing

private let kinds: [ValueType] = [
    .int32, .int64, .bool, .unixTimestamp, .float32, .float64, .string, .bytes, .uuid, .decimal,
    .json, .map, .array(.int64),
]

/// Cells of one kind, some of which are of another.
private func randomCell(_ random: inout SeededGenerator, _ type: ValueType) -> String {
    func digits(_ range: ClosedRange<Int>) -> String {
        (0..<Int.random(in: range, using: &random))
            .map { _ in "\(Int.random(in: 0...9, using: &random))" }.joined()
    }
    let sign = ["", "", "-", "+"].randomElement(using: &random) ?? ""
    switch Int.random(in: 0..<40, using: &random) {
    case 0:
        return ["x", "-", "+", ".", "1e", "e1", "1.2.3", "\u{E9}", "1 ", " 1", "é1"]
            .randomElement(using: &random) ?? ""
    default: break
    }
    switch type {
    case .int32: return sign + digits(1...10)
    case .int64: return sign + digits(1...19)
    case .float32, .float64:
        let exponent = Int.random(in: 0..<8, using: &random) == 0 ? "e-\(digits(1...2))" : ""
        return sign + digits(0...6) + "." + digits(0...19) + exponent
    case .bool: return ["true", "F", "1", "0"].randomElement(using: &random) ?? ""
    case .unixTimestamp:
        return "20\(digits(2...2))-0\(digits(1...1))-1\(digits(1...1)) 1\(digits(1...1)):00:3"
            + digits(1...1) + ["", "Z", ".\(digits(1...7))", "+01:00"][sign.count + 1]
    case .bytes: return ["AAH/", "YQ==", "", "A"].randomElement(using: &random) ?? ""
    case .uuid: return "123E4567-e89b-12d3-A456-42661417400" + digits(1...1)
    case .decimal: return sign + digits(1...30)
    case .json, .array, .map:
        return ["[1, 2]", "{\"a\": 1}", "[]", "{}"].randomElement(using: &random) ?? ""
    default: return ["a", "", "é", "more than sixteen bytes, or so", "\"\"x"][Int(sign.count) + 1]
    }
}

@Suite struct CellColumnTests {
    @Test("A column of texts is read as its cells are, one by one", arguments: kinds)
    func columns(type: ValueType) throws {
        var reads = 0
        for seed in UInt64(0)..<400 {
            var random = SeededGenerator(seed: seed)
            var bytes: [UInt8] = Array("before".utf8.prefix(Int(seed % 7)))
            var places = CellPlaces()
            var parser = CellParser()
            var expected = ColumnBuilder(type: type)
            var failed: Int?
            for index in 0..<Int.random(in: 0...12, using: &random) {
                if Int.random(in: 0..<6, using: &random) == 0 {
                    places.appendNull()
                    if failed == nil { expected.appendNull() }
                    continue
                }
                let cell = Array(randomCell(&random, type).utf8)
                let isDoubled = Int.random(in: 0..<6, using: &random) == 0
                let start = bytes.count
                for byte in cell {
                    bytes.append(byte)
                    if isDoubled, byte == 0x22 { bytes.append(byte) }
                }
                places.append(
                    start..<bytes.count,
                    hasDoubledQuotes: isDoubled && cell.contains(0x22)
                )
                if seed % 2 == 0 { bytes.append(UInt8(ascii: ",")) }
                if failed == nil, !parser.append(cell.span, to: &expected) { failed = index }
            }
            var column = ColumnBuilder(type: type)
            var columnParser = CellParser()
            let read = columnParser.append(places, of: bytes.span, to: &column)
            #expect(read == failed ?? places.count, "seed \(seed)")
            let left = column.finish()
            let right = expected.finish()
            #expect(left.storage.isSame(as: right.storage), "seed \(seed)")
            #expect(left.values.map { $0 == .null } == right.values.map { $0 == .null })
            reads += read
        }
        #expect(reads > 400)
    }

    @Test("Decimals of up to nineteen digits are rounded as the compiler's library rounds them")
    func longDecimals() {
        var random = SeededGenerator(seed: 1)
        var parser = CellParser()
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...19, using: &random)
            var digits = (0..<count).map { _ in "\(Int.random(in: 0...9, using: &random))" }
            if Bool.random(using: &random) { digits[0] = "9" }
            digits.insert(".", at: Int.random(in: 0...count, using: &random))
            let text = digits.joined()
            let padded = Array(("12345678" + text).utf8)
            var places = CellPlaces()
            places.append(8..<padded.count, hasDoubledQuotes: false)
            var builder = ColumnBuilder(type: .float64)
            #expect(parser.append(places, of: padded.span, to: &builder) == 1)
            #expect(builder.finish()[0] == .float(Double(text) ?? .nan), "\(text)")
            #expect(NumberText.double(padded.span.extracting(8...)) == Double(text), "\(text)")
        }
    }

    @Test("Halves between two doubles go to the even one, and beyond them up")
    func halves() {
        // 2^53 + 1 is the middle between two doubles; tenths of it are not.
        for text in [
            "9007199254740993.0", "9007199254740993.1", "9007199254740992.9", "9007199254740995.0",
            "900719925474099.3", "4503599627370496.5", "4503599627370497.5", "4503599627370497.51",
        ] {
            let bytes = Array(text.utf8)
            #expect(NumberText.double(bytes.span) == Double(text), "\(text)")
        }
    }
}

extension Column.Storage {
    /// Whether the values are the same bit by bit.
    fileprivate func isSame(as other: Column.Storage) -> Bool {
        if case .floats(let left) = self, case .floats(let right) = other {
            return left.map(\.bitPattern) == right.map(\.bitPattern)
        }
        return self == other
    }
}
