import FeatureModel
import TestSupport
import Testing
import Yams

@testable import FeatureDefinitions

@Suite struct ScalarKindTests {
    /// Pieces of what YAML takes for numbers, times, truth values and nulls, and of names.
    private static let pieces = [
        "t", "T", "rue", "RUE", "f", "alse", "y", "es", "YES", "n", "o", "N", "O", "on", "off",
        "ull",
        "null", "NULL", "~", "", "0", "1", "7", "_", ".", "-", "+", "e", "E", "inf", "nan", ":",
        "x",
        "0x", "0o", "0b", "a", "view", "2026-01-02", " ", "\n", "<<", "=", "é",
    ]

    @Test func aTextThatIsSurelyOneIsOneByTheRulesOfYAML() {
        var random = SeededGenerator(seed: 1)
        var sure = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...4, using: &random)
            let text = (0..<count)
                .map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
            guard Node.isSurelyText(text) else { continue }
            sure += 1
            #expect(Node(text).tag.rawValue == Tag.Name.str.rawValue, "\(text)")
        }
        #expect(sure > 1_000)
    }

    @Test func scalarsAreWhatYAMLTakesThemFor() throws {
        let text = """
            [word, "7", 7, 1.5, .inf, true, "true", off, null, ~, "", 2026-01-02, falsehood, nullable,
             !!str 7, !!int "7", 'no', no]
            """
        let root = try #require(try YAMLDocuments.roots(of: text, file: "a.yaml").first)
        let kinds = try #require(root.sequence).map(\.scalarKind)
        #expect(
            kinds == [
                .text, .text, .number, .number, .number, .bool, .text, .bool, .null, .null, .text,
                .text, .text, .text, .text, .number, .text, .bool,
            ]
        )
    }

    @Test func aNumberAndItsTextAreOneKey() throws {
        let definitions = goodDefinitions.replacing(
            "ttl: 1d",
            with: "tags: { 1: a, \"1\": b }\n    ttl: 1d"
        )
        let found = try problems([
            "feature_store.yaml": "project: p\n", "all.yaml": definitions,
        ])
        #expect(found.count == 1)
        #expect(found.first?.contains("the key \"1\" occurs more than once") ?? false, "\(found)")
    }
}
