import Foundation
import TestSupport
import Testing

/// The bytes from which the fuzzers start, and those that once broke something.
@Suite struct CorpusTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Corpus").path

    @Test("What the fuzzers start from, and have found, is read", arguments: FuzzTarget.allCases)
    func corpus(target: FuzzTarget) throws {
        let folder = "\(Self.folder)/\(target)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(!names.isEmpty)
        try withTemporaryDirectory { directory in
            let workspace = FuzzWorkspace(directory: directory.path)
            for name in names {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
                target.read(Array(bytes), in: workspace)
            }
        }
    }

    @Test("Seeds with a byte changed, left out or doubled are read", arguments: FuzzTarget.allCases)
    func mutations(target: FuzzTarget) throws {
        let folder = "\(Self.folder)/\(target)"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        try withTemporaryDirectory { directory in
            let workspace = FuzzWorkspace(directory: directory.path)
            var random = SeededGenerator(seed: 20)
            for _ in 0..<120 {
                let name = names.randomElement(using: &random) ?? ""
                var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let index = Int.random(in: bytes.indices, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes.remove(at: index)
                    case 1: bytes.insert(bytes[index], at: index)
                    case 2: bytes.removeSubrange(index...)
                    default: bytes[index] = .random(in: 0...255, using: &random)
                    }
                }
                target.read(bytes, in: workspace)
            }
        }
    }
}
