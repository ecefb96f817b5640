import FeatureModel
import Foundation
import NativeStorage
import OfflineStores
import TestSupport
import Testing

@Suite struct ReadFilesTests {
    @Test("A database that is written, to itself or to its log, is another one")
    func databases() throws {
        try withTemporaryDirectory { directory in
            func write(_ name: String, _ text: String) throws {
                try Data(text.utf8).write(to: directory.appendingPathComponent(name))
            }
            let reader = SourceReader(root: directory.path)
            let sources = [
                DataSource(name: "a", kind: .sqlite(.init(path: "a.db", relation: .table("t")))),
                DataSource(name: "b", kind: .csv(.init(path: "b*.csv"))),
                DataSource(name: "c", kind: .push(.init(batchSource: "b"))),
            ]
            /// How files are, as if it had been seen a minute later.
            func seen() throws -> ReadFiles {
                var files = ReadFiles(paths: [])
                files.add(sources, of: reader)
                let text = String(decoding: try JSONEncoder().encode(files), as: UTF8.self)
                let key = "\"checked\":"
                let start = try #require(text.range(of: key)?.upperBound)
                let digits = text[start...].prefix { $0.isNumber }
                let later = try #require(Int(digits)) + 60_000_000_000
                let aged = text.replacingOccurrences(of: key + digits, with: "\(key)\(later)")
                return try JSONDecoder().decode(ReadFiles.self, from: Data(aged.utf8))
            }
            try write("a.db", "a")
            try write("b1.csv", "x")
            let changes: [(name: String, text: String)] = [
                ("a.db", "more"), ("a.db-wal", "log"), ("a.db-wal", "longer log"),
                ("b1.csv", "y"), ("b2.csv", "x"),
            ]
            for (name, text) in changes {
                let before = try seen()
                #expect(ReadFiles(paths: []).areSame(as: before, reader: reader))
                try write(name, text)
                #expect(!ReadFiles(paths: []).areSame(as: before, reader: reader), "\(name)")
            }
        }
    }
}
