import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite struct RocksDBTests {
    @Test func whatIsWrittenIsReadAlsoAfterReopening() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("db").path
            do {
                let database = try RocksDB(path: path, cacheBytes: 1 << 20)
                var batch = WriteBatch()
                batch.put([1, 2], [3])
                batch.put([], [9])
                batch.put([7], [])
                batch.put([8], [8])
                batch.delete([8])
                #expect(batch.count == 5)
                try database.write(batch, synced: true)
                #expect(try database.value([1, 2]) == [3])
            }
            let database = try RocksDB(path: path, cacheBytes: 1 << 20)
            #expect(try database.value([1, 2]) == [3])
            #expect(try database.value([]) == [9])
            #expect(try database.value([7]) == [])
            #expect(try database.value([8]) == nil)
            #expect(database.property("rocksdb.no-such-thing") == nil)
            #expect(database.approximateSize > 0)
        }
    }

    @Test func `A purge removes files that a failed write left, which RocksDB does not remember`()
        throws
    {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("db").path
            let database = try RocksDB(path: path, cacheBytes: 1 << 20)
            var batch = WriteBatch()
            batch.put([1], [2])
            try database.write(batch, synced: true)
            let left = ["MANIFEST-000001", "000002.sst"].map { "\(path)/\($0)" }
            for file in left { try Data("old".utf8).write(to: URL(fileURLWithPath: file)) }
            try database.purge(marker: [0])
            for file in left { #expect(!FileManager.default.fileExists(atPath: file)) }
            #expect(try database.value([1]) == [2])
        }
    }

    @Test(arguments: UInt64(0)..<10)
    func agreesWithADictionary(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let database = try RocksDB(
                path: directory.appendingPathComponent("db").path,
                cacheBytes: 1 << 20
            )
            var expected: [[UInt8]: [UInt8]] = [:]
            for round in 0..<5 {
                if Bool.random(using: &random) {
                    var batch = WriteBatch()
                    for _ in 0..<20 {
                        let key = randomKey(&random)
                        if Int.random(in: 0..<4, using: &random) == 0 {
                            batch.delete(key)
                            expected[key] = nil
                        } else {
                            let value = [UInt8](repeating: .random(in: 0...255), count: 5)
                            batch.put(key, value)
                            expected[key] = value
                        }
                    }
                    try database.write(batch, synced: false)
                } else {
                    let keys = Set((0..<20).map { _ in randomKey(&random) })
                        .sorted { $0.lexicographicallyPrecedes($1) }
                    try ingest(
                        [Array(keys.prefix(5)), Array(keys.dropFirst(5))],
                        value: [UInt8(round)],
                        into: database,
                        directory: directory
                    )
                    for key in keys {
                        expected[key] = [UInt8(round)]
                    }
                }
            }
            database.compact()

            try checkReads(database, expected, &random)
            try checkScans(database, expected, &random)
        }
    }

    @Test func keysOfAFileMustAscend() throws {
        try withTemporaryDirectory { directory in
            var writer = try SSTFileWriter(path: directory.appendingPathComponent("a.sst").path)
            try writer.put([2], [])
            do throws(RocksDBError) {
                try writer.put([1], [])
                Issue.record("a smaller key was taken")
            } catch {
                #expect(error.code == .invalidArgument)
            }
        }
    }

    @Test func anIngestThatFailsChangesNothing() throws {
        try withTemporaryDirectory { directory in
            let database = try RocksDB(path: directory.appendingPathComponent("db").path)
            let path = directory.appendingPathComponent("a.sst").path
            var writer = try SSTFileWriter(path: path)
            try writer.put([1], [1])
            try writer.finish()
            #expect(throws: RocksDBError.self) {
                try database.ingest([path, directory.appendingPathComponent("none.sst").path])
            }
            #expect(try database.value([1]) == nil)
            try database.ingest([path])
            #expect(try database.value([1]) == [1])
        }
    }

    @Test func aFileInTheWayIsAnError() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("file").path
            try Data([1]).write(to: URL(fileURLWithPath: path))
            #expect(throws: RocksDBError.self) { _ = try RocksDB(path: path + "/db") }
        }
    }

    @Test func aDatabaseThatIsOpenIsLocked() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("db").path
            let database = try RocksDB(path: path)
            do throws(RocksDBError) {
                _ = try RocksDB(path: path)
                Issue.record("the database was opened twice")
            } catch {
                #expect(error.code == .locked)
            }
            #expect(try database.value([1]) == nil)
        }
    }

    @Test func theChecksumIsTheOneOfZlib() {
        #expect(checksum(of: Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(checksum(of: []) == 0)
    }
}

private func randomKey(_ random: inout SeededGenerator) -> [UInt8] {
    (0..<Int.random(in: 0...3, using: &random)).map { _ in
        [0, 1, 2, 255].randomElement(using: &random) ?? 0
    }
}

private func ingest(
    _ files: [[[UInt8]]],
    value: [UInt8],
    into database: RocksDB,
    directory: URL
) throws {
    var paths: [String] = []
    for (index, keys) in files.enumerated() where !keys.isEmpty {
        let path = directory.appendingPathComponent("\(index).sst").path
        var writer = try SSTFileWriter(path: path)
        for key in keys {
            try writer.put(key, value)
        }
        try writer.finish()
        paths.append(path)
    }
    try database.ingest(paths)
}

private func checkReads(
    _ database: RocksDB,
    _ expected: [[UInt8]: [UInt8]],
    _ random: inout SeededGenerator
) throws {
    let keys = (0..<100).map { _ in randomKey(&random) }
    let bytes = keys.flatMap { $0 }
    var ends: [Int] = []
    for key in keys {
        ends.append((ends.last ?? 0) + key.count)
    }
    var found: [[UInt8]?] = []
    try database.values(forKeys: bytes.span, ends: ends.span) { index, value in
        #expect(index == found.count)
        if let value {
            found.append(value.indices.map { value[$0] })
        } else {
            found.append(nil)
        }
    }
    #expect(found == keys.map { expected[$0] })
}

private func checkScans(
    _ database: RocksDB,
    _ expected: [[UInt8]: [UInt8]],
    _ random: inout SeededGenerator
) throws {
    for _ in 0..<10 {
        let lower = randomKey(&random)
        let upper = Bool.random(using: &random) ? randomKey(&random) : nil
        let limit = Int.random(in: 1...40, using: &random)
        var found: [[UInt8]] = []
        try database.scan(from: lower, to: upper) { key, value in
            let key = key.indices.map { key[$0] }
            let value = value.indices.map { value[$0] }
            #expect(expected[key] == value)
            found.append(key)
            return found.count < limit
        }
        let inRange = expected.keys.sorted { $0.lexicographicallyPrecedes($1) }
            .filter { key in
                !key.lexicographicallyPrecedes(lower)
                    && (upper.map { key.lexicographicallyPrecedes($0) } ?? true)
            }
        #expect(found == Array(inRange.prefix(limit)))
    }
}
