import FeatureModel
import FeatureStoreKit
import Foundation
import Synchronization
import TestSupport
import Testing

/// Training sets that are made in parts.
@Suite struct MemoryLimitTests {
    private let features = FeatureSelection.features(["stats:trips", "stats:rate"])

    /// A project, and 5,000 entity rows of 40 drivers.
    private func withProject(_ body: (SmallProject, EntityRowsInput) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: 7)
            var project = SmallProject(directory: directory)
            project.repository.featureViews[0].ttlMicroseconds = 40_000_000
            let lines = (0..<600).map { row in
                SmallProject.line(
                    Int64.random(in: 1...40, using: &random),
                    Int64.random(in: 0...90, using: &random),
                    created: Bool.random(using: &random)
                        ? Int64.random(in: 0...90, using: &random) : nil,
                    trips: row % 50 == 0 ? "bad" : "\(row)",
                    rate: row % 7 == 0 ? "" : "\(row).5"
                )
            }
            try project.write(lines)
            try project.apply()
            var text = "driver_id,event_timestamp,note\n"
            for row in 0..<5_000 {
                let driver = Int64.random(in: 1...45, using: &random)
                let time = second(Int64.random(in: 0...100, using: &random))
                text += "\(row % 90 == 0 ? "" : "\(driver)"),\(time),n\(row)\n"
            }
            let file = directory.appendingPathComponent("rows.csv")
            try Data(text.utf8).write(to: file)
            try body(project, .file(file.path))
        }
    }

    private func make(
        _ project: SmallProject,
        _ rows: EntityRowsInput,
        _ name: String,
        limit: Int?
    ) throws -> (report: TrainingSetReport, bytes: Data) {
        var options = HistoricalFeaturesOptions()
        options.memoryLimit = limit
        options.explain = { _ in }
        let file = project.directory.appendingPathComponent(name)
        var report = try project.store.writeHistoricalFeatures(
            self.features,
            entities: rows,
            options: options,
            to: .path(file.path)
        )
        report = try self.withoutSeconds(report)
        return (report, try Data(contentsOf: file))
    }

    /// The report as it would be with no time passing.
    private func withoutSeconds(_ report: TrainingSetReport) throws -> TrainingSetReport {
        let data = try JSONEncoder().encode(report)
        var object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any]
        )
        object["seconds"] = 0
        let json = try JSONSerialization.data(withJSONObject: object)
        return try JSONDecoder().decode(TrainingSetReport.self, from: json)
    }

    @Test("A set in parts has the same bytes and the same report", arguments: ["csv", "jsonl"])
    func sameInParts(ending: String) throws {
        try self.withProject { project, rows in
            let whole = try self.make(project, rows, "whole.\(ending)", limit: nil)
            let fits = try self.make(project, rows, "fits.\(ending)", limit: 100_000_000)
            let parts = try self.make(project, rows, "parts.\(ending)", limit: 600_000)

            #expect(try #require(parts.report.plan).parts >= 3)
            #expect(fits.report.plan?.parts == 1)
            #expect(parts.bytes == whole.bytes)
            #expect(fits.bytes == whole.bytes)
            for made in [fits.report, parts.report] {
                #expect(made.rows == 5_000)
                #expect(made.columns == whole.report.columns)
                #expect(made.sources == whole.report.sources)
                #expect(made.warnings == whole.report.warnings)
            }
            #expect(whole.report.sources[0].bad > 0)
            #expect(whole.report.cellsCreatedFilterWouldChange > 0)
        }
    }

    @Test("What cannot be made within a limit fails before any source is read")
    func tooSmall() throws {
        try self.withProject { project, rows in
            // A source that is gone would be missed when it is read.
            let file = project.directory.appendingPathComponent("stats.csv")
            try FileManager.default.removeItem(at: file)
            let small = #expect(throws: FeatureStoreError.self) {
                try self.make(project, rows, "set.csv", limit: 20_000)
            }
            #expect(small?.message.hasPrefix("the memory limit of 20.0 kB is too small") == true)
            let table = #expect(throws: FeatureStoreError.self) {
                try self.make(project, rows, "set.db", limit: 600_000)
            }
            #expect(table?.message.contains("for a table is written at once") == true)
            let names = try FileManager.default.contentsOfDirectory(
                atPath: project.directory.path
            )
            #expect(!names.contains { $0.hasPrefix("set.") })
        }
    }
}
