import FeatureCompute
import FeatureModel
import Foundation
import Glibc
import NativeStorage
import OfflineStores
import Synchronization
import TestSupport
import Testing

/// A source of two columns in files that a test changes, read with a cache.
private struct ChangingSource {
    let directory: URL
    let told = Told()
    let scan = SourceScan(
        source: DataSource(name: "s", kind: .csv(.init(path: "s*.csv")), timestampField: "t"),
        joinKeys: [.init(name: "id", type: .int64)],
        features: [Field(name: "x", type: .string)]
    )

    var folder: String { self.directory.path + "/cache" }
    var text: SourceReader { SourceReader(root: self.directory.path) }
    var cached: SourceReader {
        // A cache of its own each time, as another process would have it.
        SourceReader(
            root: self.directory.path,
            cache: SourceCache(folder: self.folder, tell: self.told.add)
        )
    }

    func url(_ name: String) -> URL { self.directory.appendingPathComponent(name) }

    func write(_ cells: [String], to name: String = "s1.csv", age: Double = 100) throws {
        let lines = cells.enumerated().map { "\($0.offset % 2),\($0.offset),\($0.element)" }
        try Data((["id,t,x"] + lines).map { $0 + "\n" }.joined().utf8).write(to: self.url(name))
        try self.setAge(age, of: name)
    }

    /// Puts the time of a file back.
    func setAge(_ seconds: Double, of name: String = "s1.csv") throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000 - seconds)],
            ofItemAtPath: self.url(name).path
        )
    }

    /// Reads with the cache, and expects what the text says.
    func expect(_ events: [String], _ comment: Comment? = nil) throws {
        let expected = try readRows(self.scan, self.text)
        let found = try readRows(self.scan, self.cached)
        #expect(
            found.rows.sorted { ($0.time, $0.features[0]) < ($1.time, $1.features[0]) }
                == expected.rows.sorted { ($0.time, $0.features[0]) < ($1.time, $1.features[0]) },
            comment
        )
        #expect(self.told.take() == events, comment)
    }

    /// The names of what lies in the folder of the caches.
    var names: [String] { fileNames(in: self.folder).sorted() }

    /// The path of the only cache.
    func path() throws -> String { self.folder + "/" + (try #require(self.names.first)) }
}

private let changed = "made: the source has changed"

@Suite("Caches and their sources")
struct StaleCacheTests {
    @Test("A cache is made once, and read while the source is the same")
    func fresh() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write(["a", "b", "a"])
            try source.expect(["made"])
            try source.expect(["read"])
            // Another time and the same bytes; another file of the same bytes; another name.
            try source.setAge(50)
            try source.expect(["read"])
            try Data(contentsOf: source.url("s1.csv")).write(to: source.url("new"))
            try FileManager.default.removeItem(at: source.url("s1.csv"))
            try FileManager.default.moveItem(at: source.url("new"), to: source.url("s1.csv"))
            try source.expect(["read"])
            #expect(source.names.count == 1)
            source.cached.cache?.removeAll()
            #expect(!FileManager.default.fileExists(atPath: source.folder))
            try source.expect(["made"])
        }
    }

    @Test("A source that has changed in any way is read anew")
    func stale() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write(["a", "b", "a"])
            try source.expect(["made"])
            // The same size and the same time, in the same file.
            let before = try #require(FileStamp(path: source.url("s1.csv").path))
            let file = try FileHandle(forUpdating: source.url("s1.csv"))
            try file.seek(toOffset: UInt64("id,t,x\n0,0,".utf8.count))
            try file.write(contentsOf: Data("z".utf8))
            try file.close()
            try source.setAge(100)
            let after = try #require(FileStamp(path: source.url("s1.csv").path))
            #expect(before.size == after.size && before.modified == after.modified)
            #expect(before.inode == after.inode)
            try source.expect([changed], "edited in place")
            try source.expect(["read"])
            try source.write(["z", "b", "a", "c"])
            try source.expect([changed], "appended")
            try source.write(["z", "b"])
            try source.expect([changed], "cut")
            try source.write(["y"], to: "s2.csv")
            try source.expect([changed], "another file")
            try source.expect(["read"])
            try FileManager.default.moveItem(at: source.url("s2.csv"), to: source.url("s0.csv"))
            try source.expect([changed], "another order")
            try FileManager.default.removeItem(at: source.url("s0.csv"))
            try source.expect([changed], "one file less")
        }
    }

    @Test("A change right after the cache was made is seen, also within a tick of the clock")
    func races() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            for round in 0..<30 {
                try Data("id,t,x\n1,1,\(round % 10)\n".utf8).write(to: source.url("s1.csv"))
                let expected = try readRows(source.scan, source.text).rows
                #expect(try readRows(source.scan, source.cached).rows == expected)
                let file = try FileHandle(forUpdating: source.url("s1.csv"))
                try file.seek(toOffset: 11)
                try file.write(contentsOf: Data("x".utf8))
                try file.close()
                let rows = try readRows(source.scan, source.cached).rows
                #expect(rows.map(\.features) == [["string(\"x\")"]])
            }
        }
    }

    @Test("Another reading of the same files has a cache of its own")
    func readings() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write(["1", "2", "NA"])
            try source.expect(["made"])
            var scans: [SourceScan] = []
            scans.append(source.scan)
            scans[0].source.kind = .csv(.init(path: "s*.csv", nullValues: ["", "NA"]))
            scans.append(source.scan)
            scans[1].features = [Field(name: "x", type: .json)]
            scans.append(source.scan)
            scans[2].source.timezone = "Europe/Oslo"
            scans.append(source.scan)
            scans[3].joinKeys = [.init(name: "id", type: .string)]
            scans.append(source.scan)
            scans[4].source.timestampField = nil
            scans.append(source.scan)
            scans[5].source.fieldMapping = ["id": "x", "x": "id"]
            for scan in scans {
                let expected = try readRows(scan, source.text)
                for event in ["made", "read"] {
                    let found = try readRows(scan, source.cached)
                    #expect(found.rows.count == expected.rows.count)
                    #expect(found.rows.allSatisfy { expected.rows.contains($0) })
                    #expect(source.told.take() == [event])
                }
            }
            try source.expect(["read"])
            #expect(source.names.count == 1 + scans.count)
        }
    }

    @Test("No byte of a cache can be wrong without being found out")
    func corruption() throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: 1)
            let source = ChangingSource(directory: directory)
            try source.write(["ab", "", "\"\"", "ab"])
            try source.expect(["made"])
            let path = try source.path()
            let good = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            let expected = try readRows(source.scan, source.cached)
            _ = source.told.take()
            for position in good.indices {
                var bytes = good
                bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let found = try readRows(source.scan, source.cached)
                #expect(found.rows == expected.rows, "byte \(position)")
                #expect(found.report.rowsRead == expected.report.rowsRead)
                let events = source.told.take()
                #expect(events.last?.hasPrefix("made") ?? false, "byte \(position): \(events)")
            }
            for count in 0..<good.count where count % 7 == 0 || count > good.count - 9 {
                try Data(good[..<count]).write(to: URL(fileURLWithPath: path))
                #expect(try readRows(source.scan, source.cached).rows == expected.rows)
                #expect(source.told.take().last?.hasPrefix("made") ?? false)
            }
            try Data(good + [0]).write(to: URL(fileURLWithPath: path))
            try source.expect(["made: \(path) is damaged"])
        }
    }

    @Test("A cache of a later version is made anew, and it is said why")
    func laterVersion() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write(["a"])
            try source.expect(["made"])
            let path = try source.path()
            var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            bytes[8] = 9
            let sum = blockChecksum(bytes.span.extracting(0..<48))
            for index in 0..<8 { bytes[48 + index] = UInt8(truncatingIfNeeded: sum >> (index * 8)) }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            try source.expect(["made: \(path) has version 9 of the format, not 1"])
            try source.expect(["read"])
        }
    }

    @Test("Two that make a cache at once both read the right rows, and one cache is left")
    func together() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write((0..<3_000).map { "text \($0 % 300)" })
            let expected = try readRows(source.scan, source.text).rows.count
            let counts: Mutex<[Int]> = Mutex([])
            let done = DispatchSemaphore(value: 0)
            for _ in 0..<4 {
                nonisolated(unsafe) let scan = source.scan
                let reader = source.cached
                Thread.detachNewThread {
                    let rows = (try? readRows(scan, reader).rows.count) ?? -1
                    counts.withLock { $0.append(rows) }
                    done.signal()
                }
            }
            for _ in 0..<4 { done.wait() }
            #expect(counts.withLock { $0 } == Array(repeating: expected, count: 4))
            #expect(source.names.count == 1)
            _ = source.told.take()
            try source.expect(["read"])
        }
    }

    @Test("What a killed process left is removed, and what another one writes is not")
    func leftovers() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write(["a"])
            try makeFolder(source.folder)
            let left = source.folder + "/.fstore-1-2.tmp"
            #expect(FileManager.default.createFile(atPath: left, contents: Data("x".utf8)))
            let other = try TemporaryFile(in: source.folder)
            try source.expect(["made"])
            #expect(!FileManager.default.fileExists(atPath: left))
            #expect(source.names.count == 2)
            _ = consume other
            #expect(source.names.count == 1)
        }
    }

    @Test("Where no cache can be made the source is read as text, and it is said why, once")
    func impossible() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try source.write(["a", "b"])
            try Data().write(to: source.url("cache"))
            let reader = source.cached
            #expect(try readRows(source.scan, reader).rows.count == 2)
            let told = source.told.take()
            #expect(told.count == 1 && told[0].hasPrefix("not used: cannot write"))
            #expect(try readRows(source.scan, reader).rows.count == 2)
            #expect(source.told.take() == [])
            // Another source may have better luck.
            try FileManager.default.removeItem(at: source.url("cache"))
            #expect(try readRows(source.scan, reader).rows.count == 2)
            #expect(source.told.take() == [])
            try source.write(["a", "b", "c"])
            #expect(try readRows(source.scan, reader).rows.count == 3)
            #expect(source.told.take() == ["made"])
        }
    }

    @Test("A source that cannot be read is the same mistake with a cache and without")
    func brokenSource() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            func message(_ reader: SourceReader) -> String? {
                do {
                    _ = try readRows(source.scan, reader)
                    return nil
                } catch {
                    return "\(error)"
                }
            }
            #expect(message(source.text) == message(source.cached))
            try Data("id,t,x\n1,2,\"never closed\n".utf8).write(to: source.url("s1.csv"))
            #expect(message(source.text) != nil)
            #expect(message(source.text) == message(source.cached))
            try source.write(["a"])
            try Data("id,t,y\n".utf8).write(to: source.url("s2.csv"))
            #expect(message(source.text) != nil)
            #expect(message(source.text) == message(source.cached))
            #expect(source.told.take() == [])
            #expect(source.names == [])
        }
    }

    @Test("A strict scan of bad rows fails as it does without a cache")
    func strict() throws {
        try withTemporaryDirectory { directory in
            let source = ChangingSource(directory: directory)
            try Data("id,t,x\n1,2,a\nb,3,c\n".utf8).write(to: source.url("s1.csv"))
            var scan = source.scan
            scan.strict = true
            for _ in 0..<2 {
                let error = #expect(throws: OfflineStoreError.self) {
                    try readRows(scan, source.cached)
                }
                #expect(error?.message.contains("1 bad row of 2 (strict)") ?? false)
            }
            #expect(source.told.take() == ["made"])
            try source.expect(["read"])
        }
    }
}
