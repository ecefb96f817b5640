import Foundation
import Glibc
import TestSupport
import Testing

/// The options of `get-historical-features`, the saved datasets, and the same set over HTTP.
struct TrainingSetCommandTests {
    private let make = ["get-historical-features", "--feature-service", "activity"]

    private func withFleet(_ body: (FleetRepository) throws -> Void) throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            try body(fleet)
        }
    }

    @Test
    func `All keys come at one moment or at several`() throws {
        try self.withFleet { fleet in
            func run(_ arguments: String...) throws -> Program.Result {
                try Program.run(self.make + arguments, in: fleet.directory)
            }
            let all = try run("--end-date", "2024-01-02T12:00:00Z")
            #expect(
                all.output == """
                    driver_id,event_timestamp,conv_rate,city,trips
                    1001,2024-01-02T12:00:00Z,0.25,,20
                    1002,2024-01-02T12:00:00Z,0.75,"Bergen, Nord",30

                    """
            )
            #expect(
                all.errors.stable().hasSuffix(
                    "2 keys × 1 moment = 2 rows in = 2 rows out, <time>\n"
                )
            )
            let window = try run("--start-date", "2024-01-03", "--end-date", "2024-01-03T06:00:00Z")
            #expect(
                window.output.split(separator: "\n").dropFirst() == [
                    "1003,2024-01-03T06:00:00Z,,Bodø,40"
                ]
            )
            let now = try run("--start-date", "2024-01-02", "--full-feature-names", "--json")
            #expect(now.output.split(separator: "\n").count == 3)
            #expect(now.output.contains(#"{"driver_id":1003,"event_timestamp":"20"#))
            #expect(now.errors.contains(#""moments" : 1"#))
            let hours = try run(
                "--start-date",
                "2024-01-02",
                "--end-date",
                "2024-01-02T12:59:59Z",
                "--every",
                "6h"
            )
            #expect(
                hours.output.split(separator: "\n").dropFirst().map { $0.prefix(25) } == [
                    "1001,2024-01-02T00:00:00Z", "1001,2024-01-02T06:00:00Z",
                    "1001,2024-01-02T12:00:00Z", "1002,2024-01-02T00:00:00Z",
                    "1002,2024-01-02T06:00:00Z", "1002,2024-01-02T12:00:00Z",
                ]
            )
            let wrong: [([String], String)] = [
                (["-d", "-", "--end-date", "2024-01-01"], "Cannot specify both"),
                (["-d", "-", "--every", "1d"], "Cannot specify both"),
                ([], "--entity-df <file>, or --end-date"),
                (["--end-date", "2024-01-01", "--every", "1d"], "--every counts from"),
                (["--start-date", "2024-01-01", "--every", "soon"], "is no duration"),
                (["--start-date", "2024-01-01", "--every", "0"], "is no duration"),
                (["--end-date", "soon"], "--end-date"),
                (["--end-date", "2024-01-01", "--max-rows", "0"], "at least 1"),
                (["--end-date", "2024-01-01", "--replace"], "--replace is for --save-as"),
            ]
            for (arguments, part) in wrong {
                let result = try Program.run(self.make + arguments, in: fleet.directory)
                #expect(result.exitCode == 64, "\(arguments): \(result)")
                #expect(result.errors.contains(part), "\(arguments): \(result)")
            }
        }
    }

    @Test
    func `A set is saved, listed, described, fetched, rebuilt and deleted by name`() throws {
        try self.withFleet { fleet in
            let save = self.make + ["-d", "-", "--save-as", "first"]
            let saved = try Program.run(
                save + ["-o", "out.csv"],
                in: fleet.directory,
                input: FleetRepository.entityRows
            )
            #expect(saved.exitCode == 0 && saved.output == "", "\(saved)")
            #expect(saved.errors.hasSuffix("saved as first, by version 1 of the registry\n"))
            let taken = try Program.run(
                save,
                in: fleet.directory,
                input: FleetRepository.entityRows
            )
            #expect(taken.exitCode == 1)
            #expect(taken.errors.contains("\"first\" already; choose another name"))
            let replaced = try Program.run(
                save + ["--replace"],
                in: fleet.directory,
                input: FleetRepository.entityRows
            )
            #expect(replaced.exitCode == 0 && replaced.output == "", "\(replaced)")

            #expect(
                try fleet.run("saved-datasets", "list").output.stable() == """
                    name   rows  columns  created                      registry version
                    first     5        6  <now>  1

                    """
            )
            let description = try fleet.run("saved-datasets", "describe", "first").output
                .replacingOccurrences(
                    of: "[0-9a-f]{64}",
                    with: "<hash>",
                    options: .regularExpression
                )
                .stable(in: URL(fileURLWithPath: fleet.directory).resolvingSymlinksInPath().path)
            #expect(
                description == """
                    name: first
                    project: fleet
                    created: <now>
                    registry_version: 1
                    feature_service: activity
                    entity_rows: from standard input
                    timestamp_field: event_timestamp
                    definition: data source "stats", sha256 <hash>
                    definition: entity "driver", sha256 <hash>
                    definition: feature service "activity", sha256 <hash>
                    definition: feature view "driver_stats", sha256 <hash>
                    definition: feature view "driver_recent", sha256 <hash>
                    input: file data/stats.csv of the data source "stats", \
                    \(FleetRepository.stats.utf8.count) bytes, sha256 <hash>
                    columns: driver_id, event_timestamp, label, conv_rate, city, trips
                    rows: 5
                    training_set: \(try fleet.text("out.csv").utf8.count) bytes, sha256 <hash>
                    folder: <repo>/data/saved_datasets/first

                    """
            )
            let json = try fleet.run("saved-datasets", "list", "--json").output
            #expect(json.contains(#""registry_version" : 1"#) && json.contains(#""sha256" : "#))
            #expect(try fleet.run("saved-datasets", "get", "first").output == fleet.text("out.csv"))
            #expect(try fleet.run("saved-datasets", "get", "first", "-o", "o.csv").exitCode == 0)
            #expect(try fleet.text("o.csv") == fleet.text("out.csv"))
            let form = try fleet.run("saved-datasets", "get", "first", "-o", "o.db")
            #expect(form.exitCode == 1 && form.errors.contains("ends in .csv"))
            let own = try fleet.run("saved-datasets", "get", "first", "-o", "data/stats.csv")
            #expect(own.exitCode == 1 && own.errors.contains("belongs to the data source"))

            try fleet.edit("ttl: 1d", "ttl: 3d")
            try fleet.prepare("apply")
            let rebuilt = try fleet.run("saved-datasets", "rebuild", "first", "-o", "again.csv")
            #expect(rebuilt.exitCode == 0, "\(rebuilt)")
            #expect(rebuilt.errors == "first: 5 rows, the same byte for byte\n")
            #expect(try fleet.text("again.csv") == fleet.text("out.csv"))

            try fleet.write(
                "data/stats.csv",
                FleetRepository.stats.replacingOccurrences(of: "Oslo", with: "Moss")
            )
            let changed = try fleet.run("saved-datasets", "rebuild", "first", "-o", "third.csv")
            #expect(changed.exitCode == 1)
            #expect(changed.errors.contains("changed input: file data/stats.csv"))
            #expect(access(fleet.directory + "/third.csv", F_OK) != 0)
            let allowed = try fleet.run(
                "saved-datasets",
                "rebuild",
                "first",
                "-o",
                "third.csv",
                "--allow-changed-inputs"
            )
            #expect(allowed.exitCode == 0 && allowed.errors.contains("not the same: line 2"))
            #expect(try fleet.text("third.csv").contains("Moss"))
            try fleet.write("data/stats.csv", FleetRepository.stats)
            // A set of other bytes from the same inputs is a failure, and is not written.
            #expect(
                try fleet.run("saved-datasets", "rebuild", "first", "-o", "third.csv").exitCode == 0
            )

            let unknown = try fleet.run("saved-datasets", "describe", "frist")
            #expect(unknown.exitCode == 1)
            #expect(unknown.errors.contains(#"did you mean "first"?"#))
            let deleted = try fleet.run("saved-datasets", "delete", "first")
            #expect(deleted.output == "Deleted the saved dataset first.\n")
            #expect(try fleet.run("saved-datasets", "delete", "first").exitCode == 1)
        }
    }

    @Test
    func `The server makes the command's bytes, while the command still reads by itself`() throws {
        try self.withFleet { fleet in
            let server = try RunningServer(fleet)
            let command = try Program.run(
                self.make + ["-d", "data/entities.csv"],
                in: fleet.directory
            )
            #expect(command.exitCode == 0)
            let given =
                #""driver_id":["1001",1001,1002,1003,1004],"#
                + #""event_timestamp":["2024-01-01T12:00:00Z","2024-01-02 12:00:00","#
                + #""2024-01-02T06:00:00+01:00",1704412800,"1704412800"],"#
                + #""label":["a","b","c,d",null,"e"]"#
            let json = try server.post(
                "/get-historical-features",
                #"{"feature_service":"activity","entities":{\#(given)}}"#
            )
            #expect(json.status == 200, "\(json)")
            #expect(
                json.text.contains(
                    #"{"columns":{"driver_id":["1001",1001,1002,1003,1004],"event_timestamp":["#
                        + #""2024-01-01T12:00:00Z","2024-01-02T12:00:00Z","2024-01-02T05:00:00Z","#
                        + #""2024-01-05T00:00:00Z","2024-01-05T00:00:00Z"],"#
                        + #""label":["a","b","c,d",null,"e"],"conv_rate":[0.5,0.25,null,null,null],"#
                        + #""city":["Oslo",null,null,"Bodø",null],"trips":[10,20,null,null,null]},"#
                ),
                "\(json.text)"
            )
            let csv = try server.post(
                "/get-historical-features",
                #"{"feature_service":"activity","entities":{\#(given)}}"#,
                headers: "accept: text/csv\r\n"
            )
            #expect(csv.text.hasSuffix("\r\n\r\n" + command.output), "\(csv.text)")
            let keys = try server.post(
                "/get-historical-features",
                #"{"features":["driver_stats:trips"],"end_date":"2024-01-02","every":null}"#
            )
            #expect(keys.status == 200)
            #expect(keys.text.contains(#""driver_id":[1001],"#), "\(keys.text)")
            let wrong: [(String, Int, String)] = [
                (#"{"features":["nope:x"],"end_date":1}"#, 404, "FeatureViewNotFoundException"),
                (#"{"feature_service":"x","end_date":1}"#, 404, "FeatureServiceNotFoundException"),
                (#"{"features":["driver_stats:x"],"end_date":1}"#, 400, "no feature"),
                (
                    #"{"features":["driver_stats:trips","driver_recent:trips"],"end_date":1}"#, 400,
                    "FeatureNameCollisionError"
                ),
                (
                    #"{"features":["driver_stats:trips"],"entities":{"event_timestamp":[1]}}"#, 400,
                    "driver_id"
                ),
                (
                    #"{"features":["driver_stats:trips"],"strict":true,"entities":"#
                        + #"{"driver_id":[1.5],"event_timestamp":[1]}}"#, 400, "no int64"
                ),
            ]
            for (body, status, part) in wrong {
                let reply = try server.post("/get-historical-features", body)
                #expect(reply.status == status, "\(body): \(reply.text)")
                #expect(reply.text.contains(part), "\(body): \(reply.text)")
            }
            #expect(try server.stop().exitCode == 0)
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func `A save that is killed leaves a whole set or none`(seed: UInt64) throws {
        try self.withFleet { fleet in
            var random = SeededGenerator(seed: seed)
            let save = self.make + ["-d", "data/entities.csv", "--save-as", "killed", "--replace"]
            var wasThere = false
            for _ in 0..<12 {
                let program = try RunningProgram(Program.path, save, in: fleet.directory)
                usleep(UInt32.random(in: 5_000...60_000, using: &random))
                program.send(SIGKILL)
                _ = try program.wait()
                let list = try fleet.run("saved-datasets", "list")
                #expect(list.exitCode == 0, "\(list)")
                let isThere = list.output.contains("killed")
                // What was there once is there in one form or the other.
                #expect(isThere || !wasThere, "\(list)")
                wasThere = isThere
                guard isThere else { continue }
                let rebuilt = try fleet.run("saved-datasets", "rebuild", "killed")
                #expect(rebuilt.exitCode == 0, "\(rebuilt)")
            }
            #expect(try Program.run(save, in: fleet.directory).exitCode == 0)
            let names = try FileManager.default.contentsOfDirectory(
                atPath: fleet.directory + "/data/saved_datasets"
            )
            #expect(names.sorted() == [".lock", "killed"])
            let over = try Program.run(
                self.make + [
                    "-d", "data/entities.csv", "-o", "data/saved_datasets/killed/training_set.csv",
                ],
                in: fleet.directory
            )
            #expect(over.exitCode == 1)
            #expect(over.errors.contains(#"belongs to the saved dataset "killed""#), "\(over)")
        }
    }
}
