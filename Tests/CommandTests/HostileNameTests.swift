import Foundation
import TestSupport
import Testing

/// No name that comes over the wire is taken for a path.
@Suite struct HostileNameTests {
    /// Names that would lead somewhere if they were paths.
    private static let names: [String] = {
        let climbing = String(repeating: "../", count: 12)
        var names = [
            "../secret", "../../secret.csv", "..", ".", "/", "//", "~", "~root", "data/stats.csv",
            "./data/registry.db", "/etc/passwd", "/proc/self/environ", "/dev/zero", "/dev/stdin",
            climbing + "etc/passwd", "..\\..\\secret", "C:\\secret", "file:///etc/passwd",
            "http://127.0.0.1/", "%2e%2e%2fsecret", "%2e%2e/%2e%2e/etc/passwd", "..%2fsecret",
            "%252e%252e%252fetc%252fpasswd", "..%c0%afsecret", "..;/secret", "....//secret",
            "driver_stats/../../secret", "driver_stats\u{0}.csv", "\u{0}", "a\u{0}/etc/passwd",
            "‥/secret", "．．/secret", "..\u{2215}secret", "\u{202E}terces/..", "\u{FEFF}..",
            "driver_stats\n../secret", "\r\n\r\nGET /status HTTP/1.1", "`id`", "$(id)", "${HOME}",
            "'; DROP TABLE t; --", "\" OR 1=1 --", "{{7*7}}", "driver_stats@v../secret", "*", "**",
            "data/*.csv", "[a-z]", "|cat /etc/passwd", "-", "--output=/tmp/x", "",
            String(repeating: "a", count: 5_000), String(repeating: "../", count: 5_000),
            String(repeating: "é", count: 3_000), String(repeating: "a/", count: 5_000),
        ]
        names += names.prefix(20).map { $0 + ":trips" }
        return names
    }()

    private func json(_ text: String) throws -> String {
        let data = try JSONSerialization.data(withJSONObject: [text])
        return String(String(decoding: data, as: UTF8.self).dropFirst().dropLast())
    }

    /// Every file below a folder, with its size, apart from those that a server writes by itself.
    private func files(below directory: String) throws -> [String: Int] {
        var files: [String: Int] = [:]
        let found = FileManager.default.enumerator(atPath: directory)
        while let name = found?.nextObject() as? String {
            // The database's own files, the log of rejects and the audit log grow by what happens.
            let isOwn = [
                "data/online/", "data/pushed.db", "data/audit.jsonl", "data/registry.db-",
            ].contains {
                name.hasPrefix("repository/" + $0)
            }
            let path = directory + "/" + name
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            if !isOwn, (attributes?[.type] as? FileAttributeType) == .typeRegular {
                files[name] = attributes?[.size] as? Int ?? 0
            }
        }
        return files
    }

    @Test(.timeLimit(.minutes(2)))
    func `Whatever a name says, the answer is 4xx and no file is touched`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory.appendingPathComponent("repository"))
            let secret = directory.appendingPathComponent("secret.csv")
            try Data("you see me".utf8).write(to: secret)
            for command in ["apply", "materialize"] {
                let result = try Program.run([command], in: fleet.directory)
                try #require(result.exitCode == 0, "\(result.errors)")
            }
            let server = try RunningServer(fleet)
            let before = try self.files(below: directory.path)
            let times = #""event_timestamp": ["2024-01-01T00:00:00Z"]"#
            for name in Self.names {
                let text = try self.json(name)
                let requests = [
                    (
                        "/get-online-features",
                        #"{"features":[\#(text)],"entities":{"driver_id":[1]}}"#
                    ),
                    (
                        "/get-online-features",
                        #"{"feature_service":\#(text),"entities":{"driver_id":[1]}}"#
                    ),
                    (
                        "/get-online-features",
                        #"{"features":["driver_stats:trips"],"entities":{\#(text):[1]}}"#
                    ),
                    (
                        "/get-historical-features",
                        #"{"features":[\#(text)],"entities":{"driver_id":[1],\#(times)}}"#
                    ),
                    (
                        "/get-historical-features",
                        #"{"features":["driver_stats:trips"],"timestamp_field":\#(text),"#
                            + #""entities":{"driver_id":[1]}}"#
                    ),
                    (
                        "/push",
                        #"{"push_source_name":\#(text),"df":{"driver_id":[1],\#(times)}}"#
                    ),
                    (
                        "/write-to-online-store",
                        #"{"feature_view_name":\#(text),"df":{"driver_id":[1],\#(times)}}"#
                    ),
                    (
                        "/materialize",
                        #"{"disable_event_timestamp":true,"feature_views":[\#(text)]}"#
                    ),
                    (
                        "/materialize-incremental",
                        #"{"end_ts":"2024-01-03T00:00:00Z","feature_views":[\#(text)]}"#
                    ),
                    ("/verify", #"{"feature_views":[\#(text)]}"#),
                ]
                for (path, body) in requests {
                    let answer = try server.post(path, body)
                    let place = "\(path) \(name.prefix(40))"
                    #expect((400..<500).contains(answer.status), "\(place): \(answer.text)")
                    #expect(!answer.body.contains("you see me"), "\(place)")
                    #expect(!answer.body.contains("root:x:"), "\(place)")
                }
            }
            // In the target itself.
            for target in [
                "/../secret.csv", "/%2e%2e/secret.csv", "/data/registry.db", "//etc/passwd",
                "/get-online-features/../../secret.csv", "/status/..;/health", "/health%00.csv",
                "/status%2f..", "/\\..\\secret.csv", "/?file=/etc/passwd",
                "/static/..%2f..%2fsecret",
            ] {
                for method in ["GET", "POST", "PUT", "DELETE"] {
                    let answer = try server.request(method, target, "")
                    #expect((400..<500).contains(answer.status), "\(method) \(target)")
                    #expect(!answer.body.contains("you see me"))
                }
            }
            #expect(try self.files(below: directory.path) == before)
            #expect(try String(contentsOf: secret, encoding: .utf8) == "you see me")
            _ = try server.stop()
        }
    }
}
