import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite("A file whose last line is being written")
struct UnfinishedLineTests {
    private let first = SmallProject.line(49, 10, trips: "1", rate: "1")
    private let second4 = SmallProject.line(49, 20, trips: "2", rate: "4")

    private func path(_ project: SmallProject) -> String {
        project.directory.appendingPathComponent("stats.csv").path
    }

    /// Writes the file as it stands, changed so many seconds ago.
    private func write(_ project: SmallProject, _ text: String, age: Double = 0) throws {
        let path = self.path(project)
        try Data((SmallProject.header + "\n" + text).utf8).write(to: URL(fileURLWithPath: path))
        guard age > 0 else { return }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -age)],
            ofItemAtPath: path
        )
    }

    @Test("A load leaves the line for the next one, and says so", arguments: [true, false])
    func heldBack(isIncremental: Bool) throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            func load() throws -> MaterializationReport {
                isIncremental
                    ? try project.store.materializeIncremental() : try project.store.materialize()
            }
            try self.write(project, self.first + "\n")
            try project.apply()
            #expect(try load().notes.isEmpty)
            // The appender is in the middle of a line, and of a quoted field.
            for torn in [self.second4, self.second4 + "\r", self.second4 + ",\"more\n"] {
                try self.write(project, self.first + "\n" + torn)
                let appender = Appender([self.path(project)])
                let report = try load()
                appender.stop()
                #expect(report.notes.count == 1)
                let note = report.notes.first ?? ""
                #expect(note.contains("stats.csv:3: the last line has no end"), "\(note)")
                #expect(note.contains("was left for the next load"), "\(note)")
                #expect(report.views[0].rowsRead == 1 && report.views[0].bad == 0)
                #expect(try project.values([49]) == [1])
            }
            try self.write(project, self.first + "\n" + self.second4 + "9\n")
            let report = try load()
            #expect(report.notes.isEmpty && report.views[0].rowsRead == 2)
            #expect(try project.values([49], of: "stats:rate") == [.float(49)])
        }
    }

    @Test("A file that nobody writes is read to its end, though it is young", arguments: [0, 60])
    func settled(age: Int) throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            try self.write(project, self.first + "\n" + self.second4, age: Double(age))
            try project.apply()
            #expect(try project.store.materializeIncremental().notes.isEmpty)
            #expect(try project.values([49]) == [2])
            #expect(try project.store.materializeIncremental().views[0].rowsKnown == 2)
        }
    }

    @Test(
        "A row of a line that turns out to be longer goes when the line is read whole",
        arguments: [true, false],
        ["49,\(second(20)),,2,4", "4,\(second(20)),,2,4", "49,\(second(20)),,2,\"4\""]
    )
    func grown(isIncremental: Bool, torn: String) throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            // The line of another driver, as whose it was read.
            try self.write(project, self.first + "\n" + torn, age: 60)
            try project.apply()
            try project.store.materializeIncremental()
            let driver: Value = torn.hasPrefix("49") ? 49 : 4
            #expect(try project.values([driver]) == [2])
            // Nothing has changed, and nothing is forgotten.
            try project.store.materializeIncremental()
            let whole = self.first + "\n" + torn + ",one field too many\n"
            try self.write(project, whole)
            let report =
                isIncremental
                ? try project.store.materializeIncremental() : try project.store.materialize()
            #expect(report.views[0].bad == 1)
            #expect(try project.values([49]) == [1])
            #expect(try project.values([4]) == [.null])
            #expect(report.notes.count == (driver == 4 ? 1 : 0))
            let found = try project.store.verify()
            #expect(found.isEqual && found.views[0].onlyOnline == 0)
        }
    }

    @Test("A training set reads the line as it stands, and says so", arguments: [nil, "cache"])
    func training(cache: String?) throws {
        try withTemporaryDirectory { directory in
            let project = SmallProject(directory: directory)
            let store = FeatureStore(
                directory: directory.path,
                configuration: ProjectConfiguration(project: "drivers", sourceCache: cache),
                now: { second(100) }
            )
            func warnings(age: Double) throws -> [String] {
                try self.write(project, self.first + "\n" + self.second4, age: age)
                let set = try store.historicalFeatures(
                    .features(["stats:trips"]),
                    entities: SmallProject.entities([(49, .timestamp(second(100)))])
                )
                #expect(set.table["trips"]?.values == [2])
                return set.report.warnings.filter { $0.contains("has no end") }
            }
            try self.write(project, self.first + "\n")
            try store.apply(store.plan(project.files))
            let young = try warnings(age: 0)
            #expect(young.count == 1)
            #expect(young.first?.contains("stats.csv:3: ") ?? false, "\(young)")
            #expect(young.first?.contains("was read as it stands") ?? false, "\(young)")
            #expect(try warnings(age: 60).isEmpty)
        }
    }
}
