import Foundation
import TestSupport
import Testing

/// The examples of `docs/serving.md`, run as they stand there.
struct ServingDocumentTests {
    @Test
    func `The page's requests have the answers that it shows`() throws {
        let blocks = try self.blocks()
        try withTemporaryDirectory { directory in
            for block in blocks {
                guard let name = block.value("file") else { continue }
                try Data(block.text.utf8).write(to: directory.appendingPathComponent(name))
            }
            for command in ["apply", "materialize"] {
                #expect(try Program.run([command], in: directory.path).exitCode == 0)
            }
            let server = try RunningServer(in: directory.path)
            let request = try #require(blocks.first { $0.value("request") != nil })
            let answer = try #require(blocks.first { $0.words.contains("answer") })
            let reply = try server.post(try #require(request.value("request")), request.text)
            #expect(reply.status == 200)
            #expect(
                try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? NSDictionary
                    == JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? NSDictionary,
                "\(reply.body)"
            )
            let matrix = try #require(blocks.first { $0.words == ["matrix"] })
            let expected = try self.bytes(of: matrix)
            // Alone on its connection, and as one of many.
            for keepsAlive in [false, true] {
                let bytes = try RunningServer.answer(
                    "POST",
                    "/get-online-features",
                    try self.matrixRequest(of: blocks),
                    headers: "Accept: application/x-fstore-f32\r\n",
                    port: server.port,
                    keepsAlive: keepsAlive
                )
                #expect(Array(bytes.suffix(expected.count)) == expected)
                let head = String(decoding: bytes, as: UTF8.self)
                #expect(head.contains("content-type: application/x-fstore-f32\r\n"))
                #expect(head.contains("content-length: \(expected.count)\r\n"))
            }

            let text = try server.post(
                "/get-online-features",
                #"{"features": ["driver_stats:city"], "entities": {"driver_id": [1001]}}"#,
                headers: "Accept: application/x-fstore-f32\r\n"
            )
            #expect(text.status == 406 && text.body.contains(#"\"city\" is string"#))
            #expect(try server.stop().exitCode == 0)
        }
    }

    @Test
    func `A program without gRPC says how to get one with it`() throws {
        try withTemporaryDirectory { directory in
            let result = try Program.run(["serve", "--grpc-port", "0"], in: directory.path)
            // One that was built with it fails for the repository that is not there.
            guard result.exitCode == 64 else {
                #expect(result.exitCode == 1)
                return
            }
            #expect(
                result.errors.contains("`swift build -c release --product fstore --traits GRPC`")
            )
        }
    }

    /// The request for the matrix: what stands after `request = ` in Python, which is JSON.
    private func matrixRequest(of blocks: [Block]) throws -> String {
        let lines = blocks.flatMap { $0.text.components(separatedBy: "\n") }
        let line = try #require(lines.first { $0.hasPrefix("request = {") })
        return String(line.dropFirst(10))
    }

    /// The bytes of lines such as ` 64  00 00 00 3f   0.5`, each of which begins where it says.
    private func bytes(of block: Block) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for line in block.text.split(separator: "\n") {
            let offset = try #require(Int(line.prefix(3).trimmingCharacters(in: .whitespaces)))
            try #require(offset == bytes.count, "\(line)")
            for word in line.dropFirst(5).prefix(23).split(separator: " ") {
                bytes.append(try #require(UInt8(word, radix: 16), "\(line)"))
            }
        }
        return bytes
    }

    /// A fenced block: what stands after the fence, and the lines in it.
    private struct Block {
        let words: [String]
        let text: String

        func value(_ name: String) -> String? {
            self.words.first { $0.hasPrefix("\(name)=") }
                .map { String($0.dropFirst(name.count + 1)) }
        }
    }

    private func blocks() throws -> [Block] {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = package.appendingPathComponent("docs/serving.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        var blocks: [Block] = []
        for (index, part) in text.components(separatedBy: "```").enumerated()
        where index % 2 == 1 {
            let lines = part.components(separatedBy: "\n")
            blocks.append(
                Block(
                    words: lines[0].split(separator: " ").map(String.init),
                    text: lines.dropFirst().joined(separator: "\n")
                )
            )
        }
        return blocks
    }
}
