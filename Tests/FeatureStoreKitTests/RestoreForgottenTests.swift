import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// What was forgotten stays so, whatever is restored, and whatever is served of a snapshot.
@Suite struct RestoreForgottenTests {
    private typealias Question = ForgettingProject.Question

    /// Right after a restore there is what was served then, without what was forgotten since.
    private static func checkServed(
        _ project: ForgettingProject,
        _ snapshot: ForgettingProject.Snapshot,
        _ step: String
    ) throws {
        let now = project.clock.now
        project.clock.now = snapshot.time
        defer { project.clock.now = now }
        let since = project.forgotten[snapshot.forgotten...]
        func isForgotten(_ joinKey: String, _ id: Value) -> Bool {
            since.contains { $0.joinKey == joinKey && $0.id == id }
        }
        let questions = ForgettingProject.questions(at: [snapshot.time])
        let online = try project.online(questions)
        for (index, feature) in ForgettingProject.features.enumerated() {
            let view = feature.prefix { $0 != ":" }
            // Rows of the static table are as new as the clock, which stands still between them.
            guard view != "static_place" else { continue }
            for (row, question) in questions.enumerated() {
                let isGone =
                    isForgotten("user_id", .integer(question.user))
                    || view == "by_both" && isForgotten("place", .string(question.place))
                let expected = isGone ? .null : snapshot.served[index][row]
                #expect(online[index][row] == expected, "\(step): served \(feature) \(question)")
            }
        }
    }

    @Test(arguments: UInt64(0)..<24)
    func `Whatever is restored in whatever order, forgotten rows are as if they had never been`(
        seed: UInt64
    ) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: 7_000 + seed)
            let home = directory.appendingPathComponent("home")
            var project = try ForgettingProject(home, cache: seed.isMultiple(of: 2))
            func tick() {
                project.clock.now = Timestamp(microseconds: project.clock.now.microseconds + 1_000)
            }
            var restores = 0
            for step in 0..<36 {
                tick()
                switch Int.random(in: 0..<6, using: &random) {
                case 0 where project.snapshots.count < 4: try project.takeSnapshot()
                case 1 where !project.snapshots.isEmpty && restores < 3:
                    let index = Int.random(in: project.snapshots.indices, using: &random)
                    let snapshot = project.snapshots[index]
                    let report = try project.restore(snapshot)
                    restores += 1
                    let isOld = snapshot.forgotten < project.forgotten.count
                    #expect((report.forgotten != nil) == isOld, "step \(step)")
                    try Self.checkServed(project, snapshot, "step \(step)")
                    try project.checkTraining("step \(step)")
                default: try project.step(using: &random)
                }
            }
            if project.snapshots.isEmpty { try project.takeSnapshot() }
            tick()
            try project.forget(using: &random)
            let last = try #require(project.snapshots.last)
            #expect(try project.restore(last).forgotten?.isDone == true)
            try Self.checkServed(project, last, "at the end")
            try project.checkTraining("at the end")
            try project.store.materialize()
            try project.checkOnline("at the end")
            let receipts = try project.store.forgetReceipts()
            #expect(receipts.map(\.time) == project.forgotten.map(\.time))
        }
    }

    /// Pushes a row to both stores, of one user.
    private func push(
        _ store: FeatureStore,
        user: Int64,
        at time: Timestamp,
        value: Int64
    ) throws {
        try store.push(
            "alone",
            rows: PushRows([
                "user_id": [.integer(user)], "time": [.timestamp(time)],
                "created": [.timestamp(time)], "value": [.integer(value)],
            ]),
            to: .onlineAndOffline
        )
    }

    private func served(_ store: FeatureStore) throws -> [Value] {
        try store.onlineFeatures(
            .features(["only_pushed:value"]),
            entities: ["user_id": [1, 2, 3]]
        ).features[0].values.values
    }

    private func history(_ store: FeatureStore, at time: Timestamp) throws -> String {
        let set = try store.historicalFeatures(
            .features(["only_pushed:value"]),
            entities: .keys(to: time)
        )
        return String(decoding: set.csv(), as: UTF8.self)
    }

    private func forget(_ project: ForgettingProject, user: Int64) throws -> ForgetReceipt {
        try project.store.forget(
            ForgetRequest([.init(joinKey: "user_id", id: .integer(user))])
        )
    }

    @Test func `A snapshot takes what was forgotten to where it is restored`() throws {
        try withTemporaryDirectory { directory in
            let home = directory.appendingPathComponent("a")
            let project = try ForgettingProject(home, cache: false)
            for user in Int64(1)...3 {
                try self.push(project.store, user: user, at: second(40), value: user)
            }
            let receipt = try self.forget(project, user: 2)
            let snapshot = directory.path + "/snapshot"
            let manifest = try project.store.stageSnapshot()
                .publish(to: snapshot, program: "1")
            #expect(manifest.files.map(\.name).contains("forget.key"))
            #expect(manifest.files.map(\.name).contains("forgotten.jsonl"))
            #expect(SnapshotReport(ofSnapshotAt: snapshot).problems == [])
            let clock = project.clock
            let other = FeatureStore(
                directory: directory.path + "/b",
                configuration: project.store.configuration,
                now: { clock.now }
            )
            let report = try other.restore(from: snapshot)
            #expect(report.forgotten == nil)
            #expect(try other.forgetReceipts() == [receipt])
            try self.push(other, user: 2, at: second(45), value: 5)
            #expect(try self.served(other) == [1, .null, 3])
            // A newer one counts, and is not what a restore leaves out.
            clock.now = second(60)
            try self.push(other, user: 2, at: second(60), value: 6)
            #expect(try self.served(other) == [1, 6, 3])
        }
    }

    @Test func `Two projects' secrets stay in force side by side`() throws {
        try withTemporaryDirectory { directory in
            func project(_ name: String) throws -> ForgettingProject {
                let home = directory.appendingPathComponent(name)
                return try ForgettingProject(home, cache: name == "a")
            }
            var mine = try project("a")
            let others = try project("b")
            try self.push(mine.store, user: 1, at: second(40), value: 1)
            let first = try self.forget(mine, user: 1)
            // The other project does not know it; it pushes the old row afterwards, and a new one.
            others.clock.now = second(70)
            try self.push(others.store, user: 1, at: second(40), value: 10)
            try self.push(others.store, user: 2, at: second(41), value: 20)
            try self.push(others.store, user: 3, at: second(42), value: 30)
            let later = try self.forget(others, user: 2)
            let snapshot = directory.path + "/snapshot"
            try others.store.stageSnapshot().publish(to: snapshot, program: "1")
            let key = try String(contentsOfFile: "\(snapshot)/forget.key", encoding: .utf8)
            let log = try String(
                contentsOfFile: mine.directory.path + "/data/forgotten.jsonl",
                encoding: .utf8
            )
            mine.clock.now = second(80)
            let report = try mine.restore(
                ForgettingProject.Snapshot(
                    path: snapshot,
                    time: second(70),
                    pushes: [],
                    forgotten: 0,
                    served: []
                )
            )
            #expect(report.forgotten?.online.map(\.rows) == [1])
            #expect(report.forgotten?.pushedRows == 1)
            #expect(try self.served(mine.store) == [.null, .null, 30])
            #expect(try !self.history(mine.store, at: second(80)).contains("\n1,"))
            for user in Int64(1)...2 {
                try self.push(mine.store, user: user, at: second(43), value: 5)
            }
            #expect(try self.served(mine.store) == [.null, .null, 30])
            #expect(try mine.store.forgetReceipts() == [first, later])
            let folder = directory.path + "/a/data"
            let keys = try String(contentsOfFile: "\(folder)/forget.key", encoding: .utf8)
            #expect(keys.split(separator: "\n").count == 2 && keys.hasSuffix(key))
            let both = try String(contentsOfFile: "\(folder)/forgotten.jsonl", encoding: .utf8)
            #expect(both.hasPrefix(log) && both.count > log.count)
            let third = try self.forget(mine, user: 3)
            #expect(third.pushedRows == 1)
            #expect(try self.served(mine.store) == [.null, .null, .null])
        }
    }

    @Test func `Without the secret, or with a damaged line, nothing is restored`() throws {
        try withTemporaryDirectory { directory in
            let home = directory.appendingPathComponent("a")
            var project = try ForgettingProject(home, cache: false)
            try self.push(project.store, user: 1, at: second(40), value: 1)
            try project.takeSnapshot()
            _ = try self.forget(project, user: 1)
            let (key, log) = (home.path + "/data/forget.key", home.path + "/data/forgotten.jsonl")
            let snapshot = project.snapshots[0]
            let secret = try Data(contentsOf: URL(fileURLWithPath: key))
            try FileManager.default.removeItem(atPath: key)
            let gone = failure { try project.restore(snapshot) }
            #expect(gone?.message.contains("forget.key is gone") == true, "\(gone as Any)")
            try secret.write(to: URL(fileURLWithPath: key))
            let lines = try Data(contentsOf: URL(fileURLWithPath: log))
            try (Data("x".utf8) + lines).write(to: URL(fileURLWithPath: log))
            let damaged = failure { try project.restore(snapshot) }
            #expect(damaged?.message.contains("line 1 of \(log) is damaged") == true)
            try lines.write(to: URL(fileURLWithPath: log))
            // Another project's secret is no secret of these lines.
            try Data((String(repeating: "0", count: 64) + "\n").utf8)
                .write(to: URL(fileURLWithPath: key))
            let wrong = failure { try project.restore(snapshot) }
            #expect(wrong?.message.contains("is not the secret") == true, "\(wrong as Any)")
            try secret.write(to: URL(fileURLWithPath: key))
            try project.restore(snapshot)
            #expect(try self.served(project.store) == [.null, .null, .null])
        }
    }

    @Test func `A snapshot that is read shows nothing that the project beside it has forgotten`()
        throws
    {
        try withTemporaryDirectory { directory in
            let home = directory.appendingPathComponent("a")
            var project = try ForgettingProject(home, cache: false)
            for user in Int64(1)...3 {
                try self.push(project.store, user: user, at: second(40), value: user)
            }
            try project.takeSnapshot()
            _ = try self.forget(project, user: 1)
            let path = project.snapshots[0].path
            let alone = try FeatureStore(snapshot: path, directory: home.path)
            #expect(try self.served(alone) == [1, 2, 3])
            let configuration = project.store.configuration
            let reader = try FeatureStore(
                snapshot: path,
                directory: home.path,
                configuration: configuration,
                live: configuration
            )
            #expect(try self.served(reader) == [.null, 2, 3])
            #expect(try !self.history(reader, at: second(50)).contains("\n1,"))
            // What is forgotten while it is read is followed.
            _ = try self.forget(project, user: 3)
            try reader.refresh()
            #expect(try self.served(reader) == [.null, 2, .null])
            #expect(try !self.history(reader, at: second(50)).contains("\n3,"))
            #expect(try reader.verify(views: ["only_pushed"]).isEqual)
            #expect(SnapshotReport(ofSnapshotAt: path).problems == [])
            // Another project's do not count.
            let stranger = try FeatureStore(
                snapshot: path,
                directory: home.path,
                configuration: configuration,
                live: ProjectConfiguration(project: "others")
            )
            #expect(try self.served(stranger) == [1, 2, 3])
        }
    }

    @Test func `Saved datasets are restored without the rows, and can be made again`() throws {
        try withTemporaryDirectory { directory in
            let home = directory.appendingPathComponent("a")
            var project = try ForgettingProject(home, cache: false)
            for user in Int64(1)...3 {
                try self.push(project.store, user: user, at: second(40), value: user)
            }
            try project.store.saveDataset(
                "set",
                .features(["only_pushed:value"]),
                entities: .keys(to: second(50))
            )
            try project.takeSnapshot()
            _ = try self.forget(project, user: 2)
            let report = try project.restore(project.snapshots[0])
            #expect(report.forgotten?.savedDatasets.map(\.rows) == [2])
            let text = try project.store.savedDatasetText("set")
            let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
            #expect(lines.map { $0.prefix(2) } == ["us", "1,", "3,"])
            let dataset = try project.store.savedDataset("set")
            #expect(dataset.rows == 2 && dataset.forgotten?.count == 1)
            let rebuilt = try project.store.rebuildDataset("set")
            #expect(rebuilt.isIdentical, "\(rebuilt.difference ?? "\(rebuilt.changedInputs)")")
        }
    }
}
