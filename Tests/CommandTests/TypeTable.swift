/// Every value type with a value, null, zero, the empty value, the smallest and greatest, NaN and
/// infinities, and text beyond ASCII, where it has such a thing.
let typeTable: [TypeCases] = numberCases + textCases + arrayCases + structuredCases

private let numberCases = [
    TypeCases(
        "int32",
        [
            .integer(42), .integer(0), .integer(-7), .integer(2_147_483_647),
            .integer(-2_147_483_648),
            TypeCase("3.0", sql: "3.0", out: "3", json: "3", stored: .integer(3)),
        ]
    ),
    TypeCases(
        "int64",
        [
            .integer(42), .integer(0), .integer(9_007_199_254_740_993),
            .integer(9_223_372_036_854_775_807), .integer(-9_223_372_036_854_775_808),
            TypeCase("+5", sql: "'+5'", out: "5", json: "5", stored: .integer(5)),
        ]
    ),
    TypeCases(
        "float32",
        [
            TypeCase(
                "0.1",
                sql: "0.1",
                json: "0.1",
                wire: "0.10000000149011612",
                stored: .real(0.10000000149011612)
            ),
            TypeCase("0", sql: "0", out: "0.0", json: "0.0", stored: .real(0.0)),
            TypeCase("-0.0", sql: "'-0.0'", json: "-0.0", stored: .real(-0.0)),
            TypeCase(
                "16777217",
                sql: "16777217",
                out: "16777216.0",
                json: "16777216.0",
                stored: .real(16777216.0)
            ),
            TypeCase(
                "3.4028235e38",
                sql: "3.4028235e38",
                out: "3.4028235e+38",
                json: "3.4028235e+38",
                wire: "3.4028234663852886e+38",
                stored: .real(3.4028234663852886e+38)
            ),
            TypeCase(
                "1e-45",
                sql: "1e-45",
                json: "1e-45",
                wire: "1.401298464324817e-45",
                stored: .real(1.401298464324817e-45)
            ),
            TypeCase("NaN", sql: "'NaN'", json: #""NaN""#, stored: .text("NaN")),
            TypeCase(
                "inf",
                sql: "9e999",
                out: "Infinity",
                json: #""Infinity""#,
                stored: .real(Double.infinity)
            ),
            TypeCase(
                "-Infinity",
                sql: "-9e999",
                json: #""-Infinity""#,
                stored: .real(-Double.infinity)
            ),
        ]
    ),
    TypeCases(
        "float64",
        [
            TypeCase("0.1", sql: "0.1", json: "0.1", stored: .real(0.1)),
            TypeCase("0", sql: "0", out: "0.0", json: "0.0", stored: .real(0.0)),
            TypeCase("-0.0", sql: "'-0.0'", json: "-0.0", stored: .real(-0.0)),
            TypeCase("1e-7", sql: "1e-7", out: "1e-07", json: "1e-07", stored: .real(1e-7)),
            TypeCase(
                "9007199254740993",
                sql: "9007199254740993",
                out: "9007199254740992.0",
                json: "9007199254740992.0",
                stored: .real(9007199254740992.0)
            ),
            TypeCase(
                "1.7976931348623157e308",
                sql: "'1.7976931348623157e308'",
                out: "1.7976931348623157e+308",
                json: "1.7976931348623157e+308",
                stored: .real(1.7976931348623157e308)
            ),
            TypeCase(
                "5e-324",
                sql: "'5e-324'",
                json: "5e-324",
                stored: .real(Double.leastNonzeroMagnitude)
            ),
            TypeCase("nan", sql: "'nan'", out: "NaN", json: #""NaN""#, stored: .text("NaN")),
            TypeCase(
                "Infinity",
                sql: "9e999",
                json: #""Infinity""#,
                stored: .real(Double.infinity)
            ),
            TypeCase(
                "-inf",
                sql: "-9e999",
                out: "-Infinity",
                json: #""-Infinity""#,
                stored: .real(-Double.infinity)
            ),
        ]
    ),
    TypeCases(
        "bool",
        [
            TypeCase("true", sql: "1", json: "true", stored: .integer(1)),
            TypeCase("false", sql: "0", json: "false", stored: .integer(0)),
            TypeCase("T", sql: "'TRUE'", out: "true", json: "true", stored: .integer(1)),
            TypeCase("0", sql: "'f'", out: "false", json: "false", stored: .integer(0)),
        ]
    ),
    TypeCases(
        "unix_timestamp",
        [
            time("1970-01-01T00:00:00Z", 0),
            time("2024-01-01T00:00:00Z", 1_704_067_200),
            time("2024-01-01T00:00:00.123456Z", 1_704_067_200),
            // Whole seconds are rounded down, before 1970 as well.
            time("1969-12-31T23:59:59.999999Z", -1),
            time("0001-01-01T00:00:00Z", -62_135_596_800),
            time("9999-12-31T23:59:59.999999Z", 253_402_300_799),
            time("2024-01-01T00:00:00Z", 1_704_067_200, from: "2024-01-01 05:30:00+05:30"),
            time("2024-01-01T00:00:00Z", 1_704_067_200, from: "1704067200"),
            time("1970-01-01T00:00:01.500Z", 1, from: "1.5"),
        ]
    ),
]

private let textCases = [
    TypeCases(
        "string",
        [
            .text("hello"), .text("0"), .text("null"), .text("NA"), .text(" a "), .text("NaN"),
            TypeCase("\"\"", sql: "''", json: "\"\"", stored: .text("")),
            // One letter by one code point, and by two: both stay.
            .text("\u{e9}"), .text("e\u{301}"), .text("日本語 🚕"), .text("\u{2028}\u{7f}"),
            TypeCase("\"a,b\"", sql: "'a,b'", json: "\"a,b\"", stored: .text("a,b")),
            TypeCase(
                "\"a\"\"b\nc\"",
                sql: "'a\"b\nc'",
                json: #""a\"b\nc""#,
                stored: .text("a\"b\nc")
            ),
            TypeCase(#"a\b"#, sql: #"'a\b'"#, json: #""a\\b""#, stored: .text(#"a\b"#)),
            TypeCase("\t\u{1}", sql: "char(9, 1)", json: #""\t\u0001""#, stored: .text("\t\u{1}")),
            .text(String(repeating: "x", count: 70_000)),
        ]
    ),
    TypeCases(
        "bytes",
        [
            bytes("AP8=", [0, 255]), bytes("AA==", [0]), bytes("aGVsbG8=", Array("hello".utf8)),
            TypeCase("\"\"", sql: "X''", json: "\"\"", stored: .blob([])),
        ]
    ),
    TypeCases(
        "uuid",
        [
            .text("00000000-0000-0000-0000-000000000000"),
            .text("ffffffff-ffff-ffff-ffff-ffffffffffff"),
            .text(
                "0f8fad5b-d9cb-469f-a165-70867728950e",
                from: "0F8FAD5B-D9CB-469F-A165-70867728950E"
            ),
        ]
    ),
    TypeCases(
        "decimal",
        [
            .text("1.50"), .text("0"), .text("-0"), .text("0.00"), .text("+1"),
            .text("-123456789012345678901234567890.000000000000000001"),
            TypeCase("12", sql: "12", json: "\"12\"", stored: .text("12")),
        ]
    ),
]

private let arrayCases = [
    TypeCases(
        "array(int32)",
        [
            .container(nil, "[]"), .container("[ 0 , -7 ]", "[0,-7]"),
            .container(nil, "[2147483647,-2147483648]"),
        ]
    ),
    TypeCases(
        "array(int64)",
        [
            .container(nil, "[]"), .container(nil, "[0]"),
            .container(
                nil,
                "[9007199254740993,9223372036854775807,-9223372036854775808]"
            ),
        ]
    ),
    TypeCases(
        "array(float32)",
        [
            .container(nil, "[]"),
            .container("[0.1,0]", "[0.1,0.0]", wire: "[0.10000000149011612,0.0]"),
            .container(
                #"["NaN","Infinity","-Infinity",-0.0]"#,
                #"["NaN","Infinity","-Infinity",-0.0]"#
            ),
            .container("[16777217]", "[16777216.0]"),
        ]
    ),
    TypeCases(
        "array(float64)",
        [
            .container(nil, "[]"), .container("[0.1,0,1e-7]", "[0.1,0.0,1e-07]"),
            .container(
                #"["nan","inf","-inf",-0.0]"#,
                #"["NaN","Infinity","-Infinity",-0.0]"#
            ),
            .container(nil, "[1.7976931348623157e+308,5e-324]"),
        ]
    ),
    TypeCases(
        "array(string)",
        [
            .container(nil, "[]"), .container(nil, #"["","null","a,b","\"\\\n"]"#),
            .container(#"["\u00e9"]"#, "[\"\u{e9}\"]"), .container(nil, "[\"e\u{301}🚕\"]"),
        ]
    ),
    TypeCases(
        "array(bytes)",
        [.container(nil, "[]"), .container(nil, #"["","AP8=","AA=="]"#)]
    ),
    TypeCases(
        "array(bool)",
        [.container(nil, "[]"), .container(nil, "[true,false]")]
    ),
    TypeCases(
        "array(unix_timestamp)",
        [
            .container(nil, "[]"),
            .container(
                #"["2024-01-01T00:00:00.5Z",1.5,"1970-01-01"]"#,
                #"["2024-01-01T00:00:00.500Z","1970-01-01T00:00:01.500Z","1970-01-01T00:00:00Z"]"#,
                wire: "[1704067200,1,0]"
            ),
            .container(
                nil,
                #"["0001-01-01T00:00:00Z","9999-12-31T23:59:59.999999Z"]"#,
                wire: "[-62135596800,253402300799]"
            ),
        ]
    ),
]

private let structuredCases = [
    TypeCases(
        "map",
        [
            .container(nil, "{}"),
            .container(
                #"{ "z" : 1, "a" : [ null, {"e": "é"} ] }"#,
                #"{"z":1,"a":[null,{"e":"é"}]}"#
            ),
            .container(nil, #"{"n":9007199254740993,"d":1.50,"":""}"#),
        ]
    ),
    TypeCases(
        "json",
        [
            json(#"{"z": [1, 2]}"#, #"{"z":[1,2]}"#, #""{\"z\":[1,2]}""#),
            json("null", "null", #""null""#), json("0", "0", #""0""#),
            json(#""""#, #""""#, #""\"\"""#), json("[]", "[]", #""[]""#),
            json("9007199254740993", "9007199254740993", #""9007199254740993""#),
            json(#""é""#, #""é""#, #""\"é\"""#),
        ]
    ),
]

/// An instant: RFC 3339 in rows, whole seconds on the wire.
private func time(_ text: String, _ seconds: Int64, from source: String? = nil) -> TypeCase {
    TypeCase(
        source ?? text,
        sql: "'\(source ?? text)'",
        out: text,
        json: "\"\(text)\"",
        wire: "\(seconds)",
        stored: .text(text)
    )
}

/// Bytes: base64 in texts, a blob in SQLite.
private func bytes(_ base64: String, _ bytes: [UInt8]) -> TypeCase {
    let hexadecimal = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
    return TypeCase(
        base64,
        sql: "X'\(hexadecimal.joined())'",
        json: "\"\(base64)\"",
        stored: .blob(bytes)
    )
}

/// A JSON text: itself in rows of CSV, a string in JSON, as Feast has it.
private func json(_ source: String, _ compact: String, _ string: String) -> TypeCase {
    TypeCase(
        TypeCase.field(source),
        sql: "'\(source)'",
        out: TypeCase.field(compact),
        json: string,
        stored: .text(compact)
    )
}
