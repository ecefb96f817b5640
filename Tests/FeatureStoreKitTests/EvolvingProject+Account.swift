import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport

/// The naive account of generations: what a change of the definitions means.
extension EvolvingProject {
    /// What an apply must do.
    struct Expectation {
        var live: [String: [Generation]] = [:]
        var numbers: [String: Int]
        /// Whether a service pins what is not there.
        var hasWrongPin = false
        /// Whether the change needs to be allowed.
        var isRefused = false
        /// The services that a refusal must name.
        var named: Set<String> = []
    }

    func expectation(of next: FeatureRepository) -> Expectation {
        var expectation = Expectation(numbers: self.numbers)
        for view in self.repository.featureViews where next.featureView(view.name) == nil {
            expectation.isRefused = true
            _ = view
        }
        for view in next.featureViews {
            self.expect(view, in: next, &expectation)
        }
        for service in next.featureServices {
            for projection in service.features {
                guard let version = projection.version else { continue }
                let numbers = expectation.live[projection.view]?.map(\.number) ?? []
                if !numbers.contains(version) { expectation.hasWrongPin = true }
            }
        }
        return expectation
    }

    private func expect(
        _ view: FeatureView,
        in next: FeatureRepository,
        _ expectation: inout Expectation
    ) {
        guard let source = next.rowSource(of: view) else { return }
        var after = Generation(
            number: (self.numbers[view.name] ?? 0) + 1,
            view: view,
            source: source,
            pushes: Set(next.pushSources(of: view).map(\.name)),
            keys: next.joinKeys(of: view)
        )
        var earlier = self.live[view.name] ?? []
        if let before = earlier.last {
            if before.view.online, !view.online { expectation.isRefused = true }
            if Self.fits(before, after) {
                earlier.removeLast()
                after.number = before.number
                // Rows of a view that is no longer served are removed.
                after.loaded = view.online ? before.loaded : nil
            } else {
                let isKept = Self.pins(next, view.name, before.number)
                let users = self.unpinned(view.name, self.repository)
                    .intersection(self.unpinned(view.name, next))
                let types = Dictionary(uniqueKeysWithValues: view.schema.map { ($0.name, $0.type) })
                let dropsData =
                    before.view.schema.contains { types[$0.name] != $0.type }
                    || Set(before.keys) != Set(after.keys)
                    || before.source.name != after.source.name
                if !users.isEmpty || !isKept && dropsData { expectation.isRefused = true }
                expectation.named.formUnion(users)
            }
        }
        expectation.numbers[view.name] = after.number
        expectation.live[view.name] =
            earlier.filter { Self.pins(next, view.name, $0.number) } + [after]
    }

    private static func pins(_ next: FeatureRepository, _ view: String, _ number: Int) -> Bool {
        next.featureServices.contains { service in
            service.features.contains { $0.view == view && $0.version == number }
        }
    }

    private func unpinned(_ view: String, _ repository: FeatureRepository) -> Set<String> {
        let users = repository.featureServices.filter { service in
            service.features.contains { $0.view == view && $0.version == nil }
        }
        return Set(users.map(\.name))
    }

    /// Whether rows of one generation can be served as those of the next.
    private static func fits(_ before: Generation, _ after: Generation) -> Bool {
        func reading(_ source: DataSource) -> [String] {
            [
                "\(source.kind)", source.timestampField ?? "", source.createdTimestampColumn ?? "",
                source.timezone ?? "", "\(source.fieldMapping.sorted { $0.key < $1.key })",
            ]
        }
        let keeps = before.view.schema.allSatisfy { old in
            after.view.schema.contains { $0.name == old.name && $0.type == old.type }
        }
        return keeps && Set(before.keys) == Set(after.keys)
            && reading(before.source) == reading(after.source)
            && before.pushes.isSubset(of: after.pushes)
            && before.view.filterByCreatedTimestamp == after.view.filterByCreatedTimestamp
    }

    /// Notes that what a load named was loaded.
    mutating func noteLoad(_ isNamed: (Generation) -> Bool) {
        for name in self.live.keys.sorted() {
            for index in self.live[name, default: []].indices {
                guard let generation = self.live[name]?[index], generation.view.online,
                    isNamed(generation)
                else { continue }
                self.live[name]?[index].loaded = Set(generation.view.schema.map(\.name))
            }
        }
    }

    // MARK: What must be served

    /// The entity rows that a generation is asked for.
    static func entityRows(of generation: Generation) throws -> Table {
        var rows: [(driver: String, region: String)] = []
        for driver in self.drivers {
            for region in self.regions {
                rows.append((driver, region))
            }
        }
        var columns = try generation.keys.map { key in
            let texts = rows.map { key.name == "driver_id" ? $0.driver : $0.region }
            let values = texts.map { text in
                key.type == .int64 ? Value.integer(Int64(text) ?? 0) : .string(text)
            }
            return Table.NamedColumn(
                name: key.name,
                column: try Column(type: key.type, values: values)
            )
        }
        let now = Value.timestamp(second(100_000))
        columns.append(
            .init(
                name: "event_timestamp",
                column: try Column(
                    type: .unixTimestamp,
                    values: Array(repeating: now, count: rows.count)
                )
            )
        )
        return Table(columns: columns, rowCount: rows.count)
    }

    /// The training set at now under the definition of a generation alone, by a store that has
    /// never known another.
    func trainingSet(of generation: Generation, rows: Table) throws -> [String: [Value]] {
        let project = "oracle_\(UUID().uuidString)"
        let store = FeatureStore(
            directory: self.directory.path,
            configuration: ProjectConfiguration(
                project: project,
                registry: "data/\(project).db",
                onlineStore: .rocksdb(path: "data/\(project)")
            ),
            now: { second(100_000) }
        )
        var view = generation.view
        view.source = generation.source.name
        view.entities = ["all"]
        let repository = FeatureRepository(
            entities: [Entity(name: "all", joinKeys: generation.keys)],
            dataSources: [generation.source],
            featureViews: [view]
        )
        let files = LoadedRepository(
            directory: self.directory.path,
            configuration: store.configuration,
            repository: repository
        )
        try store.apply(store.plan(files))
        let references = view.schema.map { "\(view.name):\($0.name)" }
        let set = try store.historicalFeatures(.features(references), entities: .table(rows))
        var values: [String: [Value]] = [:]
        for field in view.schema {
            values[field.name] = set.table[field.name]?.values
        }
        return values
    }
}
