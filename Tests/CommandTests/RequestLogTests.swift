import Foundation
import TestSupport
import Testing

/// The log, the readiness and the numbers of a real server.
struct RequestLogTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    /// A value and a key that are nowhere but in the rows.
    private static let value = "8812345678"
    private static let key = "7712345678"

    private func post(
        _ server: RunningServer,
        _ path: String,
        _ body: String,
        id: String
    ) throws -> (status: Int, text: String, body: String) {
        try server.post(
            path,
            body,
            headers: "X-Request-ID: \(id)\r\ntraceparent: 00-\(Self.trace)-00f067aa0ba902b7-01\r\n"
        )
    }

    @Test
    func `Each request has a line as JSON, with its id and trace, and without keys and values`()
        throws
    {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.edit(
                "feature_views:\n",
                "  - { name: stats_push, type: push, batch_source: stats }\n\nfeature_views:\n"
            )
            try fleet.prepare("apply", "materialize")
            let options = ["--log-level", "debug", "--log-format", "json"]
            let server = try RunningServer(in: fleet.directory, options)
            let read =
                #"{"features":["driver_stats:trips"],"entities":{"driver_id":[\#(Self.key)]}}"#
            #expect(try self.post(server, "/get-online-features", read, id: "r-1").status == 200)
            let push =
                #"{"push_source_name":"stats_push","df":{"driver_id":[\#(Self.key)],"#
                + #""event_timestamp":["2024-05-01T00:00:00Z"],"created":["2024-05-01T00:00:00Z"],"#
                + #""conv_rate":[1],"trips":[\#(Self.value)],"city":["Secretville"]}}"#
            #expect(try self.post(server, "/push", push, id: "r-2").status == 200)
            let wrong =
                #"{"features":["driver_stats:trips"],"entities":{"driver_id":["Secretville"]}}"#
            #expect(try self.post(server, "/get-online-features", wrong, id: "r-3").status == 400)
            #expect(try self.post(server, "/Secretville", "", id: "r-4").status == 404)
            // A load that fails for a cell.
            try fleet.write(
                "data/stats.csv",
                FleetRepository.stats + "2024-01-04T00:00:00Z,Secretville,1,2,x,\n"
            )
            let load = #"{"disable_event_timestamp":true,"strict":true}"#
            let failed = try self.post(server, "/materialize", load, id: "r-5")
            #expect(failed.status == 400 && failed.body.contains("Secretville"), "\(failed)")
            let stopped = try server.stop()
            #expect(stopped.exitCode == 0)

            var lines: [String: [String: String]] = [:]
            for line in stopped.errors.split(separator: "\n") {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                let members = try #require(object as? [String: String], "\(line)")
                #expect(members["level"] != nil && members["time"]?.hasSuffix("Z") == true)
                if let id = members["request_id"] { lines[id] = members }
            }
            let expected = [
                "r-1": ("/get-online-features", "200", "debug"), "r-2": ("/push", "200", "debug"),
                "r-3": ("/get-online-features", "400", "debug"), "r-4": ("other", "404", "debug"),
                "r-5": ("/materialize", "400", "error"),
            ]
            for (id, wanted) in expected {
                let line = try #require(lines[id], "no line for \(id) in \(stopped.errors)")
                #expect(line["endpoint"] == wanted.0 && line["status"] == wanted.1)
                #expect(line["level"] == wanted.2)
                #expect(line["trace_id"] == Self.trace)
                #expect(line["span_id"]?.count == 16 && line["span_id"] != "00f067aa0ba902b7")
                #expect(line["microseconds"].flatMap { Int($0) } != nil)
            }
            #expect(lines["r-5"]?["failure"]?.contains("driver_stats") == true)
            for secret in [Self.key, Self.value, "Secretville"] {
                #expect(!stopped.errors.contains(secret), "the log has \(secret)")
            }
        }
    }

    @Test
    func `A view that is too old takes the server out of service until newer rows are pushed`()
        throws
    {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.edit(
                "feature_views:\n",
                "  - { name: stats_push, type: push, batch_source: stats }\n\nfeature_views:\n"
            )
            let options = ["--max-staleness", "1d", "--max-staleness", "driver_recent=0"]
            let server = try RunningServer(in: fleet.directory, options)
            func get(_ path: String) throws -> (status: Int, text: String, body: String) {
                try server.request("GET", path, "")
            }
            #expect(try get("/livez").status == 200)
            let empty = try get("/readyz")
            #expect(
                empty.status == 503 && empty.body.contains(#""check":"definitions""#),
                "\(empty)"
            )
            try fleet.prepare("apply")
            #expect(
                try eventually {
                    try get("/readyz").body.contains("nothing that is served was loaded")
                }
            )
            try fleet.prepare("materialize")
            let old = try get("/readyz")
            #expect(old.status == 503 && old.body.contains(#""feature_view":"driver_stats""#))
            #expect(!old.body.contains("driver_recent"), "\(old)")
            #expect(try get("/metrics").body.contains("\nfstore_ready 0\n"))
            #expect(try get("/livez").status == 200 && get("/health").status == 200)

            let format = ISO8601DateFormatter()
            let now = format.string(from: Date(timeIntervalSinceNow: -60))
            let push =
                #"{"push_source_name":"stats_push","df":{"driver_id":[1],"event_timestamp":["\#(now)"],"#
                + #""created":["\#(now)"],"conv_rate":[1],"trips":[1],"city":["x"]}}"#
            #expect(try server.post("/push", push).status == 200)
            let ready = try get("/readyz")
            #expect(ready.status == 200 && ready.body == #"{"status":"ready"}"#, "\(ready)")
            #expect(try server.request("HEAD", "/readyz", "").status == 200)
            #expect(try server.post("/readyz", "").status == 405)
            #expect(try server.stop().exitCode == 0)

            let wrong = try fleet.run("serve", "--max-staleness", "soon")
            #expect(wrong.exitCode == 64 && wrong.errors.contains("write 90s, 15m"), "\(wrong)")
        }
    }
}
