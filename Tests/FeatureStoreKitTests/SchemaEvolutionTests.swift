import Dispatch
import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import Synchronization
import TestSupport
import Testing

@Suite("Generations of feature views")
struct SchemaEvolutionTests {
    @Test(
        "Whatever is edited, every reference gets what its own definition says, or nothing",
        arguments: 0..<24
    )
    func randomEdits(seed: Int) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: UInt64(seed))
            var project = try EvolvingProject(directory: directory)
            let store = project.store
            let reads = Reads()
            let reader = DispatchGroup()
            reader.enter()
            // A thread of its own: those of the pool may all wait for other tests.
            Thread.detachNewThread {
                Self.read(store, reads)
                reader.leave()
            }
            defer {
                reads.isDone.store(true, ordering: .releasing)
                reader.wait()
            }
            for round in 0..<14 {
                try Self.edit(&project, using: &random)
                try Self.load(&project, using: &random)
                try Self.check(project, "seed \(seed), round \(round)")
            }
            reads.isDone.store(true, ordering: .releasing)
            reader.wait()
            #expect(reads.faults.withLock { $0 } == [])
            #expect(reads.count.load(ordering: .acquiring) > 0)
        }
    }

    @Test("Generations outlive the process, and their rows go when nobody pins them any more")
    func storedGenerations() throws {
        try withTemporaryDirectory { directory in
            var next = FeatureRepository()
            do {
                var project = SmallProject(directory: directory)
                try project.write([
                    SmallProject.line(1, 90, trips: "10", rate: "0.5"),
                    SmallProject.line(2, 50, trips: "20"),
                ])
                try project.apply()
                try project.store.materialize()
                // The pin and the edit are one apply, which nobody would notice.
                project.repository.featureServices = [
                    FeatureService(name: "old", features: [.init(view: "stats", version: 1)])
                ]
                project.repository.featureViews[0].schema[0].type = .string
                project.repository.dataSources[0].kind = .csv(.init(path: "new.csv"))
                try project.write([SmallProject.line(1, 80, trips: "7")], to: "new.csv")
                try project.apply()
                #expect(try project.values([1, 2], of: "stats@v1:trips") == [10, 20])
                #expect(try project.online([1]).statuses == [.notFound])
                let unloaded = try project.store.status().featureViews
                #expect(unloaded.map(\.name) == ["stats@v1", "stats"])
                #expect(unloaded.map(\.generation) == [1, 2])
                #expect(unloaded.map(\.pinnedBy) == [["old"], []])
                #expect(unloaded.map(\.loaded) == [true, false])
                #expect(unloaded[1].lastLoad == nil && unloaded[1].loadedUpTo == nil)
                next = project.repository
            }
            #expect(try Self.storedRows(in: directory) == 2)
            do {
                var project = SmallProject(directory: directory)
                project.repository = next
                let report = try project.store.materializeIncremental()
                #expect(report.views.map(\.name) == ["stats@v1", "stats"])
                #expect(report.views.map(\.keysWritten) == [0, 1])
                #expect(try project.values([1, 2], of: "stats@v1:trips") == [10, 20])
                #expect(try project.values([1, 2]) == ["7", nil])
                // A source that is gone fails its own generation alone.
                try FileManager.default.removeItem(
                    at: directory.appendingPathComponent("stats.csv")
                )
                let error = failure { try project.store.materialize() }
                let partial = error?.cause as? PartialMaterialization
                #expect(partial?.report.views.map { $0.error == nil } == [false, true])
                #expect(try project.values([1, 2], of: "stats@v1:trips") == [10, 20])
            }
            #expect(try Self.storedRows(in: directory) == 3)
            do {
                var project = SmallProject(directory: directory)
                project.repository = next
                project.repository.featureServices = []
                try project.apply()
                let error = failure { try project.values([1], of: "stats@v1:trips") }
                #expect(error?.code == .featureViewNotFound)
                #expect(
                    error?.message == "feature view \"stats\" has no generation 1; generation 2 is "
                        + "in force; generation 1 is gone, because no feature service pinned it"
                )
                #expect(try project.values([1]) == ["7"])
            }
            #expect(try Self.storedRows(in: directory) == 1)
        }
    }

    /// How many rows lie in the online store of a project that nobody has open.
    private static func storedRows(in directory: URL) throws -> Int {
        let path = directory.appendingPathComponent("data/online").path
        let database = try RocksDB(path: path, cacheBytes: 1 << 20)
        var count = 0
        try database.scan(from: [0x01], to: [0x02]) { _, _ in
            count += 1
            return true
        }
        return count
    }

    /// Applies a random next state, or sees it refused.
    private static func edit(
        _ project: inout EvolvingProject,
        using random: inout SeededGenerator
    ) throws {
        let next = project.edited(using: &random)
        guard next.problems().isEmpty else { return }
        let expectation = project.expectation(of: next)
        let store = project.store
        let files = LoadedRepository(
            directory: project.directory.path,
            configuration: store.configuration,
            repository: next
        )
        let before = try store.appliedRegistry()
        let plan: RegistryPlan
        do {
            plan = try store.plan(files)
            #expect(!expectation.hasWrongPin, "\(next.featureServices) \(expectation.live)")
        } catch {
            #expect(expectation.hasWrongPin, "\(error)")
            #expect(error.message.contains("pins generation"), "\(error)")
            return
        }
        let isAllowed = Int.random(in: 0..<3, using: &random) > 0
        do {
            try store.apply(plan, allowDestroy: isAllowed)
            #expect(isAllowed || !expectation.isRefused, "\(plan)")
        } catch {
            #expect(!isAllowed && expectation.isRefused, "\(plan) \(error)")
            #expect(expectation.named.allSatisfy { error.message.contains("\"\($0)\"") })
            #expect(try store.appliedRegistry() == before)
            return
        }
        #expect(plan.isDestructive == expectation.isRefused, "\(plan)")
        project.repository = next
        project.live = expectation.live
        project.numbers = expectation.numbers
    }

    private static func load(
        _ project: inout EvolvingProject,
        using random: inout SeededGenerator
    ) throws {
        guard !project.repository.featureViews.isEmpty else { return }
        let online = project.live.values.flatMap { $0 }.filter(\.view.online)
        let one = online.randomElement(using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            try project.store.materialize()
            project.noteLoad { _ in true }
        case 1:
            try project.store.materializeIncremental()
            project.noteLoad { _ in true }
        case 2:
            guard let one else { return }
            try project.store.materialize(views: [one.view.name])
            project.noteLoad { $0.view.name == one.view.name }
        case 3:
            guard let one else { return }
            let name = "\(one.view.name)@v\(one.number)"
            let report = try project.store.materializeIncremental(views: [name])
            #expect(report.views.count == 1)
            project.noteLoad { $0.view.name == one.view.name && $0.number == one.number }
        default: break
        }
    }

    private static func check(_ project: EvolvingProject, _ comment: Comment) throws {
        for name in ["v", "w"] {
            let live = project.live[name] ?? []
            if let last = project.numbers[name] {
                let versions = try project.store.viewVersions(of: name)
                #expect(versions.map(\.generation) == Array(1...last), comment)
                let served = versions.filter { $0.state != .gone }.map(\.generation)
                #expect(served == live.map(\.number), comment)
                #expect(versions.filter { $0.state == .inForce }.count == min(live.count, 1))
            }
            for generation in live {
                let reference = "\(name)@v\(generation.number)"
                try self.check(generation, reference, in: project, comment)
                if generation == live.last {
                    try self.check(generation, name, in: project, comment)
                }
            }
            for number in 1...(project.numbers[name] ?? 0) + 1
            where !live.contains(where: { $0.number == number }) {
                let error = failure {
                    try project.store.onlineFeatures(
                        .features(["\(name)@v\(number):f0"]),
                        entities: [:]
                    )
                }
                let isBeforeFirst = try project.store.appliedRegistry().version == 0
                #expect(
                    error?.code == (isBeforeFirst ? .invalidArgument : .featureViewNotFound),
                    comment
                )
            }
        }
    }

    private static func check(
        _ generation: EvolvingProject.Generation,
        _ reference: String,
        in project: EvolvingProject,
        _ comment: Comment
    ) throws {
        let rows = try EvolvingProject.entityRows(of: generation)
        let expected = try project.trainingSet(of: generation, rows: rows)
        let names = generation.view.schema.map(\.name)
        let selection = FeatureSelection.features(names.map { "\(reference):\($0)" })
        let training = try project.store.historicalFeatures(selection, entities: .table(rows))
        for name in names {
            #expect(
                training.table[name]?.values == expected[name],
                "\(reference):\(name) \(comment)"
            )
        }
        guard generation.view.online else {
            let error = failure { try project.store.onlineFeatures(selection, entities: [:]) }
            #expect(error?.code == .invalidArgument, "\(reference) \(comment)")
            return
        }
        let request = OnlineFeaturesRequest(
            selection: selection,
            entities: generation.keys.map {
                .init(name: $0.name, values: rows[$0.name]?.values ?? [])
            }
        )
        let answer = try project.store.onlineFeatures(request)
        for (name, feature) in zip(names, answer.features) {
            let about: Comment = "\(reference):\(name) \(comment)"
            guard let loaded = generation.loaded else {
                #expect(feature.statuses.allSatisfy { $0 == .notFound }, about)
                continue
            }
            guard loaded.contains(name) else {
                #expect(feature.statuses.allSatisfy { $0 != .present }, about)
                continue
            }
            #expect(feature.values.values == expected[name], about)
        }
    }

    /// Reads without a pause; no edit and no load may break a read.
    private static func read(_ store: FeatureStore, _ reads: Reads) {
        var random = SeededGenerator(seed: 1)
        let selections: [FeatureSelection] = [
            .service("s"), .service("t"), .features(["v:f0"]), .features(["w@v1:f0"]),
            .features(["v@v2:f1"]),
        ]
        repeat {
            reads.count.add(1, ordering: .relaxed)
            do throws(FeatureStoreError) {
                _ = try store.onlineFeatures(
                    selections.randomElement(using: &random) ?? .service("s"),
                    entities: ["driver_id": ["1"], "region": ["x"]]
                )
            } catch {
                switch error.code {
                case .featureViewNotFound, .featureServiceNotFound, .featureNotFound,
                    .invalidArgument, .missingJoinKey:
                    continue
                default: reads.faults.withLock { $0.append(error.message) }
                }
            }
        } while !reads.isDone.load(ordering: .acquiring)
    }
}

/// What happens to the reads during the edits.
private final class Reads: Sendable {
    let isDone = Atomic(false)
    let count = Atomic(0)
    let faults = Mutex<[String]>([])
}
