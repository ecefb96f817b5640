import Foundation
import TestSupport
import Testing

/// The sessions that the pages of `docs` show are what the program does.
struct DocumentTests {
    /// A block between fences: the words behind the first fence, and its lines.
    private struct Block {
        let words: [String]
        let lines: [String]
    }

    private func blocks(of page: String) throws -> [Block] {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let path = root.appendingPathComponent("docs/\(page)")
        let text = try String(contentsOf: path, encoding: .utf8)
        var blocks: [Block] = []
        var words: [String]?
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.hasPrefix("```") else {
                lines.append(String(line))
                continue
            }
            if let open = words {
                blocks.append(Block(words: open, lines: lines))
                words = nil
            } else {
                words = line.dropFirst(3).split(separator: " ").map(String.init)
            }
            lines = []
        }
        return blocks
    }

    /// Columns may be wider or narrower by what differs from run to run.
    private func comparable(_ text: String) -> String {
        text.stable().replacingOccurrences(
            of: " +",
            with: " ",
            options: .regularExpression
        )
        .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test
    func `The session of the page about schema evolution is what happens`() throws {
        try withTemporaryDirectory { directory in
            var commands = 0
            for block in try self.blocks(of: "schema-evolution.md") {
                if block.words.count == 2 {
                    let path = directory.appendingPathComponent(block.words[1])
                    try Data((block.lines.joined(separator: "\n") + "\n").utf8).write(to: path)
                    continue
                }
                guard block.words == ["console"] else { continue }
                let text = block.lines.joined(separator: "\n")
                for step in text.components(separatedBy: "$ fstore ").dropFirst() {
                    let parts = step.split(separator: "\n", maxSplits: 1).map(String.init)
                    let arguments = parts[0].split(separator: " ").map(String.init)
                    let result = try Program.run(arguments, in: directory.path)
                    #expect(
                        self.comparable(result.output + result.errors)
                            == self.comparable(parts.count > 1 ? parts[1] : ""),
                        "fstore \(parts[0])"
                    )
                    #expect((result.exitCode == 0) == result.errors.isEmpty)
                    commands += 1
                }
            }
            #expect(commands == 16)
        }
    }
}
