import Foundation
import TestSupport
import Testing

/// `fstore doctor` finds what keeps a project from working, and says what to do.
struct DoctorTests {
    @Test
    func `A repository that works has no problems, and one that is not loaded a warning`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            let before = try fleet.run("doctor")
            #expect(before.exitCode == 1)
            #expect(before.output.contains("problem  registry: nothing was applied yet"))
            #expect(before.output.contains("→ run `fstore apply`"))

            try fleet.prepare("apply")
            let applied = try fleet.run("doctor")
            #expect(applied.exitCode == 0, "\(applied)")
            #expect(applied.output.contains("warning  feature view driver_stats: it is served"))
            #expect(applied.output.hasSuffix("0 problems, 2 warnings\n"), "\(applied)")

            try fleet.prepare("materialize")
            let loaded = try fleet.run("doctor")
            #expect(loaded.exitCode == 0)
            #expect(loaded.output.hasSuffix("0 problems, 0 warnings\n"), "\(loaded)")
        }
    }

    @Test
    func `A source that is gone, broken definitions and a wrong registry are problems`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            let files = FileManager.default
            let source = directory.appendingPathComponent("data/stats.csv").path
            try files.moveItem(atPath: source, toPath: source + ".away")
            let gone = try fleet.run("doctor", "--json")
            #expect(gone.exitCode == 1)
            #expect(gone.output.contains(#""subject" : "data source stats""#), "\(gone)")
            #expect(gone.output.contains("there is no file"), "\(gone)")
            try files.moveItem(atPath: source + ".away", toPath: source)

            let extra = directory.appendingPathComponent("extra.yaml")
            try Data("entitys: []\n".utf8).write(to: extra)
            let broken = try fleet.run("doctor")
            #expect(broken.exitCode == 1)
            #expect(broken.output.contains("problem  definitions: extra.yaml:1:1"), "\(broken)")
            try files.removeItem(at: extra)

            try Data("no database at all, but some text".utf8)
                .write(to: directory.appendingPathComponent("data/registry.db"))
            let damaged = try fleet.run("doctor")
            #expect(damaged.exitCode == 1)
            #expect(damaged.output.contains("problem  registry:"), "\(damaged)")
        }
    }
}
