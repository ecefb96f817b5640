import Foundation
import Glibc
import NativeStorage
import TestSupport
import Testing

/// Many processes at one repository.
@Suite struct OneOwnerTests {
    /// The fleet's definitions, with a view of its own, in a folder of its own; registry and stores
    /// are shared.
    private func repository(
        _ name: String,
        of fleet: FleetRepository,
        definitions: String,
        extra: String = ""
    ) throws -> String {
        let directory = fleet.directory + "/" + name
        try fleet.write(
            "\(name)/feature_store.yaml",
            """
            project: fleet
            registry: \(fleet.directory)/data/registry.db
            offline_store: { type: sqlite, path: \(fleet.directory)/data/offline.db }
            online_store: { type: rocksdb, path: \(fleet.directory)/data/online }

            """
        )
        try fleet.write("\(name)/data/stats.csv", FleetRepository.stats)
        try fleet.write("\(name)/driver.yaml", definitions)
        if !extra.isEmpty { try fleet.write("\(name)/extra.yaml", extra) }
        return directory
    }

    private static func view(_ name: String, ttl: Int) -> String {
        """
        feature_views:
          - name: \(name)
            entities: [driver]
            ttl: \(ttl)d
            schema: [{ name: trips, dtype: int64 }]
            source: stats

        """
    }

    /// Starts applies that all have read the same version before any of them writes.
    private func applyTogether(
        _ directories: [String],
        of fleet: FleetRepository
    ) throws -> [Program.Result] {
        let registry = try SQLiteDatabase(
            path: fleet.directory + "/data/registry.db",
            mode: .readWriteCreate
        )
        try registry.execute("PRAGMA busy_timeout = 60000")
        try registry.execute("BEGIN IMMEDIATE")
        let arguments = ["apply", "--lock-timeout", "120"]
        let runs = try directories.map { try RunningProgram(Program.path, arguments, in: $0) }
        // Each waits for the registry in the end, with a plan of its own.
        let areWaiting = eventually(within: .seconds(60)) {
            runs.allSatisfy { waitsForDatabase($0.processID) || !$0.isRunning }
        }
        #expect(areWaiting)
        try registry.execute("COMMIT")
        return try runs.map { try $0.wait() }
    }

    @Test func `Twenty processes that apply different things all succeed`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            let directories = try (0..<20).map { number in
                try self.repository(
                    "clone-\(number)",
                    of: fleet,
                    definitions: FleetRepository.definitions,
                    extra: Self.view("extra_\(number)", ttl: 1)
                )
            }
            for result in try self.applyTogether(directories, of: fleet) {
                #expect(result.exitCode == 0, "\(result)")
                #expect(result.output.contains("Applied: "), "\(result)")
            }
            let list = try fleet.run("feature-views", "list").output
            for number in 0..<20 { #expect(list.contains("extra_\(number) ")) }
            #expect(list.contains("driver_stats") && list.contains("driver_recent"))
            #expect(try fleet.run("status").output.contains("registry version 21,"))
        }
    }

    @Test func `Of processes that change the same, one wins and the others plan again`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            let directories = try (1...5).map { number in
                try self.repository(
                    "clone-\(number)",
                    of: fleet,
                    definitions: FleetRepository.definitions
                        .replacingOccurrences(of: "ttl: 1d", with: "ttl: \(number + 1)d")
                )
            }
            let results = try self.applyTogether(directories, of: fleet)
            #expect(results.count { $0.exitCode == 0 } == 1, "\(results)")
            for result in results where result.exitCode != 0 {
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("feature view \"driver_recent\""), "\(result)")
                #expect(result.errors.contains("plan again"), "\(result)")
            }
            #expect(try fleet.run("status").output.contains("registry version 2,"))
        }
    }

    @Test func `What is applied is served when the command returns`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            for number in 1...5 {
                try fleet.write("extra.yaml", Self.view("extra_\(number)", ttl: 1))
                let result = try fleet.run("apply", "--allow-destroy")
                #expect(result.exitCode == 0, "\(result)")
                #expect(try server.read("extra_\(number):trips", id: 1001) == 200)
                #expect(try server.read("extra_\(number - 1):trips", id: 1001) == 404)
            }
            #expect(try fleet.run("teardown").exitCode == 0)
            #expect(try server.read("driver_stats:trips", id: 1001) != 200)
        }
    }

    @Test func `A command waits for another one, says for whom, and gives up in time`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let path = fleet.directory + "/data/online.lock"
            let read = ["get-online-features", "-e", "driver_id=1001", "-f", "driver_stats:trips"]
            let mine = "process \(getpid())"
            do {
                let lock = try FileLock.acquire(path: path)
                let refused = try Program.run(
                    read + ["--lock-timeout", "0.2"],
                    in: fleet.directory
                )
                #expect(refused.exitCode == 1, "\(refused)")
                #expect(refused.errors.contains("waiting for \(mine)"), "\(refused)")
                #expect(refused.errors.contains("in use by \(mine)"), "\(refused)")
                let waiting = try RunningProgram(
                    Program.path,
                    read + ["--lock-timeout", "60"],
                    in: fleet.directory
                )
                #expect(eventually { waiting.errors.contains("waiting for \(mine)") })
                _ = consume lock
                let result = try waiting.wait()
                #expect(result.exitCode == 0 && result.output.contains("20"), "\(result)")
            }
            // Who waits for a command goes on through a server that comes instead.
            let lock = try FileLock.acquire(path: path)
            let server = try RunningProgram(
                Program.path,
                ["serve", "-p", "0", "--lock-timeout", "60"],
                in: fleet.directory
            )
            #expect(eventually { server.errors.contains("waiting for \(mine)") })
            let runs = try (1...3).map { _ in
                try RunningProgram(
                    Program.path,
                    read + ["--lock-timeout", "60"],
                    in: fleet.directory
                )
            }
            #expect(eventually { runs.allSatisfy { $0.errors.contains("waiting for \(mine)") } })
            _ = consume lock
            for run in runs { #expect(try run.wait().exitCode == 0, "\(run.errors)") }
            let wrong = try Program.run(["status", "--lock-timeout", "-1"], in: fleet.directory)
            #expect(wrong.exitCode == 64 && wrong.errors.contains("--lock-timeout"))
        }
    }

    @Test func `Whatever runs at once, nobody is told that something is locked`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.edit(
                "feature_views:\n",
                "  - { name: stats_push, type: push, batch_source: stats }\n\nfeature_views:\n"
            )
            try fleet.prepare("apply", "materialize")
            try fleet.write(
                "row.json",
                #"[{"driver_id": 9, "event_timestamp": "2024-05-01", "conv_rate": 1, "#
                    + #""trips": 1, "city": "Oslo", "created": null}]"#
            )
            let commands: [[String]] = [
                ["apply"], ["materialize"], ["status"], ["rejects"],
                ["get-online-features", "-e", "driver_id=1001", "-f", "driver_stats:trips"],
                ["push", "stats_push", "row.json", "--to", "online_and_offline"],
                ["forget", "--entity", "driver_id=1003"], ["gc"],
            ]
            for round in 0..<3 {
                var server: RunningProgram?
                var runs: [(command: [String], run: RunningProgram)] = []
                for (index, command) in commands.enumerated() {
                    // The server comes and goes among the commands.
                    if index == 2 + round {
                        server = try RunningProgram(
                            Program.path,
                            ["serve", "-p", "0", "--lock-timeout", "60"],
                            in: fleet.directory
                        )
                    }
                    let run = try RunningProgram(
                        Program.path,
                        command + ["--lock-timeout", "60"],
                        in: fleet.directory
                    )
                    runs.append((command, run))
                }
                let isServing = eventually(within: .seconds(60)) {
                    server?.output.contains("Serving ") ?? false
                }
                #expect(isServing, "\(server?.errors ?? "")")
                server?.send(SIGTERM)
                for (command, run) in runs {
                    let result = try run.wait(timeout: .seconds(120))
                    let text = (result.output + result.errors).lowercased()
                    // A push is not sent twice, so a server that is killed may take its answer
                    // along.
                    let isHonest = command[0] == "push" && text.contains("ended without answering")
                    #expect(result.exitCode == 0 || isHonest, "\(command): \(result)")
                    #expect(!text.contains("locked") && !text.contains("/lock"), "\(result)")
                }
                #expect(try server?.wait().exitCode == 0)
            }
        }
    }
}

/// Whether a process sleeps between two looks at a lock, and not before something else.
private func waitsForDatabase(_ processID: pid_t) -> Bool {
    // It has read its plan, and opened the registry to write it.
    let folder = "/proc/\(processID)/fd"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.contains { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(
            atPath: folder + "/" + name
        )
        guard let target, target.hasSuffix("registry.db") else { return false }
        let info = "/proc/\(processID)/fdinfo/\(name)"
        let text = (try? String(contentsOfFile: info, encoding: .utf8)) ?? ""
        // The flags of a descriptor that may write end in 2.
        return text.split(separator: "\n").contains { line in
            line.hasPrefix("flags:") && line.split(separator: "\t").last?.last == "2"
        }
    }
}
