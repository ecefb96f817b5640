import FeatureCompute
import FeatureModel
import TestSupport
import Testing

/// Reads one text, or `nil` when it cannot be of the type.
private func parsed(_ text: String, _ type: ValueType) -> Column? {
    var builder = ColumnBuilder(type: type)
    var parser = CellParser()
    let bytes = Array(text.utf8)
    let isRead = parser.append(bytes.span, to: &builder)
    return isRead ? builder.finish() : nil
}

private func csv(_ column: Column) -> String {
    var bytes: [UInt8] = []
    CellFormatter.append(csvField: column, row: 0, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

private func json(_ column: Column, _ style: CellFormatter.JSONStyle) -> String {
    var bytes: [UInt8] = []
    CellFormatter.append(json: column, row: 0, style: style, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

@Suite struct CellParserTests {
    @Test(
        "A text that is a value comes out in its canonical form",
        arguments: [
            ("int64", "9223372036854775807", "9223372036854775807"),
            ("int64", "-9223372036854775808", "-9223372036854775808"),
            ("int64", "+007", "7"), ("int64", "3.0", "3"), ("int64", "-3.000", "-3"),
            ("int32", "-2147483648", "-2147483648"),
            ("float64", "0.1", "0.1"), ("float64", "1e400x", nil), ("float64", "-0", "-0.0"),
            ("float64", "1", "1.0"), ("float64", ".5", "0.5"), ("float64", "5.", "5.0"),
            ("float64", "1E-7", "1e-07"), ("float64", "NAN", "NaN"),
            ("float64", "-inf", "-Infinity"), ("float64", "Infinity", "Infinity"),
            ("float64", "9007199254740993", "9007199254740992.0"),
            ("float64", "123456789012345678901234567890", "1.2345678901234568e+29"),
            ("float64", "2.2250738585072011e-308", "2.225073858507201e-308"),
            ("float32", "0.1", "0.1"), ("float32", "16777217", "16777216.0"),
            ("float32", "1.00000017881393432617187499", "1.0000001"),
            ("float32", "1.00000017881393432617187501", "1.0000002"),
            ("bool", "TRUE", "true"), ("bool", "f", "false"), ("bool", "1", "true"),
            ("string", "", "\"\""), ("string", " a,b ", "\" a,b \""), ("string", "null", "null"),
            ("bytes", "", "\"\""), ("bytes", "AAH/", "AAH/"), ("bytes", "YQ==", "YQ=="),
            ("unix_timestamp", "2026-01-10 12:00:00.25", "2026-01-10T12:00:00.250Z"),
            ("unix_timestamp", "1768046400", "2026-01-10T12:00:00Z"),
            (
                "uuid", "123E4567-e89b-12d3-A456-426614174000",
                "123e4567-e89b-12d3-a456-426614174000"
            ),
            ("decimal", "-0012.500", "-0012.500"),
            ("map", " { \"a\" : [ 1 , 2.50 ] } ", "\"{\"\"a\"\":[1,2.50]}\""),
            ("json", " [ ] ", "[]"), ("json", "\"x y\"", "\"\"\"x y\"\"\""),
            ("array(int64)", "[1, 9007199254740993, 2.0]", "\"[1,9007199254740993,2]\""),
            (
                "array(float32)", "[0.1, \"NaN\", \"-inf\"]",
                "\"[0.1,\"\"NaN\"\",\"\"-Infinity\"\"]\""
            ),
            ("array(string)", "[\"\\u0041\\n\"]", "\"[\"\"A\\n\"\"]\""),
            ("array(bool)", "[true,false]", "\"[true,false]\""),
            (
                "array(unix_timestamp)", "[\"2026-01-10\", 0]",
                "\"[\"\"2026-01-10T00:00:00Z\"\",\"\"1970-01-01T00:00:00Z\"\"]\""
            ),
        ] as [(String, String, String?)]
    )
    func valuesComeOutCanonical(name: String, text: String, expected: String?) throws {
        let type = try #require(ValueType(name))
        #expect(parsed(text, type).map(csv) == expected)
    }

    @Test(
        "A text that is no value is refused",
        arguments: [
            (
                "int64",
                ["", " 1", "1 ", "1.5", "1.", "1e3", "9223372036854775808", "--1", "+", "x"]
            ),
            ("int32", ["2147483648", "-2147483649"]),
            ("float64", ["", "1e", "e1", ".", "0x10", "1_0", "1e400", "infin", "\rinf", "nan(1)"]),
            ("float32", ["1e39", "-1e39", ""]),
            ("bool", ["", "yes", "2", "truE "]),
            ("bytes", ["a", "YQ=", "YQ", "YR==", "Y===", "YQ==YQ==", "@@@@"]),
            ("unix_timestamp", ["", "soon", "2026-13-01"]),
            ("uuid", ["", "123e4567e89b12d3a456426614174000"]),
            ("decimal", ["", ".", "1e5", "1.2.3", "-"]),
            ("map", ["", "[]", "{\"a\":1,}", "{a:1}", "{} x", "{\"a\":01}", "{\"a\":\"\n\"}"]),
            ("json", ["", "tru", "[1,]", "\"\\x\"", "1.", "nul", "\"a"]),
            ("array(int64)", ["", "{}", "[1.5]", "[null]", "[\"1\"]", "[1", "[[1]]", "[1]]"]),
            ("array(float64)", ["[\"1.5\"]", "[NaN]"]),
            ("array(string)", ["[1]", "[\"\\ud800\"]"]),
        ] as [(String, [String])]
    )
    func nonsenseIsRefused(name: String, texts: [String]) throws {
        let type = try #require(ValueType(name))
        for text in texts {
            #expect(parsed(text, type) == nil, "\(text) is no \(name)")
        }
    }

    @Test("Deep nesting is refused instead of exhausting the stack")
    func deepNesting() {
        #expect(parsed(String(repeating: "[", count: 100_000), .json) == nil)
    }
}

@Suite struct CellFormatterTests {
    @Test(
        "Floats read back to the same bits, and as short as Swift writes them",
        arguments: UInt64(0)..<20
    )
    func floatsReadBack(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let double: Double
            switch Int.random(in: 0..<3, using: &random) {
            case 0: double = Double(bitPattern: random.next())
            case 1: double = Double(Int64.random(in: -999_999...999_999, using: &random)) / 1000
            default: double = Double(Int64.random(in: -9_999_999...9_999_999, using: &random)) / 1e6
            }
            if double.isFinite {
                var bytes: [UInt8] = []
                CellFormatter.append(float: double, isSingle: false, to: &bytes)
                #expect(String(decoding: bytes, as: UTF8.self) == double.description)
                #expect(NumberText.double(bytes.span)?.bitPattern == double.bitPattern)
            }
            let single =
                Bool.random(using: &random)
                ? Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) : Float(double)
            if single.isFinite {
                var bytes: [UInt8] = []
                CellFormatter.append(float: Double(single), isSingle: true, to: &bytes)
                #expect(String(decoding: bytes, as: UTF8.self) == single.description)
                #expect(NumberText.float(bytes.span)?.bitPattern == single.bitPattern)
            }
        }
    }

    @Test(
        "Numbers with many digits are read as the standard library reads them",
        arguments: UInt64(0)..<20
    )
    func readsLikeStandardLibrary(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var text = Bool.random(using: &random) ? "-" : ""
            for _ in 0..<Int.random(in: 1...22, using: &random) {
                text += String(Int.random(in: 0...9, using: &random))
            }
            text += "."
            for _ in 0..<Int.random(in: 1...22, using: &random) {
                text += String(Int.random(in: 0...9, using: &random))
            }
            if Bool.random(using: &random) {
                text += "e\(Int.random(in: -40...12, using: &random))"
            }
            let bytes = Array(text.utf8)
            #expect(
                NumberText.double(bytes.span)?.bitPattern == Double(text)?.bitPattern,
                "\(text)"
            )
            #expect(NumberText.float(bytes.span)?.bitPattern == Float(text)?.bitPattern, "\(text)")
        }
    }

    @Test("JSON has two styles")
    func jsonStyles() throws {
        let time = try #require(parsed("1969-12-31T23:59:59.5Z", .unixTimestamp))
        #expect(json(time, .rows) == "\"1969-12-31T23:59:59.500Z\"")
        #expect(json(time, .wire) == "-1")
        let single = try #require(parsed("0.1", .float32))
        #expect(json(single, .rows) == "0.1")
        #expect(json(single, .wire) == "0.10000000149011612")
        let singles = try #require(parsed("[0.1,\"NaN\"]", .array(.float32)))
        #expect(json(singles, .rows) == "[0.1,\"NaN\"]")
        #expect(json(singles, .wire) == "[0.10000000149011612,\"NaN\"]")
        let times = try #require(parsed("[\"2026-01-10T12:00:00.9Z\"]", .array(.unixTimestamp)))
        #expect(json(times, .wire) == "[1768046400]")
        #expect(json(try #require(parsed("{\"a\": 1}", .json)), .wire) == "\"{\\\"a\\\":1}\"")
        #expect(json(try #require(parsed("{\"a\": 1}", .map)), .wire) == "{\"a\":1}")
        #expect(json(try #require(parsed("inf", .float64)), .wire) == "\"Infinity\"")
        #expect(json(try #require(parsed("1", .float64)), .wire) == "1.0")
        #expect(json(try #require(parsed("a\"\u{1}\né", .string)), .wire) == "\"a\\\"\\u0001\\né\"")
        var invalid = ColumnBuilder(type: .string)
        invalid.append(bytes: [0x61, 0xFF])
        #expect(json(invalid.finish(), .wire) == "\"a\u{FFFD}\"")
    }

    @Test("Gathering repeats, skips and leaves nulls", arguments: UInt64(0)..<50)
    func gathers(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        // Longer and shorter than what is copied at once, in columns of a few bytes and of many.
        let most = [1, 20, 40].randomElement(using: &random) ?? 1
        let values = (0..<10).map { row -> Value in
            let count = Int.random(in: 0...most, using: &random)
            return Int.random(in: 0..<4, using: &random) == 0
                ? .null : .string(String(repeating: "\(row)", count: count))
        }
        let column = try Column(type: .string, values: values)
        let indices = (0..<Int.random(in: 0...20, using: &random))
            .map { _ in Int32.random(in: -1..<10, using: &random) }
        let gathered = column.gathered(indices)
        #expect(gathered.values == indices.map { $0 < 0 ? .null : values[Int($0)] })
    }

    @Test("A builder cut short goes on as if the rest had never been", arguments: UInt64(0)..<50)
    func truncates(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for type in [ValueType.int64, .float64, .string] {
            var builder = ColumnBuilder(type: type)
            var model: [Value] = []
            for step in 0..<200 {
                if Int.random(in: 0..<20, using: &random) == 0 {
                    let count = Int.random(in: 0...model.count, using: &random)
                    builder.truncate(to: count)
                    model.removeLast(model.count - count)
                }
                let value: Value
                switch type {
                case _ where Bool.random(using: &random): value = .null
                case .int64: value = .integer(Int64(step))
                case .float64: value = .float(Double(step))
                default: value = .string("v\(step)")
                }
                let isAdded = builder.append(value)
                #expect(isAdded)
                model.append(value)
            }
            #expect(builder.finish().values == model)
        }
    }
}
