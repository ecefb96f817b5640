import FeatureDefinitions
import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct PlanAndApplyTests {
    private func write(_ text: String, _ name: String, in directory: URL) throws {
        try Data(text.utf8).write(to: directory.appendingPathComponent(name))
    }

    @Test("Problems of sources are told with file and line, all at once, and nothing is applied")
    func sourceProblems() throws {
        try withTemporaryDirectory { directory in
            try write("project: drivers\n", "feature_store.yaml", in: directory)
            try write(
                """
                entities:
                  - { name: driver, join_keys: [driver_id], value_type: int64 }
                data_sources:
                  - { name: stats_source, type: csv, path: stats.csv, timestamp_field: time }
                  - { name: gone_source, type: csv, path: gone.csv, timestamp_field: time }
                feature_views:
                  - name: stats
                    entities: [driver]
                    schema:
                      - { name: trips, dtype: int64 }
                      - { name: rate, dtype: int64 }
                      - { name: tripz, dtype: int64 }
                    source: stats_source
                  - name: gone
                    entities: [driver]
                    schema: [{ name: x, dtype: int64 }]
                    source: gone_source

                """,
                "driver.yaml",
                in: directory
            )
            try write("driver_id,time,trips,rate\n1,1,1,0.5\n", "stats.csv", in: directory)
            let files = try LoadedRepository(directory: directory.path)
            let store = FeatureStore(files)

            let error = failure { try store.plan(files) }
            #expect(error?.code == .invalidArgument)
            let cause = try #require(error?.cause as? DiagnosticsError)
            #expect(
                cause.diagnostics.map { $0.location?.file }
                    == Array(repeating: "driver.yaml", count: 3)
            )
            #expect(cause.diagnostics.map { $0.location?.line } == [5, 11, 12])
            let lines = error?.message.split(separator: "\n").map(String.init) ?? []
            try #require(lines.count == 3)
            // A source that is not there is told of where the source is defined.
            #expect(lines[0].hasPrefix("driver.yaml:5:"))
            #expect(lines[0].contains("gone.csv"))
            #expect(lines[1].contains("stats.csv:2: column \"rate\" has \"0.5\""))
            #expect(lines[1].contains("declare it as float64"))
            #expect(lines[2].contains("did you mean \"trips\"?"))
            #expect(try store.appliedRegistry().version == 0)
            #expect(try store.registryHistory().isEmpty)
            #expect(try !store.refresh())
        }
    }

    @Test("A few strays in a source are no reason not to apply")
    func strays() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            let good = (1...9).map { SmallProject.line(Int64($0), 1, trips: "1") }
            try project.write(good + [SmallProject.line(1, 2, trips: "?")])
            #expect(try project.apply() == 1)
        }
    }

    @Test("The second apply has no changes, and says so")
    func secondApply() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 1, trips: "1")])
            let plan = try project.store.plan(project.files)
            #expect(plan.count(of: .created) == 3 && !plan.isDestructive)
            #expect(try project.store.apply(plan) == 1)
            let second = try project.store.plan(project.files)
            #expect(second.isEmpty && second.description == "No changes.")
            #expect(try project.store.apply(second) == 1)
            #expect(try project.store.registryHistory().count == 1)
            let applied = try project.store.appliedRegistry()
            #expect(applied.repository == project.repository)
            #expect(applied.appliedAt == project.clock.now)
        }
    }

    @Test("What loses data is refused with its reasons, and done when it is wanted")
    func destructive() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 1, trips: "1", rate: "2")])
            project.repository.featureServices = [
                FeatureService(name: "ranking", features: [.init(view: "stats")])
            ]
            try project.apply()
            try project.store.materialize()
            let before = project.repository
            project.repository.featureViews[0].schema.removeFirst()
            let error = failure { try project.apply() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("drops feature \"trips\"") ?? false)
            #expect(error?.message.contains("\"ranking\"") ?? false)
            #expect(error?.message.contains("--allow-destroy") ?? false)
            #expect(try project.store.appliedRegistry().repository == before)
            #expect(try project.values([1]) == [1])

            #expect(try project.apply(allowDestroy: true) == 2)
            #expect(try project.online([1], of: "stats:rate").statuses == [.notFound])
            try project.store.materialize()
            #expect(try project.values([1], of: "stats:rate") == [2.0])
            let service = try project.store.onlineFeatures(
                .service("ranking"),
                entities: ["driver_id": [1]]
            )
            #expect(service.features.map(\.name) == ["rate"])
        }
    }

    @Test("Of two applies from one version the second is a conflict, and changes nothing")
    func conflict() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 1, trips: "1")])
            let other = project.anotherStore()
            let mine = try project.store.plan(project.files)
            project.repository.featureViews[0].ttlMicroseconds = 1_000_000
            let theirs = try other.plan(project.files)
            #expect(try project.store.apply(mine) == 1)
            let error = failure { try other.apply(theirs) }
            #expect(error?.code == .conflict)
            let ttl = try other.appliedRegistry().repository.featureViews[0].ttlMicroseconds
            #expect(ttl == 0)
            #expect(try other.apply(other.plan(project.files)) == 2)
        }
    }

    @Test("One process has the online store; another one is told which")
    func onlineStoreIsHeld() throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 1, trips: "1")])
            try project.apply()
            #expect(project.store.onlineStoreOwner() == nil)
            try project.store.openOnlineStore(address: "127.0.0.1:6566", socketPath: "/tmp/s")
            let other = project.anotherStore()
            let error = failure { try other.materialize() }
            #expect(error?.code == .conflict)
            let process = ProcessInfo.processInfo.processIdentifier
            #expect(error?.message.contains("\(process)") ?? false)
            let owner = try #require(other.onlineStoreOwner())
            #expect(owner.processID == process && owner.address == "127.0.0.1:6566")
            #expect(owner.socketPath == "/tmp/s")
        }
    }

    @Test("Definitions that are made in code are checked like those in files")
    func definitionsInCode() throws {
        try withTemporaryDirectory { directory in
            var project = SmallProject(directory: directory)
            try project.write([SmallProject.line(1, 1, trips: "1")])
            project.repository.featureViews[0].entities = ["drivr"]
            project.repository.featureViews[0].source = "stats_sorce"
            let error = failure { try project.apply() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("did you mean \"driver\"?") ?? false)
            #expect(error?.message.contains("did you mean \"stats_source\"?") ?? false)
            let cause = try #require(error?.cause as? DiagnosticsError)
            #expect(cause.diagnostics.allSatisfy { $0.location == nil })
            #expect(try project.store.appliedRegistry().version == 0)
        }
    }
}
