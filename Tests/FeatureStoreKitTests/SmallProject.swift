import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport

/// A project of one view over one CSV file, which a test changes as it likes.
struct SmallProject {
    let directory: URL
    let clock = TestClock(second(100))
    let store: FeatureStore
    var repository: FeatureRepository

    static let header = "driver_id,event_time,created,trips,rate"

    init(directory: URL, functions: [String: OnDemandFunction] = [:]) {
        self.directory = directory
        let clock = self.clock
        self.store = FeatureStore(
            directory: directory.path,
            configuration: ProjectConfiguration(project: "drivers"),
            functions: functions,
            now: { clock.now }
        )
        self.repository = FeatureRepository(
            entities: [
                Entity(name: "driver", joinKeys: [.init(name: "driver_id", type: .int64)])
            ],
            dataSources: [
                DataSource(
                    name: "stats_source",
                    kind: .csv(.init(path: "stats.csv")),
                    timestampField: "event_time",
                    createdTimestampColumn: "created"
                )
            ],
            featureViews: [
                FeatureView(
                    name: "stats",
                    entities: ["driver"],
                    schema: [
                        Field(name: "trips", type: .int64), Field(name: "rate", type: .float64),
                    ],
                    source: "stats_source"
                )
            ]
        )
    }

    /// A line of the CSV file; times are seconds.
    static func line(
        _ driver: Int64,
        _ time: Int64,
        created: Int64? = nil,
        trips: String,
        rate: String = ""
    ) -> String {
        "\(driver),\(second(time)),\(created.map { second($0).description } ?? ""),\(trips),\(rate)"
    }

    /// Writes a file of the repository, its first line the header.
    func write(
        _ lines: [String],
        header: String = Self.header,
        to name: String = "stats.csv"
    ) throws {
        let text = ([header] + lines).map { $0 + "\n" }.joined()
        try Data(text.utf8).write(to: self.directory.appendingPathComponent(name))
    }

    var files: LoadedRepository {
        LoadedRepository(
            directory: self.directory.path,
            configuration: self.store.configuration,
            repository: self.repository
        )
    }

    @discardableResult
    func apply(allowDestroy: Bool = false) throws -> Int {
        try self.store.apply(self.store.plan(self.files), allowDestroy: allowDestroy)
    }

    /// Another store of the same project, as another process would have it.
    func anotherStore() -> FeatureStore {
        let clock = self.clock
        return FeatureStore(
            directory: self.directory.path,
            configuration: self.store.configuration,
            now: { clock.now }
        )
    }

    /// One feature of some drivers.
    func online(
        _ drivers: [Value],
        of feature: String = "stats:trips"
    ) throws -> OnlineFeatures.FeatureColumn {
        try self.store.onlineFeatures(.features([feature]), entities: ["driver_id": drivers])
            .features[0]
    }

    /// The values of one feature of some drivers.
    func values(_ drivers: [Value], of feature: String = "stats:trips") throws -> [Value] {
        try self.online(drivers, of: feature).values.values
    }

    /// Entity rows of drivers and times.
    static func entities(_ rows: [(driver: Value, time: Value)]) throws -> EntityRowsInput {
        .table(
            Table(
                columns: [
                    .init(
                        name: "driver_id",
                        column: try Column(type: .int64, values: rows.map(\.driver))
                    ),
                    .init(
                        name: "event_timestamp",
                        column: try Column(type: .unixTimestamp, values: rows.map(\.time))
                    ),
                ],
                rowCount: rows.count
            )
        )
    }
}

/// The error of a call that must fail.
func failure(_ body: () throws -> some Any) -> FeatureStoreError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? FeatureStoreError
    }
}
