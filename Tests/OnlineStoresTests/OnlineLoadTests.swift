import FeatureModel
import Foundation
import OnlineStores
import TestSupport
import Testing

/// The definition of a load, written down: a dictionary, one row after the other.
private struct NaiveStore {
    var rows: [Int64: TestRow] = [:]

    mutating func load(_ added: [TestRow]) -> (written: Int, stale: Int) {
        var newest: [Int64: TestRow] = [:]
        for row in added {
            if let other = newest[row.id], age(row) < age(other) {
                continue
            }
            newest[row.id] = row
        }
        var counts = (written: 0, stale: 0)
        for row in newest.values {
            if let stored = self.rows[row.id] {
                if age(row) < age(stored) {
                    counts.stale += 1
                    continue
                }
                if row == stored {
                    continue
                }
            }
            self.rows[row.id] = row
            counts.written += 1
        }
        return counts
    }

    var sorted: [TestRow] { self.rows.values.sorted { $0.id < $1.id } }
}

private func age(_ row: TestRow) -> (Int64, Int64) { (row.eventTime, row.writeTime) }

private func randomRows(_ random: inout SeededGenerator) -> [TestRow] {
    (0..<Int.random(in: 0...120, using: &random)).map { _ in
        TestRow(
            id: .random(in: -10...10, using: &random),
            eventTime: .random(in: -3...3, using: &random),
            writeTime: [Int64.min, 0, 1].randomElement(using: &random) ?? 0,
            rating: .random(in: 0...3, using: &random)
        )
    }
}

@Suite struct OnlineLoadTests {
    @Test(arguments: UInt64(0)..<40)
    func loadsAgreeWithTheDefinition(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let path = directory.appendingPathComponent("online").path
            let memory = [1, 1000, 5000, 64 << 20].randomElement(using: &random) ?? 1
            var expected = NaiveStore()
            var lastRecord: LoadRecord?
            var store: RocksDBOnlineStore? = try RocksDBOnlineStore(
                directory: path,
                project: "p",
                cacheBytes: 1 << 20,
                loadMemory: memory
            )
            for round in 0..<Int64(5) {
                try loadOnce(
                    try #require(store),
                    round,
                    &expected,
                    lastRecord: &lastRecord,
                    &random
                )
                let left = try FileManager.default.contentsOfDirectory(atPath: path + ".load")
                #expect(left.isEmpty)
                if Bool.random(using: &random) {
                    store = nil
                    store = try RocksDBOnlineStore(
                        directory: path,
                        project: "p",
                        cacheBytes: 1 << 20,
                        loadMemory: memory
                    )
                }
                try check(try #require(store), expected, lastRecord, &random)
            }
        }
    }

    /// One load of random rows, which is committed with a record, without one, or not at all.
    private func loadOnce(
        _ store: RocksDBOnlineStore,
        _ round: Int64,
        _ expected: inout NaiveStore,
        lastRecord: inout LoadRecord?,
        _ random: inout SeededGenerator
    ) throws {
        let load = try store.beginLoad(ratings())
        let rows = randomRows(&random)
        var rest = rows[...]
        while !rest.isEmpty {
            let part = rest.prefix(.random(in: 1...60, using: &random))
            try load.add(Array(part))
            rest = rest.dropFirst(part.count)
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            load.abandon()
        case 1:
            load.abandon()
            try store.push(rows)
            _ = expected.load(rows)
        default:
            let result = try load.commit(record(end: round))
            let naive = expected.load(rows)
            #expect(result.keysWritten == naive.written)
            #expect(result.stale == naive.stale)
            #expect(result.sourceState == "at \(round)")
            lastRecord = result
        }
    }

    private func check(
        _ store: RocksDBOnlineStore,
        _ expected: NaiveStore,
        _ lastRecord: LoadRecord?,
        _ random: inout SeededGenerator
    ) throws {
        guard let view = store.storedView(matching: ratings()) else {
            #expect(expected.rows.isEmpty)
            return
        }
        var record = view.loadRecord
        // A row that takes the place of one as old has the next load read everything.
        if record?.sourceState == "" { record?.sourceState = lastRecord?.sourceState ?? "" }
        #expect(record == lastRecord)
        #expect(try store.allRows(of: view) == expected.sorted)
        let ids = (0..<30).map { _ in Int64.random(in: -12...12, using: &random) }
        #expect(try store.rows(ids, of: view) == ids.map { expected.rows[$0] })
    }

    @Test(arguments: UInt64(0)..<15)
    func theNewestRowWinsInAnyOrder(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            // No two rows of one age: the order must not matter at all.
            var rows: [TestRow] = []
            for id in Int64(0)..<4 {
                for eventTime in Int64(0)..<3 {
                    for writeTime in [Int64.min, -1, 5] {
                        rows.append(
                            TestRow(
                                id: id,
                                eventTime: eventTime,
                                writeTime: writeTime,
                                rating: Int64(rows.count)
                            )
                        )
                    }
                }
            }
            rows.shuffle(using: &random)
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p",
                loadMemory: [1, 64 << 20].randomElement(using: &random) ?? 1
            )
            var rest = rows[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                try store.load(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let view = try #require(store.view(named: "ratings"))
            let newest = try store.allRows(of: view)
            #expect(newest.map(\.rating) == [8, 17, 26, 35])
            #expect(try store.load(rows).keysWritten == 0)
        }
    }

    @Test func aLoadOfManyFilesIsWhole() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            var random = SeededGenerator(seed: 1)
            var expected = NaiveStore()
            do {
                let store = try RocksDBOnlineStore(
                    directory: path,
                    project: "p",
                    loadMemory: 10_000
                )
                for round in Int64(0)..<3 {
                    let rows = (0..<3000).map { _ in
                        TestRow(
                            id: .random(in: -1500...1500, using: &random),
                            eventTime: .random(in: 0...2, using: &random),
                            writeTime: .random(in: 0...2, using: &random),
                            rating: .random(in: 0...2, using: &random)
                        )
                    }
                    let naive = expected.load(rows)
                    let result = try store.load(rows, end: round)
                    #expect(result.keysWritten == naive.written)
                    #expect(result.stale == naive.stale)
                }
            }
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            let view = try #require(store.view(named: "ratings"))
            #expect(view.loadRecord?.windowEnd == Timestamp(microseconds: 2))
            #expect(try store.allRows(of: view) == expected.sorted)
        }
    }

    @Test(arguments: UInt64(0)..<6)
    func loadsFindTheirRowsAmongThoseOfOtherViews(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p",
                loadMemory: [3000, 64 << 20].randomElement(using: &random) ?? 1
            )
            let names = ["a", "b", "c"]
            var expected = names.map { _ in NaiveStore() }
            for round in Int64(0)..<7 {
                let index = Int.random(in: names.indices, using: &random)
                // All ids, or few of them far from each other.
                let step = [1, 3, 11, 400].randomElement(using: &random) ?? 1
                let rows = stride(from: Int64.random(in: 0...9, using: &random), to: 900, by: step)
                    .map { id in
                        TestRow(
                            id: id,
                            eventTime: .random(in: 0...2, using: &random),
                            writeTime: .random(in: 0...1, using: &random),
                            rating: .random(in: 0...1, using: &random)
                        )
                    }
                let naive = expected[index].load(rows)
                let result = try store.load(
                    rows.shuffled(using: &random),
                    into: ratings(name: names[index]),
                    end: round,
                    partCount: 100
                )
                #expect(result.keysWritten == naive.written)
                #expect(result.stale == naive.stale)
            }
            for (name, naive) in zip(names, expected) {
                guard let view = store.view(named: name) else {
                    #expect(naive.rows.isEmpty)
                    continue
                }
                #expect(try store.allRows(of: view) == naive.sorted)
            }
        }
    }

    @Test func aLoadWithoutRowsCommitsItsRecord() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            do {
                let store = try RocksDBOnlineStore(directory: path, project: "p")
                #expect(store.views().isEmpty)
                let result = try store.load([], end: 7)
                #expect(result.keysWritten == 0)
            }
            let store = try RocksDBOnlineStore(directory: path + "/", project: "p")
            let view = try #require(store.storedView(matching: ratings()))
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + ".load").isEmpty)
            #expect(view.loadRecord == record(end: 7))
            #expect(view.joinKeys == [driverKey])
            #expect(try store.allRows(of: view).isEmpty)
        }
    }

    @Test func rowsThatDoNotBelongAreRefused() throws {
        try withTemporaryDirectory { directory in
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p"
            )
            let load = try store.beginLoad(ratings())
            let row = TestRow(id: 1, eventTime: 1, writeTime: 2, rating: 1)
            let schema = load.rowLayout.schema
            let otherSchema = RowSchema(id: schema.id + 1, fields: schema.fields)

            func isRefused(viewID: UInt32, schema: RowSchema) throws -> Bool {
                let part = try part([row], viewID: viewID, layout: RowLayout(schema: schema))
                do {
                    try load.add(part)
                    return false
                } catch {
                    return true
                }
            }
            #expect(try isRefused(viewID: load.viewID + 1, schema: schema))
            #expect(try isRefused(viewID: load.viewID, schema: otherSchema))
            #expect(try !isRefused(viewID: load.viewID, schema: schema))
            #expect(try load.commit(record()).keysWritten == 1)
            #expect(try isRefused(viewID: load.viewID, schema: schema))
            #expect(throws: OnlineStoreError.self) { try load.commit(record()) }
        }
    }

    @Test func severalLoadsOfANewViewShareItsGeneration() throws {
        try withTemporaryDirectory { directory in
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p"
            )
            let load = try store.beginLoad(ratings())
            let push = try store.beginPush(ratings())
            #expect(load.viewID == push.viewID)
            try load.add(TestRow(id: 1, eventTime: 1, writeTime: 0, rating: 1))
            try load.add(TestRow(id: 2, eventTime: 1, writeTime: 0, rating: 1))
            try push.add(TestRow(id: 1, eventTime: 2, writeTime: 0, rating: 2))
            #expect(try store.write([push]) == [[.accepted]])
            #expect(store.view(named: "ratings")?.loadRecord == nil)
            let version = store.version
            #expect(try store.push([]) == [])
            #expect(store.version == version)
            let result = try load.commit(record())
            #expect(result.keysWritten == 1)
            #expect(result.stale == 1)
            let view = try #require(store.view(named: "ratings"))
            #expect(try store.allRows(of: view).map(\.rating) == [2, 1])
        }
    }
}
