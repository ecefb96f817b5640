import Foundation
import TestSupport
import Testing

/// The examples of `docs/training-sets.md`, run as they stand there.
struct TrainingSetDocumentTests {
    /// A fenced block: what stands after the fence, and the lines in it.
    private struct Block {
        let words: [String]
        let text: String
    }

    @Test
    func `The document's commands print what it says`() throws {
        try withTemporaryDirectory { directory in
            let blocks = try self.blocks()
            try FileManager.default.createDirectory(
                at: directory.appendingPathComponent("data"),
                withIntermediateDirectories: false
            )
            var isApplied = false
            var commands = 0
            var answers = 0
            var request: (path: String, body: String)?
            for block in blocks {
                if let name = self.value("file", of: block) {
                    try Data(block.text.utf8).write(to: directory.appendingPathComponent(name))
                    continue
                }
                if !isApplied {
                    #expect(try Program.run(["apply"], in: directory.path).exitCode == 0)
                    isApplied = true
                }
                if block.words.first == "console" {
                    commands += try self.run(block.text, in: directory)
                } else if let path = self.value("request", of: block) {
                    request = (path, block.text)
                } else if block.words.contains("answer"), let asked = request {
                    let server = try RunningServer(in: directory.path)
                    let reply = try server.post(asked.path, asked.body)
                    #expect(try server.stop().exitCode == 0)
                    #expect(reply.status == 200, "\(reply.text)")
                    let end = try #require(reply.text.range(of: "\r\n\r\n")).upperBound
                    let body = String(reply.text[end...])
                    #expect(try self.object(body) == self.object(block.text), "\(body)")
                    answers += 1
                }
            }
            #expect(commands >= 12 && answers == 1, "the document has lost its examples")
        }
    }

    /// Runs the commands of a block and compares what each prints.
    ///
    /// - Returns: How many there were.
    private func run(_ text: String, in directory: URL) throws -> Int {
        var count = 0
        for part in ("\n" + text).components(separatedBy: "\n$ ").dropFirst() {
            var lines = part.components(separatedBy: "\n")
            let command = lines.removeFirst()
            let words = command.split(separator: " ").map(String.init)
            if words[0] == "echo", words.count == 4, words[2] == ">>" {
                let file = directory.appendingPathComponent(words[3])
                let bytes = try Data(contentsOf: file)
                try (bytes + Data((words[1] + "\n").utf8)).write(to: file)
                continue
            }
            #expect(words[0] == "fstore")
            let result = try Program.run(Array(words.dropFirst()), in: directory.path)
            let printed = (result.output + result.errors).stable()
            let expected = lines.joined(separator: "\n").stable()
            #expect(
                printed.trimmingCharacters(in: .newlines)
                    == expected.trimmingCharacters(in: .newlines),
                "\(command)"
            )
            #expect((result.exitCode != 0) == expected.contains("error: "), "\(command)")
            count += 1
        }
        return count
    }

    private func value(_ name: String, of block: Block) -> String? {
        block.words.first { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    /// A JSON text in one spelling, without how long something took.
    private func object(_ text: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        var members = try #require(object as? [String: Any])
        var report = try #require(members["report"] as? [String: Any])
        report["seconds"] = nil
        members["report"] = report
        let data = try JSONSerialization.data(withJSONObject: members, options: .sortedKeys)
        return String(decoding: data, as: UTF8.self)
    }

    private func blocks() throws -> [Block] {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(
            contentsOf: package.appendingPathComponent("docs/training-sets.md"),
            encoding: .utf8
        )
        var blocks: [Block] = []
        var open: (words: [String], lines: [String])?
        for line in text.components(separatedBy: "\n") {
            if line.hasPrefix("```"), let block = open {
                let lines = block.lines.map { $0 + "\n" }.joined()
                blocks.append(Block(words: block.words, text: lines))
                open = nil
            } else if line.hasPrefix("```") {
                open = (line.dropFirst(3).split(separator: " ").map(String.init), [])
            } else {
                open?.lines.append(line)
            }
        }
        return blocks
    }
}
