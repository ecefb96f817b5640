import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite struct WaitingRowsTests {
    /// One pushed row; times are seconds.
    private struct Row {
        var driver: Int64 = 1
        var time: Int64
        var created: Int64?
        var trips: Int64
    }

    /// A project of two views with one push source; "checked" filters by created time.
    private func project(_ directory: URL) throws -> SmallProject {
        var project = SmallProject(directory: directory)
        project.repository.dataSources.append(
            DataSource(name: "stats_push", kind: .push(.init(batchSource: "stats_source")))
        )
        var checked = project.repository.featureViews[0]
        checked.name = "checked"
        checked.filterByCreatedTimestamp = true
        checked.source = "stats_push"
        project.repository.featureViews.append(checked)
        try project.write([SmallProject.line(1, 10, created: 11, trips: "1")])
        try project.apply()
        try project.store.materialize()
        // Another one, whose online store is closed.
        var copy = SmallProject(directory: directory)
        copy.repository = project.repository
        return copy
    }

    private func rows(_ rows: [Row]) throws -> PushRows {
        try PushRows([
            "driver_id": rows.map { .integer($0.driver) },
            "event_time": rows.map { .timestamp(second($0.time)) },
            "created": rows.map { row in row.created.map { .timestamp(second($0)) } ?? .null },
            "trips": rows.map { .integer($0.trips) }, "rate": rows.map { _ in .null },
        ])
    }

    private func trips(
        _ store: FeatureStore,
        _ view: String,
        _ drivers: [Value] = [1]
    ) throws -> [Value] {
        try store.onlineFeatures(
            .features(["\(view):trips"]),
            entities: ["driver_id": drivers]
        ).features[0].values.values
    }

    @Test("A row from the future is accepted, waits, and is served from its microsecond on")
    func eventTime() throws {
        try withTemporaryDirectory { directory in
            for target in [PushTarget.online, .onlineAndOffline] {
                let folder = directory.appendingPathComponent(target.rawValue)
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true
                )
                let project = try self.project(folder)
                let result = try project.store.push(
                    "stats_push",
                    rows: self.rows([
                        Row(time: 200, created: 90, trips: 3), Row(time: 50, trips: 2),
                        Row(time: 5, created: 6, trips: 9),
                    ]),
                    to: target
                )
                #expect(result.results.map(\.status) == [.accepted, .accepted, .stale])
                #expect((result.accepted, result.stale, result.future) == (2, 1, 1))
                #expect(result.sequence == 1)
                #expect(try project.store.status().pushes?.waiting == 1)
                for view in ["stats", "checked"] {
                    #expect(try self.trips(project.store, view) == [2])
                }
                project.clock.now.microseconds = second(200).microseconds - 1
                try project.store.refresh()
                let report = try project.store.materialize()
                #expect(report.views.allSatisfy { $0.keysWritten == 0 })
                let compared = try project.store.verify()
                #expect(compared.views.allSatisfy { $0.isEqual } == target.includesOffline)
                #expect(try project.values([1]) == [2])
                project.clock.now = second(200)
                #expect(try project.values([1]) == [3])
                #expect(try project.values([1], of: "checked:trips") == [3])
                #expect(try project.store.status().pushes?.waiting == 0)
                let again = try project.store.materialize()
                #expect(again.views.allSatisfy { $0.keysWritten == 0 })
            }
        }
    }

    @Test("A row that is created in the future waits for the views that filter by it alone")
    func createdTime() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let result = try project.store.push(
                "stats_push",
                rows: self.rows([Row(time: 50, created: 150, trips: 2)]),
                to: .onlineAndOffline
            )
            #expect((result.accepted, result.future) == (1, 1))
            #expect(try project.values([1]) == [2])
            #expect(try project.values([1], of: "checked:trips") == [1])
            // Without a filter nothing waits for a created time.
            let view = try project.store.writeToOnlineStore(
                view: "stats",
                rows: self.rows([Row(time: 60, created: 150, trips: 4)])
            )
            #expect((view.future, view.sequence) == (0, nil))
            #expect(try project.values([1]) == [4])
            project.clock.now = second(150)
            #expect(try project.values([1], of: "checked:trips") == [2])
            #expect(try project.values([1]) == [4])
        }
    }

    @Test("A refresh, a load and a comparison write what is due, and a watched store's reads lag")
    func refresh() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            try project.store.openOnlineStore(address: "127.0.0.1:1")
            let steps: [() throws -> Void] = [
                { try project.store.refresh() },
                { try project.store.materialize() },
                {
                    let report = try project.store.verify()
                    #expect(report.views.allSatisfy { $0.isEqual })
                },
                {
                    let other = try self.rows([Row(driver: 2, time: 1, trips: 0)])
                    try project.store.push("stats_push", rows: other)
                },
            ]
            for (index, step) in steps.enumerated() {
                let time = Int64(200 + 10 * index)
                try project.store.push(
                    "stats_push",
                    rows: self.rows([Row(time: time, created: 20, trips: time)]),
                    to: .onlineAndOffline
                )
                let before = try project.values([1])
                project.clock.now = second(time)
                #expect(try project.values([1]) == before)
                try step()
                #expect(try project.values([1]) == [.integer(time)])
                #expect(try project.values([1], of: "checked:trips") == [.integer(time)])
            }
        }
    }

    @Test("Of a row that waited and one as old that is pushed at its time, the latter wins")
    func ties() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            try project.store.openOnlineStore(address: "127.0.0.1:1")
            for (index, target) in [PushTarget.online, .onlineAndOffline].enumerated() {
                let time = Int64(200 + 10 * index)
                for trips in [Int64(1), 2, 3] {
                    // The last one comes when the others are due and nobody has written them.
                    if trips == 3 { project.clock.now = second(time) }
                    try project.store.push(
                        "stats_push",
                        rows: self.rows([Row(time: time, created: 20, trips: trips)]),
                        to: target
                    )
                }
                for _ in 0..<2 {
                    #expect(try project.values([1]) == [3])
                    #expect(try project.values([1], of: "checked:trips") == [3])
                    try project.store.refresh()
                }
            }
        }
    }

    @Test("Online-only rows of random times are what a plain list of them says", arguments: 0..<60)
    func oracle(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            var random = SeededGenerator(seed: seed)
            var store = project.anotherStore()
            var known: [(row: Row, pushedAt: Timestamp)] = [
                (Row(time: 10, created: 11, trips: 1), second(11))
            ]
            var count: Int64 = 1
            for step in 0..<16 {
                if Int.random(in: 0..<5, using: &random) == 0 { store = project.anotherStore() }
                // The next push is the first to come after that time.
                project.clock.now.microseconds += .random(in: 0...3, using: &random) * 500_000
                let now = (project.clock.now.microseconds - testStart) / 1_000_000
                let pushed = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    count += 1
                    return Row(
                        driver: .random(in: 1...2, using: &random),
                        time: .random(in: now - 1...now + 3, using: &random),
                        created: Bool.random(using: &random)
                            ? nil : .random(in: now - 1...now + 3, using: &random),
                        trips: count
                    )
                }
                let key = Bool.random(using: &random) ? "key \(step)" : nil
                let result = try store.push(
                    "stats_push",
                    rows: self.rows(pushed),
                    idempotencyKey: key
                )
                known += pushed.map { ($0, result.pushedAt) }
                if Bool.random(using: &random) {
                    project.clock.now.microseconds += .random(in: 0...3, using: &random) * 500_000
                }
                for view in ["stats", "checked"] where Bool.random(using: &random) {
                    let expected = [Int64(1), 2].map { driver in
                        var newest: (event: Int64, written: Int64, trips: Int64)?
                        for (row, pushedAt) in known where row.driver == driver {
                            let event = second(row.time).microseconds
                            let written = row.created.map { second($0) } ?? pushedAt
                            let due = view == "stats" ? event : max(event, written.microseconds)
                            guard due <= project.clock.now.microseconds else { continue }
                            if let other = newest,
                                (event, written.microseconds) < (other.event, other.written)
                            {
                                continue
                            }
                            newest = (event, written.microseconds, row.trips)
                        }
                        return newest.map { Value.integer($0.trips) } ?? .null
                    }
                    #expect(try self.trips(store, view, [1, 2]) == expected, "\(view)")
                }
            }
        }
    }

    @Test("A push that was left half done does not bring its rows before their time")
    func recovery() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let files = FileManager.default
            let online = directory.appendingPathComponent("data/online")
            let saved = directory.appendingPathComponent("saved")
            try files.copyItem(at: online, to: saved)
            try self.push(
                project,
                [
                    Row(time: 200, created: 20, trips: 3), Row(time: 50, created: 300, trips: 2),
                ]
            )
            // The process ended after the log's first step.
            let log = directory.appendingPathComponent("data/pushed.db").path
            try SQLiteDatabase(path: log, mode: .readWriteCreate).execute(
                "UPDATE pushes SET state = 'pending', result = NULL"
            )
            try files.removeItem(at: online)
            try files.moveItem(at: saved, to: online)
            for (now, stats, checked) in [(100, 2, 1), (200, 3, 3), (300, 3, 3)]
                as [(Int64, Int64, Int64)]
            {
                project.clock.now = second(now)
                let store = project.anotherStore()
                #expect(try self.trips(store, "stats") == [.integer(stats)])
                #expect(try self.trips(store, "checked") == [.integer(checked)])
                #expect(try store.status().pushes?.pending == 0)
            }
        }
    }

    private func push(_ project: SmallProject, _ rows: [Row]) throws {
        try project.anotherStore().push(
            "stats_push",
            rows: self.rows(rows),
            to: .onlineAndOffline
        )
    }

    @Test("What waits for a source that is gone does not come back under its name")
    func teardown() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let rows = { (time: Int64, trips: Int64) in
                try self.rows([Row(time: time, created: 20, trips: trips)])
            }
            try project.store.push("stats_push", rows: rows(200, 3))
            try project.store.push("stats_push", rows: rows(210, 4), to: .onlineAndOffline)
            try project.store.writeToOnlineStore(view: "stats", rows: rows(220, 5))
            #expect(try project.store.status().pushes?.waiting == 3)
            try project.store.teardown()
            // What is history comes back with its source, in training sets and online.
            #expect(try project.store.status().pushes?.waiting == 1)
            try project.apply()
            try project.store.materialize()
            for (now, trips) in [(200, 1), (210, 4), (230, 4)] as [(Int64, Int64)] {
                project.clock.now = second(now)
                #expect(try project.values([1]) == [.integer(trips)])
                let training = try project.store.historicalFeatures(
                    .features(["stats:trips"]),
                    entities: SmallProject.entities([(1, .timestamp(second(now)))])
                ).table.columns.last?.column.values
                #expect(training == [.integer(trips)])
            }
        }
    }

    @Test("Of views that are dropped or redefined meanwhile, those that fit get the row")
    func redefinition() throws {
        try withTemporaryDirectory { directory in
            var project = try self.project(directory)
            try project.store.push(
                "stats_push",
                rows: PushRows([
                    "driver_id": [1, 1], "event_time": [1_700_000_200, 1_700_000_210],
                    "created": [nil, nil], "trips": [7, 8], "rate": ["0.5", "1"],
                ]),
                to: .onlineAndOffline
            )
            // "stats" reads the rate as a whole number now, which 0.5 is none of.
            project.repository.featureViews[0].schema[1].type = .int64
            try project.apply(allowDestroy: true)
            try project.store.materialize()
            project.clock.now = second(200)
            #expect(try project.values([1]) == [1])
            #expect(try project.values([1], of: "checked:trips") == [7])
            project.repository.featureViews.remove(at: 1)
            try project.apply(allowDestroy: true)
            project.clock.now = second(210)
            #expect(try project.values([1]) == [8])
            #expect(try project.values([1], of: "stats:rate") == [1])
        }
    }
}
