import Foundation
import TestSupport
import Testing

/// What programs read: names as the YAML has them, in snake case like the wire's.
struct DescribeJSONTests {
    @Test func `Described objects have the keys of a definition file`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.prepare("apply")
            let source = try Self.object(fleet, ["data-sources", "describe", "stats"])
            #expect(source["type"] as? String == "csv")
            #expect(source["path"] as? String == "data/stats.csv")
            #expect(source["created_timestamp_column"] as? String == "created")
            let view = try Self.object(fleet, ["feature-views", "describe", "driver_recent"])
            #expect(view["ttl"] as? String == "1d")
            #expect(view["entities"] as? [String] == ["driver"])
            #expect(view["schema"] as? [[String: String]] == [["name": "trips", "dtype": "int64"]])
            #expect(view["generation"] as? String == "1")
            #expect((view["definition_hash"] as? String)?.count == 64)
            let service = try Self.object(fleet, ["feature-services", "describe", "activity"])
            let features = try #require(service["features"] as? [Any])
            #expect(
                features.first as? [String: [String]] == ["driver_stats": ["conv_rate", "city"]]
            )
            #expect(features.last as? String == "driver_recent")
        }
    }

    @Test func `No report has a name with a capital letter`() throws {
        try withTemporaryDirectory { directory in
            let fleet = try FleetRepository(at: directory)
            try fleet.write("rows.csv", FleetRepository.entityRows)
            try fleet.prepare("apply")
            let commands = [
                ["materialize"], ["status"], ["verify"], ["configuration"], ["doctor"], ["plan"],
                ["entities", "list"], ["feature-views", "versions", "driver_stats"],
                ["get-historical-features", "-d", "rows.csv", "--feature-service", "activity"]
                    + ["-o", "set.csv"],
            ]
            for command in commands {
                let result = try Program.run(command + ["--json"], in: fleet.directory)
                // Where the data go to standard output, the report goes to standard error.
                let text = result.output.isEmpty ? result.errors : result.output
                let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
                let names = Self.names(in: value)
                #expect(names.filter { $0 != $0.lowercased() } == [], "\(command)")
                #expect(!names.isEmpty, "\(command)")
            }
        }
    }

    private static func object(
        _ fleet: FleetRepository,
        _ arguments: [String]
    ) throws -> [String: Any] {
        let text = try Program.run(arguments + ["--json"], in: fleet.directory).output
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(value as? [String: Any])
    }

    private static func names(in value: Any) -> [String] {
        if let object = value as? [String: Any] {
            return Array(object.keys) + object.values.flatMap { self.names(in: $0) }
        }
        return (value as? [Any])?.flatMap { self.names(in: $0) } ?? []
    }
}
