import FeatureCompute
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@testable import FeatureServer

/// A tree, only for tests.
private indirect enum Tree: Equatable {
    case null
    case boolean(Bool)
    case number(JSONNumber)
    case string(String)
    case array([Tree])
    case object([Pair])

    struct Pair: Equatable {
        var key: String
        var value: Tree
    }
}

private func parse(_ parser: inout JSONParser) throws(RequestError) -> Tree {
    switch try parser.peek() {
    case .null:
        try parser.takeNull()
        return .null
    case .boolean: return .boolean(try parser.takeBoolean())
    case .number: return .number(try parser.takeNumber())
    case .string: return .string(try parser.takeString())
    case .array:
        var elements: [Tree] = []
        try parser.enterArray()
        while try parser.hasElement() { elements.append(try parse(&parser)) }
        return .array(elements)
    case .object:
        var pairs: [Tree.Pair] = []
        try parser.enterObject()
        while let key = try parser.nextKey() {
            pairs.append(Tree.Pair(key: key, value: try parse(&parser)))
        }
        return .object(pairs)
    }
}

private func tree(_ bytes: [UInt8]) throws(RequestError) -> Tree {
    var parser = JSONParser(bytes.span)
    let tree = try parse(&parser)
    try parser.finish()
    return tree
}

private func tree(_ text: String) throws(RequestError) -> Tree {
    try tree(Array(text.utf8))
}

extension SeededGenerator {
    fileprivate mutating func tree(depth: Int = 0) -> Tree {
        switch Int.random(in: 0..<(depth < 3 ? 7 : 5), using: &self) {
        case 0: .null
        case 1: .boolean(Bool.random(using: &self))
        case 2: .number(.integer(self.integer()))
        case 3: .number(.float(self.double()))
        case 4: .string(self.text())
        case 5: .array((0..<self.count()).map { _ in self.tree(depth: depth + 1) })
        default:
            .object(
                (0..<self.count()).map { _ in
                    Tree.Pair(key: self.text(), value: self.tree(depth: depth + 1))
                }
            )
        }
    }

    private mutating func count() -> Int { Int.random(in: 0..<4, using: &self) }

    fileprivate mutating func integer() -> Int64 {
        let shift = Int64.random(in: 0..<64, using: &self)
        return Int64.random(in: .min ... .max, using: &self) >> shift
    }

    fileprivate mutating func double() -> Double {
        switch Int.random(in: 0..<3, using: &self) {
        case 0: Double(Int.random(in: -2_000_000...2_000_000, using: &self)) / 1e6
        case 1: Double(Int.random(in: -99...99, using: &self))
        default:
            {
                let double = Double(bitPattern: self.next())
                return double.isFinite ? double : 0.5
            }()
        }
    }

    fileprivate mutating func text() -> String {
        let alphabet: [Unicode.Scalar] = [
            "a", "\"", "\\", "\n", "\u{1}", "é", "\u{1F600}", "/", "\u{7F}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<6, using: &self) {
            text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &self)])
        }
        return text
    }
}

private func write(_ tree: Tree, to bytes: inout [UInt8], random: inout SeededGenerator) {
    let spaces = ["", "", " ", "\n\t", "\r "]
    func space(_ random: inout SeededGenerator) -> String.UTF8View {
        spaces[Int.random(in: 0..<spaces.count, using: &random)].utf8
    }
    bytes += space(&random)
    switch tree {
    case .null: bytes += "null".utf8
    case .boolean(let boolean): bytes += "\(boolean)".utf8
    case .number(.integer(let integer)): CellFormatter.append(integer: integer, to: &bytes)
    case .number(.float(let float)): CellFormatter.append(float: float, isSingle: false, to: &bytes)
    case .string(let string): bytes.append(jsonString: string)
    case .array(let elements):
        bytes += "[".utf8
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes += ",".utf8 }
            write(element, to: &bytes, random: &random)
        }
        bytes += space(&random)
        bytes += "]".utf8
    case .object(let pairs):
        bytes += "{".utf8
        for (index, pair) in pairs.enumerated() {
            if index > 0 { bytes += ",".utf8 }
            bytes += space(&random)
            bytes.append(jsonString: pair.key)
            bytes += space(&random)
            bytes += ":".utf8
            write(pair.value, to: &bytes, random: &random)
        }
        bytes += space(&random)
        bytes += "}".utf8
    }
    bytes += space(&random)
}

@Suite struct JSONParserTests {
    @Test(arguments: UInt64(0)..<300)
    func readsWhatWasWritten(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            let written = random.tree()
            var bytes: [UInt8] = []
            write(written, to: &bytes, random: &random)
            #expect(try tree(bytes) == written, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test(arguments: UInt64(0)..<300)
    func neitherTrapsNorDisagreesWithFoundationOnMutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var bytes: [UInt8] = []
            write(random.tree(), to: &bytes, random: &random)
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                let letters = Array("{}[]\",:\\u0e+-.1 ntf\u{80}".utf8)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = letters[Int.random(in: 0..<letters.count, using: &random)]
                case 1: bytes.remove(at: index)
                default: bytes[index] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let isValid = (try? tree(bytes)) != nil
            // Foundation is laxer (BOM, other encodings, NUL), never stricter but for huge numbers.
            if isValid, !bytes.contains(UInt8(ascii: "e")), !bytes.contains(UInt8(ascii: "E")) {
                let options: JSONSerialization.ReadingOptions = [.fragmentsAllowed]
                let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: options)
                #expect(other != nil, "\(String(decoding: bytes, as: UTF8.self))")
            }
            _ = try? OnlineFeaturesRequest(json: bytes.span, limits: ServerLimits())
            _ = try? MaterializationRequest(json: bytes.span, isIncremental: false)
        }
    }

    @Test(arguments: UInt64(0)..<100)
    func randomBytesNeverTrap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = try? tree(bytes)
        }
    }

    @Test(arguments: [
        "", " ", "{", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\":1 \"b\":2}", "nul", "nulL", "tru", "True", "NaN",
        "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e5", "0x10", "1 2", "[]]",
        "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\uD800\"", "\"\\uDC00\"",
        "\"\\uD800\\uD800\"", "\"\\uD800x\"", "\"a\nb\"", "\"\t\"", "\"\\u00e9\t\"", "//", "[1]//",
    ])
    func refuses(_ text: String) {
        #expect(throws: RequestError.self) { try tree(text) }
    }

    @Test func refusesTextThatIsNoUTF8() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0xEF, 0xBB, 0xBF, 0x31], [0x22, 0xC3, 0x22],
        ] {
            #expect(throws: RequestError.self) { try tree(bytes) }
        }
    }

    @Test func readsNumbersExactly() throws {
        let cases: [(String, JSONNumber)] = [
            ("0", .integer(0)), ("-0", .integer(0)),
            ("9007199254740993", .integer(9_007_199_254_740_993)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .float(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .float(-9_223_372_036_854_775_808)),
            ("1.0", .float(1)), ("1e2", .float(100)), ("-0.0", .float(-0.0)), ("1.5", .float(1.5)),
            ("1e400", .float(.infinity)), ("0e0", .float(0)),
            ("5e-324", .float(.leastNonzeroMagnitude)),
        ]
        for (text, number) in cases {
            #expect(try tree(text) == .number(number), "\(text)")
        }
    }

    @Test func readsEscapes() throws {
        #expect(try tree(#""\u00e9\"\\\/\b\f\n\r\t""#) == .string("é\"\\/\u{8}\u{C}\n\r\t"))
        #expect(try tree(#""\uD83D\uDE00\u0000""#) == .string("\u{1F600}\0"))
    }

    @Test func limitsTheDepth() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try tree(deepest) }
        #expect(throws: RequestError.self) { try tree("[\(deepest)]") }
        let nested = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: RequestError.self) {
            try OnlineFeaturesRequest(json: Array(nested.utf8).span, limits: ServerLimits())
        }
    }
}
