import Foundation
import Testing

/// Holds `docs/guarantees.md` against the tests that it names.
@Suite("The page of guarantees")
struct GuaranteeTests {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("Each guarantee names a test, and each named test exists")
    func guaranteesHaveTests() throws {
        let page = Self.root.appendingPathComponent("docs/guarantees.md")
        let promises = try String(contentsOf: page, encoding: .utf8)
            .components(separatedBy: "\n- ").dropFirst()
            .map { $0.components(separatedBy: "\n\n")[0] }
        #expect(promises.count > 4)
        let declared = try Self.declaredTests()
        for promise in promises {
            let parts = promise.components(separatedBy: "→")
            let names = parts.dropFirst().flatMap(Self.codeSpans)
            #expect(!names.isEmpty, "no test is named: \(promise)")
            for name in names {
                let exists =
                    name.contains("/")
                    ? FileManager.default.fileExists(
                        atPath: Self.root.appendingPathComponent(name).path
                    )
                    : declared.contains(name)
                #expect(exists, "there is no test \(name)")
            }
        }
    }

    /// What stands between backquotes.
    private static func codeSpans(_ text: String) -> [String] {
        text.components(separatedBy: "`").enumerated()
            .filter { $0.offset % 2 == 1 }.map(\.element)
    }

    /// The names of the types and functions that the tests declare.
    private static func declaredTests() throws -> Set<String> {
        let tests = self.root.appendingPathComponent("Tests")
        let files = FileManager.default.enumerator(atPath: tests.path)
        var names: Set<String> = []
        while let file = files?.nextObject() as? String {
            guard file.hasSuffix(".swift") else { continue }
            let text = try String(contentsOf: tests.appendingPathComponent(file), encoding: .utf8)
            for line in text.split(separator: "\n") {
                let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                guard let keyword = words.firstIndex(where: { ["struct", "func"].contains($0) }),
                    words.count > keyword + 1
                else { continue }
                names.insert(String(words[keyword + 1]))
            }
        }
        return names
    }
}
