import FeatureDefinitions
import Foundation
import TestSupport
import Testing

@Suite struct IgnorePatternsTests {
    /// The definition, written down: a pattern is a regular expression with other signs.
    private func naiveMatch(_ pattern: String, _ text: String) -> Bool {
        var expression = ""
        var rest = pattern[...]
        while let first = rest.first {
            if rest.hasPrefix("**/") {
                expression += "(.*/)?"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("**") {
                expression += ".*"
                rest = rest.dropFirst(2)
            } else {
                switch first {
                case "*": expression += "[^/]*"
                case "?": expression += "[^/]"
                default: expression += NSRegularExpression.escapedPattern(for: String(first))
                }
                rest = rest.dropFirst()
            }
        }
        return text.range(of: "^(?:\(expression))$", options: .regularExpression) != nil
    }

    @Test(arguments: UInt64(0)..<300)
    func globsAgreeWithRegularExpressions(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let pattern = String(
                (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    "ab/*?*".randomElement(using: &random) ?? "a"
                }
            )
            let text = String(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    "aab/".randomElement(using: &random) ?? "a"
                }
            )
            let matches = globMatches(Array(pattern.unicodeScalars), Array(text.unicodeScalars))
            #expect(matches == self.naiveMatch(pattern, text), "\(pattern) on \(text)")
        }
    }

    @Test func aFolderPatternLeavesFilesAlone() {
        let patterns = IgnorePatterns(text: "build/\r\n*.bak\n")
        #expect(patterns.matches("a/build", isFolder: true))
        #expect(!patterns.matches("a/build", isFolder: false))
        #expect(patterns.matches("a/b.bak", isFolder: false))
        #expect(!patterns.matches("a/b.yaml", isFolder: false))
    }
}
