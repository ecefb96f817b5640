import Foundation
import NativeStorage
import TestSupport
import Testing

/// What each command prints, letter for letter.
struct GoldenTests {
    private static let trainingSet = """
        driver_id,event_timestamp,label,conv_rate,city,trips
        1001,2024-01-01T12:00:00Z,a,0.5,Oslo,10
        1001,2024-01-02T12:00:00Z,b,0.25,,20
        1002,2024-01-02T05:00:00Z,"c,d",,,
        1003,2024-01-05T00:00:00Z,,,Bodø,
        1004,2024-01-05T00:00:00Z,e,,,

        """

    private func withFleet(_ body: (FleetRepository) throws -> Void) throws {
        try withTemporaryDirectory { try body(FleetRepository(at: $0)) }
    }

    @Test
    func `The repository that init makes works at once`() throws {
        try withTemporaryDirectory { directory in
            let made = try Program.run(["init", "fleet"], in: directory.path)
            #expect(made.exitCode == 0)
            let folder = directory.path + "/fleet"
            // The lines that init prints are the commands to run.
            let commands = made.output.split(separator: "\n").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            .filter { $0.hasPrefix("fstore ") && $0 != "fstore serve" }
            #expect(commands.count == 4, "\(made)")
            for command in commands {
                let arguments = command.split(separator: " ").dropFirst().map(String.init)
                let result = try Program.run(arguments, in: folder)
                #expect(result.exitCode == 0, "\(command): \(result)")
                #expect(!result.output.contains("NOT_FOUND"), "\(command): \(result)")
            }
        }
    }

    @Test
    func `Applying twice changes nothing the second time`() throws {
        try self.withFleet { fleet in
            let changes = """
                  + entity driver
                      join_keys: driver_id int64
                      description: a driver
                  + data source stats
                      type: csv
                      path: data/stats.csv
                      timestamp_field: event_timestamp
                      created_timestamp_column: created
                  + feature view driver_stats
                      entities: driver
                      ttl: 0
                      schema.conv_rate: float32
                      schema.trips: int64
                      schema.trips.description: trips a day
                      schema.city: string
                      online: true
                      source: stats
                  + feature view driver_recent
                      entities: driver
                      ttl: 1d
                      schema.trips: int64
                      online: true
                      source: stats
                  + feature service activity
                      features: driver_stats:conv_rate, driver_stats:city, driver_recent:*
                Plan: 5 to create, 0 to change, 0 to delete.

                """
            #expect(try fleet.run("plan").output == changes)
            #expect(try fleet.run("plan", "--detailed-exitcode").exitCode == 2)
            let first = try fleet.run("apply")
            #expect(first.output == changes + "Applied: the registry is at version 1.\n")
            #expect(first.exitCode == 0)
            let second = try fleet.run("apply")
            #expect(second.output == "No changes.\n")
            #expect(second.exitCode == 0)
            #expect(try fleet.run("plan", "--detailed-exitcode").exitCode == 0)

            try fleet.edit("description: a driver", "description: one driver")
            try fleet.edit("ttl: 1d", "ttl: 2d")
            let plan = try fleet.run("plan", "--detailed-exitcode")
            #expect(plan.exitCode == 2)
            #expect(
                plan.output == """
                      ~ entity driver
                          description: a driver → one driver
                      ~ feature view driver_recent
                          ttl: 1d → 2d
                    Plan: 0 to create, 2 to change, 0 to delete.

                    """
            )
        }
    }

    @Test
    func `A training set comes as CSV, JSON lines and SQLite, with a summary`() throws {
        try self.withFleet { fleet in
            try fleet.prepare("apply")
            let command = ["get-historical-features", "--feature-service", "activity", "-d"]
            func run(_ arguments: String..., input: String? = nil) throws -> Program.Result {
                try Program.run(command + arguments, in: fleet.directory, input: input)
            }
            let result = try run("data/entities.csv")
            #expect(result.exitCode == 0)
            #expect(result.output == Self.trainingSet)
            #expect(
                result.errors.stable() == """
                    warning: times without zone in "event_timestamp" were read as UTC
                    warning: feature view "driver_stats": times without zone in its source were \
                    read as UTC
                    warning: feature view "driver_recent": times without zone in its source were \
                    read as UTC
                    feature    values  null  why
                    conv_rate       2     3  1 no row, 1 only in the future, 1 null in the source
                    city            2     3  1 no row, 1 only in the future, 1 null in the source
                    trips           2     3  1 no row, 1 older than ttl, 1 only in the future
                    5 rows in = 5 rows out, <time>

                    """
            )
            #expect(try run("-", input: FleetRepository.entityRows).output == Self.trainingSet)
            #expect(try run("data/entities.csv", "-o", "out.csv").output == "")
            #expect(try fleet.text("out.csv") == Self.trainingSet)
            #expect(try run("data/entities.csv", "-o", "out.jsonl").exitCode == 0)
            let lines = try fleet.text("out.jsonl").split(separator: "\n")
            #expect(lines.count == 5)
            #expect(
                lines[2] == #"{"driver_id":"1002","event_timestamp":"2024-01-02T05:00:00Z","#
                    + #""label":"c,d","conv_rate":null,"city":null,"trips":null}"#
            )
            // The table is replaced.
            for _ in 1...2 {
                #expect(try run("data/entities.csv", "-o", "out.db", "--table", "t").exitCode == 0)
            }
            let database = try SQLiteDatabase(
                path: fleet.directory + "/out.db",
                mode: .readOnly
            )
            let rows = try database.prepare("SELECT count(*) FROM t WHERE conv_rate IS NULL")
            #expect(try rows.step())
            #expect(rows.integer(at: 0) == 3)
        }
    }

    @Test
    func `A load and the reads after it`() throws {
        try self.withFleet { fleet in
            try fleet.prepare("apply")
            let online = ["get-online-features", "--feature-service", "activity"]
            func read(_ arguments: String...) throws -> String {
                try Program.run(online + arguments, in: fleet.directory).output
            }
            #expect(
                try read("-e", "driver_id=1001") == """
                    driver_id  conv_rate  city       trips
                    1001       NOT_FOUND  NOT_FOUND  NOT_FOUND

                    """
            )
            let window = try fleet.run(
                "materialize",
                "2024-01-01",
                "2024-01-02",
                "-v",
                "driver_stats"
            )
            #expect(
                window.output.stable() == "driver_stats: 4 rows read, 1 key written, 0 stale, "
                    + "0 bad, 2 after the end, newest event 2024-01-02T00:00:00Z, <time>\n"
            )
            let all = try fleet.run("materialize")
            let line =
                "4 rows read, 3 keys written, 0 stale, 0 bad, newest event "
                + "2024-01-03T00:00:00Z, <time>\n"
            let stats = line.replacingOccurrences(of: "3 keys", with: "2 keys")
            #expect(all.output.stable() == "driver_stats: \(stats)driver_recent: \(line)")
            #expect(
                try read("-e", "driver_id=1001", "-e", "driver_id=1003", "-e", "driver_id=9") == """
                    driver_id  conv_rate   city        trips
                    1001       0.25        NULL_VALUE  OUTSIDE_MAX_AGE
                    1003       NULL_VALUE  Bodø        OUTSIDE_MAX_AGE
                    9          NOT_FOUND   NOT_FOUND   NOT_FOUND

                    """
            )
            #expect(
                try read("-e", "driver_id=1001", "--explain").stable() == """
                    row  column     value  status           event time            age
                    0    driver_id  1001   PRESENT                                
                    0    conv_rate  0.25   PRESENT          2024-01-02T00:00:00Z <age>
                    0    city       null   NULL_VALUE       2024-01-02T00:00:00Z <age>
                    0    trips      null   OUTSIDE_MAX_AGE  2024-01-02T00:00:00Z <age>

                    """
            )
            #expect(
                try read("-e", "driver_id=1001", "--json") == """
                    {"results":[{"values":[1001],"statuses":["PRESENT"],"event_timestamps":\
                    ["1970-01-01T00:00:00Z"]},{"values":[0.25],"statuses":["PRESENT"],\
                    "event_timestamps":["2024-01-02T00:00:00Z"]},{"values":[null],"statuses":\
                    ["NULL_VALUE"],"event_timestamps":["2024-01-02T00:00:00Z"]},{"values":[null],\
                    "statuses":["OUTSIDE_MAX_AGE"],"event_timestamps":["2024-01-02T00:00:00Z"]}],\
                    "metadata":{"feature_names":["driver_id","conv_rate","city","trips"]}}

                    """
            )
            let status = try fleet.run("status").output.stable().split(separator: "\n")
            #expect(status[0] == "project fleet: registry version 1, applied <now>")
            #expect(status[1] == "1 entity, 1 data source, 2 feature views, 1 feature service")
            #expect(status[3].hasPrefix("driver_stats   <now>  <now>  2024-01-03T00:00:00Z <age>"))
            let teardown = try fleet.run("teardown")
            #expect(
                teardown.output == "Removed all objects and online rows of fleet; the registry is "
                    + "at version 2.\n"
            )
        }
    }

    @Test
    func `The registry is listed and described`() throws {
        try self.withFleet { fleet in
            try fleet.prepare("apply")
            #expect(
                try fleet.run("entities", "list").output == """
                    NAME    JOIN KEYS        DESCRIPTION
                    driver  driver_id int64  a driver

                    """
            )
            #expect(
                try fleet.run("data-sources", "list").output == """
                    NAME   TYPE  LOCATION        TIMESTAMP FIELD
                    stats  csv   data/stats.csv  event_timestamp

                    """
            )
            #expect(
                try fleet.run("feature-views", "list").output == """
                    NAME           ENTITIES  TTL  FEATURES  SOURCE  ONLINE
                    driver_stats   driver    0    3         stats   yes
                    driver_recent  driver    1d   1         stats   yes

                    """
            )
            #expect(
                try fleet.run("feature-services", "describe", "activity").output == """
                    name: activity
                    features: driver_stats:conv_rate, driver_stats:city, driver_recent:*
                    definition_hash: \
                    dadd2dffdad1980ca15201cfddd6373642bbf8456744a2e964cfadf8be2b780f

                    """
            )
            #expect(
                try fleet.run("configuration").output.stable(in: fleet.directory) == """
                    project: fleet
                    directory: <repo>
                    registry: data/registry.db
                    offline_store: sqlite, data/offline.db
                    online_store: rocksdb, data/online, row_cache 256MB
                    audit_log: <repo>/data/audit.jsonl

                    """
            )
        }
    }

    @Test
    func `The repository is named before or after the command, and JSON parses`() throws {
        try self.withFleet { fleet in
            try fleet.prepare("apply", "materialize")
            let commands = [
                ["plan"], ["apply"], ["materialize"], ["materialize-incremental", "2024-01-05"],
                ["status"], ["configuration"], ["entities", "list"],
                ["entities", "describe", "driver"], ["data-sources", "list"],
                ["data-sources", "describe", "stats"], ["feature-views", "list"],
                ["feature-views", "describe", "driver_stats"], ["feature-services", "list"],
                ["feature-services", "describe", "activity"], ["projects", "list"],
                ["projects", "describe", "fleet"], ["registry-dump"],
                ["export-feast", fleet.directory + "/feast.db"],
                ["get-online-features", "-f", "driver_stats:trips", "-e", "driver_id=1001"],
                ["teardown"],
            ]
            for command in commands {
                for arguments in [
                    ["-c", fleet.directory, "--json"] + command,
                    command + ["-c", fleet.directory, "--json"],
                ] where command != ["teardown"] || arguments.last == "--json" {
                    let result = try Program.run(arguments, in: "/")
                    #expect(result.exitCode == 0, "\(arguments): \(result)")
                    #expect(throws: Never.self, "\(arguments): \(result.output)") {
                        try JSONSerialization.jsonObject(with: Data(result.output.utf8))
                    }
                }
            }
            let version = try fleet.run("version").output
            #expect(version == "0.1.0\n")
            #expect(try fleet.run("--version").output == version)
        }
    }

    @Test
    func `Every command has help`() throws {
        let commands = [
            [], ["init"], ["plan"], ["apply"], ["teardown"], ["get-historical-features"],
            ["materialize"], ["materialize-incremental"], ["get-online-features"], ["serve"],
            ["status"], ["configuration"], ["version"], ["entities"], ["entities", "list"],
            ["entities", "describe"], ["data-sources"], ["feature-views"], ["feature-services"],
            ["projects"], ["projects", "list"], ["projects", "describe"], ["registry-dump"],
            ["endpoint"], ["export-feast"], ["import-feast"],
        ]
        for command in commands {
            let result = try Program.run(command + ["--help"], in: "/")
            #expect(result.exitCode == 0)
            let usage = (["USAGE: fstore"] + command).joined(separator: " ")
            #expect(result.output.hasPrefix("OVERVIEW: "), "\(result)")
            #expect(result.output.contains(usage), "\(result)")
            #expect(result.errors == "")
        }
    }
}
