import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct GarbageTests {
    /// A view over a CSV file with a push source beside it; rows at 10 s and 90 s, the clock at
    /// 100.
    private func project(
        _ directory: URL,
        ttl: Int64,
        retention: Int64?,
        general: Int64? = nil
    ) throws -> (store: FeatureStore, clock: TestClock) {
        let clock = TestClock(second(100))
        let store = FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(
                project: "drivers",
                retentionMicroseconds: general.map { $0 * 1_000_000 }
            ),
            now: { clock.now }
        )
        var project = SmallProject(directory: directory)
        project.repository.dataSources.append(
            DataSource(name: "stats_push", kind: .push(.init(batchSource: "stats_source")))
        )
        project.repository.featureViews[0].ttlMicroseconds = ttl * 1_000_000
        project.repository.featureViews[0].retentionMicroseconds = retention.map {
            $0 * 1_000_000
        }
        try project.write([
            SmallProject.line(1, 10, created: 11, trips: "1"),
            SmallProject.line(2, 90, created: 91, trips: "2"),
        ])
        let files = LoadedRepository(
            directory: directory.path,
            configuration: store.configuration,
            repository: project.repository
        )
        try store.apply(store.plan(files))
        return (store, clock)
    }

    private func push(_ store: FeatureStore, _ driver: Int64, _ time: Int64, key: String) throws {
        try store.push(
            "stats_push",
            rows: PushRows([
                "driver_id": [.integer(driver), .null],
                "event_time": [.timestamp(second(time)), .timestamp(second(time))],
                "created": [.null, .null], "trips": [7, 7], "rate": [.null, .null],
            ]),
            to: .onlineAndOffline,
            idempotencyKey: key
        )
    }

    private func online(_ store: FeatureStore) throws -> [Value] {
        try store.onlineFeatures(
            .features(["stats:trips"]),
            entities: ["driver_id": [1, 2, 3, 4]]
        ).features[0].values.values
    }

    private func training(_ store: FeatureStore, at time: Int64) throws -> [Value] {
        let rows = (1...4).map { (driver: Value.integer(Int64($0)), time: time) }
        return try store.historicalFeatures(
            .features(["stats:trips"]),
            entities: SmallProject.entities(
                rows.map { (driver: $0.driver, time: .timestamp(second($0.time))) }
            )
        ).table.columns.last?.column.values ?? []
    }

    @Test func `Without a retention no row goes, however long it is past its ttl`() throws {
        try withTemporaryDirectory { directory in
            let (store, clock) = try self.project(directory, ttl: 5, retention: nil)
            try store.materialize()
            try self.push(store, 3, 20, key: "a")
            clock.now = second(10_000_000)
            let report = try store.collectGarbage()
            #expect(report.items.isEmpty, "\(report)")
            // The last good rows are there: a longer ttl would serve them.
            #expect(try store.verify().views.map(\.onlyOnline) == [0])
            clock.now = second(93)
            #expect(try self.online(store) == [.null, 2, .null, .null])
        }
    }

    @Test func `What is past its retention goes, and a dry run tells it before`() throws {
        try withTemporaryDirectory { directory in
            let (store, clock) = try self.project(directory, ttl: 30, retention: 40)
            clock.now = second(25)
            try store.materialize()
            try self.push(store, 3, 20, key: "old")
            clock.now = second(100)
            try store.materialize()
            try self.push(store, 4, 95, key: "new")
            let served = try self.online(store)
            #expect(served == [.null, 2, .null, 7])
            let told = try store.collectGarbage(isDryRun: true)
            let counts = told.items.map { "\($0.kind.rawValue) \($0.name) \($0.count)" }
            #expect(
                counts == [
                    "online_rows stats 2", "pushed_rows stats_push 1", "rejects stats_push 1",
                    "answers stats_push 1",
                ]
            )
            #expect(told.items.allSatisfy { $0.bytes > 0 } && told.isDryRun)
            #expect(try self.training(store, at: 22) == [1, .null, 7, .null])
            #expect(try store.collectGarbage().items == told.items)
            #expect(try store.collectGarbage().items.isEmpty)
            #expect(try self.online(store) == served)
            #expect(try self.training(store, at: 100) == served)
            // The source has its rows still, and the pushed history has lost its own.
            #expect(try self.training(store, at: 22) == [1, .null, .null, .null])
            #expect(try store.rejects().count == 1)
            // A load brings nothing back.
            try store.materialize()
            #expect(try store.collectGarbage().items.isEmpty)
            #expect(try self.online(store) == served)
            #expect(try store.verify().isEqual)
        }
    }

    @Test func `The project's retention is for views with a ttl, and never shorter than it`() throws
    {
        try withTemporaryDirectory { directory in
            let (store, _) = try self.project(directory, ttl: 95, retention: nil, general: 1)
            try store.materialize()
            let served = try self.online(store)
            #expect(try store.collectGarbage().items.isEmpty)
            #expect(try self.online(store) == served)
        }
        try withTemporaryDirectory { directory in
            let (store, _) = try self.project(directory, ttl: 0, retention: nil, general: 1)
            try store.materialize()
            #expect(try store.collectGarbage().items.isEmpty)
            #expect(try self.online(store) == [1, 2, .null, .null])
        }
    }

    @Test(arguments: [(Int64(0), Int64(10)), (20, 10)])
    func `A retention that would remove valid rows is refused`(ttl: Int64, retention: Int64) throws
    {
        try withTemporaryDirectory { directory in
            let error = failure {
                try self.project(directory, ttl: ttl, retention: retention).store
            }
            #expect(error?.message.contains("retention") == true, "\(error?.message ?? "none")")
        }
    }

    @Test func `Generations that nothing serves, and files that were left behind, go`() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 10, created: 11, trips: "1")])
            try project.apply()
            try project.store.materialize()
            // What a load that was killed leaves.
            let leftover = directory.path + "/data/online.load/load-9-0.run"
            try Data("rows".utf8).write(to: URL(fileURLWithPath: leftover))
            let told = try project.store.collectGarbage(isDryRun: true)
            #expect(told.items.map(\.kind) == [.leftover] && told.bytes == 4)
            #expect(FileManager.default.fileExists(atPath: leftover))
            try project.store.collectGarbage()
            #expect(!FileManager.default.fileExists(atPath: leftover))
            // A snapshot that nobody fetched, and one that somebody still may.
            for name in ["old", "young"] {
                let folder = URL(fileURLWithPath: directory.path + "/data/.online.snapshot/" + name)
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true
                )
                try Data("row".utf8).write(to: folder.appendingPathComponent("file"))
            }
            let area = directory.path + "/data/.online.snapshot"
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -61)],
                ofItemAtPath: area + "/old"
            )
            let unfetched = try project.store.collectGarbage(isDryRun: true)
            #expect(unfetched.items.map(\.kind) == [.leftover] && unfetched.bytes == 3)
            try project.store.collectGarbage()
            #expect(try FileManager.default.contentsOfDirectory(atPath: area) == ["young"])
            #expect(try project.values([1]) == [1])
        }
    }
}
