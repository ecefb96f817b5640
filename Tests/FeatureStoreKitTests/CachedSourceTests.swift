import FeatureModel
import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("A project whose sources have caches")
struct CachedSourceTests {
    @Test("Training sets, loads and reads are the same with caches", arguments: UInt64(0)..<8)
    func sameResults(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let lines = (0..<400).map { _ in
                let driver = Int64.random(in: 0...12, using: &random)
                let trips = Int.random(in: 0..<50, using: &random) == 0 ? "many" : "\(driver * 7)"
                let rate = ["", "0.25", "NaN", "-0.0", "1e-7"].randomElement(using: &random) ?? ""
                let time = Int64.random(in: 0...120, using: &random)
                let created = Int64.random(in: -5...150, using: &random)
                return SmallProject.line(
                    driver,
                    time,
                    created: created < 0 ? nil : created,
                    trips: trips,
                    rate: rate
                )
            }
            let text = try self.results(in: directory, "text", lines, cache: nil)
            let cached = try self.results(in: directory, "cached", lines, cache: "caches")
            #expect(cached.told.count { $0.hasPrefix("made a cache of stats.csv (") } == 1)
            #expect(cached.told.count { $0.hasPrefix("read stats.csv from its cache (") } > 3)
            #expect(text.told == [])
            #expect(cached.outputs == text.outputs)
        }
    }

    /// Everything that a project of those lines says, twice: the second time all is cached.
    private func results(
        in directory: URL,
        _ name: String,
        _ lines: [String],
        cache: String?
    ) throws -> (outputs: [String], told: [String]) {
        let folder = directory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let project = SmallProject(directory: folder)
        try project.write(lines)
        let told: Mutex<[String]> = Mutex([])
        let clock = project.clock
        let store = FeatureStore(
            directory: folder.path,
            configuration: ProjectConfiguration(project: "drivers", sourceCache: cache),
            notes: { note in told.withLock { $0.append(note) } },
            now: { clock.now }
        )
        try store.apply(store.plan(project.files))
        var outputs: [String] = []
        let drivers = (0...13).map { Value.integer($0) }
        for round in 0..<2 {
            for filters in [false, true] {
                var options = HistoricalFeaturesOptions()
                options.filterByCreatedTimestamp = filters
                let entities = try SmallProject.entities(
                    drivers.flatMap { driver in
                        [5, 50, 99, 500].map { (driver, .timestamp(second($0))) }
                    }
                )
                for rows in [entities, .keys(from: second(20), to: second(90))] {
                    let set = try store.historicalFeatures(
                        .features(["stats:trips", "stats:rate"]),
                        entities: rows,
                        options: options
                    )
                    outputs += set.table.columns.map { "\($0.name) \($0.column.values)" }
                    outputs += set.report.columns.map { "\($0)" }
                }
            }
            var load = try store.materialize(
                from: round == 0 ? second(10) : nil,
                to: second(round == 0 ? 60 : 100)
            )
            load.views[0].seconds = 0
            // With a cache the bad rows are those of the whole source, and never count as later.
            load.views[0].bad = 0
            load.views[0].samples = []
            load.views[0].afterEnd = 0
            outputs.append("\(load)")
            let online = try store.onlineFeatures(
                .features(["stats:trips", "stats:rate"]),
                entities: ["driver_id": drivers]
            )
            outputs += online.features.map { "\($0.values.values) \($0.statuses)" }
            if round > 0 { #expect(try store.verify().isEqual) }
        }
        let caches = folder.appendingPathComponent("caches").path
        #expect(FileManager.default.fileExists(atPath: caches) == (cache != nil))
        try store.teardown()
        #expect(!FileManager.default.fileExists(atPath: caches))
        return (outputs, told.withLock { $0 })
    }
}
