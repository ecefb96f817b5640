import Foundation
import TestSupport
import Testing

/// The session of `docs/security.md`, run line by line against a server.
@Suite struct SecurityPageTests {
    @Test func `What the page on security shows is what happens`() throws {
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appendingPathComponent("docs/security.md"),
            encoding: .utf8
        )
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            for command in ["apply", "materialize"] {
                #expect(try Program.run([command], in: fleet.directory).exitCode == 0)
            }
            let server = try RunningServer(fleet)
            let folder = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            let steps = Self.steps(of: page)
            #expect(steps.count >= 7)
            for step in steps {
                let command = step.command.replacingOccurrences(
                    of: "http://127.0.0.1:6566",
                    with: server.address
                )
                var output = ""
                // The server takes tokens up within a quarter of a second.
                _ = try eventually(within: .seconds(5)) {
                    let shell = try RunningProgram(
                        "/bin/sh",
                        ["-c", "PATH=\"\(folder):$PATH\"; \(command)"],
                        in: fleet.directory
                    )
                    let result = try shell.wait()
                    output = Self.comparable(result.output + result.errors)
                    return output == Self.comparable(step.output) || !command.hasPrefix("curl")
                }
                #expect(output == Self.comparable(step.output), "\(step.command)")
            }
            let refused = try Program.run(
                ["serve", "--host", "0.0.0.0", "--tokens", "none.json"],
                in: fleet.directory
            )
            #expect(refused.exitCode == 1)
            _ = try server.stop()
            try FileManager.default.removeItem(atPath: fleet.directory + "/data/tokens.json")
            let open = try Program.run(["serve", "--host", "0.0.0.0"], in: fleet.directory)
            #expect(page.contains(open.errors.trimmingCharacters(in: .newlines)))
        }
    }

    /// Without what differs from run to run: times and the width of columns.
    private static func comparable(_ text: String) -> String {
        text.replacingOccurrences(
            of: "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z",
            with: "TIME",
            options: .regularExpression
        )
        .replacingOccurrences(of: " +", with: " ", options: .regularExpression)
        .trimmingCharacters(in: .whitespacesAndNewlines)
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
            } else if isConsole, !steps.isEmpty {
                steps[steps.count - 1].output += line + "\n"
            }
        }
        return steps
    }
}
