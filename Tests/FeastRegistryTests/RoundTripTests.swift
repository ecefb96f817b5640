import FeastRegistry
import FeatureDefinitions
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite("Definitions through Feast's registry and back")
struct RoundTripTests {
    private static let time = Timestamp(microseconds: 1_767_225_600_123_456)

    @Test("Random definitions come back as they were, but for what is stated")
    func definitionsComeBack() throws {
        var views = 0
        for seed in 0..<400 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let repository = generator.validRepository()
            let exported = try FeastExport(
                repository,
                project: "demo",
                version: 3,
                appliedAt: Self.time
            )
            let imported = try FeastImport(exported.bytes)
            #expect(imported.project == "demo")
            #expect(imported.repository.problems() == [], "seed \(seed)")
            let expected = repository.withoutWhatFeastLeavesOut
            let isSame = imported.repository.isIdentical(to: expected)
            #expect(isSame, "seed \(seed): \(firstDifference(imported.repository, expected))")
            let surprises = imported.notes.filter { note in
                note.subject != "registry" && !note.problem.hasPrefix("takes version 2")
                    && !note.problem.hasPrefix("serves ")
                    && !note.problem.hasPrefix("is left out: nothing that it serves")
            }
            #expect(surprises == [], "seed \(seed)")
            #expect(imported.missingFiles == [])
            views += expected.featureViews.count
        }
        #expect(views > 400)
    }

    @Test("The same definitions give the same bytes")
    func exportIsDeterministic() throws {
        for seed in 0..<20 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let repository = generator.validRepository()
            let exports = try (0..<3).map { _ in
                try FeastExport(repository, project: "p", version: 1, appliedAt: Self.time).bytes
            }
            #expect(Set(exports).count == 1)
        }
    }

    @Test("An entity with several keys becomes entities with one, with names of their own")
    func compositeKeysAreSplit() throws {
        let repository = FeatureRepository(
            entities: [
                Entity(
                    name: "route",
                    joinKeys: [.init(name: "from", type: .int64), .init(name: "to", type: .string)]
                ),
                Entity(name: "route_from", joinKeys: [.init(name: "x", type: .int64)]),
            ]
        )
        let exported = try FeastExport(
            repository,
            project: "p",
            version: 1,
            appliedAt: Self.time
        )
        let note = try #require(exported.notes.first)
        #expect(
            note.description == "entity \"route\": is 2 entities in Feast, whose entities have one "
                + "join key each: \"route_from_2\", \"route_to\""
        )
        #expect(try FeastImport(exported.bytes).repository == repository)
    }

    @Test("A label that looks like one of an export is left out, by name")
    func reservedLabelsAreNoted() throws {
        var entity = Entity(name: "e", joinKeys: [.init(name: "k", type: .int64)])
        entity.tags = ["fstore.type": "mine", "kept": "yes"]
        let exported = try FeastExport(
            FeatureRepository(entities: [entity]),
            project: "p",
            version: 1,
            appliedAt: Self.time
        )
        #expect(exported.notes.map(\.subject) == ["entity \"e\""])
        let imported = try FeastImport(exported.bytes)
        #expect(imported.repository.entities.first?.tags == ["kept": "yes"])
    }

    @Test("Bytes that are no registry are refused with the reason")
    func otherBytesAreRefused() throws {
        func reason(_ bytes: [UInt8], project: String? = nil) -> String {
            do {
                _ = try FeastImport(bytes, project: project)
                return ""
            } catch {
                return error.message
            }
        }
        #expect(reason([]) == "the file is empty")
        #expect(reason(Array("SQLite format 3\u{0}xx".utf8)).contains("an SQLite database"))
        #expect(reason(Array("project: demo\n".utf8)).contains("no registry of Feast"))
        #expect(reason([0x1a, 0x01, 0x31]).contains("no project in it"))
        let exported = try FeastExport(
            FeatureRepository(),
            project: "demo",
            version: 1,
            appliedAt: Self.time
        )
        #expect(reason(exported.bytes, project: "dmeo").contains("did you mean \"demo\"?"))
        #expect(FeastImport.isRegistry(exported.bytes))
        #expect(!FeastImport.isRegistry(Array("some text".utf8)))
        // Every byte of a registry may be missing or wrong, and nothing may trap.
        for end in exported.bytes.indices {
            _ = reason(Array(exported.bytes[..<end]))
        }
    }

    @Test("Broken bytes of a registry never trap")
    func brokenBytesNeverTrap() throws {
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let repository = generator.validRepository()
            var bytes = try FeastExport(
                repository,
                project: "p",
                version: 1,
                appliedAt: Self.time
            ).bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = bytes.indices.randomElement(using: &generator) ?? 0
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            }
            if let imported = try? FeastImport(bytes, project: "p") {
                #expect(imported.repository.problems() == [], "seed \(seed)")
            }
        }
    }
}

/// The first line of the definitions that is not the same.
private func firstDifference(_ left: FeatureRepository, _ right: FeatureRepository) -> String {
    func lines(_ repository: FeatureRepository) -> [Substring] {
        (try? RepositoryWriter().text(of: repository))?.split(separator: "\n") ?? []
    }
    let pairs = zip(lines(left) + ["(end)"], lines(right) + ["(end)"])
    return pairs.first { $0 != $1 }.map { "\($0) is not \($1)" } ?? "they look the same"
}

extension FeatureRepository {
    /// What an import of an export gives: generations of a view are not carried over, and a service
    /// that takes all features of a view in their order takes the view.
    fileprivate var withoutWhatFeastLeavesOut: FeatureRepository {
        var repository = self
        for (index, service) in self.featureServices.enumerated() {
            repository.featureServices[index].features = service.features.compactMap {
                var projection = $0
                projection.version = nil
                if let view = self.featureView($0.view) {
                    let known = view.schema.map(\.name)
                    let features = ($0.features ?? known).filter { known.contains($0) }
                    guard !features.isEmpty else { return nil }
                    projection.features = features == known ? nil : features
                }
                return projection
            }
        }
        repository.featureServices.removeAll { $0.features.isEmpty }
        return repository
    }
}
