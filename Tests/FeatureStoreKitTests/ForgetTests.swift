import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct ForgetTests {
    @Test(arguments: UInt64(0)..<30)
    func `Whatever comes in whatever order, forgotten rows are as if they had never been`(
        seed: UInt64
    ) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            var project = try ForgettingProject(directory, cache: seed.isMultiple(of: 2))
            for step in 0..<24 {
                try project.step(using: &random)
                if step.isMultiple(of: 6) { try project.checkTraining("step \(step)") }
            }
            try project.forget(using: &random)
            try project.checkTraining("after forgetting")
            try project.store.materialize()
            try project.checkOnline("after loading")
            // Another store of the same project knows it as well.
            try project.checkTraining("at the end")
        }
    }

    @Test(arguments: UInt64(100)..<112)
    func `Forgetting twice changes nothing, and others' answers stay the same to the byte`(
        seed: UInt64
    ) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            var project = try ForgettingProject(directory, cache: false)
            for _ in 0..<24 { try project.step(using: &random) }
            try project.store.materialize()
            let questions = ForgettingProject.questions(at: [project.clock.now])
            let others = questions.filter { $0.user != 2 }
            func answersOfOthers() throws -> [[Value]] {
                try project.online(others) + project.training(others)
            }
            let before = try answersOfOthers()
            let request = ForgetRequest([.init(joinKey: "user_id", id: 2)])
            let first = try project.store.forget(request)
            #expect(try answersOfOthers() == before)
            let all = try project.online(questions) + project.training(questions)
            let second = try project.store.forget(request)
            #expect(second.isEmpty, "\(second)")
            #expect(second.sources == first.sources)
            #expect(try project.online(questions) + project.training(questions) == all)
            #expect(try project.store.forgetReceipts().suffix(2) == [first, second])
        }
    }

    @Test(arguments: UInt64(200)..<208)
    func `A dry run removes nothing and tells what a forgetting then removes`(
        seed: UInt64
    ) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            var project = try ForgettingProject(directory, cache: false)
            for _ in 0..<40 { try project.step(using: &random) }
            try project.store.materialize()
            let questions = ForgettingProject.questions(at: [project.clock.now])
            let before = try project.online(questions)
            let request = ForgetRequest([.init(joinKey: "user_id", id: "3")], isDryRun: true)
            let told = try project.store.forget(request)
            #expect(try project.online(questions) == before)
            #expect(told.isDryRun && !told.isDone && told.tombstones.isEmpty)
            let done = try project.store.forget(ForgetRequest(request.entities))
            #expect(done.online == told.online && done.pushedRows == told.pushedRows)
            #expect(done.sources == told.sources && done.isDone)
            #expect(done.tombstones.map(\.joinKey) == ["user_id"])
        }
    }

    @Test func `A newer event counts again, and an older push is stale`() throws {
        try withTemporaryDirectory { directory in
            let project = try ForgettingProject(directory, cache: false)
            let receipt = try project.store.forget(
                ForgetRequest([.init(joinKey: "user_id", id: 1)])
            )
            #expect(receipt.isEmpty)
            func push(_ time: Timestamp, _ value: Int64) throws -> PushResult {
                try project.store.push(
                    "alone",
                    rows: PushRows([
                        "user_id": [1, 4], "time": [.timestamp(time), .timestamp(time)],
                        "created": [.timestamp(time), .timestamp(time)],
                        "value": [.integer(value), .integer(value)],
                    ]),
                    to: .onlineAndOffline
                )
            }
            func values() throws -> [Value] {
                let features = try project.store.onlineFeatures(
                    .features(["only_pushed:value"]),
                    entities: ["user_id": [1, 4]]
                )
                return features.features[0].values.values
            }
            let old = try push(receipt.time, 5)
            #expect(old.results.map(\.status) == [.stale, .accepted])
            #expect(old.results[0].reason?.contains("forgotten") == true)
            #expect(try values() == [.null, 5])
            project.clock.now = Timestamp(microseconds: receipt.time.microseconds + 1)
            let new = try push(project.clock.now, 6)
            #expect(new.results.map(\.status) == [.accepted, .accepted])
            #expect(try values() == [6, 6])
            #expect(try project.store.verify(views: ["only_pushed"]).isEqual)
        }
    }

    @Test func `Wrong entities are told what is wrong, and nothing is forgotten`() throws {
        try withTemporaryDirectory { directory in
            let project = try ForgettingProject(directory, cache: false)
            let cases: [([ForgetRequest.Entity], String)] = [
                ([], "no entity is named"),
                ([.init(joinKey: "user_i", id: 1)], "did you mean \"user_id\"?"),
                ([.init(joinKey: "visitor", id: 1)], "user_id=…"),
                ([.init(joinKey: "user_id", id: "x")], "user_id"),
                ([.init(joinKey: "user_id", id: .null)], "null"),
            ]
            for (entities, words) in cases {
                let error = failure { try project.store.forget(ForgetRequest(entities)) }
                #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
            }
            #expect(try project.store.forgetReceipts().isEmpty)
        }
    }

    @Test func `Without its secret nothing is loaded that may have been forgotten`() throws {
        try withTemporaryDirectory { directory in
            let project = try ForgettingProject(directory, cache: false)
            try project.store.forget(ForgetRequest([.init(joinKey: "user_id", id: 1)]))
            let key = directory.path + "/data/forget.key"
            let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            try FileManager.default.removeItem(atPath: key)
            let other = FeatureStore(
                directory: directory.path,
                configuration: project.store.configuration
            )
            let error = failure {
                try other.historicalFeatures(
                    .features(["by_user:value"]),
                    entities: .keys(to: second(60))
                )
            }
            #expect(error?.message.contains("forget.key is gone") == true)
        }
    }

    @Test func `Saved datasets lose the rows, note it, and are rebuilt without them`() throws {
        try withTemporaryDirectory { directory in
            let project = try ForgettingProject(directory, cache: false)
            let rows = """
                user_id,place,event_timestamp,note
                1,Oslo,\(second(40)),"a
                b"
                2,Oslo,\(second(40)),c
                1,"",\(second(41)),d
                3,Oslo,\(second(42)),

                """
            let file = directory.path + "/rows.csv"
            try Data(rows.utf8).write(to: URL(fileURLWithPath: file))
            try project.store.saveDataset(
                "set",
                .features(["by_user:value"]),
                entities: .file(file)
            )
            let receipt = try project.store.forget(
                ForgetRequest([.init(joinKey: "user_id", id: 1)])
            )
            #expect(receipt.savedDatasets.map(\.rows) == [4])
            let dataset = try project.store.savedDataset("set")
            #expect(dataset.rows == 2)
            #expect(dataset.forgotten?.map(\.rows) == [2])
            let text = String(decoding: try project.store.savedDatasetText("set"), as: UTF8.self)
            #expect(text.split(separator: "\n").map { $0.prefix(2) } == ["us", "2,", "3,"])
            let rebuilt = try project.store.rebuildDataset("set")
            #expect(rebuilt.isIdentical, "\(rebuilt.difference ?? "\(rebuilt.changedInputs)")")
            let kept = directory.path + "/data/saved_datasets/set/entity_rows.csv"
            #expect(
                try String(contentsOfFile: kept, encoding: .utf8) == """
                    user_id,place,event_timestamp,note
                    2,Oslo,\(second(40)),c
                    3,Oslo,\(second(42)),

                    """
            )
        }
    }
}
