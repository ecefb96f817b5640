import Foundation
import Glibc
import TestSupport
import Testing

/// `fstore snapshot`, `restore`, `verify --snapshot` and `serve --at`, as a user runs them.
struct SnapshotCommandTests {
    private let files = FileManager.default

    private func fleet(_ directory: URL) throws -> FleetRepository {
        let fleet = try FleetRepository(at: directory)
        let definitions = try fleet.text("driver.yaml")
        try fleet.write(
            "driver.yaml",
            definitions.replacingOccurrences(
                of: "feature_views:",
                with: "  - { name: stats_push, type: push, batch_source: stats }\n\nfeature_views:"
            )
        )
        try fleet.prepare("apply", "materialize")
        try self.push(fleet, city: "Oslo", trips: 70)
        return fleet
    }

    private func push(_ fleet: FleetRepository, city: String, trips: Int) throws {
        try fleet.write(
            "push.csv",
            """
            driver_id,event_timestamp,conv_rate,trips,city,created
            1001,2024-02-01T00:00:00Z,0.5,\(trips),\(city),2024-02-01T00:00:0\(trips % 10)Z

            """
        )
        try fleet.prepare("push stats_push push.csv --to online_and_offline")
    }

    private func trips(_ arguments: [String] = [], in directory: String) throws -> String {
        let result = try Program.run(
            ["get-online-features", "-e", "driver_id=1001", "-f", "driver_stats:trips", "--json"]
                + arguments,
            in: directory
        )
        #expect(result.exitCode == 0, "\(result)")
        return result.output
    }

    private func contents(_ folder: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in try self.files.subpathsOfDirectory(atPath: folder) {
            contents[name] = self.files.contents(atPath: "\(folder)/\(name)") ?? Data()
        }
        return contents
    }

    @Test
    func `A snapshot is taken while serving, served beside it, and restored on another path`()
        throws
    {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory.appendingPathComponent("a"))
            let server = try RunningServer(fleet)
            let taken = try fleet.run("snapshot", "../snapshot")
            #expect(taken.exitCode == 0, "\(taken)")
            #expect(taken.output.contains("project fleet, registry version 1"), "\(taken)")
            let snapshot = directory.appendingPathComponent("snapshot").path
            let verified = try fleet.run("verify", "--snapshot", "../snapshot")
            #expect(verified.exitCode == 0, "\(verified)")
            #expect(verified.output.contains("snapshot is whole"), "\(verified)")
            #expect(verified.output.contains("read: 6 online rows, 1 pushed row"), "\(verified)")
            let bytes = try self.contents(snapshot)
            // The server goes on; what comes later is not in the snapshot.
            try self.push(fleet, city: "Bergen", trips: 81)

            let old = try RunningServer(
                in: fleet.directory,
                arguments: ["serve", "-p", "0", "--at", "../snapshot"]
            )
            let read = #"{"features": ["driver_stats:trips"], "entities": {"driver_id": [1001]}}"#
            #expect(try old.post("/get-online-features", read).body.contains("[70]"))
            #expect(try server.post("/get-online-features", read).body.contains("[81]"))
            let push = try old.post(
                "/push",
                #"{"push_source_name": "stats_push", "df": {"driver_id": [1]}, "to": "online"}"#
            )
            #expect(push.status == 403, "\(push.text)")
            #expect(push.body.contains("which nobody changes"), "\(push.text)")
            let end = #"{"end_ts": "2024-03-01T00:00:00Z"}"#
            let load = try old.post("/materialize-incremental", end)
            #expect(load.status == 403, "\(load.text)")
            #expect(try old.post("/snapshot", "").status == 403)
            let status = try old.request("GET", "/status", "")
            #expect(status.status == 200 && status.body.contains(#""registry_version":1"#))
            // Commands of the repository go to the project's own server.
            #expect(try self.trips(in: fleet.directory).contains("81"))
            #expect(try old.stop().exitCode == 0)
            #expect(try self.contents(snapshot) == bytes)

            let refused = try fleet.run("restore", "../snapshot", "--replace")
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains("in use by process \(server.processID)"), "\(refused)")
            #expect(try server.stop().exitCode == 0)

            let other = directory.appendingPathComponent("b").path
            let restored = try Program.run(
                ["restore", snapshot, "-c", other],
                in: directory.path
            )
            #expect(restored.exitCode == 0, "\(restored)")
            #expect(restored.output.hasPrefix("Restored project fleet"), "\(restored)")
            #expect(try self.trips(in: other).contains("70"))
            try self.files.copyItem(
                atPath: fleet.directory + "/data/stats.csv",
                toPath: other + "/data/stats.csv"
            )
            let equal = try Program.run(["verify"], in: other)
            #expect(equal.exitCode == 0, "\(equal)")
            let again = try Program.run(["restore", snapshot], in: other)
            #expect(again.exitCode == 1 && again.errors.contains("--replace"), "\(again)")
            let back = try fleet.run("restore", "../snapshot", "--replace", "--json")
            #expect(back.exitCode == 0 && back.output.contains(#""format" : 2"#), "\(back)")
            #expect(try self.trips(in: fleet.directory).contains("70"))
            #expect(try self.contents(snapshot) == bytes)
        }
    }

    @Test
    func `A damaged snapshot, a folder that is none and a newer one are named`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory.appendingPathComponent("a"))
            try fleet.prepare("snapshot ../snapshot")
            let manifest = directory.appendingPathComponent("snapshot/manifest.json")
            let whole = try String(contentsOf: manifest, encoding: .utf8)
            let newer = whole.replacingOccurrences(
                of: #""format" : 2"#,
                with: #""format" : 3"#
            )
            try Data(newer.utf8).write(to: manifest)
            for arguments in [
                ["verify", "--snapshot", "../snapshot"], ["restore", "../snapshot", "-c", "../b"],
                ["serve", "--at", "../snapshot", "-p", "0"],
            ] {
                let result = try Program.run(arguments, in: fleet.directory)
                #expect(result.exitCode == 1, "\(arguments): \(result)")
                #expect(result.errors.contains("has the format 3, and this fstore"), "\(result)")
                #expect(result.errors.contains("use a newer fstore"), "\(result)")
            }
            try Data(whole.utf8).write(to: manifest)
            try self.files.removeItem(at: directory.appendingPathComponent("snapshot/registry.db"))
            let missing = try fleet.run("verify", "--snapshot", "../snapshot")
            #expect(missing.exitCode == 1)
            #expect(missing.errors.contains("there is no file"), "\(missing)")
            #expect(missing.errors.contains("is not whole"), "\(missing)")
            // A folder within the one where the program is started is found as well.
            try fleet.prepare("snapshot deeper/snapshot")
            for (folder, path) in [("", "deeper/snapshot"), ("/deeper", "snapshot")] {
                let place = fleet.directory + folder
                let proved = try Program.run(["verify", "--snapshot", path], in: place)
                #expect(proved.exitCode == 0, "\(proved)")
            }
            let none = try fleet.run("verify", "--snapshot", "data")
            #expect(none.errors.contains("data is no snapshot"), "\(none)")
            let there = try fleet.run("snapshot", "data")
            #expect(there.exitCode == 1 && there.errors.contains("is there already"), "\(there)")
            let both = try fleet.run("verify", "--snapshot", "x", "-v", "driver_stats")
            #expect(both.exitCode == 64)
        }
    }

    @Test
    func `A snapshot that is killed at any moment is there as a whole or not at all`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory.appendingPathComponent("a"))
            var generator = SeededGenerator(seed: 3)
            let began = ContinuousClock.now
            try fleet.prepare("snapshot ../first")
            let whole = ContinuousClock.now - began
            var absent = 0
            for round in 1...16 {
                let path = directory.appendingPathComponent("snapshot\(round)").path
                let program = try RunningProgram(
                    Program.path,
                    ["snapshot", path],
                    in: fleet.directory
                )
                let part = Double.random(in: 0.3...1.1, using: &generator)
                usleep(UInt32((whole * part) / .microseconds(1)))
                program.send(SIGKILL)
                let result = try program.wait()
                guard self.files.fileExists(atPath: path) else {
                    #expect(result.signal == SIGKILL, "a snapshot that said it was done")
                    absent += 1
                    continue
                }
                let verified = try fleet.run("verify", "--snapshot", path)
                #expect(verified.exitCode == 0, "\(verified)")
            }
            #expect(absent > 0)
            // The next command clears away what was left beside the store.
            try fleet.prepare("status")
            let left = try self.files.contentsOfDirectory(atPath: fleet.directory + "/data")
            #expect(!left.contains(".online.snapshot"), "\(left)")
        }
    }

    @Test
    func `A restore that is killed at any moment leaves the old state or the new one`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory.appendingPathComponent("a"))
            try fleet.prepare("snapshot ../first")
            try self.push(fleet, city: "Bergen", trips: 81)
            try fleet.edit("description: a driver", "description: a person")
            try fleet.prepare("apply", "snapshot ../second")
            let first = ["restore", "../first", "--replace"]
            let faults = try Faults(below: fleet.directory)
            let whole = try Program.run(
                first,
                in: fleet.directory,
                environment: faults.environment
            )
            #expect(whole.exitCode == 0, "\(whole)")
            let calls = faults.calls
            try #require(calls > 20)
            var generator = SeededGenerator(seed: 5)
            var current = 1
            var old = 0
            for round in 1...24 {
                let target = 3 - current
                // One in three is killed about where the new state comes to be.
                let last = round.isMultiple(of: 3) ? calls - 12...calls : 1...calls
                faults.arm(
                    Bool.random(using: &generator) ? .killAfter : .killTorn,
                    first: Int.random(in: last, using: &generator)
                )
                let result = try Program.run(
                    target == 1 ? first : ["restore", "../second", "--replace"],
                    in: fleet.directory,
                    environment: faults.environment
                )
                faults.disarm()
                let state = try self.state(of: fleet)
                #expect(state == current || state == target, "round \(round)")
                if result.signal == 0 { #expect(state == target, "a restore that was done") }
                old += state == current ? 1 : 0
                current = state
            }
            #expect(old > 0 && old < 24)
        }
    }

    /// Which of the two states is there: the same in the registry, online and in the history.
    private func state(of fleet: FleetRepository) throws -> Int {
        let online = try self.trips(in: fleet.directory)
        let state = online.contains("81") ? 2 : 1
        #expect(state == 2 || online.contains("70"), "\(online)")
        let status = try fleet.run("status")
        #expect(status.output.contains("registry version \(state)"), "\(status)")
        #expect(status.output.contains("\(state) push"), "\(status)")
        let equal = try fleet.run("verify")
        #expect(equal.exitCode == 0, "\(equal)")
        return state
    }
}
