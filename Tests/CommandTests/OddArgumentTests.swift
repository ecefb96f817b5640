import Foundation
import Glibc
import TestSupport
import Testing

/// Arguments that name nothing, or no file.
@Suite struct OddArgumentTests {
    private func fleet(_ directory: URL) throws -> FleetRepository {
        let fleet = try FleetRepository(at: directory)
        try fleet.edit(
            "feature_views:\n",
            "  - { name: stats_push, type: push, batch_source: stats }\n\nfeature_views:\n"
        )
        try fleet.prepare("apply")
        return fleet
    }

    @Test func `A push of what is no file says so`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            let fifo = directory.path + "/rows.csv"
            try #require(mkfifo(fifo, 0o600) == 0)
            let folder = directory.path + "/folder.csv"
            try #require(mkdir(folder, 0o700) == 0)
            for (file, says) in [
                (fifo, "is no regular file; give - in place of it"),
                ("/dev/null", "is no regular file"), (folder, "is a folder; name a file in it"),
            ] {
                let result = try Program.run(["push", "stats_push", file], in: fleet.directory)
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("\(file) \(says)"), "\(result.errors)")
            }
        }
    }

    @Test func `An empty host, view or project is refused`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            let host = try Program.run(["serve", "--host", "", "-p", "0"], in: fleet.directory)
            #expect(host.exitCode == 64)
            #expect(host.errors.contains("--host \"\" is no address"), "\(host.errors)")
            for option in ["--view", "--project"] {
                let token = try Program.run(
                    ["token", "create", "t", "--scope", "read", option, ""],
                    in: fleet.directory
                )
                #expect(token.exitCode == 1)
                #expect(token.errors.contains("would be for none"), "\(token.errors)")
            }
        }
    }

    @Test func `A line of the log has one message, also when it says why`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.fleet(directory)
            try fleet.prepare("materialize")
            let made = try Program.run(
                ["token", "create", "t", "--scope", "read"],
                in: fleet.directory
            )
            try #require(made.exitCode == 0)
            let server = try RunningServer(in: fleet.directory, ["--log-format", "json"])
            let path = fleet.directory + "/data/tokens.json"
            try Data("{".utf8).write(to: URL(fileURLWithPath: path))
            chmod(path, 0o600)
            #expect(eventually { server.program.errors.contains("is damaged") })
            _ = try server.stop()
            let line = server.program.errors.split(separator: "\n").first {
                $0.contains("is damaged")
            }
            #expect(line?.contains("\"reason\":") == true)
            #expect(line?.split(separator: "\"message\":").count == 2)
        }
    }
}
