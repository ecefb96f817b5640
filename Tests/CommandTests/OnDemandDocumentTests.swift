import Foundation
import TestSupport
import Testing

@Suite("The page about on-demand feature views")
struct OnDemandDocumentTests {
    @Test("Its files and commands do what it says")
    func commands() throws {
        let page = try DocumentPage("docs/on-demand-feature-views.md")
        try #require(page.files.count == 4 && page.commands.count == 7)
        try withTemporaryDirectory { directory in
            for (name, text) in page.files {
                try Data(text.utf8).write(to: directory.appendingPathComponent(name))
            }
            let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            for (command, expected) in page.commands {
                let run = try RunningProgram(
                    "/bin/sh",
                    ["-c", "{ \(command); } 2>&1"],
                    in: directory.path,
                    environment: ["PATH": "\(bin):\(path)"]
                )
                let result = try run.wait()
                let lines = result.output.split(separator: "\n").map { line in
                    // Columns are padded, and a page does not show spaces at the end of a line.
                    String(line.reversed().drop { $0 == " " }.reversed())
                }
                #expect(lines.joined(separator: "\n") == expected, "$ \(command)")
            }
        }
    }

    @Test("Over HTTP, request data come among the entities, and mistakes have Feast's class")
    func http() throws {
        let page = try DocumentPage("docs/on-demand-feature-views.md")
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            for (name, text) in page.files {
                try fleet.write(name, text)
            }
            try fleet.prepare("apply")
            try fleet.prepare("materialize")
            let server = try RunningServer(fleet)

            let body = #"{"features": ["transformed:conv_rate_plus_val1"], "entities": "#
            let answer = try server.post(
                "/get-online-features",
                body + #"{"driver_id": [1001, 1002], "val_to_add": [3, 5]}}"#
            )
            #expect(answer.status == 200)
            let json = answer.text.components(separatedBy: "\r\n\r\n").last ?? ""
            #expect(
                json == #"{"results":[{"values":[1001,1002],"statuses":["PRESENT","PRESENT"],"#
                    + #""event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]},"#
                    + #"{"values":[3.75,null],"statuses":["PRESENT","NULL_VALUE"],"#
                    + #""event_timestamps":["1970-01-01T00:00:00Z","1970-01-01T00:00:00Z"]}],"#
                    + #""metadata":{"feature_names":["driver_id","conv_rate_plus_val1"]}}"#
            )
            let missing = try server.post(
                "/get-online-features",
                body + #"{"driver_id": [1001]}}"#
            )
            #expect(missing.status == 404)
            #expect(
                missing.text.contains(
                    #"\"class\": \"RequestDataNotFoundInEntityRowsException\", \"message\": "#
                        + #"\"Required request data source features ['val_to_add'] not found in "#
                        + #"the entity rows, but required by feature views: transformed"#
                ),
                "\(missing.text)"
            )
            let wrong = try server.post(
                "/get-online-features",
                body + #"{"driver_id": [1001], "val_to_add": ["many"]}}"#
            )
            #expect(wrong.status == 400)
            #expect(wrong.text.contains("request data"), "\(wrong.text)")
            // What a feature is computed from is read as well, and counts.
            let ids = Array(repeating: "1001", count: 10_000).joined(separator: ",")
            let names = Array(repeating: #""transformed:is_weekend""#, count: 60)
            let many = try server.post(
                "/get-online-features",
                #"{"features": [\#(names.joined(separator: ","))], "#
                    + #""entities": {"driver_id": [\#(ids)], "start_time": [\#(ids)]}}"#
            )
            #expect(many.status == 400)
            #expect(many.text.contains("limit of 1000000 values"), "\(many.text.prefix(500))")
            #expect(try server.stop().exitCode == 0)
        }
    }
}

/// A page of the documentation: the files that it shows, and its commands with what they print.
private struct DocumentPage {
    private(set) var files: [(name: String, text: String)] = []
    private(set) var commands: [(command: String, output: String)] = []

    init(_ path: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        var name: String?
        var block: [Substring]?
        var isConsole = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let finished = block {
                    self.add(finished, name: name, isConsole: isConsole)
                    block = nil
                    name = nil
                } else {
                    block = []
                    isConsole = line == "```console"
                }
            } else if block != nil {
                block?.append(line)
            } else if line.hasPrefix("<!-- file: ") {
                name = String(line.dropFirst(11).dropLast(4))
            }
        }
    }

    private mutating func add(_ lines: [Substring], name: String?, isConsole: Bool) {
        if let name {
            self.files.append((name, lines.map { $0 + "\n" }.joined()))
        }
        guard isConsole else { return }
        for line in lines {
            if line.hasPrefix("$ ") {
                self.commands.append((String(line.dropFirst(2)), ""))
            } else if !self.commands.isEmpty {
                let last = self.commands.count - 1
                let before = self.commands[last].output
                self.commands[last].output = before.isEmpty ? String(line) : "\(before)\n\(line)"
            }
        }
    }
}
