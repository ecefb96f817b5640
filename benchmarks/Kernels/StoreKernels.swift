import FeatureCompute
import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport

/// Whole jobs of the store, in process.
let storeKernels: [Kernel] = [
    Kernel(name: "materialize", element: "row") { directory in
        // The second load of a view goes into the rows of the first; the first is made here.
        let project = try DriverProject(in: directory)
        return {
            let report = try project.store.materialize()
            guard report.views.allSatisfy({ $0.rowsRead == 20_000 }) else {
                throw KernelError("rows are missing")
            }
            return Kernel.Result(elements: 20_000, checksum: report.views.count)
        }
    },
    Kernel(name: "online-read", element: "entity row of 10 features") { directory in
        let project = try DriverProject(in: directory)
        let requests = project.requests(of: "all_features")
        return {
            var sum = 0
            for request in requests {
                sum += try project.store.onlineFeatures(request).features.count
            }
            return Kernel.Result(elements: 640, checksum: sum)
        }
    },
    Kernel(name: "online-read-into", element: "entity row of 10 features") { directory in
        try repeatedReads(of: DriverProject(in: directory))
    },
    Kernel(name: "online-read-database", element: "entity row of 10 features") { directory in
        try repeatedReads(of: DriverProject(in: directory, rowCache: "0"))
    },
    Kernel(name: "on-demand", element: "entity row of 1 expression") { directory in
        let project = try DriverProject(in: directory)
        let requests = project.requests(of: "scores")
        return {
            var sum = 0
            for request in requests {
                sum += try project.store.onlineFeatures(request).features.count
            }
            return Kernel.Result(elements: 640, checksum: sum)
        }
    },
    Kernel(name: "plan-unchanged", element: "view of 10 features") { directory in
        let count = 100
        try writeWideRepository(viewCount: count, in: directory)
        let files = try LoadedRepository(directory: directory.path)
        try FeatureStore(files).apply(FeatureStore(files).plan(files))
        return {
            // As a command does it: everything is read anew.
            let files = try LoadedRepository(directory: directory.path)
            let store = FeatureStore(files)
            let plan = try store.plan(files)
            let version = try store.apply(plan)
            guard plan.isEmpty else { throw KernelError("the plan has changes") }
            return Kernel.Result(elements: count, checksum: version)
        }
    },
    Kernel(name: "plan-unchanged", element: "view of 10 features") { directory in
        let count = 100
        try writeWideRepository(viewCount: count, in: directory)
        let files = try LoadedRepository(directory: directory.path)
        try FeatureStore(files).apply(FeatureStore(files).plan(files))
        return {
            // As a command does it: everything is read anew.
            let files = try LoadedRepository(directory: directory.path)
            let store = FeatureStore(files)
            let plan = try store.plan(files)
            let version = try store.apply(plan)
            guard plan.isEmpty else { throw KernelError("the plan has changes") }
            return Kernel.Result(elements: count, checksum: version)
        }
    },
    Kernel(name: "training-set", element: "history row") { directory in
        let project = try DriverProject(in: directory)
        let entities = directory.appendingPathComponent("entities.csv").path
        let output = directory.appendingPathComponent("training.csv").path
        var random = SeededGenerator(seed: 12)
        var text = "driver_id,event_timestamp,label\n"
        for _ in 0..<2_000 {
            let driver = Int.random(in: 1_001..<2_001, using: &random)
            text += "\(driver),\(timeText(secondOfMonth(&random))),1\n"
        }
        try text.write(toFile: entities, atomically: false, encoding: .utf8)
        return {
            let set = try project.store.historicalFeatures(
                .service("all_features"),
                entities: .file(entities)
            )
            try set.write(to: .path(output))
            return Kernel.Result(elements: 20_000, checksum: set.table.rowCount)
        }
    },
]

/// Reads in the memory of one answer, as a loop would.
private func repeatedReads(of project: DriverProject) -> () throws -> Kernel.Result {
    let requests = project.requests(of: "all_features")
    var answer = OnlineFeatures()
    return {
        var sum = 0
        for request in requests {
            try project.store.readOnlineFeatures(request, into: &answer)
            sum += answer.features.count
        }
        return Kernel.Result(elements: 640, checksum: sum)
    }
}

/// A loaded project with one view of ``driverFeatures``, 1,000 keys, and an on-demand view.
struct DriverProject {
    static let keyCount = 1_000
    let store: FeatureStore

    /// - Parameters:
    ///   - directory: Where it lies.
    ///   - rowCache: The size of the cache for rows; `0` for none.
    /// - Throws: What the store throws.
    init(in directory: URL, rowCache: String = "256MB") throws {
        let path = try writeHistory(rowCount: 20_000, keyCount: Self.keyCount, in: directory)
        let numbers = driverFeatures.filter { $0.type != .string }.map(\.name)
        let schema = driverFeatures.map { "      - { name: \($0.name), dtype: \($0.type) }" }
        let files = [
            "feature_store.yaml": """
            project: kernels
            registry: data/registry.db
            offline_store: { type: sqlite, path: data/offline.db }
            online_store: { type: rocksdb, path: data/online, row_cache: \(rowCache) }
            """,
            "definitions.yaml": """
            entities:
              - { name: driver, join_keys: [driver_id], value_type: int64 }
            data_sources:
              - name: history
                type: csv
                path: \(path)
                timestamp_field: event_timestamp
                created_timestamp_column: created
            feature_views:
              - name: driver_stats
                entities: [driver]
                source: history
                schema:
            \(schema.joined(separator: "\n"))
            on_demand_feature_views:
              - name: score
                sources: [driver_stats]
                features:
                  - { name: score, dtype: float64, expression: conv_rate * avg_daily_trips + 1 }
            feature_services:
              - { name: all_features, features: [driver_stats] }
              - { name: numbers, features: [driver_stats: [\(numbers.joined(separator: ", "))]] }
              - { name: scores, features: [score] }
            """,
        ]
        for (name, text) in files {
            let file = directory.appendingPathComponent(name)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
        let repository = try LoadedRepository(directory: directory.path)
        self.store = FeatureStore(repository)
        try self.store.apply(self.store.plan(repository))
        _ = try self.store.materialize()
    }

    /// Ten random drivers for each of 64 requests.
    static let requestedDrivers: [[Int64]] = {
        var random = SeededGenerator(seed: 11)
        return (0..<64).map { _ in
            (0..<10).map { _ in Int64.random(in: 1_001..<2_001, using: &random) }
        }
    }()

    /// Requests for these drivers.
    func requests(of service: String) -> [OnlineFeaturesRequest] {
        Self.requestedDrivers.map { drivers in
            OnlineFeaturesRequest(
                selection: .service(service),
                entities: [.init(name: "driver_id", values: drivers.map { .integer($0) })]
            )
        }
    }
}
