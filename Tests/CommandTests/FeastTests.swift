import Foundation
import TestSupport
import Testing

/// What `export-feast`, `import-feast` and the commands beside them do.
struct FeastTests {
    private func withFleet(_ body: (FleetRepository) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            _ = try fleet.succeed(["apply"])
            try body(fleet)
        }
    }

    private static let drivers = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent(
            "FeastRegistryTests/Fixtures/drivers.db"
        )
        .path

    @Test
    func `An export imports as the same definitions`() throws {
        try self.withFleet { fleet in
            let exported = try fleet.succeed(["export-feast", "feast.db"])
            #expect(exported.hasPrefix("Wrote feast.db. A client with Feast's SDK has this"))
            #expect(exported.contains("  project: fleet\n  registry: feast.db\n"))
            let imported = try fleet.succeed(["import-feast", "feast.db", "again"])
            #expect(
                imported == """
                    Imported the project fleet from feast.db into again:
                      1 entity, 1 data source, 2 feature views, 0 on-demand feature views, \
                    1 feature service
                    Changed or left out:
                      - registry: times of change, version numbers and ids of 6 objects are left \
                    out; fstore apply gives new ones
                    Next:
                      cd again
                      fstore plan

                    """
            )
            let again = fleet.directory + "/again"
            let files = FileManager.default
            try files.copyItem(
                atPath: fleet.directory + "/data/stats.csv",
                toPath: again + "/data/stats.csv"
            )
            let applied = try Program.run(["apply"], in: again)
            #expect(applied.exitCode == 0, "\(applied)")
            for kind in ["entities", "data-sources", "feature-views", "feature-services"] {
                let list = [kind, "list", "--json"]
                #expect(try Program.run(list, in: again).output == fleet.succeed(list))
            }
        }
    }

    @Test
    func `Exporting the same definitions again gives the same bytes`() throws {
        try self.withFleet { fleet in
            let path = fleet.directory + "/feast.db"
            var seen: Set<Data> = []
            for _ in 0..<2 {
                _ = try fleet.succeed(["export-feast", path])
                seen.insert(try Data(contentsOf: URL(fileURLWithPath: path)))
            }
            #expect(seen.count == 1)
        }
    }

    @Test
    func `An export replaces registries of Feast, and nothing else unless it is told to`() throws {
        try self.withFleet { fleet in
            let path = fleet.directory + "/notes.txt"
            try Data("my notes".utf8).write(to: URL(fileURLWithPath: path))
            let refused = try Program.run(["export-feast", path], in: fleet.directory)
            #expect(refused.exitCode == 1)
            #expect(
                refused.errors
                    == "error: \(path) is there and is no registry of Feast; name another "
                    + "file, or replace it with --force\n"
            )
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "my notes")
            _ = try fleet.succeed(["export-feast", path, "--force"])
            _ = try fleet.succeed(["export-feast", path])
            let own = try Program.run(
                ["export-feast", "data/registry.db", "--force"],
                in: fleet.directory
            )
            #expect(own.exitCode == 1)
            #expect(own.errors.contains("is the registry of this repository"))
            let nowhere = try Program.run(["export-feast", "no/such/x.db"], in: fleet.directory)
            #expect(nowhere.exitCode == 1)
            #expect(nowhere.errors.hasPrefix("error: no/such/x.db cannot be written: "))
        }
    }

    @Test
    func `Nothing is exported or dumped before something is applied`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            for command in [["export-feast", "x.db"], ["registry-dump"]] {
                let result = try Program.run(command, in: fleet.directory)
                #expect(result.exitCode == 1)
                #expect(result.errors == "error: nothing was applied yet; run `fstore apply`\n")
            }
        }
    }

    @Test
    func `A registry of Feast becomes a repository, and what is left out is listed`() throws {
        try withTemporaryDirectory { directory in
            let result = try Program.run(["import-feast", Self.drivers, "d"], in: directory.path)
            #expect(result.exitCode == 0)
            #expect(
                result.output.contains(
                    """
                    To be supplied, as CSV with a header:
                      data/driver_stats_source.csv  data source "driver_stats_source"  rows of \
                    driver_stats.parquet
                    """
                )
            )
            #expect(
                result.output.contains(
                    "on-demand feature view \"transformed_conv_rate\": is left out"
                )
            )
            let code = directory.path + "/d/from_feast/transformed_conv_rate.py"
            #expect(try String(contentsOfFile: code, encoding: .utf8).contains("val_to_add"))
            let again = try Program.run(["import-feast", Self.drivers, "d"], in: directory.path)
            #expect(again.exitCode == 1)
            #expect(
                again.errors == "error: d is not empty; name a folder that does not exist yet\n"
            )
            // Nothing half made stays behind.
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["d"])
        }
    }

    @Test
    func `An import as JSON says the same`() throws {
        try withTemporaryDirectory { directory in
            let command = ["import-feast", Self.drivers, "--json"]
            let result = try Program.run(command, in: directory.path)
            let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
            let report = try #require(json as? [String: Any])
            #expect(report["project"] as? String == "driver_ranking")
            #expect(report["directory"] as? String == "feature_repo")
            #expect((report["notes"] as? [[String: String]])?.count == 4)
            #expect((report["missing_files"] as? [[String: String]])?.count == 1)
        }
    }

    @Test
    func `What is no registry of Feast is not imported`() throws {
        try self.withFleet { fleet in
            func errors(_ arguments: [String]) throws -> String {
                let result = try Program.run(["import-feast"] + arguments, in: fleet.directory)
                #expect(result.exitCode == 1)
                return result.errors
            }
            let missing = try errors(["none.db"])
            #expect(missing.hasPrefix("error: none.db cannot be read"))
            let sqlite = try errors(["data/registry.db"])
            #expect(sqlite.contains("is an SQLite database"))
            let text = try errors(["data/stats.csv"])
            #expect(text.contains("is no registry of Feast"))
            let other = try errors([Self.drivers, "x", "--project", "driver"])
            #expect(other.contains("no project \"driver\"; did you mean \"driver_ranking\"?"))
            #expect(!FileManager.default.fileExists(atPath: fleet.directory + "/x"))
        }
    }

    @Test
    func `The dump has the form of Feast's`() throws {
        try self.withFleet { fleet in
            let output = try fleet.succeed(["registry-dump"])
            let json = try JSONSerialization.jsonObject(with: Data(output.utf8))
            let dump = try #require(json as? [String: Any])
            #expect(
                dump.keys.sorted() == [
                    "dataSources", "entities", "featureServices", "featureViews", "project",
                ]
            )
            let entities = try #require(dump["entities"] as? [[String: Any]])
            let spec = try #require(entities.first?["spec"] as? [String: String])
            #expect(
                spec == [
                    "name": "driver", "project": "fleet", "joinKey": "driver_id",
                    "valueType": "INT64", "description": "a driver",
                ]
            )
        }
    }

    @Test
    func `Projects are listed and described`() throws {
        try self.withFleet { fleet in
            let list = try fleet.succeed(["projects", "list"])
            #expect(list.hasPrefix("NAME   REGISTRY VERSION  APPLIED "))
            #expect(list.contains("\nfleet  1                 2"))
            let described = try fleet.succeed(["projects", "describe", "fleet"])
            #expect(described.contains("registry: data/registry.db\nregistry version: 1\n"))
            #expect(described.contains("\nfeature views: 2\n"))
            let other = try Program.run(["projects", "describe", "fleat"], in: fleet.directory)
            #expect(other.exitCode == 1)
            #expect(
                other.errors == "error: there is no project \"fleat\"; did you mean \"fleet\"?\n"
            )
        }
    }

    @Test
    func `The endpoint is where the server listens`() throws {
        try self.withFleet { fleet in
            let none = try Program.run(["endpoint"], in: fleet.directory)
            #expect(none.exitCode == 1)
            #expect(none.output == "")
            #expect(
                none.errors
                    == "no server runs on this repository; start one with: fstore serve\n"
            )
            _ = try fleet.succeed(["materialize"])
            let server = try RunningServer(fleet)
            #expect(try fleet.succeed(["endpoint"]) == server.address + "\n")
            let exported = try fleet.succeed(["export-feast", "feast.db"])
            #expect(exported.contains("path: \"\(server.address)\""))
            _ = try server.stop()
            #expect(try Program.run(["endpoint"], in: fleet.directory).exitCode == 1)
        }
    }
}

extension FleetRepository {
    /// The output of a command that must succeed.
    fileprivate func succeed(_ arguments: [String]) throws -> String {
        let result = try Program.run(arguments, in: self.directory)
        guard result.exitCode == 0 else {
            throw ProgramFailure(description: "fstore \(arguments): \(result)")
        }
        return result.output
    }
}
