import Foundation
import TestSupport
import Testing

/// Definitions name files of their repository, and others only where the configuration says so.
@Suite struct PathTests {
    private static let secret = "driver_id,event_timestamp,x\n1,2024-01-01T00:00:00Z,7\n"

    private func definitions(_ source: String) -> String {
        """
        entities: [{ name: driver, join_keys: [driver_id], value_type: int64 }]
        feature_views:
          - name: v
            entities: [driver]
            schema: [{ name: x, dtype: int64 }]
            source: { timestamp_field: event_timestamp, \(source) }

        """
    }

    /// A repository, and beside it a folder with a file that is none of its business.
    private func withFolders(
        _ body: (_ repository: String, _ outside: String) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let path = directory.resolvingSymlinksInPath().path
            for folder in ["repository/data", "outside"] {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(folder)",
                    withIntermediateDirectories: true
                )
            }
            try self.write("\(path)/outside/secret.csv", Self.secret)
            try body("\(path)/repository", "\(path)/outside")
        }
    }

    private func write(_ path: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func plan(
        _ repository: String,
        source: String,
        configuration: String = ""
    ) throws -> Program.Result {
        try self.write("\(repository)/feature_store.yaml", "project: p\n" + configuration)
        try self.write("\(repository)/v.yaml", self.definitions(source))
        return try Program.run(["plan"], in: repository)
    }

    @Test func `Sources that lead out of the repository are refused, with the fix`() throws {
        try self.withFolders { repository, outside in
            try FileManager.default.createSymbolicLink(
                atPath: "\(repository)/data/link.csv",
                withDestinationPath: "\(outside)/secret.csv"
            )
            try FileManager.default.createSymbolicLink(
                atPath: "\(repository)/data/folder",
                withDestinationPath: "../../outside"
            )
            for source in [
                "type: csv, path: ../outside/secret.csv", "type: csv, path: \(outside)/secret.csv",
                "type: csv, path: data/link.csv", "type: csv, path: \"data/*.csv\"",
                "type: csv, path: \"../*/secret.csv\"", "type: csv, path: data/folder/secret.csv",
                "type: csv, path: /etc/passwd", "type: csv, path: ../outside/none.csv",
                "type: sqlite, path: ../outside/w.db, table: t",
                "type: sqlite, path: \(outside)/w.db, query: SELECT 1",
            ] {
                let result = try self.plan(repository, source: source)
                #expect(result.exitCode == 1, "\(source)")
                #expect(result.errors.contains("out of it"), "\(source): \(result.errors)")
                #expect(result.errors.contains("allowed_paths in feature_store.yaml"))
                #expect(result.errors.contains("v.yaml:6"))
                #expect(!result.errors.contains("secret.csv,") && !result.errors.contains("root:"))
            }
            // Allowed, they can be read.
            for allowed in ["../outside", outside] {
                let result = try self.plan(
                    repository,
                    source: "type: csv, path: ../outside/secret.csv",
                    configuration: "allowed_paths: [\(allowed)]\n"
                )
                #expect(result.exitCode == 0, "\(result.errors)")
            }
            // An absolute path of the repository itself needs no leave.
            try self.write("\(repository)/data/own.csv", Self.secret)
            let own = try self.plan(
                repository,
                source: "type: csv, path: \(repository)/data/own.csv"
            )
            #expect(own.exitCode == 0, "\(own.errors)")
        }
    }

    @Test func `A file that becomes a link after apply is not followed out of the repository`()
        throws
    {
        try self.withFolders { repository, outside in
            try self.write("\(repository)/data/own.csv", Self.secret)
            let plan = try self.plan(repository, source: "type: csv, path: data/own.csv")
            #expect(plan.exitCode == 0, "\(plan.errors)")
            #expect(try Program.run(["apply"], in: repository).exitCode == 0)
            #expect(try Program.run(["materialize"], in: repository).exitCode == 0)
            try FileManager.default.removeItem(atPath: "\(repository)/data/own.csv")
            try FileManager.default.createSymbolicLink(
                atPath: "\(repository)/data/own.csv",
                withDestinationPath: "\(outside)/secret.csv"
            )
            for command in [
                ["materialize"],
                ["get-historical-features", "--end-date", "2024-02-01", "-f", "v:x"],
            ] {
                let result = try Program.run(command, in: repository)
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("leads out of it"), "\(result.errors)")
            }
        }
    }

    @Test func `Stores and definition files stay inside unless they are named outright`() throws {
        try self.withFolders { repository, outside in
            try self.write("\(repository)/data/own.csv", Self.secret)
            let source = "type: csv, path: data/own.csv"
            for configuration in [
                "registry: ../outside/registry.db\n",
                "online_store: { type: rocksdb, path: ../outside/online }\n",
                "offline_store: { type: sqlite, path: ../outside/o.db }\n",
                "offline_store: { type: file, cache: ../outside/cache }\n",
                "audit_log: ../outside/audit.jsonl\n",
            ] {
                let result = try self.plan(
                    repository,
                    source: source,
                    configuration: configuration
                )
                #expect(result.exitCode == 1, "\(configuration)")
                #expect(result.errors.contains("leads out of the repository"), "\(result.errors)")
            }
            let named = try self.plan(
                repository,
                source: source,
                configuration: "registry: \(outside)/registry.db\n"
            )
            #expect(named.exitCode == 0, "\(named.errors)")

            for name in ["more.yaml", ".fstoreignore"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(repository)/\(name)",
                    withDestinationPath: "\(outside)/secret.csv"
                )
                let result = try self.plan(repository, source: source)
                #expect(result.exitCode == 1)
                #expect(result.errors.contains("\(name) is a link that leads out"))
                #expect(!result.errors.contains("driver_id"))
                try FileManager.default.removeItem(atPath: "\(repository)/\(name)")
            }
        }
    }
}
