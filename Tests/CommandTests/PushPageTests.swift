import Foundation
import TestSupport
import Testing

/// The console session of `docs/push.md`, run line by line.
struct PushPageTests {
    @Test
    func `What the page on pushes shows is what happens`() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/push.md"),
            encoding: .utf8
        )
        let steps = Self.steps(of: page)
        #expect(steps.count >= 5)
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.write(
                "driver.yaml",
                """
                entities:
                  - { name: driver, join_keys: [driver_id], value_type: int64 }
                data_sources:
                  - name: driver_stats
                    type: csv
                    path: data/stats.csv
                    timestamp_field: event_timestamp
                  - { name: driver_push, type: push, batch_source: driver_stats }
                feature_views:
                  - name: driver_hourly_stats
                    entities: [driver]
                    ttl: 0
                    schema: [{ name: conv_rate, dtype: float32 }]
                    source: driver_stats

                """
            )
            try fleet.prepare("apply")
            let folder = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            for step in steps {
                let shell = try RunningProgram(
                    "/bin/sh",
                    ["-c", "PATH=\"\(folder):$PATH\"; \(step.command)"],
                    in: fleet.directory
                )
                let result = try shell.wait()
                #expect(result.output + result.errors == step.output, "\(step.command)")
            }
        }
    }

    /// The commands of the page's console blocks, each with what it prints.
    private static func steps(of page: String) -> [(command: String, output: String)] {
        var steps: [(command: String, output: String)] = []
        var isConsole = false
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isConsole = line == "```console"
            } else if isConsole, line.hasPrefix("$ ") {
                steps.append((String(line.dropFirst(2)), ""))
            } else if isConsole, line.hasPrefix("> "), !steps.isEmpty {
                steps[steps.count - 1].command += "\n" + line.dropFirst(2)
            } else if isConsole, !steps.isEmpty {
                steps[steps.count - 1].output += line + "\n"
            }
        }
        return steps
    }
}
