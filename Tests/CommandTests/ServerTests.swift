import Foundation
import Glibc
import TestSupport
import Testing

/// The other commands, and other programs, while `fstore serve` runs.
struct ServerTests {
    @Test
    func `Every command works while a server has the online store open`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            let server = try RunningServer(fleet)
            #expect(server.output.contains("Serving project fleet at http://127.0.0.1:"))
            #expect(server.output.contains("Nothing is loaded yet: run `fstore materialize`"))

            let load = try fleet.run("materialize")
            #expect(load.exitCode == 0, "\(load)")
            #expect(load.output.contains("driver_stats: 4 rows read, 3 keys written"))
            let again = try fleet.run("materialize-incremental", "2024-02-01", "--json")
            #expect(again.exitCode == 0, "\(again)")
            #expect(again.output.contains(#""keys_written" : 0"#))

            let features = ["-f", "driver_stats:trips,driver_stats:city"]
            let read = try Program.run(
                ["get-online-features", "-e", "driver_id=1002"] + features,
                in: fleet.directory
            )
            #expect(read.output.contains("1002       30     Bergen, Nord"), "\(read)")
            let misspelt = try fleet.run(
                "get-online-features",
                "-e",
                "driver_id=1",
                "-f",
                "driver_stats:trip"
            )
            #expect(misspelt.exitCode == 1)
            #expect(misspelt.errors.contains(#"did you mean "trips"?"#), "\(misspelt)")

            let status = try fleet.run("status")
            #expect(
                status.output.contains(
                    "served by process \(server.processID) at \(server.address)"
                ),
                "\(status)"
            )
            let second = try fleet.run("serve", "-p", "0")
            #expect(second.exitCode == 1)
            #expect(second.errors.contains("process \(server.processID)"), "\(second)")
            #expect(second.errors.contains("fstore serve"), "\(second)")
            #expect(!second.errors.contains("LOCK"))

            let teardown = try fleet.run("teardown")
            #expect(teardown.exitCode == 0, "\(teardown)")
            let gone = try eventually { try server.read("driver_stats:trips", id: 1002) != 200 }
            #expect(gone)
            let stopped = try server.stop()
            #expect(stopped.exitCode == 0, "\(stopped)")
            #expect(stopped.signal == 0, "\(stopped)")
            #expect(stopped.errors.isEmpty, "\(stopped)")
            #expect(access(fleet.directory + "/data/online.sock", F_OK) != 0)
        }
    }

    @Test
    func `What is applied is served within a second`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            let service = #"{"feature_service": "more", "entities": {"driver_id": [1001]}}"#
            #expect(try server.post("/get-online-features", service).status == 404)
            try fleet.edit(
                "feature_services:\n",
                "feature_services:\n  - name: more\n    features: [driver_stats]\n"
            )
            try fleet.prepare("apply")
            // A second by the contract; more here, for a machine that does other things as well.
            let isServed = try eventually(within: .seconds(5)) {
                try server.post("/get-online-features", service).status == 200
            }
            #expect(isServed)
        }
    }

    @Test
    func `The command that the server prints works in a shell`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            let line = try #require(
                server.output.split(separator: "\n").first { $0.hasPrefix("Try:  ") }
            )
            let shell = try RunningProgram(
                "/bin/sh",
                ["-c", String(line.dropFirst("Try:  ".count))],
                in: fleet.directory
            )
            let answer = try shell.wait()
            #expect(answer.exitCode == 0, "\(answer)")
            #expect(answer.output.contains(#""statuses":["PRESENT""#), "\(answer)")
        }
    }

    @Test
    func `Reads are answered all the time while loads run`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            let server = try RunningServer(fleet)
            var reads = 0
            for _ in 1...8 {
                let load = try RunningProgram(Program.path, ["materialize"], in: fleet.directory)
                repeat {
                    let status = try server.read("driver_stats:trips", id: 1001 + reads % 3)
                    #expect(status == 200)
                    reads += 1
                } while load.isRunning
                let result = try load.wait()
                #expect(result.exitCode == 0, "\(result)")
            }
            #expect(reads >= 20)
        }
    }

    @Test
    func `A repository under a path too long for a socket is served too`() throws {
        try withTemporaryDirectory { directory in
            let deep = directory.path + String(repeating: "/a_folder_of_a_long_name", count: 8)
            let fleet = try FleetRepository(at: URL(fileURLWithPath: deep))
            try fleet.prepare("apply")
            let server = try RunningServer(fleet)
            let load = try fleet.run("materialize")
            #expect(load.exitCode == 0, "\(load)")
            #expect(try server.read("driver_stats:trips", id: 1001) == 200)
            let stopped = try server.stop()
            #expect(stopped.exitCode == 0, "\(stopped)")
            #expect(stopped.signal == 0, "\(stopped)")
        }
    }

    @Test
    func `A port that is in use is named with the way out`() throws {
        try withTemporaryDirectory { directory in
            let first = try FleetRepository(at: directory.appendingPathComponent("first"))
            let second = try FleetRepository(at: directory.appendingPathComponent("second"))
            try first.prepare("apply")
            try second.prepare("apply")
            let server = try RunningServer(first)
            let result = try second.run("serve", "-p", "\(server.port)")
            #expect(result.exitCode == 1)
            #expect(
                result.errors == "error: port \(server.port) of 127.0.0.1 is in use; choose another"
                    + " with --port, or stop the server that uses it\n"
            )
        }
    }

    @Test
    func `A server that was killed leaves nothing in the way`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            let killed = try RunningServer(fleet)
            killed.program.send(SIGKILL)
            _ = try killed.program.wait()
            let load = try fleet.run("materialize")
            #expect(load.exitCode == 0, "\(load)")
            let server = try RunningServer(fleet)
            #expect(try server.read("driver_stats:trips", id: 1001) == 200)
        }
    }

    @Test
    func `A server ends in order at whatever moment it is told to`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply", "materialize")
            for round in 0..<12 {
                let server = try RunningServer(fleet)
                if round % 2 == 0 {
                    try fleet.prepare(round % 4 == 0 ? "materialize" : "apply")
                }
                let stopped = try server.stop()
                #expect(stopped.exitCode == 0, "\(stopped)")
                #expect(stopped.signal == 0, "\(stopped)")
                #expect(stopped.errors.isEmpty, "\(stopped)")
            }
        }
    }
}
