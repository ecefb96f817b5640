import FeatureModel
import Foundation
import NativeStorage
import OnlineStores
import Synchronization
import TestSupport
import Testing

private let oneRow = [TestRow(id: 1, eventTime: 1, writeTime: 0, rating: 1)]
private let floats = [Field(name: "rating", type: .float64)]

@Suite struct RocksDBOnlineStoreTests {
    @Test func aFieldOfAnotherTypeMakesANewGenerationAtTheCommit() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            try store.load(oneRow)
            var old = store.view(named: "ratings")
            let oldID = old?.viewID
            let strings = ratings(fields: [
                Field(name: "rating", type: .int64), Field(name: "name", type: .string),
            ])
            let retyped = ratings(fields: [Field(name: "rating", type: .int32)])
            let moved = ratings(identity: "another source")
            #expect(store.storedView(matching: strings) != nil)
            #expect(store.storedView(matching: retyped) == nil)
            #expect(store.storedView(matching: moved) == nil)
            #expect(store.storedView(matching: ratings(name: "other")) == nil)

            let load = try store.beginLoad(retyped)
            try load.add(TestRow(id: 2, eventTime: 0, writeTime: 0, rating: 2))
            #expect(store.view(named: "ratings")?.viewID == oldID)
            let versionBefore = store.version
            _ = try load.commit(record())
            #expect(store.version > versionBefore)
            let new = try #require(store.storedView(matching: retyped))
            #expect(new.viewID != oldID)
            #expect(try store.allRows(of: new).map(\.id) == [2])

            // Whoever still holds the old generation can read it; afterwards its rows go.
            #expect(try old.map { try store.allRows(of: $0) } == oneRow)
            try store.collectGarbage()
            #expect(try old.map { try store.allRows(of: $0) } == oneRow)
            old = nil
            try store.collectGarbage()
            #expect(try store.allRows(of: new).map(\.id) == [2])
            #expect(try rowCounts(store, [oldID ?? 0, new.viewID], path) == [0, 1])
        }
    }

    @Test func garbageThatAKilledProcessLeftGoesAtTheNextOpening() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            var old: StoredView?
            do {
                let store = try RocksDBOnlineStore(directory: path, project: "p")
                try store.load(
                    (0..<2500).map { TestRow(id: $0, eventTime: 0, writeTime: 0, rating: 1) }
                )
                old = store.view(named: "ratings")
                try store.load(oneRow, into: ratings(identity: "new"))
                let left = try #require(old)
                #expect(try store.allRows(of: left).count == 2500)
            }
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            let left = try #require(old)
            #expect(try store.allRows(of: left).isEmpty)
            let view = try #require(store.view(named: "ratings"))
            #expect(try store.allRows(of: view) == oneRow)
        }
    }

    @Test func aNewFieldGetsASchemaInTheSameGeneration() throws {
        try withTemporaryDirectory { directory in
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p"
            )
            try store.load(oneRow)
            let wider = ratings(fields: [
                Field(name: "name", type: .string), Field(name: "rating", type: .int64),
            ])
            let before = try #require(store.view(named: "ratings"))
            try store.load([TestRow(id: 2, eventTime: 0, writeTime: 0, rating: 2)], into: wider)
            let view = try #require(store.view(named: "ratings"))
            #expect(view.viewID == before.viewID)
            #expect(view.schemas.map(\.id) == [1, 2])
            #expect(before.schema(id: 2) == nil)
            #expect(try store.allRows(of: view).map(\.rating) == [1, 2])

            // The same moment with another schema is another row, and the first schema comes back.
            #expect(try store.load(oneRow, into: wider).keysWritten == 1)
            #expect(try store.load(oneRow, into: ratings()).keysWritten == 1)
            #expect(store.view(named: "ratings")?.schemas.map(\.id) == [1, 2])
            // A field that was dropped does not come back as another type.
            let retyped = ratings(fields: [Field(name: "name", type: .int64)])
            #expect(store.storedView(matching: retyped) == nil)
        }
    }

    @Test func aPushedRowMayBringANewSchema() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            do {
                let store = try RocksDBOnlineStore(directory: path, project: "p")
                try store.load(oneRow, end: 5)
                let wider = ratings(fields: [
                    Field(name: "name", type: .string), Field(name: "rating", type: .int64),
                ])
                let push = try store.beginPush(wider)
                try push.add(TestRow(id: 2, eventTime: 0, writeTime: 0, rating: 2))
                #expect(try store.write([push]) == [[.accepted]])
            }
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            let view = try #require(store.view(named: "ratings"))
            #expect(view.loadRecord?.windowEnd == Timestamp(microseconds: 5))
            #expect(try store.allRows(of: view).map(\.rating) == [1, 2])
        }
    }

    @Test func droppedViewsAreGoneAndOthersStay() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            var ids: [UInt32] = []
            do {
                let store = try RocksDBOnlineStore(directory: path, project: "p")
                for name in ["a", "b", "c"] {
                    try store.load(oneRow, into: ratings(name: name))
                }
                ids = store.views().map(\.viewID)
                #expect(Set(ids).count == 3)
                #expect(try store.dropViews { $0 != "b" } == ["a", "c"])
                #expect(store.views().map(\.name) == ["b"])
                #expect(try store.dropViews { $0 == "nothing" } == [])
            }
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            #expect(store.views().map(\.name) == ["b"])
            let view = try #require(store.view(named: "b"))
            #expect(try store.rows([1, 2], of: view) == [oneRow[0], nil])
            #expect(try rowCounts(store, ids, path) == [0, 1, 0])
        }
    }

    @Test func aLoadOfAViewThatIsDroppedOrRedefinedMeanwhileFails() throws {
        try withTemporaryDirectory { directory in
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p"
            )
            try store.load(oneRow)
            let dropped = try store.beginLoad(ratings())
            try store.dropViews { _ in true }
            #expect(code { try dropped.commit(record()) } == .superseded)

            let first = try store.beginLoad(ratings())
            let second = try store.beginLoad(ratings(fields: floats))
            #expect(code { try first.commit(record()) } == .superseded)
            _ = try second.commit(record())
            #expect(store.storedView(matching: ratings(fields: floats)) != nil)

            let new = try store.beginLoad(ratings(identity: "new"))
            try store.dropViews { _ in true }
            #expect(code { try new.commit(record()) } == .superseded)
            #expect(store.views().isEmpty)
        }
    }

    @Test func leftoversOfAKilledLoadAreRemoved() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            do {
                let store = try RocksDBOnlineStore(directory: path, project: "p", loadMemory: 1)
                try store.load(oneRow)
                let load = try store.beginLoad(ratings())
                try load.add(TestRow(id: 1, eventTime: 9, writeTime: 0, rating: 9))
                // A second part waits until the run of the first is whole.
                try load.add(TestRow(id: 2, eventTime: 9, writeTime: 0, rating: 9))
                let files = try FileManager.default.contentsOfDirectory(atPath: path + ".load")
                    .sorted()
                #expect(files.first == "load-2-1.run")
                // A copy of the run is what a kill would leave.
                let run = path + ".load/" + (files.first ?? "")
                try FileManager.default.copyItem(atPath: run, toPath: path + ".load/stray.run")
            }
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + ".load").isEmpty)
            let view = try #require(store.view(named: "ratings"))
            #expect(try store.allRows(of: view) == oneRow)
        }
    }

    @Test func aSecondOwnerIsToldWhoTheFirstIs() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            let store = try RocksDBOnlineStore(
                directory: path,
                project: "p",
                holderLines: ["http://here:1"]
            )
            do throws(OnlineStoreError) {
                _ = try RocksDBOnlineStore(directory: path, project: "p")
                Issue.record("the store was opened twice")
            } catch {
                #expect(error.code == .locked)
                #expect(error.message.contains("\(ProcessInfo.processInfo.processIdentifier)"))
                #expect(error.message.contains("http://here:1"))
                #expect((error.cause as? FileLockError)?.holder?.lines == ["http://here:1"])
            }
            try store.describeHolder(lines: [])
            let lock = RocksDBOnlineStore.lockPath(forStoreAt: path)
            #expect(FileLock.holder(ofLockAt: lock)?.holder.lines == [])
            #expect(store.approximateSize >= 0)
        }
    }

    @Test func aDamagedRowIsAnErrorUntilItIsLoadedAgain() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            do {
                try RocksDBOnlineStore(directory: path, project: "p").load(oneRow)
            }
            try overwriteRows(path)
            let store = try RocksDBOnlineStore(directory: path, project: "p")
            let view = try #require(store.view(named: "ratings"))
            #expect(code { try store.rows([1], of: view) } == .corruptRow)
            #expect(code { try store.allRows(of: view) } == .corruptRow)
            #expect(try store.load(oneRow).keysWritten == 1)
            #expect(try store.rows([1], of: view) == oneRow)
        }
    }

    @Test func aCatalogueOfALaterFormatIsAnError() throws {
        try withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("online").path
            do {
                let database = try RocksDB(path: path)
                var batch = WriteBatch()
                let key = [0] + Array("catalogue".utf8)
                let value = Array(#"{"version": 99}"#.utf8)
                batch.put(key: key.span, value: value.span)
                try database.write(batch, synced: true)
            }
            #expect(
                code { try RocksDBOnlineStore(directory: path, project: "p") } == .corruptCatalogue
            )
        }
    }

    @Test(arguments: [1, 64 << 20])
    func readersSeeARowFromBeforeOrAfterACommit(loadMemory: Int) throws {
        try withTemporaryDirectory { directory in
            let store = try RocksDBOnlineStore(
                directory: directory.appendingPathComponent("online").path,
                project: "p",
                loadMemory: loadMemory
            )
            let ids = Array(Int64(0)..<50)
            @Sendable func version(_ rating: Int64) -> [TestRow] {
                ids.map { TestRow(id: $0, eventTime: rating, writeTime: 0, rating: rating) }
            }
            try store.load(version(0))
            let isDone = Atomic(false)
            let failures = Mutex<[String]>([])
            DispatchQueue.concurrentPerform(iterations: 2) { worker in
                do {
                    if worker == 0 {
                        defer { isDone.store(true, ordering: .releasing) }
                        for rating in Int64(1)...10 {
                            // Every other load makes a new generation.
                            let identity = "\(rating / 2)"
                            try store.load(version(rating), into: ratings(identity: identity))
                        }
                    } else {
                        var last: Int64 = 0
                        while !isDone.load(ordering: .acquiring) {
                            guard let view = store.view(named: "ratings") else { continue }
                            let seen = Set(try store.rows(ids, of: view).map { $0?.rating ?? -1 })
                            if seen.count != 1 || (seen.min() ?? -1) < last {
                                failures.withLock { $0.append("\(seen) after \(last)") }
                            }
                            last = seen.min() ?? last
                        }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                    isDone.store(true, ordering: .releasing)
                }
            }
            #expect(failures.withLock { $0 } == [])
        }
    }
}

/// The code of the error that `body` throws.
private func code<Result>(_ body: () throws -> Result) -> OnlineStoreError.Code? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? OnlineStoreError)?.code
    }
}

/// How many rows lie under each view id, whether or not there is such a view.
private func rowCounts(
    _ store: RocksDBOnlineStore,
    _ viewIDs: [UInt32],
    _ path: String
) throws -> [Int] {
    let view = try #require(store.views().first)
    var counts: [UInt32: Int] = [:]
    let json = try JSONEncoder().encode(view)
    for viewID in viewIDs {
        var object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        object["viewID"] = viewID
        let other = try JSONSerialization.data(withJSONObject: object)
        let ghost = try JSONDecoder().decode(StoredView.self, from: other)
        counts[viewID] = try store.allRows(of: ghost).count
    }
    return viewIDs.map { counts[$0] ?? 0 }
}

/// Flips a bit in the middle of every row of a closed store.
private func overwriteRows(_ path: String) throws {
    let database = try RocksDB(path: path)
    var batch = WriteBatch()
    try database.scan(from: [1], to: nil) { key, value in
        var bytes = value.indices.map { value[$0] }
        bytes[bytes.count / 2] ^= 1
        batch.put(key: key, value: bytes.span)
        return true
    }
    try database.write(batch, synced: true)
}
