import FeatureModel
import FeatureStoreKit
import Foundation
import NativeStorage
import TestSupport

/// A project whose definitions change at random, and a naive account of what must be served.
struct EvolvingProject {
    /// One generation of a view, as the account knows it.
    struct Generation: Equatable {
        var number: Int
        var view: FeatureView
        var source: DataSource
        /// The push sources that add rows.
        var pushes: Set<String>
        var keys: [Entity.JoinKey]
        /// The features that the last load of the generation knew; `nil` before there was one.
        var loaded: Set<String>?
    }

    let directory: URL
    let store: FeatureStore
    /// What is applied.
    var repository = FeatureRepository()
    /// The generations that are served: by name, in force last.
    var live: [String: [Generation]] = [:]
    /// The greatest number of each name.
    var numbers: [String: Int] = [:]

    init(directory: URL) throws {
        self.directory = directory
        self.store = FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(project: "evolving"),
            now: { second(100_000) }
        )
        try self.writeSources()
    }

    // MARK: Sources

    static let drivers = ["1", "2", "3", "4"]
    static let regions = ["x", "y"]

    /// Two CSV files and a table, whose rows differ; times have no zone.
    private func writeSources() throws {
        var random = SeededGenerator(seed: 5)
        for name in ["a", "b"] {
            let rows = (0..<24).map { _ in self.row(using: &random).joined(separator: ",") }
            let lines = [Self.columns.joined(separator: ",")] + rows
            let text = lines.map { $0 + "\n" }.joined()
            try Data(text.utf8).write(to: self.directory.appendingPathComponent("\(name).csv"))
        }
        let path = self.directory.appendingPathComponent("rows.db").path
        let database = try SQLiteDatabase(path: path, mode: .readWriteCreate)
        let columns = Self.columns.map { "\($0) TEXT" }.joined(separator: ", ")
        try database.execute("CREATE TABLE rows (\(columns))")
        for _ in 0..<24 {
            let values = self.row(using: &random).map { $0.isEmpty ? "NULL" : "'\($0)'" }
            try database.execute("INSERT INTO rows VALUES (\(values.joined(separator: ", ")))")
        }
    }

    private static let columns = [
        "driver_id", "region", "event_time", "created", "f0", "f1", "f2", "g0",
    ]

    private func row(using random: inout SeededGenerator) -> [String] {
        func time(_ range: ClosedRange<Int64>) -> String {
            let text = second(Int64.random(in: range, using: &random)).description
            return text.replacing("Z", with: "").replacing("T", with: " ")
        }
        let numbers = (0..<4).map { _ in
            Int.random(in: 0..<5, using: &random) == 0
                ? "" : "\(Int.random(in: 0..<10, using: &random))"
        }
        return [
            Self.drivers.dropLast().randomElement(using: &random) ?? "",
            Self.regions.randomElement(using: &random) ?? "",
            time(0...20_000), time(0...120_000),
        ] + numbers
    }

    // MARK: Definitions

    /// The sources and entities that every state of the project has.
    static let start = FeatureRepository(
        entities: [
            Entity(name: "driver", joinKeys: [.init(name: "driver_id", type: .int64)]),
            Entity(name: "region", joinKeys: [.init(name: "region", type: .string)]),
        ],
        dataSources: [
            Self.source("a", .csv(.init(path: "a.csv"))),
            Self.source("same", .csv(.init(path: "a.csv"))),
            Self.source("b", .csv(.init(path: "b.csv"))),
            Self.source("table", .sqlite(.init(path: "rows.db", relation: .table("rows")))),
            DataSource(name: "push_a", kind: .push(.init(batchSource: "a"))),
        ]
    )

    private static func source(_ name: String, _ kind: DataSource.Kind) -> DataSource {
        DataSource(
            name: name,
            kind: kind,
            timestampField: "event_time",
            createdTimestampColumn: "created"
        )
    }

    /// A next state; it may be one that cannot be applied.
    func edited(using random: inout SeededGenerator) -> FeatureRepository {
        var next = self.repository.entities.isEmpty ? Self.start : self.repository
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            self.edit(&next, using: &random)
        }
        return next
    }

    private func edit(_ next: inout FeatureRepository, using random: inout SeededGenerator) {
        let choice = Int.random(in: 0..<20, using: &random)
        if next.featureViews.isEmpty || choice == 0 || choice < 6 && next.featureViews.count < 2 {
            let name = ["v", "w"].randomElement(using: &random) ?? "v"
            if let index = next.featureViews.firstIndex(where: { $0.name == name }) {
                next.featureViews.remove(at: index)
                for service in next.featureServices.indices {
                    next.featureServices[service].features.removeAll { $0.view == name }
                }
                next.featureServices.removeAll(where: \.features.isEmpty)
            } else {
                next.featureViews.append(
                    FeatureView(
                        name: name,
                        entities: ["driver"],
                        schema: [Field(name: "f0", type: .int64)],
                        source: "a"
                    )
                )
            }
            return
        }
        if choice < 4 {
            self.editSources(&next, using: &random)
        } else if choice < 10 {
            self.editServices(&next, using: &random)
        } else {
            let index = next.featureViews.indices.randomElement(using: &random) ?? 0
            Self.edit(&next.featureViews[index], choice: choice, using: &random)
        }
    }

    private static func edit(
        _ view: inout FeatureView,
        choice: Int,
        using random: inout SeededGenerator
    ) {
        let types: [ValueType] = [.int64, .float64, .string]
        let names = view.schema.map(\.name)
        switch choice {
        case 10, 11, 12, 13:
            let missing = ["f0", "f1", "f2"].filter { !names.contains($0) }
            guard let name = missing.randomElement(using: &random) else { return }
            let type = types.randomElement(using: &random) ?? .int64
            view.schema.insert(
                Field(name: name, type: type),
                at: Int.random(in: 0...view.schema.count, using: &random)
            )
        case 14:
            guard view.schema.count > 1 else { return }
            view.schema.remove(at: Int.random(in: 0..<view.schema.count, using: &random))
        case 15:
            let index = Int.random(in: 0..<view.schema.count, using: &random)
            view.schema[index].type = types.randomElement(using: &random) ?? .int64
        case 16:
            view.entities =
                [["driver"], ["driver", "region"], ["region", "driver"]]
                .randomElement(using: &random) ?? []
        case 17:
            let sources = ["a", "same", "b", "table", "push_a"]
            view.source = sources.randomElement(using: &random) ?? "a"
        case 18:
            view.filterByCreatedTimestamp.toggle()
        default:
            view.online = Int.random(in: 0..<4, using: &random) > 0
            view.description += "."
        }
    }

    private func editSources(
        _ next: inout FeatureRepository,
        using random: inout SeededGenerator
    ) {
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
            let isText = next.entities[0].joinKeys[0].type == .string
            next.entities[0].joinKeys[0].type = isText ? .int64 : .string
        case 1:
            let isMapped = !next.dataSources[0].fieldMapping.isEmpty
            next.dataSources[0].fieldMapping = isMapped ? [:] : ["g0": "f0"]
        case 2:
            let zones: [String?] = [nil, "Etc/GMT-3", "Etc/GMT+2"]
            next.dataSources[0].timezone = zones.randomElement(using: &random) ?? nil
        case 3:
            let nulls = Bool.random(using: &random) ? [""] : ["", "7"]
            next.dataSources[0].kind = .csv(.init(path: "a.csv", nullValues: nulls))
        default:
            next.dataSources[0].description += "."
            next.dataSources[0].latenessMicroseconds += 1
        }
    }

    private func editServices(
        _ next: inout FeatureRepository,
        using random: inout SeededGenerator
    ) {
        let name = ["s", "t"].randomElement(using: &random) ?? "s"
        next.featureServices.removeAll { $0.name == name }
        guard Int.random(in: 0..<5, using: &random) > 0 else { return }
        let view = next.featureViews.randomElement(using: &random)?.name ?? "v"
        let numbers = (self.live[view] ?? []).map(\.number) + [(self.numbers[view] ?? 0) + 1]
        let isPinned = Int.random(in: 0..<4, using: &random) > 0
        next.featureServices.append(
            FeatureService(
                name: name,
                features: [
                    .init(
                        view: view,
                        version: isPinned ? numbers.randomElement(using: &random) : nil
                    )
                ]
            )
        )
    }
}
