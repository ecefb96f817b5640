import FeatureCompute
import FeatureModel
import Testing

/// A given cell as a type: its canonical CSV text, or `nil`.
private func read(_ cell: GivenCell, _ name: String) throws -> String? {
    let type = try #require(ValueType(name))
    var parser = CellParser()
    var builder = ColumnBuilder(type: type)
    guard parser.append(cell, to: &builder) else { return nil }
    var text: [UInt8] = []
    CellFormatter.append(csvField: builder.finish(), row: 0, to: &text)
    return String(decoding: text, as: UTF8.self)
}

private func cells(_ json: String) -> [GivenCell]? {
    let bytes = Array(json.utf8)
    return GivenCell.cells(json: bytes.span)
}

@Suite struct GivenCellTests {
    private static let cases: [(GivenCell, String, String?)] = [
        (.integer(.max), "int64", "9223372036854775807"), (.integer(3_000_000_000), "int32", nil),
        (.float(5), "int64", "5"), (.float(5.5), "int64", nil), (.float(1e300), "int64", nil),
        (.float(18_014_398_509_481_984), "int64", nil), (.float(.nan), "int64", nil),
        (.text("9007199254740993"), "int64", "9007199254740993"), (.text("x"), "int64", nil),
        (.bool(true), "int64", nil), (.bool(true), "bool", "true"), (.integer(1), "bool", "true"),
        (.integer(2), "bool", nil), (.text("false"), "bool", "false"), (.float(1), "bool", nil),
        (.integer(3), "float64", "3.0"), (.text("-Infinity"), "float64", "-Infinity"),
        (.text("NaN"), "float32", "NaN"), (.float(1e300), "float32", nil),
        (.float(-0.0), "float64", "-0.0"), (.bool(false), "float64", nil),
        (.text(""), "string", "\"\""), (.integer(1), "string", nil), (.json("[]"), "string", nil),
        (.text("AP8="), "bytes", "AP8="), (.bytes([0]), "bytes", "AA=="),
        (.text("?"), "bytes", nil),
        (.integer(0), "unix_timestamp", "1970-01-01T00:00:00Z"),
        (.float(0.5), "unix_timestamp", "1970-01-01T00:00:00.500Z"),
        (.integer(.max), "unix_timestamp", nil), (.float(.infinity), "unix_timestamp", nil),
        (.text("2024-01-01"), "unix_timestamp", "2024-01-01T00:00:00Z"),
        (.json("[1, 2]"), "array(int64)", "\"[1,2]\""), (.text("[1]"), "array(int64)", "[1]"),
        (.json("[1.5]"), "array(int64)", nil), (.json("{}"), "array(int64)", nil),
        (.json("{\"a\": 1}"), "map", "\"{\"\"a\"\":1}\""), (.json("[]"), "map", nil),
        (.text("{}"), "map", "{}"), (.text("hello"), "json", nil), (.text("1"), "json", "1"),
        (.integer(1), "json", "1"), (.bool(true), "json", "true"), (.float(.nan), "json", nil),
        (.text("1.10"), "decimal", "1.10"), (.integer(7), "decimal", "7"),
        (.float(1.1), "decimal", nil), (.text("no"), "uuid", nil),
        (.number("1.50"), "json", "1.50"), (.number("1.50"), "float64", "1.5"),
        (.number("12345678901234567890"), "json", "12345678901234567890"),
        (.number("12345678901234567890"), "decimal", "12345678901234567890"),
        (.number("12345678901234567890"), "int64", nil), (.number("1.5"), "decimal", nil),
        (.number("1e3"), "decimal", nil), (.number("1e3"), "int64", "1000"),
        (.number("-0"), "float64", "-0.0"), (.number("-0"), "int64", "0"),
        (.number("1.5"), "unix_timestamp", "1970-01-01T00:00:01.500Z"),
        (.number("1e39"), "float32", nil), (.number("1.0"), "bool", nil),
        (.number("1.5"), "float32", "1.5"), (.number("3.0"), "json", "3.0"),
        (.number("1e400"), "float64", nil), (.number("1e400"), "float32", nil),
        (.number("1e400"), "json", "1e400"), (.number("1e400"), "int64", nil),
        // Just above the middle between two singles; the nearest double is the middle itself.
        (.number("1.0000000596046447753906250000001"), "float32", "1.0000001"),
        (.number("1.0000000596046447753906250000001"), "float64", "1.0000000596046448"),
        (.number("9007199254740993.0"), "int64", "9007199254740993"),
        (.number("1.7e9"), "unix_timestamp", "2023-11-14T22:13:20Z"),
        (.number("1.7000000005e9"), "unix_timestamp", "2023-11-14T22:13:20.500Z"),
        (.number("253402300799.999999"), "unix_timestamp", "9999-12-31T23:59:59.999999Z"),
        (.number("1e300"), "unix_timestamp", nil),
    ]

    @Test("A given cell is wholly a value of a type, or none")
    func reads() throws {
        for (cell, type, expected) in Self.cases {
            #expect(try read(cell, type) == expected, "\(cell) as \(type)")
        }
    }

    @Test("A cell that went through JSON reads the same as every type")
    func roundTrip() throws {
        for (cell, _, _) in Self.cases {
            var text: [UInt8] = Array("[".utf8)
            cell.append(to: &text)
            text.append(UInt8(ascii: "]"))
            let cells = GivenCell.cells(json: text.span)
            let back = try #require(cells?.first)
            for type in ValueType.allNames {
                // Bytes are base64 then, which is a text too, and so is "Infinity"; JSON has no bare
                // NaN.
                if case .bytes = cell, type != "bytes" { continue }
                if case .float(let value) = cell, !value.isFinite,
                    type == "string" || type == "bytes"
                {
                    continue
                }
                // A float beyond 2^53 may stand for another whole number; digits are what they say.
                if case .float(let value) = cell, abs(value) > 9_007_199_254_740_992,
                    type == "int64"
                {
                    continue
                }
                #expect(try read(back, type) == read(cell, type), "\(cell) as \(type)")
            }
        }
        #expect(cells("[-0, 3.0, 0]") == [.number("-0"), .number("3.0"), .integer(0)])
        #expect(cells("[1,]") == nil)
        #expect(cells("{}") == nil)
        #expect(cells("[1] 2") == nil)
        #expect(cells("[ ]") == [])
    }

    @Test("A list becomes a JSON array")
    func lists() {
        let cell = GivenCell(Value.list(["a\"b", "c"]))
        #expect(cell == .json(#"["a\"b","c"]"#))
        #expect(GivenCell(Value.list([])) == .json("[]"))
    }
}
