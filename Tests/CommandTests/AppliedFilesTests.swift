import FeatureDefinitions
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

/// An apply of what was applied before need not read it.
struct AppliedFilesTests {
    private let files = FileManager.default

    @Test("Whatever changes in files, sources or the registry, all is read again")
    func everyChangeIsSeen() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try self.applyAndAge(fleet)
            #expect(try self.isKnown(fleet))
            #expect(try !self.isKnown(fleet, program: "0.0.1"))
            #expect(try fleet.run("apply").output == "No changes.\n")
            let report = try fleet.run("apply", "--json").output
            #expect(report.contains(#""base_version" : 1"#), "\(report)")
            let path = fleet.directory
            let changes: [(what: String, change: () throws -> Void)] = [
                ("the same bytes again", { try fleet.edit("name: driver", "name: driver") }),
                ("a definition", { try fleet.edit("a driver", "a car") }),
                ("another file", { try fleet.write("more/x.yaml", "entities: []\n") }),
                ("a file less", { try files.removeItem(atPath: path + "/more/x.yaml") }),
                ("ignored files", { try fleet.write(".fstoreignore", "x\n") }),
                (
                    "the configuration",
                    { try fleet.write("feature_store.yaml", FleetRepository.configuration + "\n") }
                ),
                ("a source", { try fleet.write("data/stats.csv", FleetRepository.stats + "\n") }),
                (
                    "a source under the same name",
                    {
                        try fleet.write("data/new.csv", FleetRepository.stats + "\n")
                        try files.removeItem(atPath: path + "/data/stats.csv")
                        try files.moveItem(
                            atPath: path + "/data/new.csv",
                            toPath: path + "/data/stats.csv"
                        )
                    }
                ),
            ]
            for (what, change) in changes {
                try change()
                #expect(try !self.isKnown(fleet), "\(what)")
                try self.applyAndAge(fleet)
                #expect(try self.isKnown(fleet), "\(what)")
            }
            try files.removeItem(atPath: path + "/data/stats.csv")
            #expect(try !self.isKnown(fleet))
            let missing = try fleet.run("apply")
            #expect(missing.exitCode == 1 && missing.errors.contains("stats.csv"), "\(missing)")
            try fleet.write("data/stats.csv", FleetRepository.stats)
            try self.applyAndAge(fleet)
            #expect(try self.isKnown(fleet))
            try fleet.prepare("teardown")
            #expect(try !self.isKnown(fleet))
            #expect(try fleet.run("apply").output.contains("Applied: "))
        }
    }

    @Test("A file that might have changed unseen is read again")
    func youngFilesAreRead() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            try self.age(fleet, by: -60)
            #expect(try !self.isKnown(fleet))
            for text in ["", "{}", "x"] {
                try fleet.write("data/registry.db.applied", text)
                #expect(try !self.isKnown(fleet))
            }
            #expect(try fleet.run("apply").output == "No changes.\n")
        }
    }

    private func applyAndAge(_ fleet: FleetRepository) throws {
        try fleet.prepare("apply")
        try self.age(fleet, by: 60)
    }

    /// Has the last apply looked at the files so many seconds later.
    private func age(_ fleet: FleetRepository, by seconds: Int) throws {
        let name = "data/registry.db.applied"
        let text = try fleet.text(name)
        let key = "\"checked\":"
        let start = try #require(text.range(of: key)?.upperBound)
        let digits = text[start...].prefix { $0.isNumber }
        let time = try #require(Int(digits)) + seconds * 1_000_000_000
        try fleet.write(name, text.replacingOccurrences(of: key + digits, with: "\(key)\(time)"))
    }

    private func isKnown(_ fleet: FleetRepository, program: String = "0.1.0") throws -> Bool {
        let store = FeatureStore(try LoadedRepository(configurationIn: fleet.directory))
        let paths = try #require(LoadedRepository.files(inDirectory: store.directory))
        return store.appliedVersion(of: store.filesToApply(paths, program: program)) != nil
    }
}
