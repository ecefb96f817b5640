import FeatureModel
import FeatureRegistry
import Foundation
import NativeStorage
import Synchronization
import TestSupport
import Testing

@Suite struct RegistryTests {
    private static let noon = Timestamp(microseconds: 1_768_046_400_000_000)

    private func repository(_ entities: String...) -> FeatureRepository {
        FeatureRepository(
            entities: entities.map { Entity(name: $0, joinKeys: [.init(name: $0, type: .int64)]) }
        )
    }

    private func apply(
        _ repository: FeatureRepository,
        to registry: Registry,
        at time: Timestamp = Self.noon
    ) throws -> RegistrySnapshot {
        let plan = RegistryPlan(from: try registry.snapshot(), to: repository, project: "p")
        return try registry.apply(plan, at: time, by: "me")
    }

    @Test func readingAMissingFileMakesNone() throws {
        try withTemporaryDirectory { directory throws in
            let path = directory.appendingPathComponent("data/registry.db").path
            let registry = Registry(path: path)
            #expect(try registry.snapshot() == RegistrySnapshot())
            #expect(try registry.snapshot(version: 0) == RegistrySnapshot())
            #expect(try registry.currentVersion() == 0)
            #expect(try registry.history() == [])
            #expect(try registry.teardown(at: Self.noon) == RegistrySnapshot())
            #expect(try self.apply(FeatureRepository(), to: registry) == RegistrySnapshot())
            let folder = directory.appendingPathComponent("data").path
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test func theSecondApplyChangesNothing() throws {
        try withTemporaryDirectory { directory throws in
            let registry = Registry(path: directory.appendingPathComponent("a/b/r.db").path)
            let first = try self.apply(self.repository("x", "y"), to: registry)
            #expect(first.version == 1)
            #expect(first.appliedAt == Self.noon)

            let plan = RegistryPlan(from: first, to: self.repository("x", "y"), project: "p")
            #expect(plan.isEmpty)
            #expect(plan.description == "No changes.")
            #expect(try registry.apply(plan, at: Timestamp(microseconds: 5)) == first)
            #expect(try registry.history().count == 1)
            #expect(try registry.snapshot() == first)
        }
    }

    @Test func everyVersionCanBeReadAgain() throws {
        try withTemporaryDirectory { directory throws in
            let registry = Registry(path: directory.appendingPathComponent("r.db").path)
            var random = SeededGenerator(seed: 7)
            var states = [RegistrySnapshot()]
            for step in 1...12 {
                let time = Timestamp(microseconds: Int64(step))
                let state = try self.apply(random.repository(), to: registry, at: time)
                if state.version == states.count { states.append(state) }
            }
            states.append(try registry.teardown(at: Self.noon, by: "you"))

            for state in states {
                #expect(try registry.snapshot(version: state.version) == state)
            }
            let history = try registry.history()
            #expect(history.map(\.version) == Array(1..<states.count))
            #expect(history.map(\.appliedAt) == states.dropFirst().compactMap(\.appliedAt))
            #expect(history.last?.appliedBy == "you")
            for (before, version) in zip(states, history) {
                let after = states[version.version].repository
                let plan = RegistryPlan(from: before, to: after, project: "p")
                #expect(version.changes == plan.changes)
            }
            let error = #expect(throws: RegistryError.self) { try registry.snapshot(version: 99) }
            #expect(error?.code == .unknownVersion)
        }
    }

    @Test(arguments: UInt64(0)..<60)
    func anyRepositoryComesBackByteForByte(seed: UInt64) throws {
        try withTemporaryDirectory { directory throws in
            let registry = Registry(path: directory.appendingPathComponent("r.db").path)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<3 {
                let repository = random.repository()
                let state = try self.apply(repository, to: registry)
                let stored = try Registry(path: registry.path).snapshot()
                #expect(stored == state)
                let encoder = JSONEncoder()
                encoder.outputFormatting = .sortedKeys
                let storedBytes = try encoder.encode(stored.repository)
                #expect(try storedBytes == encoder.encode(repository))
                let again = RegistryPlan(from: stored, to: repository, project: "p")
                #expect(again.isEmpty)
            }
        }
    }

    @Test func anApplyFromAnOldPlanIsAConflict() throws {
        try withTemporaryDirectory { directory throws in
            let path = directory.appendingPathComponent("r.db").path
            let one = Registry(path: path)
            let other = Registry(path: path)
            let start = try one.snapshot()
            let onePlan = RegistryPlan(from: start, to: self.repository("x"), project: "p")
            let otherPlan = RegistryPlan(from: start, to: self.repository("y"), project: "p")

            let state = try one.apply(onePlan, at: Self.noon)
            let error = #expect(throws: RegistryError.self) {
                try other.apply(otherPlan, at: Self.noon)
            }

            #expect(error?.code == .conflict)
            #expect(error?.message.contains("another apply made version 1") == true)
            #expect(try other.snapshot() == state)
        }
    }

    @Test func ofConcurrentAppliesExactlyTheFirstSucceeds() throws {
        try withTemporaryDirectory { directory throws in
            let path = directory.appendingPathComponent("r.db").path
            for round in 1...5 {
                let start = try Registry(path: path).snapshot()
                let outcomes = Mutex<[String]>([])
                DispatchQueue.concurrentPerform(iterations: 8) { thread in
                    let target = self.repository("round\(round)", "thread\(thread)")
                    let plan = RegistryPlan(from: start, to: target, project: "p")
                    var outcome: String
                    do throws(RegistryError) {
                        let state = try Registry(path: path).apply(plan, at: Self.noon)
                        outcome = "version \(state.version) of thread \(thread)"
                    } catch {
                        outcome = error.code == .conflict ? "conflict" : error.message
                    }
                    outcomes.withLock { $0.append(outcome) }
                }
                let all = outcomes.withLock { $0 }
                let winners = all.filter { $0 != "conflict" }
                #expect(winners.count == 1, "\(all)")
                let stored = try Registry(path: path).snapshot()
                #expect(stored.version == round)
                let winner = stored.repository.entities.last?.name.dropFirst(6) ?? ""
                #expect(winners == ["version \(round) of thread \(winner)"])
            }
        }
    }

    @Test func aRegistryBelongsToOneProjectWhileItHasObjects() throws {
        try withTemporaryDirectory { directory throws in
            let registry = Registry(path: directory.appendingPathComponent("r.db").path)
            let state = try self.apply(self.repository("x"), to: registry)
            let plan = RegistryPlan(from: state, to: self.repository("y"), project: "q")
            let error = #expect(throws: RegistryError.self) {
                try registry.apply(plan, at: Self.noon)
            }
            #expect(error?.code == .otherProject)

            let empty = try registry.teardown(at: Self.noon)
            #expect(empty.repository == FeatureRepository())
            let next = RegistryPlan(from: empty, to: self.repository("y"), project: "q")
            #expect(try registry.apply(next, at: Self.noon).project == "q")
        }
    }

    @Test func filesThatAreNoRegistrySaySo() throws {
        try withTemporaryDirectory { directory throws in
            let text = directory.appendingPathComponent("text.db")
            try Data(String(repeating: "no database ", count: 100).utf8).write(to: text)
            let tables = directory.appendingPathComponent("tables.db")
            try SQLiteDatabase(path: tables.path, mode: .readWriteCreate)
                .execute("CREATE TABLE other (a)")
            let newer = directory.appendingPathComponent("newer.db")
            try SQLiteDatabase(path: newer.path, mode: .readWriteCreate)
                .execute("CREATE TABLE version (a); PRAGMA user_version = 2")

            for (file, code) in [
                (text, RegistryError.Code.notARegistry), (tables, .notARegistry),
                (newer, .newerFormat),
            ] {
                let registry = Registry(path: file.path)
                let reading = #expect(throws: RegistryError.self) { try registry.snapshot() }
                #expect(reading?.code == code)
                let plan = RegistryPlan(
                    from: RegistrySnapshot(),
                    to: self.repository("x"),
                    project: "p"
                )
                let writing = #expect(throws: RegistryError.self) {
                    try registry.apply(plan, at: Self.noon)
                }
                #expect(writing?.code == code)
            }
        }
    }

    @Test func anEmptyFileIsARegistryOfVersionZero() throws {
        try withTemporaryDirectory { directory throws in
            let file = directory.appendingPathComponent("r.db")
            try Data().write(to: file)
            let registry = Registry(path: file.path)
            #expect(try registry.snapshot() == RegistrySnapshot())
            #expect(try self.apply(self.repository("x"), to: registry).version == 1)
        }
    }

    @Test func readersSeeWholeVersionsWhileOthersApply() throws {
        try withTemporaryDirectory { directory throws in
            let path = directory.appendingPathComponent("r.db").path
            let problems = Mutex<[String]>([])
            let versions = 30
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                let registry = Registry(path: path)
                do throws(RegistryError) {
                    if thread == 0 {
                        for version in 1...versions {
                            let target = self.repository("first\(version)", "second\(version)")
                            let plan = RegistryPlan(
                                from: try registry.snapshot(),
                                to: target,
                                project: "p"
                            )
                            _ = try registry.apply(plan, at: Self.noon)
                        }
                        return
                    }
                    var newest = 0
                    for _ in 0..<100_000 where newest < versions {
                        let state = try registry.snapshot()
                        let names = state.repository.entities.map(\.name)
                        let number = state.version
                        let expected = number == 0 ? [] : ["first\(number)", "second\(number)"]
                        if names != expected || number < newest {
                            problems.withLock { $0.append("\(number) after \(newest): \(names)") }
                        }
                        newest = number
                    }
                } catch {
                    problems.withLock { $0.append(error.message) }
                }
            }
            #expect(problems.withLock { $0 } == [])
            #expect(try Registry(path: path).currentVersion() == versions)
        }
    }

    @Test(arguments: [
        "UPDATE object SET definition = '{'", "UPDATE object SET definition = '{}'",
        "UPDATE object SET kind = 'other'", "DROP TABLE object", "DROP TABLE version",
    ])
    func aDamagedRegistryIsAnErrorAndNoTrap(damage: String) throws {
        try withTemporaryDirectory { directory throws in
            let registry = Registry(path: directory.appendingPathComponent("r.db").path)
            let state = try self.apply(self.repository("x"), to: registry)
            #expect(try registry.snapshot() == state)
            try SQLiteDatabase(path: registry.path, mode: .readWriteCreate).execute(damage)
            #expect(throws: RegistryError.self) { try registry.snapshot() }
        }
    }
}
