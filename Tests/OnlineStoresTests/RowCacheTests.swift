import FeatureModel
import Foundation
import OnlineStores
import Synchronization
import TestSupport
import Testing

/// A store with a cache says what the database says.
@Suite struct RowCacheTests {
    private static let budgets = [0, 700, 5000, 1 << 20]

    private func store(
        _ directory: URL,
        budget: Int,
        memory: Int = 64 << 20
    ) throws -> RocksDBOnlineStore {
        try RocksDBOnlineStore(
            directory: directory.appendingPathComponent("online").path,
            project: "p",
            cacheBytes: 1 << 20,
            rowCacheBytes: budget,
            loadMemory: memory
        )
    }

    @Test("Whatever is written, reads find what the database has", arguments: 0..<40)
    func agreesWithTheDatabase(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let store = try self.store(
                directory,
                budget: Self.budgets[Int(seed) % Self.budgets.count],
                memory: Bool.random(using: &random) ? 1 : 64 << 20
            )
            var identity = "source"
            for _ in 0..<25 {
                let rows = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                    TestRow(
                        id: .random(in: 0...9, using: &random),
                        eventTime: .random(in: 0...4, using: &random),
                        writeTime: .random(in: 0...4, using: &random),
                        rating: .random(in: 0...1000, using: &random)
                    )
                }
                switch Int.random(in: 0..<12, using: &random) {
                case 0: try store.dropViews { $0 == "ratings" }
                case 1:
                    // Another identity is another generation.
                    identity += "'"
                    try store.load(rows, into: ratings(identity: identity))
                case 2..<5: try store.load(rows, into: ratings(identity: identity))
                case 5..<8: try store.push(rows, into: ratings(identity: identity))
                default: break
                }
                guard let view = store.view(named: "ratings") else { continue }
                let ids = (0..<8).map { _ in Int64.random(in: 0...11, using: &random) }
                let all = try store.allRows(of: view)
                let expected = ids.map { id in all.first { $0.id == id } }
                if Bool.random(using: &random) {
                    #expect(try store.rows(ids, of: view) == expected)
                }
                if Bool.random(using: &random) {
                    #expect(try store.ratings(ids, of: view) == expected.map { $0?.rating })
                }
            }
        }
    }

    @Test("A read sees the rows of a write all or not, while rows are written", arguments: 0..<8)
    func readsAreOfOneMoment(seed: Int) throws {
        try withTemporaryDirectory { directory in
            let store = try self.store(directory, budget: Self.budgets[seed % Self.budgets.count])
            let ids = Array(Int64(0)..<6)
            func write(_ time: Int64) throws {
                let rows = ids.map {
                    TestRow(id: $0, eventTime: time, writeTime: 0, rating: time)
                }
                // By turns a push, a load of keys, and a load into files.
                if seed / 4 == 0 || time % 5 > 0 {
                    try store.push(rows)
                } else {
                    try store.load(rows)
                }
            }
            try write(0)
            let view = try #require(store.view(named: "ratings"))
            let failures = Mutex<[String]>([])
            let written = Atomic<Int64>(0)
            let isDone = Atomic<Bool>(false)
            let ended = DispatchSemaphore(value: 0)
            for reader in 0..<2 {
                Thread.detachNewThread {
                    defer { ended.signal() }
                    var last: Int64 = 0
                    var random = SeededGenerator(seed: UInt64(reader))
                    while !isDone.load(ordering: .acquiring) {
                        let known = written.load(ordering: .acquiring)
                        let order = ids.shuffled(using: &random)
                        do {
                            let found =
                                Bool.random(using: &random)
                                ? try store.rows(order, of: view).map { $0?.rating }
                                : try store.ratings(order, of: view)
                            let first = (found.first ?? nil) ?? -1
                            if found.contains(where: { $0 != first }) || first < max(last, known) {
                                failures.withLock { $0.append("\(found), \(last), \(known)") }
                                return
                            }
                            last = first
                        } catch {
                            failures.withLock { $0.append("\(error)") }
                            return
                        }
                    }
                }
            }
            for time in 1...60 {
                try write(Int64(time))
                written.store(Int64(time), ordering: .releasing)
            }
            isDone.store(true, ordering: .releasing)
            ended.wait()
            ended.wait()
            #expect(failures.withLock { $0 } == [])
        }
    }

    @Test("What is not in memory is not waited for, and is found when it may be")
    func memoryOnly() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            do {
                // Loaded as a file, and opened again with nothing in memory.
                let store = try RocksDBOnlineStore(directory: path, project: "p")
                try store.load(
                    (0..<60_000).map { TestRow(id: $0, eventTime: 1, writeTime: 1, rating: 5) }
                )
            }
            let store = try RocksDBOnlineStore(
                directory: path,
                project: "p",
                rowCacheBytes: 1 << 20
            )
            let view = try #require(store.view(named: "ratings"))
            do {
                _ = try store.ratings([1], of: view, mayReadFiles: false)
                Issue.record("the row was in memory")
            } catch let error as OnlineStoreError {
                #expect(error.code == .notInMemory)
            }
            #expect(try store.ratings([1], of: view) == [5])
            #expect(try store.ratings([1], of: view, mayReadFiles: false) == [5])
        }
    }
}

extension RocksDBOnlineStore {
    /// The ratings of the ids, by texts that are kept.
    fileprivate func ratings(
        _ ids: [Int64],
        of view: StoredView,
        mayReadFiles: Bool = true
    ) throws -> [Int64?] {
        let encoder = try EntityKeyEncoder(joinKeys: view.joinKeys, viewID: view.viewID)
        var keys = KeyBatch()
        for id in ids {
            try encoder.append(values: [.integer(id)], into: &keys.bytes)
            keys.endKey()
        }
        var batch = RowBatch()
        try self.readTexts(keys, mayReadFiles: mayReadFiles, into: &batch) { _, row, found, text in
            guard let schema = view.schema(id: found.schemaID),
                case .integer(let rating) = try? RowLayout(schema: schema).cell(0, in: row)
            else { return false }
            text.append(contentsOf: "\(rating)".utf8)
            return true
        }
        return ids.indices.map { index in
            batch.range(at: index).flatMap {
                Int64(String(decoding: batch.bytes[$0], as: UTF8.self))
            }
        }
    }
}
