import FeatureCompute
import FeatureModel
import TestSupport
import Testing

/// Values of a type, with those at which the ways to write them part.
private func randomValue(_ random: inout SeededGenerator, _ type: ValueType) -> Value {
    if Int.random(in: 0..<5, using: &random) == 0 { return .null }
    let shift = Int64.random(in: 0...62, using: &random)
    let number = Int64.random(in: .min ... .max, using: &random) >> shift
    switch type {
    case .int64: return .integer([number, 0, .min, .max, 99_999_999, 100_000_000][Int(shift % 6)])
    case .int32: return .integer(Int64(Int32(truncatingIfNeeded: number)))
    case .bool: return .bool(number % 2 == 0)
    case .unixTimestamp:
        return .timestamp(
            Timestamp(microseconds: [number, number / 1000 * 1000, 0][Int(shift % 3)])
        )
    case .float64, .float32:
        let value: Double =
            switch shift % 6 {
            case 0: Double(number) / 1_000_000
            case 1: Double(number % 1_000_000) / 1000
            case 2: Double(bitPattern: UInt64(bitPattern: number))
            case 3: [0, -0.0, .infinity, -.infinity, .nan, 0.001, 1e9, 0.0009][Int(shift % 8)]
            case 4: Double(number % 1000)
            default: Double(number) / 1e12
            }
        return .float(type == .float32 ? Double(Float(value)) : value)
    case .bytes: return .bytes([0, UInt8(truncatingIfNeeded: number)])
    default:
        return .string(
            ["", "a", "é", "a,b", "a\"b", "a\nb", "a\rb", "plain text of some length", "\u{1}"][
                Int(shift % 9)
            ]
        )
    }
}

@Suite struct CellTextsTests {
    @Test("Lines are made of the texts of their cells", arguments: UInt64(0)..<120)
    func lines(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let types: [ValueType] = [
            .int64, .int32, .bool, .unixTimestamp, .float64, .float32, .bytes, .string, .string,
        ]
        let columns = try types.enumerated().map { index, type in
            try Column(
                type: type,
                values: (0..<20).map { _ in
                    // One of the two columns of strings needs no quotes.
                    index == 8 ? .string("bare\(seed)") : randomValue(&random, type)
                }
            )
        }
        let start = Int.random(in: 0...10, using: &random)
        let rows = start..<Int.random(in: start...20, using: &random)
        for isCSV in [true, false] {
            var texts = CellTexts(rowCount: rows.count)
            var expected: [UInt8] = Array("before".utf8)
            var written = expected
            for column in columns {
                if isCSV {
                    texts.append(csvFields: column, rows: rows)
                } else {
                    texts.append(jsonValues: column, rows: rows)
                }
            }
            let prefixes = columns.indices.map { Array("p\($0):".utf8) }
            texts.appendLines(to: &written, prefixes: prefixes, end: Array("}\n".utf8))
            for row in rows {
                for (column, prefix) in zip(columns, prefixes) {
                    expected += prefix
                    if isCSV {
                        CellFormatter.append(csvField: column, row: row, to: &expected)
                    } else {
                        CellFormatter.append(json: column, row: row, style: .rows, to: &expected)
                    }
                }
                expected += Array("}\n".utf8)
            }
            #expect(written == expected)
        }
    }

    @Test("Whole numbers and floats are written as the compiler's library writes them")
    func numbers() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            if case .integer(let integer) = randomValue(&random, .int64) {
                var text: [UInt8] = []
                CellFormatter.append(integer: integer, to: &text)
                #expect(String(decoding: text, as: UTF8.self) == integer.description)
            }
            if case .float(let float) = randomValue(&random, .float64), float.isFinite {
                var text: [UInt8] = []
                CellFormatter.append(float: float, isSingle: false, to: &text)
                #expect(String(decoding: text, as: UTF8.self) == float.description)
            }
            if case .float(let float) = randomValue(&random, .float32), float.isFinite {
                var text: [UInt8] = []
                CellFormatter.append(float: float, isSingle: true, to: &text)
                #expect(String(decoding: text, as: UTF8.self) == Float(float).description)
            }
        }
    }
}
