import Foundation
import TestSupport
import Testing

/// Pushes to a real server, over HTTP and from the command line.
struct PushServerTests {
    private func repository(_ directory: URL) throws -> FleetRepository {
        let fleet = try FleetRepository(at: directory)
        try fleet.write(
            "push.yaml",
            """
            data_sources:
              - { name: stats_push, type: push, batch_source: stats }

            """
        )
        try fleet.prepare("apply")
        try fleet.prepare("materialize")
        return fleet
    }

    private func body(
        _ ids: String,
        times: String = #"["2024-02-01T00:00:00", 1706745600.5]"#,
        trips: String = "[7, 9007199254740993]",
        key: String = #""push_source_name": "stats_push""#,
        more: String = ""
    ) -> String {
        """
        {\(key), \(more) "df": {"driver_id": \(ids), "event_timestamp": \(times), \
        "created": [null, null], "conv_rate": ["NaN", null], "trips": \(trips), \
        "city": ["Ås", null]}, "allow_registry_cache": true}
        """
    }

    @Test
    func `HTTP pushes answer row by row, and mistakes are never the server's`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.repository(directory)
            let server = try RunningServer(fleet)
            func post(_ path: String, _ body: String) throws -> (Int, [String: Any], String) {
                let answer = try server.post(path, body)
                let object = try? JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                return (answer.status, object as? [String: Any] ?? [:], answer.body)
            }
            func statuses(_ answer: [String: Any]) -> [String] {
                let rows = answer["results"] as? [[String: Any]] ?? []
                return rows.compactMap { $0["status"] as? String }
            }
            let both = #""to": "online_and_offline","#
            let first = try post("/push", self.body("[1001, 5]", more: both))
            #expect(first.0 == 200, "\(first)")
            #expect(statuses(first.1) == ["accepted", "accepted"])
            #expect(first.1["sequence"] as? Int == 1)
            let read = try fleet.run(
                "get-online-features",
                "-e",
                "driver_id=5",
                "-f",
                "driver_stats:trips"
            )
            #expect(read.output.contains("9007199254740993"), "\(read)")

            let some = try post("/push", self.body(#"[1001, "x"]"#))
            #expect(some.0 == 200)
            #expect(statuses(some.1) == ["accepted", "rejected"])
            let brief = try post("/push?results=problems", self.body(#"[1001, "x"]"#))
            #expect(statuses(brief.1) == ["rejected"])
            #expect(brief.1["accepted"] as? Int == 1)
            let none = try post("/push", self.body("[null, true]"))
            #expect(none.0 == 422)
            #expect(statuses(none.1) == ["rejected", "rejected"])

            let view = #""feature_view_name": "driver_stats""#
            let path = "/write-to-online-store"
            #expect(try post(path, self.body("[1, 2]", key: view)).0 == 200)
            let partly = try post(path, self.body("[1, 1.5]", key: view))
            #expect(partly.0 == 422)
            #expect(statuses(partly.1) == ["accepted", "rejected"])
            let unknownView = try post(path, self.body("[1, 2]", key: #""feature_view_name": "x""#))
            #expect(unknownView.0 == 404)
            #expect(unknownView.2.contains("FeastObjectNotFoundException"))

            let unknown = try post("/push", self.body("[1, 2]", key: #""push_source_name": "x""#))
            #expect(unknown.0 == 422)
            #expect(unknown.2.contains("PushSourceNotFoundException"))
            #expect(unknown.2.contains("Unable to find push source 'x'"))
            let mistakes: [(String, Int, String)] = [
                (self.body("[1, 2]", more: #""to": "zzz","#), 400, "not a supported push format"),
                (self.body("[1]"), 400, "same length"),
                (#"{"push_source_name": "stats_push", "df": {"driver_id": [1]}}"#, 400, "trips"),
                (#"{"push_source_name": "stats_push"}"#, 422, "Field required"),
                (#"{"df": {}}"#, 422, "Field required"),
                (#"{"push_source_name": "stats_push", "df": [1]}"#, 422, "dictionary"),
                (#"{"push_source_name": "stats_push", "df": {"driver_id": 1}}"#, 422, "list"),
                (#"{"push_source_name": "stats_push", "df": {"#, 422, "JSON"),
            ]
            for (body, status, words) in mistakes {
                let answer = try post("/push", body)
                #expect(answer.0 == status, "\(body): \(answer)")
                #expect(answer.2.contains(words), "\(body): \(answer)")
            }
            let keyed = self.body("[1, 2]", more: #""idempotency_key": "once","#)
            let once = try post("/push", keyed)
            #expect(try post("/push", keyed).2 == once.2)
            let other = self.body("[1, 3]", more: #""idempotency_key": "once","#)
            #expect(try post("/push", other).0 == 409)
            let stopped = try server.stop()
            #expect(stopped.errors.isEmpty, "\(stopped)")
        }
    }

    @Test
    func `A row that is due in two seconds hides nothing before, and is served then`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.repository(directory)
            let server = try RunningServer(fleet)
            let began = Date()
            let due = (began.timeIntervalSince1970 + 2).rounded(.up)
            for target in ["online", "online_and_offline"] {
                // The first row is due, the second is not.
                let answer = try server.post(
                    "/push",
                    self.body(
                        "[77, 77]",
                        times: "[\(Int(due) - 10), \(Int(due))]",
                        trips: "[1, 2]",
                        more: #""to": "\#(target)","#
                    )
                )
                #expect(answer.status == 200, "\(answer)")
                #expect(answer.body.contains(#""future":1"#), "\(answer)")
                #expect(answer.body.contains(#""accepted":2"#), "\(answer)")
            }
            func served() throws -> Int? {
                let answer = try server.post(
                    "/get-online-features",
                    #"{"features": ["driver_stats:trips"], "entities": {"driver_id": [77]}}"#
                )
                let object = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                let columns = (object as? [String: Any])?["results"] as? [[String: Any]]
                return (columns?.last?["values"] as? [Any])?.first as? Int
            }
            var last: Int?
            var readsBefore = 0
            var servedAt = Date.distantFuture
            while last != 2, Date().timeIntervalSince1970 < due + 20 {
                last = try served()
                let now = Date()
                if now.timeIntervalSince1970 < due {
                    #expect(last == 1)
                    readsBefore += 1
                } else {
                    #expect(last == 1 || last == 2)
                }
                servedAt = now
                usleep(20_000)
            }
            #expect(readsBefore > 0)
            #expect(last == 2)
            // A few ticks, also on a busy machine.
            #expect(servedAt.timeIntervalSince1970 < due + 10)
            #expect(try fleet.run("verify").exitCode == 0)
            let status = try fleet.run("status")
            #expect(!status.output.contains("waiting"), "\(status)")
            let stopped = try server.stop()
            #expect(stopped.errors.isEmpty, "\(stopped)")
        }
    }

    @Test
    func `The command pushes files through a server as it does by itself`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try self.repository(directory)
            var csv = "driver_id,event_timestamp,created,conv_rate,trips,city\n"
            for id in 0..<12_000 { csv += "\(id),2024-03-01T00:00:00Z,,0.5,\(id),\n" }
            try fleet.write("many.csv", csv)
            try fleet.write(
                "rows.jsonl",
                """
                {"driver_id": 1, "event_timestamp": "2024-03-02", "trips": 1, "conv_rate": null, \
                "city": "a", "extra": 1}
                {"driver_id": null, "event_timestamp": "2024-03-02", "trips": 2}

                """
            )
            for isServed in [false, true] {
                let server = isServed ? try RunningServer(fleet) : nil
                let many = try fleet.run("push", "stats_push", "many.csv", "--to", "offline")
                #expect(many.exitCode == 0, "\(many)")
                #expect(
                    many.output.contains("12,000 accepted, 0 stale, 0 rejected"),
                    "\(many)"
                )
                let rows = try fleet.run("push", "stats_push", "rows.jsonl")
                #expect(rows.exitCode == 1, "\(rows)")
                #expect(rows.output.contains("1 accepted, 0 stale, 1 rejected"), "\(rows)")
                #expect(
                    rows.errors.contains("row 1: column \"driver_id\": the join key is null"),
                    "\(rows)"
                )
                #expect(rows.errors.contains("\"extra\""), "\(rows)")
                let rejects = try fleet.run("rejects", "stats_push", "--json")
                #expect(rejects.output.contains("the join key is null"), "\(rejects)")
                #expect(try fleet.run("status").output.contains("1 rejected row"))
                let cleared = try fleet.run("rejects", "--clear")
                #expect(cleared.output == "Forgot 1 rejected row.\n", "\(cleared)")
                #expect(try fleet.run("rejects").output == "No rejected rows.\n")
                let typo = try fleet.run("push", "stats_pus", "rows.jsonl")
                #expect(typo.exitCode == 1)
                #expect(typo.errors.contains("did you mean \"stats_push\"?"), "\(typo)")
                let missing = try fleet.run("push", "stats_push", "none.csv")
                #expect(missing.exitCode == 1)
                #expect(missing.errors.contains("none.csv"), "\(missing)")
                if let server { _ = try server.stop() }
            }
            let load = try fleet.run("materialize", "-v", "driver_recent")
            #expect(load.output.contains("24,004 rows read"), "\(load)")
        }
    }
}
