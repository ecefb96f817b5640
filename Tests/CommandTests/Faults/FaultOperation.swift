import Foundation
import Testing

/// A command that changes files, how the state before it is made, and how both states look.
///
/// A new operation is one more element of ``all``; the tests take it through every fault.
struct FaultOperation: Sendable, CustomTestStringConvertible {
    let name: String
    /// The commands that make the state before.
    var prepare: [String] = ["apply", "materialize"]
    /// What a user edits then.
    var edit: @Sendable (FleetRepository) throws -> Void = { _ in }
    /// The commands that come between the edit and the operation.
    var prepareEdited: [String] = []
    /// The operation.
    let command: String
    var environment: [String: String] = [:]
    /// What is undone before the operation is done again.
    var beforeAgain: @Sendable (FleetRepository) -> Void = { _ in }
    /// How the operation ends when nothing fails.
    var exitCode: Int32 = 0
    /// The commands whose output is the state that a user sees.
    var looks: [String] = [Self.reads, Self.status]
    /// Files that are part of that state.
    var files: [String] = []
    /// Whether there is no state between the old and the new one.
    var isAtomic = true
    /// Whether the online store is what history says in the end.
    var isVerified = false

    var testDescription: String { self.name }

    private static let reads =
        "get-online-features --json -e driver_id=1001 -e driver_id=1002 -e driver_id=1003 "
        + "-f driver_stats:trips -f driver_stats:city -f driver_recent:trips --full-feature-names"
    private static let status = "status --json"
    private static let views = "feature-views list --json"
    private static let train = "get-historical-features -d data/entities.csv "
    private static let features =
        "--features driver_stats:trips --features driver_stats:city"

    /// Lines of the source that are newer than those before.
    private static let laterStats = """
        2024-01-06T00:00:00Z,1001,0.125,60,Ulm,2024-01-06T00:05:00Z
        2024-01-06T00:00:00Z,1003,,61,,2024-01-06T00:05:00Z

        """

    /// The base, to which a push source is added.
    static func repository(at directory: URL) throws -> FleetRepository {
        let fleet = try FleetRepository(at: directory)
        try fleet.edit(
            "\nfeature_views:\n",
            "  - { name: stats_push, type: push, batch_source: stats }\n\nfeature_views:\n"
        )
        return fleet
    }

    private static func appendStats(_ fleet: FleetRepository) throws {
        try fleet.write("data/stats.csv", fleet.text("data/stats.csv") + self.laterStats)
    }

    /// One good row, one that is due in a long time, and one that cannot be used.
    private static func writePush(_ fleet: FleetRepository) throws {
        let rows = """
            driver_id,event_timestamp,conv_rate,trips,city,created
            1001,2024-01-02T11:00:00Z,0.5,70,Kiel,2024-01-02T11:00:00Z
            1002,2100-01-01T00:00:00Z,0.5,71,Kiel,2024-02-01T00:00:00Z
            1003,2024-02-01T00:00:00Z,0.5,many,Kiel,2024-02-01T00:00:00Z

            """
        try fleet.write("push.csv", rows)
    }

    private static let goodPush = "push stats_push push.csv --to online_and_offline"
    private static let save = Self.train + Self.features + " --save-as kept"
    private static let get = "saved-datasets get kept -o -"
    private static let rebuild = "saved-datasets rebuild kept"
    private static let proof = "verify --snapshot backup"

    /// Rows that can be used, and a folder that holds no definitions.
    private static func writeGoodPush(_ fleet: FleetRepository) throws {
        let rows = """
            driver_id,event_timestamp,conv_rate,trips,city,created
            1001,2024-01-02T11:00:00Z,0.5,70,Kiel,2024-01-02T11:00:00Z
            1003,2024-01-04T11:00:00Z,0.5,71,Kiel,2024-01-04T11:00:00Z

            """
        try fleet.write("push.csv", rows)
        try fleet.write(".fstoreignore", "backup/\n")
    }

    private static func pushing(to target: String) -> FaultOperation {
        FaultOperation(
            name: "push to \(target)",
            edit: { try Self.writePush($0) },
            command: "push stats_push push.csv --to \(target)",
            exitCode: 1,
            looks: [
                self.reads, self.status, self.train + self.features + " -o -",
                "rejects stats_push --json",
            ]
        )
    }

    static let all: [FaultOperation] = [
        FaultOperation(
            name: "the first apply",
            prepare: [],
            command: "apply",
            looks: [Self.views]
        ),
        FaultOperation(
            name: "a later apply",
            edit: { fleet in
                try fleet.edit("  - name: driver_recent\n", "  - name: driver_new\n")
                try fleet.edit("      - driver_recent\n", "      - driver_new\n")
            },
            command: "apply --allow-destroy",
            looks: [Self.views]
        ),
        FaultOperation(
            name: "the first load",
            prepare: ["apply"],
            command: "materialize -v driver_stats",
            isVerified: true
        ),
        FaultOperation(
            name: "a full load",
            edit: { try Self.appendStats($0) },
            command: "materialize -v driver_stats",
            isVerified: true
        ),
        FaultOperation(
            name: "a load that spills",
            edit: { fleet in
                let filler = String(repeating: "x", count: 9_000)
                let rows = (0..<128).map { "2024-01-07T00:00:00Z,\(1001 + $0),1,9,\(filler),\n" }
                try fleet.write(
                    "data/stats.csv",
                    fleet.text("data/stats.csv") + rows.joined()
                )
            },
            command: "materialize -v driver_stats",
            environment: ["FSTORE_LOAD_MEMORY_MB": "1"],
            isVerified: true
        ),
        FaultOperation(
            name: "a new generation",
            edit: { fleet in
                try fleet.edit("{ name: trips, dtype: int64,", "{ name: trips, dtype: float64,")
            },
            prepareEdited: ["apply --allow-destroy"],
            command: "materialize -v driver_stats",
            isVerified: true
        ),
        FaultOperation(
            name: "an incremental load",
            prepare: ["apply", "materialize-incremental 2024-01-05T00:00:00Z"],
            edit: { try Self.appendStats($0) },
            command: "materialize-incremental 2024-02-01T00:00:00Z -v driver_stats"
        ),
        Self.pushing(to: "online"),
        Self.pushing(to: "offline"),
        Self.pushing(to: "online_and_offline"),
        FaultOperation(
            name: "a training set",
            prepare: ["apply"],
            command: Self.train + Self.features + " -o out.csv",
            looks: [],
            files: ["out.csv"]
        ),
        FaultOperation(
            name: "a training set by way of a cache",
            prepare: ["apply"],
            edit: { fleet in
                try fleet.write(
                    "feature_store.yaml",
                    FleetRepository.configuration.replacingOccurrences(
                        of: "path: data/offline.db }",
                        with: "path: data/offline.db, cache: true }"
                    )
                )
            },
            command: Self.train + Self.features + " -o out.csv",
            looks: [],
            files: ["out.csv"]
        ),
        FaultOperation(
            name: "a saved dataset",
            prepare: ["apply"],
            command: Self.train + Self.features + " --save-as kept --replace",
            looks: ["saved-datasets get kept -o -"]
        ),
        FaultOperation(
            name: "a forgetting",
            edit: { try Self.writeGoodPush($0) },
            prepareEdited: [Self.goodPush, Self.save],
            command: "forget --entity driver_id=1001",
            looks: [Self.reads, Self.train + Self.features + " -o -", Self.get, Self.rebuild],
            isAtomic: false,
            isVerified: true
        ),
        FaultOperation(
            name: "a collection of garbage",
            edit: { fleet in
                try fleet.edit("ttl: 1d\n", "ttl: 1d\n    retention: 2d\n")
            },
            prepareEdited: ["apply"],
            command: "gc"
        ),
        FaultOperation(
            name: "a snapshot",
            edit: { try Self.writeGoodPush($0) },
            prepareEdited: [Self.goodPush, Self.save],
            command: "snapshot backup",
            beforeAgain: { try? FileManager.default.removeItem(atPath: $0.directory + "/backup") },
            looks: [Self.reads, Self.proof]
        ),
        FaultOperation(
            name: "a restore of what was forgotten",
            edit: { try Self.writeGoodPush($0) },
            prepareEdited: [
                Self.save, "snapshot backup", Self.goodPush, "forget --entity driver_id=1001",
            ],
            command: "restore backup --replace",
            looks: [
                Self.reads, Self.status, Self.train + Self.features + " -o -", Self.get,
                Self.rebuild,
            ],
            isVerified: true
        ),
        FaultOperation(
            name: "a teardown",
            command: "teardown",
            looks: [Self.views],
            isAtomic: false
        ),
    ]
}

extension FaultOperation {
    /// Those whose name is in FSTORE_FAULT_OPERATIONS, with commas between them; all without it.
    static var chosen: [FaultOperation] {
        let names = ProcessInfo.processInfo.environment["FSTORE_FAULT_OPERATIONS"]?
            .split(separator: ",").map(String.init)
        return names.map { names in Self.all.filter { names.contains($0.name) } } ?? Self.all
    }

    /// What a user sees: the output of the looks, without what differs from run to run.
    func state(of fleet: FleetRepository) throws -> String {
        var text = ""
        for look in self.looks {
            let result = try Program.run(words(look), in: fleet.directory)
            guard result.signal == 0 else {
                throw ProgramFailure(description: "\(look) died: \(result)")
            }
            text += "\(result.exitCode)\n"
            switch look {
            case Self.status: text += try self.loads(result.output)
            case Self.rebuild, Self.proof: continue
            case let look where look.hasPrefix("rejects"): text += self.reasons(result.output)
            default: text += result.output.stable(in: fleet.directory)
            }
            if result.exitCode != 0 { text += result.errors.stable(in: fleet.directory) }
        }
        for file in self.files {
            text += (try? fleet.text(file)) ?? "no \(file)\n"
        }
        return text
    }

    /// The newest event time and the window of each view.
    private func loads(_ status: String) throws -> String {
        let object = try JSONSerialization.jsonObject(with: Data(status.utf8))
        let views = (object as? [String: Any])?["feature_views"] as? [[String: Any]] ?? []
        return views.map { "\($0["name"] ?? "") \($0["newest_event_time"] ?? "not loaded")\n" }
            .sorted().joined()
    }

    /// The reasons of the rejected rows, each once: a push that is done again has them again.
    private func reasons(_ rejects: String) -> String {
        let lines = rejects.split(separator: "\n").filter { $0.contains("\"reason\"") }
        return Set(lines).sorted().joined(separator: "\n") + "\n"
    }
}

/// The words of a command line without quotes.
func words(_ command: String) -> [String] {
    command.split(separator: " ").map(String.init)
}
