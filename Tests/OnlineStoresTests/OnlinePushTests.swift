import Dispatch
import FeatureModel
import Foundation
import OnlineStores
import Synchronization
import TestSupport
import Testing

/// What a key may have, by the rule alone: the greatest (event time, write time).
private func isOlder(_ left: TestRow, _ right: TestRow) -> Bool {
    (left.eventTime, left.writeTime) < (right.eventTime, right.writeTime)
}

@Suite struct OnlinePushTests {
    private func store(_ directory: URL, memory: Int = 64 << 20) throws -> RocksDBOnlineStore {
        try RocksDBOnlineStore(
            directory: directory.appendingPathComponent("online").path,
            project: "p",
            cacheBytes: 1 << 20,
            loadMemory: memory
        )
    }

    @Test("Pushed rows win by age, and each row is told what became of it", arguments: 0..<60)
    func agreesWithTheDefinition(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let store = try self.store(directory)
            var expected: [Int64: TestRow] = [:]
            for _ in 0..<6 {
                let rows = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                    TestRow(
                        id: .random(in: 0...4, using: &random),
                        eventTime: .random(in: 0...2, using: &random),
                        writeTime: [Int64.min, 0, 1].randomElement(using: &random) ?? 0,
                        rating: .random(in: 0...2, using: &random)
                    )
                }
                for row in rows {
                    if let other = expected[row.id], isOlder(row, other) { continue }
                    expected[row.id] = row
                }
                let outcomes = try store.push(rows)
                let naive = rows.map { expected[$0.id] == $0 ? PushOutcome.accepted : .stale }
                #expect(outcomes == naive)
            }
            guard let view = store.view(named: "ratings") else {
                #expect(expected.isEmpty)
                return
            }
            #expect(view.loadRecord == nil)
            #expect(try store.allRows(of: view) == expected.values.sorted { $0.id < $1.id })
        }
    }

    @Test("The newest event of pushes is known to who opens the store again")
    func newestEventStays() throws {
        try withTemporaryDirectory { directory in
            func newest() throws -> Int64? {
                let store = try self.store(directory)
                let view = try #require(store.view(named: "ratings"))
                return store.newestEvent(of: view)?.microseconds
            }
            do {
                let store = try self.store(directory)
                for time in [Int64(5), 9, 7] {
                    let row = TestRow(id: time, eventTime: time, writeTime: 0, rating: 1)
                    _ = try store.push([row])
                }
            }
            #expect(try newest() == 9)
            do {
                let store = try self.store(directory)
                _ = try store.push([TestRow(id: 1, eventTime: 8, writeTime: 0, rating: 1)])
            }
            #expect(try newest() == 9)
            do {
                let store = try self.store(directory)
                try store.dropViews { _ in true }
                _ = try store.push([TestRow(id: 1, eventTime: 2, writeTime: 0, rating: 1)])
            }
            #expect(try newest() == 2)
        }
    }

    @Test("Several threads that push the same keys leave the newest of each")
    func threads() throws {
        try withTemporaryDirectory { directory in
            let store = try self.store(directory)
            let failures = Mutex<[String]>([])
            let newest = Mutex<[Int64: TestRow]>([:])
            DispatchQueue.concurrentPerform(iterations: 4) { worker in
                var random = SeededGenerator(seed: UInt64(worker))
                for round in 0..<30 {
                    let rows = (0..<10).map { index in
                        TestRow(
                            id: .random(in: 0...20, using: &random),
                            eventTime: .random(in: 0...50, using: &random),
                            // No two rows are equally old, so that the order makes no difference.
                            writeTime: Int64((round * 10 + index) * 4 + worker),
                            rating: .random(in: 0...1000, using: &random)
                        )
                    }
                    do {
                        try store.push(rows)
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                    newest.withLock { newest in
                        for row in rows {
                            if let other = newest[row.id], isOlder(row, other) { continue }
                            newest[row.id] = row
                        }
                    }
                }
            }
            #expect(failures.withLock { $0 } == [])
            let view = try #require(store.view(named: "ratings"))
            let expected = newest.withLock { $0.values.sorted { $0.id < $1.id } }
            #expect(try store.allRows(of: view) == expected)
        }
    }

    /// How a load of these tests goes to the store: as a batch, as files, or through runs.
    private static let loads: [(rows: Int, memory: Int)] = [
        (40, 64 << 20), (12_000, 64 << 20), (9000, 60_000),
    ]

    @Test("A row pushed while a load is committed stays if it is newer", arguments: 0..<18)
    func pushDuringCommit(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let (count, memory) = Self.loads[Int(seed) % Self.loads.count]
            let store = try self.store(directory, memory: memory)
            func pushes(_ count: Int) -> [TestRow] {
                (0..<count).map { _ in
                    TestRow(
                        id: .random(in: 0...60, using: &random) * Int64(count > 30 ? 200 : 1),
                        eventTime: .random(in: 0...2, using: &random),
                        writeTime: .random(in: 0...2, using: &random),
                        rating: .random(in: 100...200, using: &random)
                    )
                }
            }
            var expected: [Int64: TestRow] = [:]
            func take(_ rows: [TestRow]) {
                for row in rows {
                    if let other = expected[row.id], isOlder(row, other) { continue }
                    expected[row.id] = row
                }
            }
            if Bool.random(using: &random) {
                let rows = pushes(20)
                try store.push(rows)
                take(rows)
            }
            let load = try store.beginLoad(ratings())
            // The load was read before the pushes below: equally old, they are the later word.
            for id in 0..<Int64(count) {
                let row = TestRow(
                    id: id,
                    eventTime: .random(in: 0...2, using: &random),
                    writeTime: .random(in: 0...2, using: &random),
                    rating: 1
                )
                try load.add(row)
                take([row])
            }
            let early = pushes(40)
            try store.push(early)
            take(early)
            let late = pushes(100)
            var failure: (any Error)?
            load.whenMerged = {
                do { try store.push(late) } catch { failure = error }
            }
            _ = try load.commit(record())
            #expect(failure == nil)
            take(late)
            let view = try #require(store.view(named: "ratings"))
            #expect(view.loadRecord != nil)
            #expect(try store.allRows(of: view) == expected.values.sorted { $0.id < $1.id })
            let left = try FileManager.default.contentsOfDirectory(
                atPath: directory.appendingPathComponent("online.load").path
            )
            #expect(left == [])
        }
    }

    @Test("Pushes and loads by several threads end as the rule says", arguments: 0..<3)
    func pushesBesideLoads(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            let memory = Self.loads[Int(seed) % Self.loads.count].memory
            let store = try self.store(directory, memory: memory)
            let failures = Mutex<[String]>([])
            let all = Mutex<[TestRow]>([])
            DispatchQueue.concurrentPerform(iterations: 4) { worker in
                var random = SeededGenerator(seed: seed * 10 + UInt64(worker))
                do {
                    for round in 0..<Int64(worker == 0 ? 4 : 25) {
                        let count = worker == 0 ? 6000 : 20
                        let rows = (0..<count).map { index in
                            TestRow(
                                id: .random(in: 0...6000, using: &random),
                                eventTime: .random(in: 0...100, using: &random),
                                writeTime: (round * Int64(count) + Int64(index)) * 4
                                    + Int64(worker),
                                rating: Int64(worker)
                            )
                        }
                        if worker == 0 {
                            try store.load(rows)
                        } else {
                            try store.push(rows)
                        }
                        all.withLock { $0 += rows }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            var expected: [Int64: TestRow] = [:]
            for row in all.withLock({ $0 }) {
                if let other = expected[row.id], isOlder(row, other) { continue }
                expected[row.id] = row
            }
            let view = try #require(store.view(named: "ratings"))
            #expect(try store.allRows(of: view) == expected.values.sorted { $0.id < $1.id })
        }
    }

    @Test("A push fails when its view is dropped meanwhile, and writes nothing to any view")
    func droppedMeanwhile() throws {
        try withTemporaryDirectory { directory in
            let store = try self.store(directory)
            let row = TestRow(id: 1, eventTime: 1, writeTime: 1, rating: 1)
            try store.push([row])
            let one = try store.beginPush(ratings())
            let other = try store.beginPush(ratings(name: "other"))
            try one.add(row)
            try other.add(row)
            try store.dropViews { $0 == "ratings" }
            #expect(throws: OnlineStoreError.self) { try store.write([other, one]) }
            #expect(store.views().isEmpty)
            #expect(try store.push([row]) == [.accepted])
        }
    }

    @Test("The time of a push is later than every other one, whatever the clock says")
    func pushTimes() throws {
        try withTemporaryDirectory { directory in
            do {
                let store = try self.store(directory)
                #expect(store.pushTime(now: Timestamp(microseconds: 50)).microseconds == 50)
                #expect(store.pushTime(now: Timestamp(microseconds: 50)).microseconds == 51)
                #expect(store.pushTime(now: Timestamp(microseconds: 9)).microseconds == 52)
                let known = Timestamp(microseconds: 70)
                let next = store.pushTime(now: Timestamp(microseconds: 9), after: known)
                #expect(next.microseconds == 71)
                try store.push([TestRow(id: 1, eventTime: 1, writeTime: 1, rating: 1)])
            }
            let store = try self.store(directory)
            #expect(store.pushTime(now: Timestamp(microseconds: 9)).microseconds == 72)
        }
    }
}
