import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport

/// A random project on disk, with a clock that the test moves.
struct RandomProject {
    let directory: URL
    let clock: TestClock
    private(set) var store: FeatureStore
    let entities: [Entity]
    var views: [RandomView]

    init(directory: URL, using random: inout SeededGenerator) throws {
        self.directory = directory
        let clock = TestClock(second(10))
        self.clock = clock
        var entities: [Entity] = []
        for (name, keys) in [
            ("user", ["user_id"]), ("place", ["city", "area"]), ("item", ["sku"]),
        ] {
            let joinKeys = keys.map { key in
                Entity.JoinKey(
                    name: key,
                    type: CellPool.keyTypes.randomElement(using: &random) ?? .int64
                )
            }
            entities.append(Entity(name: name, joinKeys: joinKeys))
        }
        self.entities = entities
        self.views = []
        for number in 0..<Int.random(in: 1...3, using: &random) {
            self.views.append(RandomView(number: number, entities: entities, using: &random))
        }
        self.store = FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(project: "random"),
            now: { clock.now }
        )
    }

    /// The same project elsewhere, applied, its views as they are given.
    init(
        copyOf other: RandomProject,
        views: [RandomView],
        directory: URL,
        using random: inout SeededGenerator
    ) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let clock = TestClock(other.clock.now)
        self.directory = directory
        self.clock = clock
        self.entities = other.entities
        self.views = views
        self.store = FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(project: "random"),
            now: { clock.now }
        )
        try self.writeSources(using: &random)
        try self.store.apply(self.store.plan(self.definitions))
    }

    /// Closes the stores and opens them again at the next use, as another process would.
    mutating func reopen() {
        let clock = self.clock
        self.store = FeatureStore(
            directory: self.directory.path,
            configuration: self.store.configuration,
            now: { clock.now }
        )
    }

    func writeSources(using random: inout SeededGenerator) throws {
        for view in self.views {
            try view.write(in: self.directory, using: &random)
        }
    }

    var definitions: LoadedRepository {
        LoadedRepository(
            directory: self.directory.path,
            configuration: self.store.configuration,
            repository: FeatureRepository(
                entities: self.entities,
                dataSources: self.views.map(\.source),
                featureViews: self.views.map(\.view)
            )
        )
    }

    var joinKeys: [Entity.JoinKey] { self.entities.flatMap(\.joinKeys) }

    mutating func addLines(
        upTo count: Int,
        mayBeBad: Bool,
        using random: inout SeededGenerator
    ) throws {
        for index in self.views.indices {
            self.views[index].addLines(
                Int.random(in: 0...count, using: &random),
                mayBeBad: mayBeBad,
                using: &random
            )
            try self.views[index].write(in: self.directory, using: &random)
        }
    }

    /// Random entity rows: keys that sources have, unknown ones, nulls, and duplicates.
    func entityRows(_ count: Int, using random: inout SeededGenerator) -> [[PlainCell?]] {
        (0..<count).map { _ in
            self.joinKeys.map { key in
                switch Int.random(in: 0..<10, using: &random) {
                case 0: nil
                case 1: CellPool.unknownKey(key.type)
                default: CellPool.keys(key.type).randomElement(using: &random)
                }
            }
        }
    }
}
