import Foundation
import TestSupport
import Testing

/// Several commands at once without a server, and the environment they run in.
struct TogetherTests {
    @Test
    func `Applies of the same repository at once end in one state`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            let runs = try (1...20).map { _ in
                try RunningProgram(Program.path, ["apply"], in: fleet.directory)
            }
            var applied = 0
            for run in runs {
                let result = try run.wait()
                let isConflict = result.exitCode == 1 && result.errors.contains("another apply")
                #expect(result.exitCode == 0 || isConflict, "\(result)")
                #expect(!result.errors.contains("locked"), "\(result)")
                applied += result.output.contains("Applied: ") ? 1 : 0
            }
            #expect(applied == 1)
            #expect(try fleet.run("apply").output == "No changes.\n")
            #expect(try fleet.run("status").output.contains("registry version 1,"))
        }
    }

    @Test
    func `Two loads at once both succeed, or one is told who is at it`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            for _ in 1...5 {
                let loads = try (1...3).map { _ in
                    try RunningProgram(Program.path, ["materialize"], in: fleet.directory)
                }
                let results = try loads.map { try $0.wait() }
                #expect(results.contains { $0.exitCode == 0 }, "\(results)")
                for result in results where result.exitCode != 0 {
                    #expect(result.exitCode == 1, "\(result)")
                    let names = loads.contains { result.errors.contains("process \($0.processID)") }
                    #expect(names, "\(result)")
                    #expect(result.errors.contains("fstore materialize"), "\(result)")
                    #expect(!result.errors.contains("LOCK"), "\(result)")
                }
            }
            let read = try fleet.run(
                "get-online-features",
                "-e",
                "driver_id=1002",
                "-f",
                "driver_stats:trips"
            )
            #expect(read.output.contains("1002       30"), "\(read)")
        }
    }

    @Test
    func `The time zone of the process changes nothing`() throws {
        var answers: [[String]] = []
        for zone in ["UTC", "America/New_York", "Asia/Kolkata"] {
            try withTemporaryDirectory { directory in
                let fleet = try FleetRepository(at: directory)
                try fleet.prepare("apply")
                let commands = [
                    ["get-historical-features", "-d", "data/entities.csv"]
                        + ["--feature-service", "activity"],
                    ["materialize", "2024-01-01", "2024-01-02 12:00:00"],
                    ["get-online-features", "-e", "driver_id=1002", "-e", "driver_id=1001"]
                        + ["-f", "driver_stats:trips", "--json"],
                ]
                var texts: [String] = []
                for command in commands {
                    let result = try Program.run(
                        command,
                        in: fleet.directory,
                        environment: ["TZ": zone]
                    )
                    #expect(result.exitCode == 0, "\(result)")
                    texts.append(result.output.stable())
                    texts.append(result.errors.stable())
                }
                answers.append(texts)
            }
        }
        #expect(answers[1] == answers[0])
        #expect(answers[2] == answers[0])
    }
}
