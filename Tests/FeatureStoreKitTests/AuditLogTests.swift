import FeatureModel
import FeatureStoreKit
import Foundation
import TestSupport
import Testing

@Suite struct AuditLogTests {
    private struct Line: Decodable {
        let time: String
        let project: String
        let action: String
        let result: String
        let error: String?
        let who: String
        let request: String?
        let objects: [String]
        let counts: [String: Int]
    }

    private func lines(_ directory: URL) throws -> [Line] {
        let path = directory.appendingPathComponent("data/audit.jsonl")
        let text = try String(contentsOf: path, encoding: .utf8)
        return try text.split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8))
        }
    }

    private func project(_ directory: URL) throws -> SmallProject {
        var project = SmallProject(directory: directory)
        project.repository.dataSources.append(
            DataSource(name: "stats_push", kind: .push(.init(batchSource: "stats_source")))
        )
        try project.write([SmallProject.line(7_007, 10, created: 11, trips: "8008")])
        try project.apply()
        return project
    }

    private func rows() throws -> PushRows {
        try PushRows([
            "driver_id": [.integer(9_009)], "event_time": [.timestamp(second(20))],
            "created": [.timestamp(second(20))], "trips": [.integer(6_006)], "rate": [.float(0.25)],
        ])
    }

    @Test func `Each change has one line that says who did what, and no keys or values`() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            let store = project.store
            try store.materialize()
            let caller = Caller(name: "token ingest", requestID: "r-1")
            try Caller.$current.withValue(caller) {
                _ = try store.push("stats_push", rows: self.rows(), to: .onlineAndOffline)
                _ = try store.writeToOnlineStore(view: "stats", rows: self.rows())
            }
            let entities = try SmallProject.entities([(.integer(7_007), .timestamp(second(50)))])
            try store.saveDataset("kept", .features(["stats:trips"]), entities: entities)
            try store.deleteSavedDataset("kept")
            try store.teardown()

            let lines = try self.lines(directory)
            #expect(
                lines.map(\.action) == [
                    "apply", "materialize", "push", "write", "save_dataset", "delete_dataset",
                    "teardown",
                ]
            )
            #expect(lines.allSatisfy { $0.result == "done" && $0.project == "drivers" })
            #expect(lines.allSatisfy { Timestamp($0.time) != nil })
            #expect(lines[0].objects.contains("feature view stats"))
            #expect(lines[1].objects == ["stats"])
            #expect(lines[1].counts["keys_written"] == 1)
            #expect(lines[2].objects == ["stats_push"])
            #expect(lines[2].counts == ["rows": 1, "accepted": 1, "stale": 0, "rejected": 0])
            #expect(lines.map(\.who).filter { $0 == "token ingest" }.count == 2)
            #expect(lines[2].request == "r-1")
            #expect(lines[0].who == "uid \(getuid())")
            #expect(lines[0].request == nil)

            let path = directory.appendingPathComponent("data/audit.jsonl")
            let text = try String(contentsOf: path, encoding: .utf8)
            for secret in ["7007", "8008", "9009", "6006", "0.25"] {
                #expect(!text.contains(secret), "\(secret)")
            }
        }
    }

    @Test func `What fails has a line, and what changes nothing has none`() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            try project.apply()
            #expect(try self.lines(directory).count == 1)
            let long = String(repeating: "é\"", count: 5_000)
            #expect(failure { try project.store.push(long, rows: self.rows()) } != nil)
            let last = try #require(try self.lines(directory).last)
            #expect(last.action == "push")
            #expect(last.result == "failed")
            #expect(last.error == "pushSourceNotFound")
            #expect(last.objects.first?.utf8.count ?? 1_000 < 250)
        }
    }

    @Test func `Nothing is changed when the log cannot be written`() throws {
        try withTemporaryDirectory { directory in
            let project = try self.project(directory)
            var configuration = project.store.configuration
            configuration.auditLog = .file(path: "stats.csv/audit.jsonl")
            let store = FeatureStore(directory: directory.path, configuration: configuration)
            let error = failure { try store.materialize() }
            #expect(error?.code == .unavailable)
            #expect(error?.message.contains("nothing was changed") == true)
            configuration.auditLog = .none
            let silent = FeatureStore(directory: directory.path, configuration: configuration)
            try silent.materialize()
            #expect(try self.lines(directory).count == 1)
        }
    }
}
