import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport
import Testing

@Suite struct PushTests {
    /// A project whose view has a batch source, a push source on it, and a view by itself.
    private func project(_ directory: URL, hasCreated: Bool = true) throws -> SmallProject {
        var project = SmallProject(directory: directory)
        if !hasCreated { project.repository.dataSources[0].createdTimestampColumn = nil }
        project.repository.dataSources += [
            DataSource(
                name: "stats_push",
                kind: .push(.init(batchSource: "stats_source"))
            ),
            DataSource(name: "alone", kind: .push(.init()), timestampField: "event_timestamp"),
            DataSource(name: "unused", kind: .push(.init()), timestampField: "event_timestamp"),
        ]
        var named = project.repository.featureViews[0]
        named.name = "named"
        named.schema = [Field(name: "trips", type: .int64)]
        named.source = "stats_push"
        var alone = named
        alone.name = "only_pushed"
        alone.source = "alone"
        project.repository.featureViews += [named, alone]
        try project.write([SmallProject.line(1, 10, created: 11, trips: "1")])
        try project.apply()
        return project
    }

    private func rows(
        _ rows: [(driver: Value, time: Int64?, created: Int64?, trips: Value)]
    ) throws -> PushRows {
        func time(_ seconds: Int64?) -> Value { seconds.map { .timestamp(second($0)) } ?? .null }
        return try PushRows([
            "driver_id": rows.map(\.driver), "event_time": rows.map { time($0.time) },
            "created": rows.map { time($0.created) }, "trips": rows.map(\.trips),
            "rate": rows.map { _ in .float(0.5) },
        ])
    }

    private func training(
        _ project: SmallProject,
        _ feature: String,
        _ rows: [(driver: Value, time: Value)]
    ) throws -> [Value] {
        try project.store.historicalFeatures(
            .features([feature]),
            entities: SmallProject.entities(rows)
        ).table.columns.last?.column.values ?? []
    }

    @Test("A push reaches every view that names the source or its batch source, in both stores")
    func reachesBothStores() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            try project.store.materialize()
            let result = try project.store.push(
                "stats_push",
                rows: self.rows([(1, 20, 21, 2), (2, 20, nil, 3), (1, 5, 6, 9)]),
                to: .onlineAndOffline
            )
            #expect(result.sequence == 1)
            #expect(result.views == ["stats", "named"])
            #expect(result.results.map(\.status) == [.accepted, .accepted, .stale])
            #expect((result.accepted, result.stale, result.rejected) == (2, 1, 0))
            for view in ["stats", "named"] {
                #expect(try project.values([1, 2], of: "\(view):trips") == [2, 3])
                let now = Value.timestamp(second(100))
                let found = try self.training(
                    project,
                    "\(view):trips",
                    [(1, now), (2, now), (1, .timestamp(second(7))), (1, .timestamp(second(12)))]
                )
                #expect(found == [2, 3, 9, 1])
            }
            #expect(try project.values([1], of: "only_pushed:trips") == [.null])
            // Loading what was pushed changes nothing.
            let report = try project.store.materialize()
            #expect(report.views.map(\.rowsRead) == [4, 4, 0])
            #expect(report.views.allSatisfy { $0.keysWritten == 0 && $0.stale == 0 })
        }
    }

    @Test("Keys that were only pushed have rows in a set without entity rows, and are verified")
    func pushedKeysCount() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            try project.store.push(
                "stats_push",
                rows: self.rows([(3, 20, nil, 5), (2, 30, nil, 3)]),
                to: .offline
            )
            func drivers(from: Int64?, to: Int64) throws -> [Value] {
                try project.store.historicalFeatures(
                    .features(["stats:trips"]),
                    entities: .keys(from: from.map(second), to: second(to))
                ).table.columns.first?.column.values ?? []
            }
            #expect(try drivers(from: nil, to: 40) == [1, 2, 3])
            #expect(try drivers(from: nil, to: 20) == [1, 3])
            #expect(try drivers(from: 21, to: 40) == [2])
            let before = try project.store.verify(views: ["stats"])
            #expect(before.views.map(\.keys) == [3] && !before.isEqual)
            try project.store.materialize()
            let after = try project.store.verify(views: ["stats"])
            #expect(after.views.map(\.keys) == [3] && after.isEqual)
        }
    }

    @Test("A view that obeys created times serves no pushed row before it was created")
    func createdLater() throws {
        try withTemporaryDirectory { directory in
            var project = try self.project(directory)
            project.repository.featureViews[0].filterByCreatedTimestamp = true
            try project.apply(allowDestroy: true)
            try project.store.push(
                "stats_push",
                rows: self.rows([(7, 20, 200, 5), (8, 20, 30, 6)]),
                to: .onlineAndOffline
            )
            func training(at time: Int64) throws -> [Value] {
                let time = Value.timestamp(second(time))
                return try self.training(project, "stats:trips", [(7, time), (8, time)])
            }
            #expect(try project.values([7, 8]) == [.null, 6])
            #expect(try training(at: 100) == [.null, 6])
            // The other view does not go by created times.
            #expect(try project.values([7, 8], of: "named:trips") == [5, 6])
            project.clock.now = second(200)
            #expect(try project.values([7, 8]) == [5, 6])
            #expect(try training(at: 200) == [5, 6])
        }
    }

    @Test("A push to one store leaves the other as it is, until the next load")
    func oneStoreAlone() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let log = directory.appendingPathComponent("data/pushed.db").path
            let now = Value.timestamp(second(100))
            let online = try project.store.push("stats_push", rows: self.rows([(1, 20, nil, 2)]))
            #expect(online.sequence == nil)
            #expect(!FileManager.default.fileExists(atPath: log))
            #expect(try project.values([1]) == [2])
            #expect(try self.training(project, "stats:trips", [(1, now)]) == [1])

            let offline = try project.store.push(
                "stats_push",
                rows: self.rows([(1, 30, nil, 3)]),
                to: .offline
            )
            #expect(offline.sequence == 1)
            #expect(try project.values([1]) == [2])
            #expect(try self.training(project, "stats:trips", [(1, now)]) == [3])
            try project.store.materializeIncremental()
            #expect(try project.values([1]) == [3])
        }
    }

    @Test("A source without history of its own has what was pushed, under its own names")
    func pushedAlone() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let rows = try PushRows([
                "driver_id": [1, 1], "event_timestamp": [.string("1700000005"), 1_700_000_004],
                "trips": ["7", 6], "more": [true, false],
            ])
            let result = try project.store.push("alone", rows: rows, to: .onlineAndOffline)
            #expect(result.ignoredColumns == ["more"])
            #expect(result.results.map(\.status) == [.accepted, .stale])
            #expect(try project.values([1], of: "only_pushed:trips") == [7])
            let found = try self.training(
                project,
                "only_pushed:trips",
                [(1, .timestamp(second(100))), (1, .timestamp(second(4)))]
            )
            #expect(found == [7, 6])
        }
    }

    @Test("Feast's names of the times are understood, and those of features before a mapping")
    func otherNames() throws {
        try withTemporaryDirectory { directory in
            var project = try self.project(directory)
            project.repository.dataSources[0].fieldMapping = ["raw_rate": "rate"]
            try project.write(
                ["1,\(second(10)),,1,0.5"],
                header: "driver_id,event_time,created,trips,raw_rate"
            )
            try project.apply(allowDestroy: true)
            for rate in ["rate", "raw_rate"] {
                let all = try PushRows([
                    "driver_id": [4], "event_timestamp": ["2023-11-14T22:13:50"],
                    "created": ["2023-11-14 22:13:51"], "trips": [1], rate: [.float(0.25)],
                ])
                try project.store.push("stats_push", rows: all, to: .onlineAndOffline)
                #expect(try project.values([4], of: "stats:rate") == [0.25])
                try project.store.writeToOnlineStore(view: "stats", rows: all)
            }
            let column = try project.online([4], of: "stats:trips")
            #expect(column.eventTimestamps == [second(30)])
        }
    }

    @Test("Rows that cannot be used are rejected with their column, kept, and do not stop others")
    func rejects() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let rows = try self.rows([
                (1, 20, nil, 2), (.null, 20, nil, 2), (2, nil, nil, 2), (3, 20, nil, "no"),
                (4, 20, nil, .float(1.5)), ("x", 20, nil, 1), (5, 200, nil, 1),
            ])
            let result = try project.store.push("stats_push", rows: rows)
            #expect(result.sequence == 1)
            #expect((result.accepted, result.rejected, result.future) == (2, 5, 1))
            #expect(
                result.results.map(\.status) == [
                    .accepted, .rejected, .rejected, .rejected, .rejected, .rejected, .accepted,
                ]
            )
            #expect(
                result.results.map(\.column) == [
                    nil, "driver_id", "event_time", "trips", "trips", "driver_id", nil,
                ]
            )
            #expect(result.results[3].reason == "\"no\" is no int64")
            let kept = try project.store.rejects(of: "stats_push")
            #expect(kept.map(\.row) == [1, 2, 3, 4, 5])
            #expect(kept[2].cells.contains("\"trips\":\"no\""))
            #expect(try project.store.rejects(of: "alone").isEmpty)
            #expect(try project.store.rejects(limit: 2).count == 2)
            #expect(try project.store.status().pushes?.rejects == 5)
            #expect(try project.values([1, 3, 5]) == [2, .null, .null])
            project.clock.now = second(300)
            #expect(try project.values([5]) == [1])
            #expect(try project.store.clearRejects(of: "alone") == 0)
            #expect(try project.store.clearRejects() == 5)
            #expect(try project.store.rejects().isEmpty)
            // What was pushed to the online store alone is no history.
            try project.store.materialize()
            let now = Value.timestamp(second(300))
            #expect(try self.training(project, "stats:trips", [(5, now)]) == [.null])
        }
    }

    @Test("The same idempotency key writes once; with other rows it is a conflict")
    func idempotency() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            for target in PushTarget.allCases {
                let key = "key of \(target)"
                let rows = try self.rows([(1, 20, nil, 2), (.null, 1, nil, 1)])
                let first = try project.store.push(
                    "stats_push",
                    rows: rows,
                    to: target,
                    idempotencyKey: key
                )
                project.clock.now.microseconds += 1_000_000
                let again = try project.store.push(
                    "stats_push",
                    rows: rows,
                    to: target,
                    idempotencyKey: key
                )
                #expect(again == first)
                let other = failure {
                    try project.store.push(
                        "stats_push",
                        rows: self.rows([(1, 20, nil, 3), (.null, 1, nil, 1)]),
                        to: target,
                        idempotencyKey: key
                    )
                }
                #expect(other?.code == .conflict)
            }
            #expect(try project.store.status().pushes?.count == 3)
            let report = try project.store.materialize(views: ["stats"])
            #expect(report.views[0].rowsRead == 3)
            let tooLong = failure {
                try project.store.push(
                    "stats_push",
                    rows: self.rows([]),
                    idempotencyKey: String(repeating: "k", count: 600)
                )
            }
            #expect(tooLong?.code == .invalidArgument)
        }
    }

    @Test("Wrong names and missing columns are told, and nothing is written")
    func mistakes() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let rows = try PushRows(["driver_id": [1], "event_time": [1], "trip": [1]])
            let missing = failure { try project.store.push("stats_push", rows: rows) }
            #expect(missing?.code == .invalidArgument)
            #expect(missing?.message.contains("\"trips\", \"rate\"") == true)
            #expect(missing?.message.contains("\"named\"") == true)
            let unknown = failure { try project.store.push("stats_pus", rows: rows) }
            #expect(unknown?.code == .pushSourceNotFound)
            #expect(unknown?.message.contains("did you mean \"stats_push\"") == true)
            let batch = failure { try project.store.push("stats_source", rows: rows) }
            #expect(batch?.code == .pushSourceNotFound)
            let unused = failure { try project.store.push("unused", rows: rows) }
            #expect(unused?.code == .invalidArgument)
            let view = failure { try project.store.writeToOnlineStore(view: "stat", rows: rows) }
            #expect(view?.code == .objectNotFound)
            #expect(failure { try PushRows(["a": [1], "b": []]) }?.code == .invalidArgument)
            #expect(failure { try PushRows(["a": [1], "a": [2]]) }?.code == .invalidArgument)
        }
    }

    @Test("A row of the same event time wins by its created time, and else by being pushed")
    func ties() throws {
        try withTemporaryDirectory { directory in
            for hasCreated in [true, false] {
                let folder = directory.appendingPathComponent("\(hasCreated)")
                try FileManager.default.createDirectory(
                    at: folder,
                    withIntermediateDirectories: true
                )
                let project = try self.project(folder, hasCreated: hasCreated)
                let now = Value.timestamp(second(100))
                func check(_ value: Value, _ comment: Comment) throws {
                    #expect(try project.values([1]) == [value], comment)
                    let found = try self.training(project, "stats:trips", [(1, now)])
                    #expect(found == [value], comment)
                    try project.store.materialize()
                    #expect(try project.values([1]) == [value], comment)
                }
                try project.store.materialize()
                func push(created: Int64?, _ trips: Value) throws -> PushResult.Status? {
                    try project.store.push(
                        "stats_push",
                        rows: self.rows([(1, 10, created, trips)]),
                        to: .onlineAndOffline
                    ).results.first?.status
                }
                if hasCreated {
                    #expect(try push(created: 5, 2) == .stale)
                    try check(1, "the batch row was created later")
                    #expect(try push(created: 11, 3) == .accepted)
                    try check(3, "as old as the batch row, and pushed after it")
                    #expect(try push(created: 11, 4) == .accepted)
                    try check(4, "as old, and pushed later")
                }
                #expect(try push(created: nil, 5) == .accepted)
                try check(5, "created when it was pushed")
                #expect(try push(created: nil, 6) == .accepted)
                try check(6, "pushed later, by a clock that stands still")
                project.clock.now = second(50)
                #expect(try push(created: nil, 7) == .accepted)
                try check(7, "pushed later, by a clock that went back")
                project.clock.now = second(100)
            }
        }
    }

    @Test("A push that a process left half done is completed by the next opening")
    func recovery() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let log = directory.appendingPathComponent("data/pushed.db").path
            for target in [PushTarget.online, .onlineAndOffline] {
                for isWritten in [true, false] {
                    let trips = Value.integer(isWritten ? 20 : 30)
                    let time: Int64 = (target == .online ? 40 : 60) + (isWritten ? 0 : 10)
                    let key = "\(target) \(isWritten)"
                    let rows = try self.rows([(1, time, nil, trips), (.null, 1, nil, 1)])
                    // Another process ends after the log's first step, or after the second.
                    let result = try PendingPush.leave(
                        project,
                        rows: rows,
                        target: target,
                        key: key,
                        isWritten: isWritten,
                        log: log
                    )
                    let store = project.anotherStore()
                    try store.refresh()
                    let found = try store.onlineFeatures(
                        .features(["stats:trips"]),
                        entities: ["driver_id": [1]]
                    ).features[0].values.values
                    #expect(found == [trips])
                    #expect(try store.status().pushes?.pending == 0)
                    let again = try store.push(
                        "stats_push",
                        rows: rows,
                        to: target,
                        idempotencyKey: key
                    )
                    #expect(again.results == result.results)
                    #expect(again.pushedAt == result.pushedAt)
                }
            }
        }
    }
}

/// Leaves the state that a killed push leaves.
private enum PendingPush {
    static func leave(
        _ project: SmallProject,
        rows: PushRows,
        target: PushTarget,
        key: String,
        isWritten: Bool,
        log: String
    ) throws -> PushResult {
        let online = project.directory.appendingPathComponent("data/online")
        let saved = project.directory.appendingPathComponent("saved")
        let files = FileManager.default
        if !isWritten, files.fileExists(atPath: online.path) {
            try files.copyItem(at: online, to: saved)
        }
        let result = try project.anotherStore().push(
            "stats_push",
            rows: rows,
            to: target,
            idempotencyKey: key
        )
        let database = try SQLiteDatabase(path: log, mode: .readWriteCreate)
        if target == .onlineAndOffline {
            try database.execute(
                "UPDATE pushes SET state = 'pending', result = NULL WHERE idempotency_key = '\(key)'"
            )
        } else {
            // Its rows are gone when it is done: they come back as they were.
            try database.execute(
                """
                UPDATE pushes SET state = 'pending', result = NULL WHERE idempotency_key = '\(key)';
                INSERT INTO pushed_rows SELECT sequence, 0, json_array(
                    1, strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + 40 + \(isWritten ? 0 : 10),
                    'unixepoch'), NULL, \(isWritten ? 20 : 30), 0.5)
                FROM pushes WHERE idempotency_key = '\(key)';
                UPDATE pushes SET columns = '["driver_id","event_time","created","trips","rate"]'
                WHERE idempotency_key = '\(key)';
                """
            )
        }
        if !isWritten, files.fileExists(atPath: saved.path) {
            try files.removeItem(at: online)
            try files.moveItem(at: saved, to: online)
        }
        return result
    }
}
