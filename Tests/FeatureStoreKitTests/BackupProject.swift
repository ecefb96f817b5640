import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport

/// A project with something in each of its files: two versions of the registry, a load, pushes with
/// a reject and a row that waits, and a saved dataset.
struct BackupProject {
    static let now = second(100)

    let project: SmallProject

    var store: FeatureStore { self.project.store }

    init(_ directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var project = SmallProject(directory: directory)
        project.repository.dataSources.append(
            DataSource(name: "stats_push", kind: .push(.init(batchSource: "stats_source")))
        )
        try project.write((1...20).map { SmallProject.line($0, $0, created: $0, trips: "\($0)") })
        try project.apply()
        project.repository.featureServices.append(
            FeatureService(name: "rides", features: [.init(view: "stats", features: ["trips"])])
        )
        try project.apply()
        try project.store.materialize()
        self.project = project
        try self.store.push(
            "stats_push",
            rows: Self.rows([(1, 60, 100), (21, 61, 200), (22, 500, 300)]),
            to: .onlineAndOffline
        )
        try self.store.push(
            "stats_push",
            rows: PushRows([
                "driver_id": [2, 3], "event_time": [.timestamp(second(70)), .string("never")],
                "created": [.null, .null], "trips": [400, 500], "rate": [.float(0.5), .null],
            ]),
            to: .onlineAndOffline,
            idempotencyKey: "second"
        )
        try self.store.saveDataset(
            "kept",
            .service("rides"),
            entities: .keys(to: Self.now)
        )
    }

    /// Rows to push: driver, time in seconds, trips.
    static func rows(_ rows: [(driver: Int64, time: Int64, trips: Int64)]) throws -> PushRows {
        try PushRows([
            "driver_id": rows.map { .integer($0.driver) },
            "event_time": rows.map { .timestamp(second($0.time)) },
            "created": rows.map { _ in .null },
            "trips": rows.map { .integer($0.trips) },
            "rate": rows.map { _ in .float(0.5) },
        ])
    }

    /// One more push, to both stores.
    func push(driver: Int64, trips: Int64) throws {
        try self.store.push(
            "stats_push",
            rows: Self.rows([(driver, 80, trips)]),
            to: .onlineAndOffline
        )
    }

    /// A store of the project in another folder, as a machine has it to which a copy was taken.
    func store(in directory: URL) -> FeatureStore {
        let clock = self.project.clock
        return FeatureStore(
            directory: directory.path,
            configuration: self.store.configuration,
            now: { clock.now }
        )
    }

    /// Everything that can be asked of a store, as text; times of the machine left out.
    static func answers(
        _ store: FeatureStore,
        drivers: ClosedRange<Int64> = 1...24
    ) throws
        -> String
    {
        var lines: [String] = []
        for version in try store.registryHistory() {
            lines.append("version \(version.version): \(version.changes.map(\.name))")
        }
        let status = try store.status()
        for view in status.featureViews {
            lines.append("\(view.name): \(view.loaded) \(view.rowsRead ?? -1)")
        }
        if let pushes = status.pushes {
            lines.append("\(pushes.count) \(pushes.pending) \(pushes.rejects) \(pushes.waiting)")
        }
        for reject in try store.rejects() { lines.append("\(reject.reason) \(reject.cells)") }
        let online = try store.onlineFeatures(
            .features(["stats:trips", "stats:rate"]),
            entities: ["driver_id": drivers.map { .integer($0) }]
        )
        for feature in online.features {
            lines.append("\(feature.values.values.map(exactText)) \(feature.statuses)")
        }
        for dataset in try store.savedDatasets() {
            let text = try store.savedDatasetText(dataset.name)
            lines.append("\(dataset.name) \(dataset.created) \(dataset.features) \(text)")
        }
        lines.append(try self.history(store))
        return lines.joined(separator: "\n")
    }

    /// The training set of all keys, which has the pushed history in it.
    static func history(_ store: FeatureStore) throws -> String {
        let set = try store.historicalFeatures(
            .features(["stats:trips", "stats:rate"]),
            entities: .keys(to: Self.now)
        )
        return String(decoding: set.csv(), as: UTF8.self)
    }
}
