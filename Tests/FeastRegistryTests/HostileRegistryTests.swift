import FeastProtos
import FeastRegistry
import FeatureDefinitions
import FeatureModel
import Foundation
import SwiftProtobuf
import TestSupport
import Testing

@Suite("Registries that hold anything")
struct HostileRegistryTests {
    @Test("Any registry gives right definitions, and nothing of it is missing from the notes")
    func anyRegistryIsImported() throws {
        var carried = 0
        for seed in 0..<500 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let registry = generator.registry()
            let bytes: [UInt8] = try registry.serializedBytes()
            let imported = try FeastImport(bytes, project: "p")
            let repository = imported.repository
            #expect(repository.problems() == [], "seed \(seed)")
            let text = try RepositoryWriter().text(of: repository)
            if !text.isEmpty {
                #expect(try Self.read(text).isIdentical(to: repository), "seed \(seed)\n\(text)")
            }
            let named = Set(imported.notes.map(\.subject))
            func check(_ kind: String, _ names: [String], _ known: [String]) {
                for name in names where !known.contains(name) {
                    #expect(
                        named.contains { $0.hasSuffix("\(kind) \"\(name)\"") },
                        "seed \(seed): \(kind) \(name) is lost"
                    )
                }
            }
            // Those with that label are parts of the entity that it names.
            let entities = registry.entities.filter { $0.spec.tags["fstore.entity"] == nil }
                .map(\.spec.name)
            check("entity", entities, repository.entities.map(\.name))
            check(
                "data source",
                registry.dataSources.map(\.name),
                repository.dataSources.map(\.name)
            )
            check(
                "view",
                registry.featureViews.map(\.spec.name),
                repository.featureViews.map(\.name)
            )
            check(
                "feature service",
                registry.featureServices.map(\.spec.name),
                repository.featureServices.map(\.name)
            )
            carried += repository.featureViews.count
        }
        #expect(carried > 200)
    }

    private static func read(_ text: String) throws -> FeatureRepository {
        try withTemporaryDirectory { directory in
            let files = ["feature_store.yaml": "project: p\noffline_store: {type: sqlite}\n"]
                .merging(["all.yaml": text]) { $1 }
            for (name, text) in files {
                try Data(text.utf8).write(to: directory.appendingPathComponent(name))
            }
            return try LoadedRepository(directory: directory.path).repository
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func registry() -> FeastProtoRegistry {
        var registry = FeastProtoRegistry()
        registry.registrySchemaVersion = "1"
        var project = FeastProtoProject()
        project.spec.name = "p"
        registry.projects = [project]
        registry.entities = self.some(0...3) { $0.entity() }
        registry.dataSources = self.some(0...4) { $0.source(depth: 0) }
        registry.featureViews = self.some(0...4) { generator in
            generator.view(of: registry)
        }
        registry.featureServices = self.some(0...3) { generator in
            generator.service(of: registry)
        }
        return registry
    }

    private mutating func some<Value>(
        _ count: ClosedRange<Int>,
        _ make: (inout SeededGenerator) -> Value
    ) -> [Value] {
        (0..<Int.random(in: count, using: &self)).map { _ in make(&self) }
    }

    private mutating func oneIn(_ count: Int) -> Bool {
        Int.random(in: 0..<count, using: &self) == 0
    }

    private mutating func name() -> String {
        let all = [
            "a", "A", "b", "a:b", "a@b", "a,b", "x__y", "x_", "x_y", "", "_", "\n",
            "event_timestamp",
            "created", "k", "k:1", "null", "5", "alias", "é",
        ]
        return all.randomElement(using: &self) ?? "a"
    }

    private mutating func tags() -> [String: String] {
        guard self.oneIn(3) else { return [:] }
        let keys = [
            "team", "fstore.type", "fstore.entity", "fstore.join_key", "fstore.delimiter",
            "fstore.null_values", "fstore.timezone", "fstore.lateness_microseconds",
            "fstore.source",
            "fstore.table", "fstore.static", "fstore.filter_by_created_timestamp",
        ]
        let values = [
            "csv", "sqlite", "push", "-1", "1500000", "[\"\"]", "a", "true", "Mars/X", "",
        ]
        let chosen = keys.shuffled(using: &self).prefix(3).map { key in
            (key, values.randomElement(using: &self) ?? "")
        }
        return Dictionary(chosen) { first, _ in first }
    }

    private mutating func type() -> FeastProtoValueType.Enum {
        FeastProtoValueType.Enum(rawValue: Int.random(in: 0...50, using: &self)) ?? .invalid
    }

    private mutating func entity() -> FeastProtoEntity {
        var entity = FeastProtoEntity()
        entity.spec.name = self.name()
        entity.spec.joinKey = self.name()
        entity.spec.valueType = self.type()
        entity.spec.tags = self.tags()
        return entity
    }

    private mutating func column() -> FeastProtoFeatureSpecV2 {
        var column = FeastProtoFeatureSpecV2()
        column.name = self.name()
        column.valueType = self.type()
        column.tags = self.tags()
        return column
    }

    private mutating func source(depth: Int) -> FeastProtoDataSource {
        var source = FeastProtoDataSource()
        source.name = self.name()
        source.type = .init(rawValue: Int.random(in: 0...14, using: &self)) ?? .batchFile
        source.timestampField = self.oneIn(2) ? "event_timestamp" : self.name()
        source.createdTimestampColumn = self.oneIn(2) ? "created" : self.name()
        source.fileOptions.uri =
            ["", "a.csv", "s3://b/c.csv", "x"].randomElement(using: &self) ?? ""
        if self.oneIn(3) {
            source.fieldMapping = ["z": self.name()]
            source.fieldMapping[self.name()] = self.name()
        }
        if source.type == .requestSource {
            source.requestDataOptions.schema = self.some(0...3) { $0.column() }
        }
        source.tags = self.tags()
        if depth < 2, self.oneIn(2) {
            source.batchSource = self.source(depth: depth + 1)
        }
        return source
    }

    private mutating func view(of registry: FeastProtoRegistry) -> FeastProtoFeatureView {
        var view = FeastProtoFeatureView()
        view.spec.name = self.name()
        view.spec.entities = registry.entities.shuffled(using: &self).prefix(2).map(\.spec.name)
        if self.oneIn(6) {
            view.spec.entities.append(self.name())
        }
        view.spec.features = self.some(0...4) { $0.column() }
        view.spec.entityColumns = self.some(0...1) { $0.column() }
        view.spec.tags = self.tags()
        view.spec.ttl.seconds = [0, 60, -5, .max].randomElement(using: &self) ?? 0
        view.spec.ttl.nanos = [0, 0, 1, -1].randomElement(using: &self) ?? 0
        if !self.oneIn(5) {
            let known = registry.dataSources.randomElement(using: &self)
            view.spec.batchSource = known ?? self.source(depth: 0)
        }
        if self.oneIn(3) {
            let known = registry.dataSources.randomElement(using: &self)
            view.spec.streamSource = known ?? self.source(depth: 0)
        }
        return view
    }

    private mutating func service(of registry: FeastProtoRegistry) -> FeastProtoFeatureService {
        var service = FeastProtoFeatureService()
        service.spec.name = self.name()
        service.spec.features = self.some(0...3) { generator in
            var projection = FeastProtoFeatureViewProjection()
            let view = registry.featureViews.randomElement(using: &generator)
            projection.featureViewName = view?.spec.name ?? generator.name()
            projection.featureColumns = view?.spec.features ?? []
            if generator.oneIn(3) {
                projection.featureViewNameAlias = generator.name()
            }
            if generator.oneIn(3) {
                projection.joinKeyMap = ["k": "a:b"]
                projection.joinKeyMap[generator.name()] = generator.name()
            }
            return projection
        }
        service.spec.tags = self.tags()
        return service
    }
}
