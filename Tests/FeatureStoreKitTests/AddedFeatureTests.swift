import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite("A feature that is added, and that some rows have no readable value of")
struct AddedFeatureTests {
    private static let header = SmallProject.header + ",extra"

    private func addExtra(to project: inout SmallProject) {
        project.repository.featureViews[0].schema.append(Field(name: "extra", type: .int64))
    }

    private func training(_ project: SmallProject, _ drivers: [Value]) throws -> [Value] {
        let set = try project.store.historicalFeatures(
            .features(["stats:trips"]),
            entities: SmallProject.entities(drivers.map { ($0, .timestamp(second(100))) })
        )
        return set.table["trips"]?.values ?? []
    }

    @Test(
        "A loaded row that is bad now gives way to the newest that is not",
        arguments: [true, false]
    )
    func replacesAndRemoves(isIncremental: Bool) throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write(
                [
                    SmallProject.line(1, 10, trips: "10") + ",1",
                    SmallProject.line(1, 20, trips: "20") + ",n/a",
                    SmallProject.line(2, 10, trips: "30") + ",3",
                    SmallProject.line(3, 10, trips: "40") + ",n/a",
                ],
                header: Self.header
            )
            try project.apply()
            try project.store.materializeIncremental()
            #expect(try project.values([1, 2, 3]) == [20, 30, 40])
            self.addExtra(to: &project)
            let plan = try project.store.plan(project.files)
            #expect(plan.warnings.count == 1)
            let warning = plan.warnings.first?.description ?? ""
            #expect(warning.contains("stats.csv:3: column \"extra\" has \"n/a\""), "\(warning)")
            #expect(warning.contains("(2 of 4 sampled)"), "\(warning)")
            try project.store.apply(plan)
            let report =
                isIncremental
                ? try project.store.materializeIncremental() : try project.store.materialize()
            #expect(report.views[0].bad == 2)
            #expect(
                report.notes == [
                    "feature view \"stats\": 1 key has no row any more: the row was loaded before, "
                        + "cannot be read now, and the source has no other"
                ]
            )
            #expect(try project.values([1, 2, 3]) == [10, 30, .null])
            #expect(try self.training(project, [1, 2, 3]) == [10, 30, .null])
            #expect(try project.store.verify().isEqual)
            // And again, from there.
            #expect(try project.store.materializeIncremental().notes.isEmpty)
            #expect(try project.values([1, 2, 3]) == [10, 30, .null])
        }
    }

    @Test("A load of a window takes no row back, for it does not see what comes in its place")
    func windows() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write(
                [
                    SmallProject.line(1, 10, trips: "10") + ",1",
                    SmallProject.line(1, 20, trips: "20") + ",n/a",
                ],
                header: Self.header
            )
            try project.apply()
            try project.store.materialize()
            self.addExtra(to: &project)
            try project.apply()
            try project.store.materialize(from: second(15), to: second(100))
            #expect(try project.values([1]) == [20])
            try project.store.materialize()
            #expect(try project.values([1]) == [10])
        }
    }

    @Test("A bad row that is added beside a good one of the same age takes nothing back")
    func badTwin() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            self.addExtra(to: &project)
            let good = SmallProject.line(1, 10, created: 10, trips: "10") + ",1"
            let bad = SmallProject.line(1, 10, created: 10, trips: "11") + ",n/a"
            try project.write([good], header: Self.header)
            try project.apply()
            try project.store.materializeIncremental()
            try project.write([good, bad], header: Self.header)
            #expect(try project.store.materializeIncremental().notes.isEmpty)
            #expect(try project.values([1]) == [10])
            #expect(try project.store.verify().isEqual)
        }
    }

    @Test("Whatever is bad, what is served is what training gets", arguments: 0..<24)
    func randomRows(seed: UInt64) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            var project = SmallProject(directory: directory)
            if seed % 3 == 0 { project.repository.dataSources[0].createdTimestampColumn = nil }
            if seed % 4 == 1 { project.repository.dataSources[0].timestampField = nil }
            let store = FeatureStore(
                directory: directory.path,
                configuration: ProjectConfiguration(
                    project: "drivers",
                    sourceCache: seed % 2 == 0 ? nil : "cache"
                ),
                // Every other load is of files.
                loadMemory: seed % 4 < 2 ? 1 << 20 : 1 << 8,
                now: { second(100) }
            )
            func apply() throws {
                let files = LoadedRepository(
                    directory: directory.path,
                    configuration: store.configuration,
                    repository: project.repository
                )
                // What is mostly bad would be an error of the plan.
                try store.apply(store.plan(files))
            }
            var lines = (0..<30).map { _ in self.line(driver: 9, &random, extra: "1") }
            func append(_ count: Int) throws {
                for _ in 0..<count {
                    let driver = Int64.random(in: 1...6, using: &random)
                    let extra = ["1", "", "n/a"].randomElement(using: &random) ?? ""
                    lines.append(self.line(driver: driver, &random, extra: extra))
                }
                try project.write(lines, header: Self.header)
            }
            try append(20)
            try apply()
            try store.materializeIncremental()
            self.addExtra(to: &project)
            try apply()
            for step in 0..<4 {
                let report =
                    Bool.random(using: &random)
                    ? try store.materialize() : try store.materializeIncremental()
                let found = try store.verify()
                #expect(found.isEqual && found.views[0].onlyOnline == 0, "step \(step): \(found)")
                #expect(report.views[0].bad == lines.count { $0.hasSuffix("n/a") })
                try append(3)
            }
        }
    }

    private func line(
        driver: Int64,
        _ random: inout SeededGenerator,
        extra: String
    ) -> String {
        SmallProject.line(
            driver,
            Int64.random(in: 0...8, using: &random),
            created: Int64.random(in: 0...1, using: &random),
            trips: "\(Int.random(in: 0...999, using: &random))"
        ) + "," + extra
    }
}
